"""Two pipelines of one project: one works, the other stops; one that slept too long writes nothing.

Real processes on a real home; the log is written by the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.home import Home
from footfall.lake import Lake
from footfall.lake.commit.lake import TERM_PROPERTY
from footfall.lake.cut import read_cut
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.settings import load_settings
from footfall.upgrade import upgrade
from tests.pipeline.harness import START_US, event, request

LEASE = "pipeline.lease=2s"
SETTINGS = ("pipeline.epoch_age_max=1s", "pipeline.micro_batch_interval=50ms", LEASE)
WAIT_SECONDS = 120


class Worker:
    """`footfall worker` as a process."""

    def __init__(self, home: Home, directory: Path, name: str) -> None:
        self._errors = directory / f"{name}.err"
        command = [sys.executable, "-m", "footfall.cli.main", "worker", "--home", str(home.root)]
        command += [argument for setting in SETTINGS for argument in ("--set", setting)]
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(command, stderr=errors)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def errors(self) -> str:
        return self._errors.read_text()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.create_project("default")
    upgrade(home)
    return home


@pytest.fixture
def start(home: Home, tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    workers: list[Worker] = []

    def start(name: str) -> Worker:
        workers.append(Worker(home, tmp_path, name))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.process.kill()
        worker.process.wait(WAIT_SECONDS)


@pytest.fixture
def append(home: Home) -> Iterator[Callable[[int], None]]:
    """Appends that many requests, of one event each."""
    numbers = iter(range(1, 1_000_000))
    with contextlib.closing(SqliteLog.writer(home.log_dir("default"), load_settings().log)) as log:

        def append(count: int) -> None:
            made = [
                request(number, [event("v", START_US, number)], START_US + number)
                for number, _ in zip(numbers, range(count), strict=False)
            ]
            log.append([encode_request(one) for one in made])

        yield append


def _until(claim: Callable[[], bool], *workers: Worker) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not claim():
        assert time.monotonic() < deadline, [worker.errors() for worker in workers]
        time.sleep(0.01)


def _read_to(home: Home) -> int:
    cut = read_cut(home.cut_file("default"))
    return 0 if cut is None else cut.positions.total


def _committed(home: Home) -> int:
    cut = read_cut(home.cut_file("default"))
    return 0 if cut is None else cut.epoch


def _everything_written(home: Home) -> tuple[object, ...]:
    """What a pipeline that commits, plans or publishes would change."""
    with contextlib.closing(sqlite3.connect(home.lake_dir / "catalog.db")) as catalog:
        tables = catalog.execute("SELECT * FROM iceberg_tables ORDER BY table_name").fetchall()
    with contextlib.closing(sqlite3.connect(home.metadata_file)) as metadata:
        epochs = metadata.execute("SELECT * FROM epochs ORDER BY epoch").fetchall()
    return tables, epochs, home.cut_file("default").read_bytes()


def _check_once(home: Home, count: int) -> None:
    with contextlib.closing(Metadata.open(home)) as metadata:
        ledger = metadata.ledger("default")
    offsets = Lake(home.lake_dir, "default").read("events").column("log_offset").to_pylist()
    assert sorted(offsets) == list(range(count))
    assert (ledger.requests, ledger.events, ledger.problems()) == (count, count, [])


def test_one_of_two_started_at_once_works(
    home: Home, start: Callable[[str], Worker], append: Callable[[int], None]
) -> None:
    """The other stops by itself, with one sentence that says which process runs."""
    append(20)
    workers = [start("first"), start("second")]
    _until(lambda: any(worker.process.poll() is not None for worker in workers), *workers)
    (stopped,) = [worker for worker in workers if worker.process.poll() is not None]
    (working,) = [worker for worker in workers if worker is not stopped]
    assert stopped.process.returncode == 1
    assert stopped.errors().startswith("footfall: another pipeline of this project")
    assert stopped.errors().count("\n") == 1
    _until(lambda: _committed(home) >= 1, working)
    working.process.terminate()
    assert working.process.wait(WAIT_SECONDS) == 0, working.errors()
    _check_once(home, 20)


@pytest.mark.slow
def test_paused_pipeline_that_wakes_writes_nothing(
    home: Home, start: Callable[[str], Worker], append: Callable[[int], None]
) -> None:
    """It sleeps with an epoch about to close, another takes over; awake, it stops.

    The new one is paused, too, while the old one wakes: whatever changed then, the old one did.
    """
    old = start("old")
    append(5)
    _until(lambda: _committed(home) >= 1, old)
    append(5)
    _until(lambda: _read_to(home) == 10, old)
    old.signal(signal.SIGSTOP)
    new = start("new")
    append(5)
    _until(lambda: _read_to(home) == 15 and _committed(home) >= 2, old, new)
    append(5)
    _until(lambda: _read_to(home) == 20, new)
    new.signal(signal.SIGSTOP)
    before = _everything_written(home)
    old.signal(signal.SIGCONT)
    assert old.process.wait(WAIT_SECONDS) == 1
    assert old.errors().startswith("footfall: another pipeline has taken this project over")
    assert old.errors().count("\n") == 1
    assert _everything_written(home) == before
    new.signal(signal.SIGCONT)
    new.process.terminate()
    assert new.process.wait(WAIT_SECONDS) == 0, new.errors()
    _check_once(home, 20)
    terms = {
        name: Lake(home.lake_dir, "default")._reload(name).properties[TERM_PROPERTY]
        for name in ("events", "failed_events", "sessions")
    }
    assert terms == dict.fromkeys(terms, "2")
    assert json.loads(home.cut_file("default").read_bytes())["tail"] == {}
