"""SIGKILL at named moments of a real pipeline: its consumer is given every epoch, in order.

Nothing of the product knows of it: the moment is a system call on a file, see `tests/faults`.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.settings import load_settings
from tests.faults.faults import Faults, Rule
from tests.pipeline.consumers.counting import NAME, install
from tests.pipeline.harness import event, request
from tests.scale import IS_FULL, scaled

SETTINGS = (
    "pipeline.epoch_age_max=100ms",
    "pipeline.micro_batch_interval=20ms",
    "sessions.gap=1s",
    "consumers.retry_min=1ms",
    "consumers.retry_max=10ms",
)
_OWN = f"*/consumers/{NAME}/"
_JOURNAL = "*/lake/catalog.db-journal"
"""Its removal is the commit of a table."""
_WORD = "killed-by-the-test"

MOMENTS = (
    ("before the commit", Rule("before", _WORD, "unlink", _JOURNAL, 2)),
    ("between two tables of the commit", Rule("after", _WORD, "unlink", _JOURNAL, 3)),
    ("committed, not given", Rule("before", _WORD, "rename", f"{_OWN}state.json", 3)),
    ("given, nothing done", Rule("after", _WORD, "rename", f"{_OWN}state.json", 3)),
    ("half done", Rule("within", _WORD, "write", f"{_OWN}seen.txt", 2)),
    ("done, its position not written", Rule("before", _WORD, "rename", f"{_OWN}position.json", 2)),
    ("its position written, not synced", Rule("after", _WORD, "rename", f"{_OWN}position.json", 2)),
    ("during the restart", Rule("before", _WORD, "rename", f"{_OWN}state.json", 1)),
    ("being made anew", Rule("after", _WORD, "rename", f"{_OWN}state.json", 1)),
)

_PROCESS = """
import sys
from pathlib import Path
from footfall.home import Home
from footfall.pipeline import run
from footfall.settings import load_settings
run(Home(Path(sys.argv[1])), load_settings(overrides=sys.argv[3:]), "default")
"""


class Given(NamedTuple):
    """One line of the consumer's own file."""

    epoch: int
    events: int
    sessions: int
    log_from: int
    log_to: int


class Work:
    """A home, its log, and a pipeline that dies."""

    def __init__(self, directory: Path) -> None:
        self.faults = Faults(directory / "faults")
        self.home = Home(directory / "home")
        metadata = Metadata.open(self.home)
        metadata.create_project("default")
        metadata.close()
        self.log = SqliteLog.writer(self.home.log_dir("default"), load_settings().log)
        self.path = install(directory / "package")
        self.sent = 0

    def start(self) -> subprocess.Popen[bytes]:
        environ = {**self.faults.environ, "PYTHONPATH": f"{self.path}{os.pathsep}{Path.cwd()}"}
        command = [sys.executable, "-c", _PROCESS, str(self.home.root), _WORD, *SETTINGS]
        return subprocess.Popen(command, env=environ)

    def send(self) -> None:
        """One request of three events."""
        now = SystemClock().now_us()
        events = [event(f"v{n % 4}", now, 3 * self.sent + n) for n in range(3)]
        self.log.append([encode_request(request(self.sent, events, now))])
        self.sent += 1

    def send_until_it_dies(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.send()
            threading.Event().wait(0.05)
        assert process.returncode == -signal.SIGKILL

    def given(self) -> list[Given]:
        file = self.home.state_dir("default") / "consumers" / NAME / "seen.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        whole = [line[:-1] for line in lines if line.endswith(";")]  # else it died within it
        return [Given(*json.loads(line)) for line in whole]


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 1800))
def test_each_epoch_is_given_at_least_once_whatever_dies(tmp_path: Path) -> None:
    """By number, none passed over, with its rows; after a death at most that one comes again."""
    work = Work(tmp_path)
    with closing(work.log):
        moments = MOMENTS if IS_FULL else MOMENTS[2:]
        for name, rule in moments:
            work.faults.arm([rule])
            work.send_until_it_dies(work.start())
            assert not work.faults.is_armed, name
        last = work.start()
        work.send()
        _wait_for_all(work, last)
    metadata = Metadata.open(work.home)
    known = {one.epoch: one for one in metadata.last_epochs("default", 10_000)}
    given = work.given()
    assert {one.epoch for one in given} == set(known) == set(range(1, max(known) + 1))
    for one in given:
        ledger = known[one.epoch].ledger
        assert ledger is not None
        between = (known[one.epoch].log_from.total, known[one.epoch].log_to.total)
        expected = (ledger.events, *between)
        assert (one.events, one.log_from, one.log_to) == expected
    once = {one.epoch: one for one in given}
    assert sum(one.events for one in once.values()) == 3 * work.sent
    steps = [after.epoch - before.epoch for before, after in itertools.pairwise(given)]
    assert set(steps) <= {0, 1}
    assert steps.count(0) <= len(moments)


def _wait_for_all(work: Work, process: subprocess.Popen[bytes]) -> None:
    """Until the consumer was given what the log has; then stop the process."""
    while not work.given() or work.given()[-1].log_to < work.sent:
        assert process.poll() is None
        threading.Event().wait(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    again = work.start()  # what the stop committed is given by the next start
    metadata = Metadata.open(work.home)
    while work.given()[-1].epoch < metadata.last_epochs("default", 1)[0].epoch:
        assert again.poll() is None
        threading.Event().wait(0.05)
    again.kill()
    again.wait(60)
    metadata.close()
