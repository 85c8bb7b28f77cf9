"""SIGKILL of a real pipeline between deciding, sending and noting: each firing arrives.

Nothing of the product knows of it: moments are system calls on files (`tests/faults`), and requests
at the receiver, which kills before it answers, or after.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from footfall.alerts.desk import AlertDesk
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.settings import load_settings
from tests.alerts.receivers import SECRET, Receiver, receiving
from tests.faults.faults import Faults, Rule
from tests.pipeline.harness import event, request
from tests.scale import IS_FULL, scaled

SETTINGS = (
    "pipeline.epoch_age_max=300ms",
    "pipeline.micro_batch_interval=20ms",
    "pipeline.watermark_lag=20ms",
    "sessions.gap=300ms",
    "consumers.retry_min=1ms",
    "consumers.retry_max=10ms",
    "alerts.private_addresses=true",
    "alerts.retry_min=20ms",
    "alerts.retry_max=100ms",
)
_WORD = "killed-by-the-test"
_OWN = "*/consumers/alerts/"
FILES = (
    ("epoch given, nothing decided", Rule("before", _WORD, "rename", f"{_OWN}position.json", 2)),
    ("within a decision", Rule("within", _WORD, "write", "*/metadata.db-wal", 30)),
    ("decided, its epoch not noted", Rule("after", _WORD, "rename", f"{_OWN}state.json", 4)),
)
SENDING = ("before the answer", "after the answer")

_PROCESS = """
import sys
from pathlib import Path
from footfall.home import Home
from footfall.pipeline import run
from footfall.settings import load_settings
run(Home(Path(sys.argv[1])), load_settings(overrides=sys.argv[3:]), "default")
"""


class Work:
    """A home, its log, a rule, and a pipeline that dies."""

    def __init__(self, directory: Path, url: str) -> None:
        self.faults = Faults(directory / "faults")
        self.home = Home(directory / "home")
        metadata = Metadata.open(self.home)
        metadata.create_project("default")
        metadata.close()
        settings = load_settings(overrides=SETTINGS)
        self.desk = AlertDesk(self.home, "default", settings, SystemClock())
        self.desk.put_channel("ops", {"kind": "webhook", "url": url, "secret": SECRET})
        options = {"kind": "session", "when": "duration_ms < 20000", "channels": ["ops"]}
        self.desk.put_rule(self.desk.read_new_rule("short", options)[0])
        self.log = SqliteLog.writer(self.home.log_dir("default"), settings.log)
        self.sent = 0

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _PROCESS, str(self.home.root), _WORD, *SETTINGS]
        return subprocess.Popen(command, env=self.faults.environ)

    def send(self) -> None:
        """One event of a visitor who comes once: one session."""
        now = SystemClock().now_us()
        events = [event(f"v{self.sent}", now, self.sent)]
        self.log.append([encode_request(request(self.sent, events, now))])
        self.sent += 1

    def send_until_it_dies(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.send()
            threading.Event().wait(0.1)
        assert process.returncode == -signal.SIGKILL

    def fired(self) -> dict[str, str]:
        """States of all firings, by delivery id."""
        found: dict[str, str] = {}
        after: str | None = ""
        while after is not None:
            page = self.desk.history(1000, after=after)
            found |= {one.delivery_id: one.state for one in page.firings}
            after = page.next
        return found


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 1800))
def test_each_firing_arrives_whatever_dies(tmp_path: Path) -> None:
    """At least once under one id, none invented: as many ids as there were sessions."""
    with receiving() as receiver:
        work = Work(tmp_path, receiver.url)
        with closing(work.log):
            for name, rule in FILES if IS_FULL else FILES[1:]:
                work.faults.arm([rule])
                work.send_until_it_dies(work.start())
                assert not work.faults.is_armed, name
            for name in SENDING if IS_FULL else SENDING[:1]:
                process = work.start()
                _kill_at_a_request(receiver, process, after_answer=name == SENDING[1])
                work.send_until_it_dies(process)
            last = work.start()
            work.send()
            receiver.wait(work.sent, 240)
            last.send_signal(signal.SIGTERM)
            assert last.wait(60) == 0
        fired = work.fired()
        assert len(fired) == work.sent
        assert set(fired.values()) == {"firing"}
        assert {one for one, _ in receiver.arrived} == set(fired)
        assert receiver.wrong == []
        assert max(receiver.arrived.values()) > 1  # what was answered to nobody came again
        assert os.environ.get("LD_PRELOAD") is None


def _kill_at_a_request(
    receiver: Receiver, process: subprocess.Popen[bytes], *, after_answer: bool
) -> None:
    """At the next request: before it is answered, or when it is, before that can be noted."""
    take: Callable[[dict[str, str], bytes], int] = Receiver.take.__get__(receiver)

    def deadly(headers: dict[str, str], body: bytes) -> int:
        status = take(headers, body)
        receiver.__dict__.pop("take", None)
        if after_answer:
            threading.Timer(0.0, process.kill).start()
        else:
            process.kill()
            process.wait(60)
        return status

    as_any: Any = receiver
    as_any.take = deadly
