"""SIGKILL of a real pipeline between deciding, sending and noting: each firing arrives.

By webhook at a real HTTP server, and by mail at a real SMTP server. Nothing of the product knows of
it: moments are system calls on files (`tests/faults`), and what reaches the servers, which kill
before they answer, or after.
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
from tests.alerts.receivers import SECRET, Mail, Receiver, mailing, receiving
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
HOOK, LATE_HOOK = "request, before the answer", "request, after the answer"
MAIL, LATE_MAIL = "mail, before the answer", "mail, after the answer"
SENDING = (HOOK, LATE_HOOK, MAIL, LATE_MAIL) if IS_FULL else (HOOK, LATE_MAIL)
ROUNDS = scaled(1, 3)

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

    def __init__(self, directory: Path, url: str, mail_url: str) -> None:
        self.faults = Faults(directory / "faults")
        self.home = Home(directory / "home")
        metadata = Metadata.open(self.home)
        metadata.create_project("default")
        metadata.close()
        settings = load_settings(overrides=SETTINGS)
        self.desk = AlertDesk(self.home, "default", settings, SystemClock())
        self.desk.put_channel("ops", {"kind": "webhook", "url": url, "secret": SECRET})
        self.desk.put_channel("mail", {"kind": "apprise", "url": mail_url})
        options = {"kind": "session", "when": "duration_ms < 20000", "channels": ["ops", "mail"]}
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
    with receiving() as receiver, mailing() as mail:
        work = Work(tmp_path, receiver.url, mail.url)
        with closing(work.log):
            for name, rule in (FILES if IS_FULL else FILES[1:]) * ROUNDS:
                work.faults.arm([rule])
                work.send_until_it_dies(work.start())
                assert not work.faults.is_armed, name
            for name in SENDING * ROUNDS:
                process = work.start()
                server = mail if "mail" in name else receiver
                _kill_at(server, process, after_answer="after" in name)
                work.send_until_it_dies(process)
            last = work.start()
            work.send()
            receiver.wait(work.sent, 240)
            mail.wait(work.fired(), 240)
            last.send_signal(signal.SIGTERM)
            assert last.wait(60) == 0
        fired = work.fired()
        assert len(fired) == work.sent
        assert set(fired.values()) == {"firing"}
        assert {one for one, _ in receiver.arrived} == set(fired)
        assert set(mail.ids()) == set(fired)
        assert receiver.wrong == []
        assert max(receiver.arrived.values()) > 1  # what was answered to nobody came again
        assert max(mail.ids().values()) > 1
        assert os.environ.get("LD_PRELOAD") is None


def _kill_at(
    server: Receiver | Mail, process: subprocess.Popen[bytes], *, after_answer: bool
) -> None:
    """At what comes next: before it is answered, or when it is, before that can be noted."""
    take: Callable[..., Any] = type(server).take.__get__(server)

    def deadly(*given: Any) -> Any:
        server.__dict__.pop("take", None)
        answer = take(*given)
        if after_answer:
            threading.Timer(0.0, process.kill).start()
        else:
            process.kill()
            process.wait(60)
        return answer

    as_any: Any = server
    as_any.take = deadly
