"""Folded rows show what readers saw before, and whoever redoes a later epoch sees what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.clock import HOUR
from footfall.event import EVENT_SCHEMA
from footfall.lake import resolve_overrides
from footfall.lake.maintenance.fold import with_overrides, without_epochs_to, without_void
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA, SESSION_SCHEMA
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled

Interval = tuple[str, int, int, int]
EXAMPLES = scaled(40, 600)


def _overrides(rows: Sequence[Interval]) -> pa.Table:
    """Visitor, from, to, epoch; the session's name follows from them."""
    columns: dict[str, list[Any]] = {name: [] for name in OVERRIDE_SCHEMA.names}
    for visitor, start, end, epoch in rows:
        values = ("shop", visitor, NOON_US + start, NOON_US + end, uuid_of(f"{start} {epoch}"))
        for name, value in zip(columns, (*values, epoch), strict=True):
            columns[name].append(value)
    arrays = [
        pa.array(columns[field.name], pa.int64()).cast(field.type)
        if pa.types.is_timestamp(field.type)
        else pa.array(columns[field.name], field.type)
        for field in OVERRIDE_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=OVERRIDE_SCHEMA)


@st.composite
def _layers(draw: st.DrawFn) -> list[Interval]:
    """Epochs of overrides; those of one epoch do not touch, those of several do."""
    rows: list[Interval] = []
    for epoch in range(1, draw(st.integers(1, 5)) + 1):
        for visitor in draw(st.sets(st.sampled_from("ab"))):
            cuts = sorted(draw(st.sets(st.integers(0, 30), max_size=6)))
            pairs = zip(cuts[::2], cuts[1::2], strict=False)
            rows += [(visitor, start, end, epoch) for start, end in pairs]
    return draw(st.permutations(rows))


@settings(max_examples=EXAMPLES, deadline=None)
@given(_layers())
def test_newest_interval_holds_at_each_moment(rows: list[Interval]) -> None:
    """Moment by moment, whatever the order of the rows; disjoint, and in the order of their starts.

    The pipeline's own set, filled epoch by epoch or at once, has the same.
    """
    truth: dict[tuple[str, int], tuple[int, bytes]] = {}
    for row in sorted(_overrides(rows).to_pylist(), key=lambda row: row["epoch"]):
        for moment in range(_us(row["from_time"]), _us(row["to_time"]) + 1):
            truth[row["visitor_id"], moment] = row["epoch"], row["session_id"]
    resolved = resolve_overrides(pl.DataFrame(pl.from_arrow(_overrides(rows))))
    assert resolved["from_time"].is_sorted()
    at_once, one_by_one = OverrideSet(), OverrideSet()
    at_once.add_epochs(_overrides(rows))
    for epoch in range(1, 6):
        one_by_one.add(_overrides([row for row in rows if row[3] == epoch]))
    for found in (resolved.to_arrow(), at_once.table(), one_by_one.table()):
        moments = [
            ((row["visitor_id"], moment), (row["epoch"], row["session_id"]))
            for row in found.to_pylist()
            for moment in range(_us(row["from_time"]), _us(row["to_time"]) + 1)
        ]
        assert len(moments) == len(truth)
        assert dict(moments) == truth


def _us(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    _layers(),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 30)), min_size=1),
)
def test_events_get_the_id_that_readers_saw(
    rows: list[Interval], events: list[tuple[str | None, int]]
) -> None:
    """The interval of the visitor that covers the time; else the id stays. Twice is once."""
    table = event_table(
        {"visitor_id": visitor, "event_time": NOON_US + time, "session_id": uuid_of("own")}
        for visitor, time in events
    )
    shown = OverrideSet()
    shown.add_epochs(_overrides(rows))
    intervals = [
        (row["visitor_id"], row["from_time"], row["to_time"], row["session_id"])
        for row in shown.table().to_pylist()
    ]
    expected = []
    for row in table.select(["visitor_id", "event_time"]).to_pylist():
        covering = [
            session
            for visitor, start, end, session in intervals
            if visitor == row["visitor_id"] and start <= row["event_time"] <= end
        ]
        assert len(covering) <= 1
        expected.append(covering[0] if covering else uuid_of("own"))
    fold = with_overrides(_overrides(rows))
    folded = fold(table)
    assert folded.column("session_id").to_pylist() == expected
    assert folded.drop_columns("session_id").equals(table.drop_columns("session_id"))
    assert folded.schema.equals(EVENT_SCHEMA)
    assert fold(folded).equals(folded)


