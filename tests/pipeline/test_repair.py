"""Late events beyond the hot tier, through the whole pipeline, against the batch definition."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import MINUTE, SECOND
from footfall.event import EVENT_SCHEMA
from footfall.lake import TABLES, Lake
from footfall.request import Request
from footfall.sessionize import EVENT_COLUMNS
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.harness import START_US, Bench, Crash, event, request
from tests.scale import scaled
from tests.sessionize import oracle
from tests.sessionize.world import ORACLE_COLUMNS, plain

GAP, LENGTH_MAX, EVENTS_MAX = 5 * MINUTE, 60 * MINUTE, 25
SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=3",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
    "sessions.length_max=1h",
    f"sessions.events_max={EVENTS_MAX}",
)
STEP = 4 * MINUTE

_WRITTEN = [name for name in TABLES if name != "query_results"]
"""Tables that epochs write, in the order of commit."""


def _batch(chance: random.Random, number: int, count: int) -> list[Request]:
    """Four minutes of traffic; an eighth of it comes half an hour to two hours late.

    Visitor `heavy` does a third of everything and never pauses: it is cut by length and count.
    """
    now = START_US + number * STEP
    events = []
    for place in range(count):
        visitor = "heavy" if place % 3 == 0 else f"v{chance.randrange(count)}"
        at = now - chance.randrange(STEP)
        if chance.random() < 0.125:
            at -= chance.randrange(30, 120) * MINUTE
        more = {"user_id": f"u{visitor}"} if chance.random() < 0.2 else {}
        events.append(event(visitor, at, number * count + place, **more))
    return [request(number * 10 + part, events[part::3], now + part) for part in range(3)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("events_max", "visitors_max"), [(1_000_000, 1_000), (60, 4)], ids=["at once", "in small steps"]
)
def test_late_events_end_in_the_sessions_of_the_definition(
    tmp_path: Path, events_max: int, visitors_max: int
) -> None:
    """Whatever an epoch may read for repairs, in the end the lake says what a batch job would.

    With small bounds sessions of the heavy visitor are swept over many epochs, some of them after a
    restart, while events go on coming.
    """
    bench = Bench(
        tmp_path,
        *SETTINGS,
        f"sessions.repair_events_max={events_max}",
        f"sessions.repair_visitors_max={visitors_max}",
        "log.keep_age_min=1s",
    )
    bench.log = MemoryLog(segment_records=2)  # trimmed, so a lost state is not made from it
    chance = random.Random(6)  # noqa: S311 (seeded on purpose)
    steps, pending = scaled(24, 120), 0
    pipeline = bench.pipeline()
    for number in range(steps):
        bench.append(_batch(chance, number, 24))
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        pending = max(pending, pipeline.truth.state.default.pending().height)
        bench.clock.advance(STEP - 20 * SECOND)
        if number % 10 == 9:
            pipeline._executor.shutdown()
            if number % 20 == 19:  # the state is made anew, from the lake
                bench.stop_consumers()
                shutil.rmtree(bench.home.state_dir("default"))
            pipeline = bench.pipeline()
    for _ in range(200):
        if not pipeline.truth.state.has_pending and pipeline._preview.is_empty:
            break
        bench.clock.advance(30 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
    bench.clock.advance(30 * MINUTE)
    pipeline.finish()
    assert pending > (4 if visitors_max == 4 else 0)
    _check(bench)


def _little_late(chance: random.Random, number: int, count: int) -> list[Request]:
    """A minute and a half of five visitors, of whom each has old and new sessions in repair."""
    now = START_US + number * 90 * SECOND
    lates = [0, 0, 0, 0, 1, 3, 9, 25]
    events = [
        event(
            f"v{chance.randrange(5)}",
            now - chance.choice(lates) * MINUTE - chance.randrange(2 * MINUTE),
            number * count + place,
        )
        for place in range(count)
    ]
    return [request(number * 10 + part, events[part::3], now + part) for part in range(3)]


class _DiesBefore:
    """A lake whose process dies before one table takes an epoch; those before it have it."""

    def __init__(self, lake: Any, table: str) -> None:
        self._lake = lake
        self._table = table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def commit(self, table: str, *rest: Any) -> bool:
        if table == self._table:
            raise Crash
        return bool(self._lake.commit(table, *rest))


@pytest.mark.slow
def test_an_epoch_that_some_tables_have_is_done_again_in_whole_on_a_rebuilt_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """State and an epoch's second half are lost together, again and again, while repairs wait.

    What is made from the lake may repair other sessions first than the lost state did. Rows of the
    epoch that tables kept from before would then contradict those they take now.
    """
    bench = Bench(
        tmp_path,
        *SETTINGS,
        "log.keep_age_min=1s",
    )
    bench.log = MemoryLog(segment_records=2)
    chance = random.Random(8)  # noqa: S311 (seeded on purpose)
    pipeline = bench.pipeline()
    for number in range(scaled(24, 240)):
        bench.append(_little_late(chance, number, 20))
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        if number % 3 == 2 and number > 8:
            committer: Any = pipeline._committer
            committer._lake = _DiesBefore(committer._lake, chance.choice(_WRITTEN[1:]))
            pipeline.step()
            with pytest.raises(Crash):
                pipeline._take_commit(wait=True)
            pipeline._executor.shutdown()
            bench.stop_consumers()
            shutil.rmtree(bench.home.state_dir("default"))
            pipeline = bench.pipeline()
            assert "half committed" in capsys.readouterr().err
        pipeline.step()
        pipeline._take_commit(wait=True)
        bench.clock.advance(70 * SECOND)
    bench.clock.advance(30 * MINUTE)
    for _ in range(20):
        pipeline.finish()
    assert not pipeline.truth.state.has_pending
    _check(bench)


def _check(bench: Bench) -> None:
    tables = bench.tables()
    events = plain(tables["events"].select([*EVENT_COLUMNS, "event_id", "session_id", "epoch"]))
    truth = {
        row["session_id"]: row
        for row in map(oracle.row, oracle.sessions(events, GAP, LENGTH_MAX, EVENTS_MAX))
    }
    assert len(truth) > 20
    assert _sessions(tables) == truth
    assert _owners(events, plain(tables["session_overrides"])) == {
        event["event_id"]: oracle.session_id(
            event["app_id"], event["visitor_id"], session[0]["event_time"]
        )
        for session in oracle.sessions(events, GAP, LENGTH_MAX, EVENTS_MAX)
        for event in session
    }
    assert set(EVENT_COLUMNS) <= set(EVENT_SCHEMA.names)
    assert Lake(bench.home.lake_dir, "default").plan("events").rows == len(events)


def _sessions(tables: dict[str, Any]) -> dict[bytes, dict[str, Any]]:
    """As readers see them: the newest revision, if it was not removed after that was written."""
    removed: dict[bytes, int] = defaultdict(int)
    for row in plain(tables["session_changes"]):
        removed[row["session_id"]] = max(removed[row["session_id"]], row["epoch"])
    found: dict[bytes, dict[str, Any]] = {}
    for row in sorted(plain(tables["sessions"]), key=lambda row: row["revision"]):
        if row["epoch"] >= removed[row["session_id"]]:
            found[row["session_id"]] = {name: row[name] for name in ORACLE_COLUMNS}
    return found


def _owners(
    events: list[dict[str, Any]], overrides: list[dict[str, Any]]
) -> dict[bytes, bytes | None]:
    """The session of each event: as it was written, or as a later epoch's override says."""
    by_visitor = defaultdict(list)
    for row in sorted(overrides, key=lambda row: row["epoch"]):
        by_visitor[row["app_id"], row["visitor_id"]].append(row)
    owners = {}
    for one in events:
        owners[one["event_id"]] = one["session_id"]
        for row in by_visitor[one["app_id"], one["visitor_id"]]:
            is_covered = row["from_time"] <= one["event_time"] <= row["to_time"]
            if is_covered and row["epoch"] > one["epoch"]:
                owners[one["event_id"]] = row["session_id"]
    return owners
