"""What every session definition must do: one suite over all kinds, each with its own oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import polars as pl
import pyarrow as pa
import pytest

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.sessionize import (
    Key,
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
from footfall.sessionize.goals import Goals
from footfall.sessionize.step import StepDefinition, Windows
from footfall.sessionize.zones import Zones
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled
from tests.sessionize import cut_oracle, oracle, windows
from tests.sessionize.world import ORACLE_COLUMNS, MemoryStore, World, plain, truth_of


def _gap_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    return truth_of(events, definition)[0]


class Case(NamedTuple):
    """A definition and what it says of all events at once."""

    definition: Any
    truth: Any


def _of_key(events: list[dict[str, Any]], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Events as those of visitors who are called what the key says."""
    return [event | {"visitor_id": windows.key_of(event, columns)} for event in events]


def _client_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    found = _gap_truth(_of_key(events, CLIENT), definition)
    named = {}
    for row in found.values():
        name = windows.session_id(
            row["app_id"], row["visitor_id"], row["started_at"], b"footfall.sdk.3"
        )
        named[name] = row | {"session_id": name}
    return named


def _cut_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    rows = map(oracle.row, cut_oracle.sessions(events, definition))
    return {row["session_id"]: row for row in rows}


def _goal_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    """A goal without a value is worth 2.5; a session with one is engaged, and not bounced."""
    worth = [
        event | {"value": Decimal("2.5")}
        if event["event_name"] == "buy" and event["value"] is None
        else event
        for event in events
    ]
    found = cut_oracle.sessions(worth, definition)
    rows = [
        row | {"is_engaged": True, "is_bounced": False}
        if any(event["event_name"] == "buy" for event in session)
        else row
        for session, row in zip(found, map(oracle.row, found), strict=True)
    ]
    return {row["session_id"]: row for row in rows}


def _alive_truth(events: list[dict[str, Any]], definition: Any) -> dict[bytes, dict[str, Any]]:
    """Clicks begin no session; neither they nor what is bought are interactions."""
    found = cut_oracle.sessions(events, definition, ("click",))
    rows = [oracle.row(session, ("click", "buy")) for session in found]
    return {row["session_id"]: row for row in rows}