def _sessions(rows: Sequence[tuple[int, int, int]]) -> pa.Table:
    """Id, revision, epoch."""
    values = [
        {"session_id": uuid_of(str(name)), "revision": revision, "epoch": epoch}
        for name, revision, epoch in rows
    ]
    arrays = []
    for field in SESSION_SCHEMA:
        if field.nullable:
            arrays.append(pa.nulls(len(rows), field.type))
        elif field.name in ("session_id", "revision", "epoch"):
            arrays.append(pa.array([row[field.name] for row in values], field.type))
        elif pa.types.is_timestamp(field.type):
            arrays.append(pa.array([NOON_US] * len(rows), pa.int64()).cast(field.type))
        else:
            value = "" if field.type == pa.string() else 0
            arrays.append(pa.array([value] * len(rows)).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=SESSION_SCHEMA)


def _shown(
    rows: Sequence[tuple[int, int, int]], removed: Sequence[tuple[int, int]], before: int
) -> set[tuple[int, int, int]]:
    """What the lake shows of epochs below `before`: newest revisions, unless removed later."""
    found = {}
    for name, revision, epoch in sorted(rows, key=lambda row: (row[2], row[1])):
        gone = any(name == other and epoch < at < before for other, at in removed)
        if epoch < before and not gone:
            found[name] = (name, revision, epoch)
    return set(found.values())


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    history=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["write", "remove"])), max_size=14
    ),
    epoch=st.integers(0, 15),
)
def test_sessions_show_the_same_from_the_checkpoint_on(
    history: list[tuple[int, str]], epoch: int
) -> None:
    """Also to an epoch that is redone after it, and with the notes gone that were folded."""
    rows, removed, revisions = [], [], dict.fromkeys(range(4), 0)
    for at, (name, what) in enumerate(history, start=1):
        if what == "remove":
            removed.append((name, at))
            revisions[name] = 0
        else:
            revisions[name] += 1
            rows.append((name, revisions[name], at))
    notes = pa.Table.from_pylist(
        [
            {"session_id": uuid_of(str(name)), "app_id": "", "visitor_id": "", "epoch": at}
            for name, at in removed
        ],
        schema=REMOVED_SCHEMA,
    )
    up_to = notes.filter(pa.array([at <= epoch for _, at in removed], pa.bool_()))
    kept = without_void(up_to, epoch)(_sessions(rows))
    names = {uuid_of(str(name)): name for name in range(4)}
    left = [
        (names[row["session_id"]], row["revision"], row["epoch"])
        for row in kept.select(["session_id", "revision", "epoch"]).to_pylist()
    ]
    later = [(name, at) for name, at in removed if at > epoch]
    assert without_epochs_to(epoch)(notes).num_rows == len(later)
    for before in range(epoch + 1, len(history) + 2):
        assert _shown(left, later, before) == _shown(rows, removed, before)
    old = [name for name, _, at in left if at <= epoch]
    assert len(old) == len(set(old))


def test_long_sessions_touch_each_of_their_days() -> None:
    """A removed session is looked for on every day that the override which took it touches."""
    from footfall.lake.maintenance.fold import _days

    found = _days(_overrides([("a", 0, 30 * HOUR, 1), ("b", -HOUR, HOUR, 1)]))
    day = NOON_US // (24 * HOUR)
    assert found == {day, day + 1}
