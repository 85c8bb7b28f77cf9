"""Requests that end or hang whoever decodes them: put aside, and the epoch is done without them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from footfall.home import Home
from footfall.log import LogSource
from footfall.pipeline._trouble import read_trouble, trouble_file
from footfall.pipeline.poison.bounds import in_time
from footfall.pipeline.poison.poison import Bound
from footfall.request import encode_request
from footfall.runner.engine import First, LocalEngine, Piece, Step, TasksFailed
from footfall.settings import load_settings
from tests.pipeline.harness import START_US, event, request
from tests.pipeline.plug_in import PROTOCOL, install
from tests.pipeline.test_pipeline import SETTINGS
from tests.runner.harness import Bucketed
from tests.scale import IS_FULL

SMALL = (
    *SETTINGS,
    "runner.buckets=2",
    "runner.slice_requests_max=4",
    "pipeline.batch_time_max=2s",
    "pipeline.memory_max=256MiB",
)
COUNT = 8
APART = (
    "import pickle, sys; from footfall.runner.engine import LocalEngine;"
    "tasks, first, steps = pickle.load(sys.stdin.buffer);"
    "pickle.dump(LocalEngine().run(tasks, first, steps), sys.stdout.buffer)"
)


class Apart:
    """An engine whose work is done by another process, which may die; it knows no bucket of it."""

    bound: Bound = staticmethod(in_time)

    def __init__(self) -> None:
        self.runs = 0

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        self.runs += 1
        done = subprocess.run(
            [sys.executable, "-c", APART],
            input=pickle.dumps((tasks, first, steps)),
            capture_output=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise TasksFailed(f"a process died: {done.returncode} {done.stderr[-300:]!r}")
        found: list[Piece] = pickle.loads(done.stdout)  # noqa: S301 (of our own process)
        return found

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def poisoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[int, str]], Bucketed]:
    """A home with a log of requests, some with a word that ends whoever decodes them."""

    def make(words: dict[int, str]) -> Bucketed:
        monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site")))
        source = LogSource.of(Home(tmp_path / "log"), "default", load_settings().log)
        log = source.writer()
        for number in range(COUNT):
            made = request(number, [event("v", START_US, number)], START_US)
            if word := words.get(number, ""):
                headers = (("referer", word),)
                made = msgspec.structs.replace(made, protocol=PROTOCOL, headers=headers)
            log.append([encode_request(made)])
        log.close()
        return Bucketed(tmp_path / "home", *SMALL, log=source.reader(), source=source)

    return make


@pytest.mark.parametrize(
    "words",
    [{1: "exit"}, *([{1: "exit", 6: "segfault"}, {2: "hang"}, {5: "slow"}] if IS_FULL else [])],
    ids=lambda words: ", ".join(words.values()),
)
def test_what_tasks_die_of_fails_and_the_rest_goes_on(
    words: dict[int, str], poisoned: Callable[[dict[int, str]], Bucketed]
) -> None:
    """Found by the search of the embedded pipeline, on the driver; noted for ever, told to people.

    The next epoch is done at the first try.
    """
    bench = poisoned(words)
    bench.engine = engine = Apart()
    driver = bench.driver()
    driver.finish()
    assert engine.runs == 2
    tables = bench.tables()
    failed = tables["failed_events"].select(["log_offset", "reason"]).to_pylist()
    assert sorted((row["log_offset"], row["reason"]) for row in failed) == [
        (offset, "poison") for offset in words
    ]
    assert len(tables["events"]) == COUNT - len(words)
    assert driver._truth.ledger.problems() == []
    trouble = read_trouble(trouble_file(bench.home, "default"))
    assert trouble.is_over
    assert [one.offset for one in trouble.quarantined] == list(words)
    driver.close()


class Failing(LocalEngine):
    """Machines are away."""

    runs = 0

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        self.runs += 1
        raise TasksFailed("no executor")


def test_where_no_request_is_at_fault_none_is_accused(
    poisoned: Callable[[dict[int, str]], Bucketed],
) -> None:
    """The driver ends with the engine's sentence; the next one does the epoch."""
    bench = poisoned({})
    bench.engine = engine = Failing()
    driver = bench.driver()
    with pytest.raises(TasksFailed, match="no executor"):
        driver.finish()
    assert engine.runs == 1
    driver.close()
    bench.engine = LocalEngine()
    driver = bench.driver()
    driver.finish()
    assert (len(bench.tables()["events"]), len(bench.tables()["failed_events"])) == (COUNT, 0)
    driver.close()
