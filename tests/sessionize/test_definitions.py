"""What every session definition must do: the same suite over `gap` and the trivial `day`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pytest

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.sessionize import (
    RepairLimits,
    SessionDefinition,
    SessionState,
    in_files,
    key_of,
    restore,
    save,
    session_ids,
)
from footfall.sessionize.gap import GapDefinition
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.sessionize import day_oracle, oracle
from tests.sessionize.day import DayDefinition
from tests.sessionize.world import ORACLE_COLUMNS, MemoryStore, World, plain, truth_of


def _gap_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    return truth_of(events, definition)[0]


class Case(NamedTuple):
    """A definition and what it says of all events at once."""

    definition: Any
    truth: Any


CASES = [
    pytest.param(Case(GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR), _gap_truth), id="gap"),
    pytest.param(
        Case(GapDefinition(20 * MINUTE, 2 * HOUR, 3, HOUR), _gap_truth), id="gap, all cuts"
    ),
    pytest.param(
        Case(DayDefinition(HOUR), lambda events, _: day_oracle.sessions(events)), id="day"
    ),
]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Each definition."""
    found: Case = request.param
    return found


def _epochs(seed: int, count: int) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Events and watermark of each epoch, six hours apart; a third come up to two days late."""
    chance, number = random.Random(seed), 0  # noqa: S311 (seeded on purpose)
    for epoch in range(count):
        now, events = NOON_US + epoch * 6 * HOUR, []
        for _ in range(chance.randint(3, 12)):
            late = chance.choice([0, 0, 10 * MINUTE, 7 * HOUR, 25 * HOUR, 44 * HOUR])
            at = now - late - chance.randrange(90) * MINUTE
            events.append(
                {
                    "event_id": uuid_of(f"{seed} {number}"),
                    "request_id": uuid_of(f"request {seed} {number}"),
                    "visitor_id": chance.choice(["a", "b", None]),
                    "event_time": at,
                    "received_at": now,
                    "page_url": f"p{number}",
                    "source": chance.choice([None, None, "news"]),
                    "value": chance.choice([None, 3]),
                }
            )
            number += 1
        yield events, now - MINUTE


def _run(case: Case, seed: int, *, rows_min: int = 10**9) -> World:
    world = World(case.definition, RepairLimits(1_000, 3), rows_min=rows_min)
    for events, watermark in _epochs(seed, 12):
        world.run(events, watermark)
    world.settle(NOON_US + 10 * DAY)
    world.run([], NOON_US + 10 * DAY)
    return world


def _columns(rows: dict[bytes, dict[str, Any]]) -> dict[bytes, dict[str, Any]]:
    return {key: {name: row[name] for name in ORACLE_COLUMNS} for key, row in rows.items()}


@pytest.mark.parametrize("seed", range(3))
def test_equals_its_batch_definition(case: Case, seed: int) -> None:
    """Late events, repairs, eviction: what is written in the end is what all events at once say."""
    world = _run(case, seed)
    assert _columns(world.lake_sessions()) == case.truth(world.events, case.definition)


def test_restart_is_no_restart(case: Case) -> None:
    """A state that goes through files and a checkpoint after each epoch writes the same rows."""
    assert _run(case, 5, rows_min=1).sessions == _run(case, 5).sessions


def test_order_of_events_does_not_matter(case: Case) -> None:
    """Nor does how they are divided over calls of one epoch."""
    rows = [event for events, _ in _epochs(6, 3) for event in events]
    once = _sessionized(case.definition, [rows])
    random.Random(1).shuffle(rows)  # noqa: S311 (seeded on purpose)
    for parts in ([rows], [rows[:5], rows[5:]], [[row] for row in rows]):
        assert _sessionized(case.definition, parts) == once


def _sessionized(
    definition: SessionDefinition, parts: list[list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """All sessions, after one call for each part. Nothing was evicted, so nothing waits."""
    state = SessionState.empty(definition.columns)
    for part in parts:
        found = definition.sessionize(state, event_table(part), history=_Nothing(parts, part))
        state = found.state
        assert not state.has_pending
    return plain(definition.close(state, NOON_US + 20 * DAY, 1).rows)


class _Nothing:
    """A history of the parts before, for definitions that read again what they cut."""

    def __init__(self, parts: list[list[dict[str, Any]]], part: list[dict[str, Any]]) -> None:
        self._before = [row for one in parts[: parts.index(part)] for row in one]

    def events(self, ranges: pa.Table) -> pa.Table:
        wanted = set(ranges.column("visitor_id").to_pylist())
        low = {row["visitor_id"]: (row["from_time"], row["to_time"]) for row in plain(ranges)}
        return event_table(
            [
                row
                for row in self._before
                if row["visitor_id"] in wanted
                and low[row["visitor_id"]][0] <= row["event_time"] <= low[row["visitor_id"]][1]
            ]
        )

    def sessions(self, ranges: pa.Table) -> pa.Table:
        from footfall.session import SESSION_SCHEMA

        return SESSION_SCHEMA.empty_table()


def test_saved_is_restored(case: Case) -> None:
    """To the bit: rows, marks, floor and watermark, in files and beside them."""
    world = World(case.definition, rows_min=10**9)
    for events, watermark in _epochs(7, 8):
        world.run(events, watermark)
    for rows_min in (1, 10**9):
        store = MemoryStore()
        loose, notes = save(in_files(world.state, store, rows_min))
        assert bool(notes) == (rows_min == 1)
        columns = case.definition.columns
        again = restore(SessionState.from_arrow(loose.to_arrow(), columns), notes, store)
        assert again.frame().equals(world.state.frame())
        assert (again.floor, again.watermark) == (world.state.floor, world.state.watermark)


def test_a_session_is_written_once_a_revision(case: Case) -> None:
    """Revisions count from one without a gap, and each changes something."""
    world = _run(case, 8)
    by_id: dict[bytes, list[dict[str, Any]]] = {}
    for row in world.sessions:
        by_id.setdefault(row["session_id"], []).append(row)
    assert max(map(len, by_id.values())) > 1
    for rows in by_id.values():
        revisions = [row["revision"] for row in rows]
        assert revisions == sorted(set(revisions))
        assert revisions[0] == 1
    again = case.definition.close(world.state, NOON_US + 10 * DAY, 99)
    assert again.rows.num_rows == 0


def test_what_a_state_holds_is_bounded(case: Case) -> None:
    """At `hot_max` closed ones go, written; open ones stay. What closed long ago is never there."""
    definition = case.definition
    bounded = type(definition)(
        **{name: getattr(definition, name) for name in definition.__struct_fields__}
        | {"hot_max": 4, "hot_age": 1000 * DAY}
    )
    crowd = [{"visitor_id": f"v{n}", "event_time": NOON_US + n * SECOND} for n in range(20)]
    state = bounded.sessionize(SessionState.empty(bounded.columns), event_table(crowd)).state
    is_open = bounded.close(state, NOON_US, 1)
    assert (len(is_open.state), is_open.rows.num_rows) == (20, 0)
    closed = bounded.close(is_open.state, NOON_US + 2 * DAY, 2)
    assert (len(closed.state), closed.rows.num_rows) == (4, 20)
    gone = definition.close(closed.state, NOON_US + 4 * DAY, 3)
    assert (len(gone.state), gone.rows.num_rows) == (0, 0)


def test_nothing_given_is_changed(case: Case) -> None:
    """Previews go on from a state while the epoch is computed from the same one."""
    state = SessionState.empty(case.definition.columns)
    for events, watermark in _epochs(9, 2):
        before = state.to_arrow()
        found = case.definition.sessionize(state, event_table(events)).state
        case.definition.close(found, watermark, 1)
        assert before.equals(state.to_arrow())
        state = found


def test_an_event_is_in_the_session_that_holds_it(case: Case) -> None:
    """`assign` names the session of each visitor's event, and none for events without a visitor."""
    rows = [event for events, _ in _epochs(10, 2) for event in events]
    definition = case.definition
    if isinstance(definition, GapDefinition) and definition.events_max < 100:
        definition = GapDefinition(20 * MINUTE, 2 * HOUR, 100, HOUR)
    state = definition.sessionize(SessionState.empty(definition.columns), event_table(rows)).state
    placed = definition.assign(event_table(rows), state).column("session_id").to_pylist()
    counts = pl.Series(placed).drop_nulls().value_counts().rows()
    assert dict(counts) == dict(state.frame().select("session_id", "events").rows())
    assert [one is None for one in placed] == [row["visitor_id"] is None for row in rows]


def test_ids_follow_from_name_and_version() -> None:
    """No definition, and no version of one, gives an id of another; long names are told apart."""
    given = (["shop"], ["v"], [NOON_US])
    assert session_ids("gap", 1, *given) == [oracle.session_id("shop", "v", NOON_US)]
    names = [("gap", 1), ("gap", 2), ("day", 1), *((f"a_long_name_that_{n}", 1) for n in "xy")]
    assert len({session_ids(*name, *given)[0] for name in names}) == len(names)
    assert key_of(DayDefinition(HOUR)) == "day.1"
