"""On Spark itself: equal rows, also when a Python worker dies in the middle of a task."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import Invalid
from footfall.home import Home
from footfall.request import encode_request
from footfall.runner.engine import Engine, First, Piece, Step, TasksFailed
from footfall.runner.spark import SparkEngine
from footfall.settings import load_settings
from tests.deliver.bench import EVERYTHING, close_files, contents
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.driver_process import bench_of
from tests.runner.harness import Bucketed, ledgers, rows

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SMALL = (
    *SETTINGS,
    "runner.buckets=3",
    "runner.epoch_requests_max=6",
    f"deliver.destinations={EVERYTHING}",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    """One session for all: it takes ten seconds to start."""
    conf = '["spark.driver.memory=1g","spark.log.level=OFF"]'
    settings = load_settings(overrides=("runner.buckets=3", f"runner.spark_conf={conf}"))
    started = SparkEngine.started(settings.runner)
    yield started
    started.close()


class Borrowed:
    """An engine that its driver does not close."""

    def __init__(self, inner: Engine) -> None:
        self._inner = inner
        self.bound = inner.bound

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        return self._inner.run(tasks, first, steps)

    def close(self) -> None:
        """It is shared."""


class Killing(Borrowed):
    """The worker that works on a bucket first dies when the bucket's files are written."""

    def __init__(self, inner: Engine, marks: Path) -> None:
        super().__init__(inner)
        self._marks = str(marks)

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        deadly = [_deadly(step, f"{self._marks}/{place}") for place, step in enumerate(steps)]
        return self._inner.run(tasks, first, deadly)


def _deadly(step: Step, mark: str) -> Step:
    def do(bucket: int, pieces: Sequence[Piece]) -> Iterable[Piece]:
        made = list(step(bucket, pieces))
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return made
        os.kill(os.getpid(), signal.SIGKILL)
        return []

    return do


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A log on disk, and what the loop of this process makes of it."""
    root = tmp_path_factory.mktemp("local")
    bench = bench_of(root, *SMALL)
    bench.home.log_dir("default").parent.mkdir(parents=True)
    bench.home.log_dir("default").symlink_to(Home(root / "log").log_dir("default"))
    writer = bench.source.writer()
    for requests in _traffic(61, 4):
        writer.append([encode_request(one) for one in requests])
    writer.close()
    return worked_off(bench)


def worked_off(bench: Bucketed) -> Bucketed:
    driver = bench.driver()
    driver.finish()
    close_files(driver, bench)
    driver.close()
    return bench


def test_equal_rows_though_python_workers_die(
    engine: SparkEngine, local: Bucketed, tmp_path: Path
) -> None:
    """One dies in each kind of bucket, its files written: Spark does the tasks again.

    Rows of a table are there once: the lost tries' files are named by nobody. And the driver
    delivers the same records, each in one file.
    """
    mine = Bucketed(tmp_path / "home", *SMALL, log=local.log, source=local.source)
    shutil.copytree(local.home.log_dir("default"), mine.home.log_dir("default"))
    marks = tmp_path / "marks"
    marks.mkdir()
    mine.engine = Killing(engine, marks)
    worked_off(mine)
    assert sorted(os.listdir(marks)) == ["0", "1"]
    assert rows(mine) == rows(local)
    assert ledgers(mine) == ledgers(local)
    assert len(ledgers(local)) > 1
    files = contents(mine.home)
    assert files == contents(local.home)
    counted = {name: len(found) for name, found in files.items()}
    tables = {name: len(found) for name, found in rows(mine).items()}
    assert counted == {
        "requests": local.log.ends().total,
        "events": tables["events"],
        "failed": tables["failed_events"],
        "visits": tables["sessions"],
        "changes": tables["session_changes"],
    }
    assert all(len(found) == len(set(found)) for found in files.values())
    assert min(counted["events"], counted["failed"], counted["visits"]) > 0


def test_work_that_cannot_be_done_says_so_and_commits_nothing(engine: SparkEngine) -> None:
    """The sentence has the reason, not Spark's stacks."""

    def failing(task: int) -> Iterable[Piece]:
        raise ValueError("no such thing")

    with pytest.raises(TasksFailed, match="it is done again by the next start") as error:
        engine.run(1, failing, [])
    assert "no such thing" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_setting_of_no_form_is_refused() -> None:
    """Before anything is started."""
    settings = load_settings(overrides=('runner.spark_conf=["executor.memory=4g"]',))
    with pytest.raises(Invalid, match=r"spark\.name=value"):
        SparkEngine.started(settings.runner)
