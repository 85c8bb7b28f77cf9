"""A driver that is killed anywhere in an epoch is followed by one that gives equal rows."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.errors import Corrupt, Invalid
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.runner.epoch import EpochJobs
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.driver_process import MOMENTS, bench_of
from tests.runner.harness import Bucketed, ledgers, rows
from tests.scale import scaled

SMALL = (*SETTINGS, "runner.buckets=2", "runner.epoch_requests_max=3")
"""Epochs of three requests."""


def written_log(root: Path, batches: int) -> None:
    """A log on disk with some traffic."""
    bench = bench_of(root)
    writer = bench.source.writer()
    for requests in _traffic(51, batches):
        writer.append([encode_request(one) for one in requests])
    writer.close()


def worked_off(bench: Bucketed) -> None:
    driver = bench.driver()
    driver.finish()
    driver.close()


def test_killed_at_each_moment_it_gives_the_rows_of_one_that_lived(tmp_path: Path) -> None:
    """Each process dies at another moment of an epoch, by SIGKILL; the next one goes on."""
    moments = list(MOMENTS)[scaled(1, 0) :: scaled(2, 1)]
    written_log(tmp_path, scaled(4, 8))
    alive = Bucketed(
        tmp_path / "alive", *SMALL, log=bench_of(tmp_path).log, source=bench_of(tmp_path).source
    )
    worked_off(alive)
    assert len(ledgers(alive)) >= len(moments)
    for moment in moments:
        done = subprocess.run(
            [sys.executable, "-m", "tests.runner.driver_process", tmp_path, moment, *SMALL],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
    last = bench_of(tmp_path, *SMALL)
    worked_off(last)
    assert rows(last) == rows(alive)
    assert ledgers(last) == ledgers(alive)


@pytest.fixture
def worked(tmp_path: Path) -> Bucketed:
    """A home with three epochs, the note of the last ones beside it."""
    written_log(tmp_path, 3)
    bench = bench_of(tmp_path, *SMALL)
    worked_off(bench)
    return bench


def test_another_number_of_buckets_is_refused(worked: Bucketed) -> None:
    """State of a visitor would be looked for where it is not."""
    worked.set("runner.buckets=3")
    with pytest.raises(Invalid, match=r"set runner\.buckets = 2 again"):
        worked.driver()


def test_a_damaged_state_is_noticed_and_the_one_before_it_gives_equal_rows(
    worked: Bucketed,
) -> None:
    """Its last epoch is done again; the tables have it."""
    before = rows(worked)
    driver = worked.driver()
    newest, older = driver._states.notes()
    theirs = {file for part in older.parts for file in part.files}
    damaged = [file for part in newest.parts for file in part.files if file not in theirs]
    for file in damaged:
        path = Path(driver._states._path(file))
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    driver.close()
    done: list[int] = []
    do = EpochJobs.do

    def noted(self: EpochJobs, plan: object, *more: object) -> object:
        done.append(plan.epoch)  # type: ignore[attr-defined]
        return do(self, plan, *more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EpochJobs, "do", noted)
        driver = worked.driver()
    assert done == [newest.epoch]
    assert rows(worked) == before
    driver.close()


def test_a_lost_state_is_made_from_the_lake(worked: Bucketed) -> None:
    """What was there is not counted again, and a session goes on where it was."""
    again, first = _traffic(51, 3), worked.home.lake_dir / "_runner"
    shutil.rmtree(first)
    metadata = Metadata.open(worked.home)
    last = metadata.last_epochs("default", 1)[0].epoch
    metadata.forget_epochs("default", last)  # so it cannot be done again from the first
    metadata.close()
    ledger = Metadata.open(worked.home).ledger("default")
    writer = worked.source.writer()
    writer.append([encode_request(one) for requests in again for one in requests])
    writer.close()
    worked_off(worked)
    after = Metadata.open(worked.home).ledger("default")
    assert after.events == ledger.events
    assert after.duplicates > ledger.duplicates
    assert after.problems() == []


def test_a_file_of_state_that_is_gone_says_so(worked: Bucketed) -> None:
    """An executor that misses one must not go on with less."""
    driver = worked.driver()
    part = driver._note.parts[0].sessions["gap.1"]
    Path(driver._states._path(part.file)).unlink()
    with pytest.raises(Corrupt, match="missing or damaged"):
        driver._states.sessions(part)
    driver.close()
