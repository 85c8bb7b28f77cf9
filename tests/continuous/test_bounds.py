"""What continuous queries may cost, and what becomes of those that fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import footfall
from footfall.clock import MINUTE, SECOND
from footfall.continuous.consumer import make
from footfall.continuous.windows import of_starts
from footfall.errors import Conflict, LimitReached
from footfall.metadata import Metadata
from footfall.metadata.added.queries import ContinuousQuery
from footfall.settings import QueryDefinition, Window, load_settings
from tests.continuous.test_consumer import run, settle
from tests.pipeline.harness import Bench, event, request

COUNT = 'SELECT count(*) AS n FROM "window"'


def _kept(bench: Bench) -> dict[str, ContinuousQuery]:
    metadata = Metadata.open(bench.home, bench.clock)
    found = {query.name: query for query in metadata.queries.all("default")}
    metadata.close()
    return found


def test_one_that_fails_and_one_that_is_too_large_hold_up_nobody(tmp_path: Path) -> None:
    """Each limit is said where people look, and what was mended is asked of the same windows.

    Queries of the settings are there while the settings have them.
    """
    declared = f"continuous.queries={{declared={{sql='{COUNT}',window='1m'}}}}"
    limits = ("continuous.windows_max=4", "continuous.rows_max=2")
    bench = Bench(tmp_path, "pipeline.epoch_age_max=10s", "sessions.gap=1m", *limits)
    bench.set(declared)
    bench.consumers = {"continuous": make}
    failing = QueryDefinition("SELECT error('no such price') AS n FROM \"window\"", "2m")
    run(
        bench,
        {
            "failing": failing,
            "many": QueryDefinition('SELECT event_id FROM "window"', "5m"),
            "paused": QueryDefinition(COUNT, "1m", enabled=False),
        },
    )
    pipeline = bench.pipeline()
    start = bench.clock.now_us() // (5 * MINUTE) * 5 * MINUTE
    events = [event("v", start - at * MINUTE, at) for at in range(7)]
    bench.append([request(1, events, bench.clock.now_us())])
    settle(bench, pipeline)
    kept = _kept(bench)
    assert (kept["declared"].status.windows, kept["declared"].status.left_out) == (4, 3)
    assert kept["declared"].is_declared
    assert (kept["many"].status.windows, kept["many"].status.cut_off) == (3, 1)
    assert kept["failing"].status.error == "no such price"
    assert kept["failing"].status.failures >= 2
    assert (kept["failing"].status.windows, kept["failing"].status.waiting) == (0, 4)
    assert kept["paused"].status.windows == 0
    with footfall.open(bench.home.root) as opened:
        cut = [one.is_cut_off for one in opened.continuous.results("many")]
        newest = opened.sql("SELECT count(*) AS n FROM continuous_declared").rows()
    assert (cut.count(True), newest) == (1, [{"n": 4}])
    bench.settings = load_settings(overrides=("pipeline.epoch_age_max=10s", "sessions.gap=1m"))
    pipeline = bench.pipeline()
    assert pipeline.consumers.settle(60)
    bench.stop_consumers()
    assert set(_kept(bench)) == {"failing", "many", "paused"}


def test_as_many_as_may_be_are_kept_and_those_of_settings_are_theirs(tmp_path: Path) -> None:
    """One more is refused and nothing changes; the same again is no new version."""
    bench = Bench(tmp_path)
    metadata = Metadata.open(bench.home, bench.clock)
    metadata.create_project("default")
    queries = metadata.queries
    queries.declare("default", {"theirs": QueryDefinition(COUNT, "1m")})
    assert queries.put("default", "one", QueryDefinition(COUNT, "1m"), 2).version == 1
    assert queries.put("default", "one", QueryDefinition(COUNT, "1m"), 2).version == 1
    assert queries.put("default", "one", QueryDefinition(COUNT, "2m"), 2).version == 2
    with pytest.raises(LimitReached, match="queries_max"):
        queries.put("default", "two", QueryDefinition(COUNT, "1m"), 2)
    with pytest.raises(Conflict, match="settings"):
        queries.put("default", "theirs", QueryDefinition(COUNT, "2m"), 2)
    with pytest.raises(Conflict, match="settings"):
        queries.remove("default", "theirs")
    queries.remove("default", "one")
    assert queries.put("default", "one", QueryDefinition(COUNT, "2m"), 2).version == 3
    metadata.close()


def test_windows_are_those_that_have_the_moment() -> None:
    """Against the definition: a window has a moment if it starts by it and ends after it."""
    for size, step in ((60, 60), (300, 60), (90, 60), (7, 2), (100, 1)):
        window = Window(size * SECOND, step * SECOND)
        for moment in (0, 59, 60, 61, 123_457, 600):
            found, _ = of_starts(np.array([moment * SECOND // window.step]), window, 1000)
            by_definition = {
                start
                for start in range((moment - size - step) // step * step, moment + step, step)
                if start <= moment < start + size
            }
            assert by_definition <= {one.start // SECOND for one in found}
            assert len(found) - len(by_definition) <= (size % step > 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 minute", "5m by 1m"),
        ("10ms", "1s to 31d"),
        ("32d", "1s to 31d"),
        ("1m by 2m", "at most the size"),
        ("1d by 1m", "100th"),
        ("session", "session gap"),
    ],
)
def test_a_window_that_is_none_is_told_with_those_there_are(text: str, said: str) -> None:
    """The sentence has the valid form."""
    with pytest.raises(ValueError, match=said):
        Window.of(text)


@pytest.mark.parametrize("text", ["1m", "5m by 1m", "100s by 1s", "7m by 2m"])
def test_a_year_of_late_events_makes_no_more_windows_than_are_kept(text: str) -> None:
    """The newest, each once; those that are left out are counted exactly, and not made."""
    window = Window.of(text)
    dice = np.random.default_rng(3)
    for count, most in ((1, 5), (40, 7), (300, 100_000), (300, 50)):
        starts = np.unique(dice.integers(0, 2_000, count))
        before = -(-window.size // window.step)
        every = sorted({start - back for start in starts.tolist() for back in range(before)})
        found, left_out = of_starts(starts, window, most)
        assert [one.start for one in found] == [one * window.step for one in every[-most:]]
        assert left_out == max(0, len(every) - most)
        assert {one.end - one.start for one in found} == {window.size}
    year = np.arange(0, 366 * 86_400, dtype=np.int64)
    found, left_out = of_starts(year, Window.of("100s by 1s"), 1_000)
    assert (len(found), left_out) == (1_000, 366 * 86_400 + 99 - 1_000)