BERLIN = Zones("Europe/Berlin")
CLIENT = ("visitor_id", "client_session_id")
CART = ("user_id", "properties.cart")
CASES = [
    pytest.param(Case(GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR), _gap_truth), id="gap"),
    pytest.param(
        Case(GapDefinition(20 * MINUTE, 2 * HOUR, 3, HOUR), _gap_truth), id="gap, all cuts"
    ),
    pytest.param(
        Case(
            GapDefinition(40 * MINUTE, 2 * HOUR, 3, HOUR, name="sdk", version=3, key=Key(CLIENT)),
            _client_truth,
        ),
        id="client",
    ),
    pytest.param(
        Case(GapDefinition(90 * MINUTE, 24 * HOUR, 100, HOUR, midnight=BERLIN), _cut_truth),
        id="gap, midnight",
    ),
    pytest.param(
        Case(
            GapDefinition(
                90 * MINUTE, 5 * HOUR, 4, HOUR, midnight=BERLIN, on_user="other", on_campaign=True
            ),
            _cut_truth,
        ),
        id="gap, marks",
    ),
    pytest.param(
        Case(
            GapDefinition(20 * MINUTE, 2 * HOUR, 3, HOUR, goals=Goals((("shop", "buy", 2.5),))),
            _goal_truth,
        ),
        id="gap, goals",
    ),
    pytest.param(
        Case(
            GapDefinition(
                90 * MINUTE,
                6 * HOUR,
                3,
                HOUR,
                on_user="other",
                goals=Goals(keep_alive=("click",), not_interaction=("buy",)),
            ),
            _alive_truth,
        ),
        id="gap, kept alive",
    ),
    pytest.param(
        Case(GapDefinition(7 * HOUR, 24 * HOUR, 100, HOUR, on_user="any"), _cut_truth),
        id="gap, any user",
    ),
    pytest.param(
        Case(
            StepDefinition(Windows(), HOUR, name="day"), lambda events, _: windows.sessions(events)
        ),
        id="day",
    ),
    pytest.param(
        Case(
            StepDefinition(Windows(3 * HOUR), HOUR, key=Key(CART)),
            lambda events, _: windows.sessions(events, 3 * HOUR, b"footfall.step.1", CART),
        ),
        id="step",
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
                    "user_id": chance.choice(["u", "u", "w", None]),
                    "client_session_id": chance.choice(["s1", "s2", None]),
                    "properties": chance.choice(['{"cart": 7}', '{"cart": 7}', "{}"]),
                    "event_name": chance.choice(["page_view", "page_view", "click", "buy"]),
                    "event_time": at,
                    "received_at": now,
                    "page_url": f"p{number}",
                    "source": chance.choice([None, None, "news"]),
                    "campaign": chance.choice([None, None, None, "spring", "summer"]),
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
    """What readers see: without sessions that nothing began."""
    return {
        key: {name: row[name] for name in ORACLE_COLUMNS}
        for key, row in rows.items()
        if row["interactions"] >= 0
    }


@pytest.mark.parametrize("seed", range(scaled(2, 12)))
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
        found = definition.sessionize(
            state, event_table(part), history=_Nothing(definition, parts, part)
        )
        state = found.state
        assert not state.has_pending
    return plain(definition.close(state, NOON_US + 20 * DAY, 1).rows)


class _Nothing:
    """A history of the parts before, for definitions that read again what they cut."""

    def __init__(
        self, definition: Any, parts: list[list[dict[str, Any]]], part: list[dict[str, Any]]
    ) -> None:
        before = [row for one in parts[: parts.index(part)] for row in one]
        self._before = plain(definition.key.keyed(event_table(before)))

    def events(self, ranges: pa.Table) -> pa.Table:
        low = {row["visitor_id"]: (row["from_time"], row["to_time"]) for row in plain(ranges)}
        return event_table(
            [
                row
                for row in self._before
                if row["visitor_id"] in low
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
    rest = {"client_session_id": "s", "properties": '{"cart": 7}'}
    crowd = [
        {"visitor_id": f"v{n}", "user_id": f"u{n}", "event_time": NOON_US + n * SECOND} | rest
        for n in range(20)
    ]
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
        definition = msgspec.structs.replace(definition, events_max=100)
    state = definition.sessionize(SessionState.empty(definition.columns), event_table(rows)).state
    table = event_table(rows)
    placed = definition.assign(table, state)
    assert placed.drop_columns("session_id").equals(table.drop_columns("session_id"))
    named = placed.column("session_id").to_pylist()
    counts = pl.Series(named).drop_nulls().value_counts().rows()
    assert dict(counts) == dict(state.frame().select("session_id", "events").rows())
    keys = [windows.key_of(row, definition.key.columns) for row in rows]
    assert [one is None for one in named] == [key is None for key in keys]


def test_ids_follow_from_name_and_version() -> None:
    """No definition, and no version of one, gives an id of another; long names are told apart."""
    given = (["shop"], ["v"], [NOON_US])
    assert session_ids("gap", 1, *given) == [oracle.session_id("shop", "v", NOON_US)]
    names = [("gap", 1), ("gap", 2), ("day", 1), *((f"a_long_name_that_{n}", 1) for n in "xy")]
    assert len({session_ids(*name, *given)[0] for name in names}) == len(names)
    assert key_of(StepDefinition(Windows(), HOUR, name="day")) == "day.1"


def test_a_late_mark_inside_of_a_session_is_read_again() -> None:
    """The worked table: of a session in memory only sums are known, its events are in the lake."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR, on_user="any")
    world = World(definition)
    names = [(0, None), (5, "anna"), (10, None), (15, "ben")]
    rows = [{"event_time": NOON_US + at * MINUTE, "user_id": user} for at, user in names]
    late = {"event_time": NOON_US + 8 * MINUTE, "user_id": "ben"}
    starts = []
    for number, batch in enumerate([rows, [late]]):
        ids = [uuid_of(f"{number} {place}") for place in range(len(batch))]
        world.run([row | {"event_id": name} for row, name in zip(batch, ids, strict=True)], NOON_US)
        world.check()
        frame = world.state.frame()
        starts.append([(at - NOON_US) // MINUTE for at in frame["started_at"].to_list()])
        assert not world.state.has_pending
    assert starts == [[0, 5, 15], [0, 5, 8]]
