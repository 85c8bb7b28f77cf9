"""Maintenance beside the pipeline: by itself, one at a time, and never in its way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from footfall.clock import HOUR, SECOND
from footfall.errors import Conflict, Invalid
from footfall.lake import Lake
from footfall.machine.process import exclusive
from footfall.metadata import Metadata
from footfall.pipeline import MaintenanceReport, maintain
from footfall.pipeline.maintenance.maintainer import Maintainer
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, Bench, event, request

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "log.keep_age_min=2m",
    "lake.merge_runs=4",
    "lake.file_grace=1s",
    "lake.snapshots_max=2",
)
WAIT_SECONDS = 30


def _epochs(bench: Bench, first: int, count: int) -> None:
    pipeline = bench.pipeline()
    for number in range(first, first + count):
        now = START_US + number * 20 * SECOND
        bench.append([request(number, [event(f"v{number % 3}", now, number)], now)])
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
    pipeline.finish()


def test_maintained_lake_has_the_same_rows_and_the_pipeline_goes_on(tmp_path: Path) -> None:
    """Compaction, expiry, forgotten epochs and removed files show in no row."""
    bench, plain = Bench(tmp_path / "a", *SETTINGS), Bench(tmp_path / "b", *SETTINGS)
    for first in (0, 12):
        _epochs(bench, first, 12)
        _epochs(plain, first, 12)
        report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
        assert report.error is None
    assert report.rewrites
    assert report.epochs_forgotten
    removed = 0
    for _ in range(3):  # plan dropped, plan removed and garbage found, removed
        bench.pipeline().finish()
        bench.clock.advance(HOUR)
        report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
        removed += report.files_removed
    assert (removed > 20, report.files_waiting) == (True, 0)
    expected = {name: sorted(map(repr, rows.to_pylist())) for name, rows in plain.tables().items()}
    found = {name: sorted(map(repr, rows.to_pylist())) for name, rows in bench.tables().items()}
    assert found == expected
    last = Metadata.open(bench.home).last_epochs("default", 100)
    assert len(last) < len(Metadata.open(plain.home).last_epochs("default", 100))
    kept = (bench.home.maintenance_dir("default") / "report.json").read_bytes()
    assert msgspec.json.decode(kept, type=MaintenanceReport) == report
    files = [len(Lake(one.home.lake_dir, "default").plan("events").files) for one in (bench, plain)]
    assert files[0] < files[1] / 2


def test_failure_is_kept_for_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks why files pile up finds the sentence."""
    bench = Bench(tmp_path, *SETTINGS)
    _epochs(bench, 0, 5)
    (bench.home.tail_dir("default") / "plan-events-1.json").write_bytes(b"{")
    with pytest.raises(Exception, match="plan file is damaged"):
        maintain(bench.home, bench.settings, "default", clock=bench.clock)
    kept = (bench.home.maintenance_dir("default") / "report.json").read_bytes()
    assert "plan file is damaged" in str(msgspec.json.decode(kept, type=MaintenanceReport).error)


def test_one_at_a_time_and_only_where_something_is_installed(tmp_path: Path) -> None:
    """By hand beside the server's own, or in the wrong directory: one sentence."""
    bench = Bench(tmp_path, *SETTINGS)
    with pytest.raises(Invalid, match="nothing is installed"):
        maintain(bench.home, bench.settings, "default")
    _epochs(bench, 0, 1)
    lock = bench.home.maintenance_dir("default") / "lock"
    with (
        exclusive(lock, "the test"),
        pytest.raises(Conflict, match="another maintenance"),
    ):
        maintain(bench.home, bench.settings, "default")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _command(directory: Path, status: int, *, stays: bool = False) -> list[str]:
    """Makes a file and ends; or stays until its parent's pipe closes."""
    wait = "os.read(int(sys.argv[2]), 1); " if stays else ""
    text = (
        "import os, sys, pathlib;"
        f" pathlib.Path({str(directory)!r}, str(os.getpid())).touch();"
        f" {wait}sys.exit({status})"
    )
    return [sys.executable, "-c", text]


def test_child_starts_every_so_many_epochs_and_one_at_a_time(tmp_path: Path) -> None:
    """And not at a start, which has a backlog to work off."""
    reports: list[str] = []
    maintainer = Maintainer(_command(tmp_path, 0), 5, HOUR, SimClock(), reports.append)
    for epoch in (3, 4, 7):
        maintainer.after_step(epoch)
        assert maintainer._child is None
    maintainer.after_step(8)
    child = maintainer._child
    assert child is not None
    maintainer.after_step(13)
    assert maintainer._child in (child, None) or maintainer._last == 13
    child.wait(WAIT_SECONDS)
    maintainer.after_step(14)
    _until(lambda: bool(list(tmp_path.iterdir())))
    maintainer.stop()
    assert reports == []


def test_child_starts_in_time_when_no_epochs_come(tmp_path: Path) -> None:
    """Snapshots, garbage and old days go on a server that nobody sends anything."""
    clock = SimClock()
    maintainer = Maintainer(_command(tmp_path, 0), 5, HOUR, clock, lambda _: None)
    maintainer.after_step(3)
    for _ in range(2):
        clock.advance(HOUR - SECOND)
        maintainer.after_step(3)
        assert maintainer._child is None
        clock.advance(SECOND)
        maintainer.after_step(3)
        child = maintainer._child
        assert child is not None
        child.wait(WAIT_SECONDS)
        maintainer.after_step(3)
    maintainer.stop()


def test_failing_child_is_tried_later_and_later(tmp_path: Path) -> None:
    """The pipeline goes on, the log has a line, the disk is not hammered."""
    clock, reports = SimClock(), list[str]()
    maintainer = Maintainer(_command(tmp_path, 3), 1, 1000 * HOUR, clock, reports.append)
    waits = []
    epoch = 0
    maintainer.after_step(epoch)
    for _ in range(8):
        epoch += 1
        maintainer.after_step(epoch)
        child = maintainer._child
        assert child is not None
        child.wait(WAIT_SECONDS)
        maintainer.after_step(epoch)
        waited = 0
        while maintainer._child is None:
            clock.advance(60 * SECOND)
            waited += 60
            epoch += 1
            maintainer.after_step(epoch)
        waits.append(waited)
        running = maintainer._child
        assert running is not None
        running.wait(WAIT_SECONDS)
        maintainer.after_step(epoch)
        clock.advance(HOUR)
    maintainer.stop()
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) <= 3600
    assert "status 3" in reports[0]


def test_child_ends_with_its_parent_and_when_told(tmp_path: Path) -> None:
    """The pipe closes with the process, however hard it died."""
    command = _command(tmp_path, 0, stays=True)
    maintainer = Maintainer(command, 1, HOUR, SimClock(), lambda _: None)
    maintainer.after_step(0)
    maintainer.after_step(1)
    child = maintainer._child
    assert child is not None
    _until(lambda: bool(list(tmp_path.iterdir())))
    assert child.poll() is None
    maintainer.stop()
    assert child.poll() is not None
