"""The beer shop's sessions and their two metrics, by the file worked by hand, late events added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.clock import SECOND
from footfall.continuous.consumer import make
from footfall.continuous.examples import EXAMPLES, example
from footfall.errors import Invalid
from footfall.testing.sim_clock import SimClock
from tests.continuous.test_consumer import run, settle
from tests.pipeline.harness import Bench
from tests.pipeline.test_beer_shop import AT, BY_30_SECONDS, BY_MINUTE, CLICKS, DEFINED, _sent

_NAMES = "session_id events beginnavigation endnavigation beginsession endsession duration_sec"
SETTINGS = ("pipeline.epoch_age_max=10s", "sessions.hot_age=1m", "sessions.gap=1m")


def test_windows_and_metrics_equal_those_worked_by_hand(tmp_path: Path) -> None:
    """A late event makes a revision of its window's result, a repeated one nothing.

    Those who sum up all rows of a window, revisions included, would count sessions twice; the view
    has each once.
    """
    bench = Bench(tmp_path, *SETTINGS, f"sessions.definitions={DEFINED.format('30s')}")
    bench.clock = SimClock(AT * SECOND)
    bench.consumers = {"continuous": make}
    run(bench, {name: example(name) for name in EXAMPLES})
    pipeline = bench.pipeline()
    for number, click in enumerate([*CLICKS, CLICKS[1]]):
        _sent(bench, click, 1 if number == len(CLICKS) else number)
        if click[-1] or number == len(CLICKS) - 3:
            bench.clock.advance(120 * SECOND)
            pipeline.finish()
            bench.clock.advance(2 * SECOND)
            pipeline.step()
            assert pipeline.consumers.settle(60)
    settle(bench, pipeline)
    with footfall.open(bench.home.root) as opened:
        rows = {name: opened.sql(f"FROM continuous_{name}").rows() for name in EXAMPLES}
    bench.stop_consumers()
    assert _worked(rows["beer_sessions"]) == BY_30_SECONDS
    assert _worked(rows["beer_sessions_by_minute"]) == BY_MINUTE
    assert {row["timeagg"] for row in rows["beer_sessions"]} == {
        row["window_start"] for row in rows["beer_sessions"]
    }
    durations = sorted(row["session_duration"] for row in rows["session_duration"])
    assert durations == [0.0, 0.0, 0.0, 0.0, 28.749]
    assert sorted(row["session_events"] for row in rows["session_events"]) == [1, 1, 1, 1, 4]
    revised = {row["revision"] for row in rows["beer_sessions"] if row["events"] == 4}
    assert revised == {2}


def _worked(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in _NAMES.split()) for row in rows)


def test_an_example_that_there_is_not_is_told_with_those_there_are() -> None:
    """Whoever mistypes one sees the names."""
    with pytest.raises(Invalid, match="beer_sessions, beer_sessions_by_minute"):
        example("beer")
