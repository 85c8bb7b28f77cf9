"""The state after an epoch, made anew from what the lake holds: when every checkpoint is lost."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.event import UUID16
from footfall.sessionize.definition import Past
from footfall.sessionize.gap.columns import GAP_COLUMNS, mark_columns
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.place import sessionize
from footfall.sessionize.rows.assign import assign
from footfall.sessionize.rows.ids import session_ids
from footfall.sessionize.rows.state import SessionState

_EVENT = ["request_id", "request_index"]


def remade(past: Past, watermark: int, definition: GapLimits) -> SessionState:
    """The state that `close` left after the last epoch of `past`.

    Sessions are taken as the lake's events name them. One that is what the definition says, and
    hot, is exact. Any other that is hot, or not written as it is, is provisional: so a repair that
    the lost state had still to make is made, and said to readers, from this one, too.

    It behaves as the lost one and equals it, with three exceptions that no reader of events or
    counts can see. What is provisional may be repaired in another order. A session that was changed
    and changed back since it was written counts as written. And sessions cut by an older definition
    (settings were changed meanwhile) are cut by this one.

    Args:
        past: What the lake held. Of every visitor with an event at or after the floor it is asked
            for events from the start of the chain that holds it.
        watermark: Microseconds; of the last epoch's plan.
        definition: The session definition.
    """
    floor = watermark - definition.gap - definition.hot_age
    events = past.open_chains(floor, definition.gap)
    waiting = past.provisional(floor, min(definition.gap, definition.hot_age) // 2)
    written = past.written_sessions(pa.concat_tables([events, waiting]))
    found = sessionize(
        SessionState.empty(definition.columns), events.drop(["session_id"]), definition
    )
    assert found.repairs.num_rows == 0, "all events of a chain are there, and nothing else"
    frame = found.state.frame()
    placed = assign(events, found.state)
    events, waiting = _all_named(events, placed), _named_alone(waiting, events, definition)
    settled = _settled(events, placed, found.state).filter(pl.col("ended_at") >= floor)
    exact = frame.join(settled, on="session_id", how="semi", maintain_order="left")
    others = _others(events, waiting, settled)
    rows = _as_written(pl.concat([exact, _provisional(others, definition)]), written, definition)
    is_known = pl.col("pending_since").eq(0) | (pl.col("ended_at") >= floor) | pl.col("is_dirty")
    return SessionState.of(rows.filter(is_known), floor, watermark, definition.columns)


def _all_named(events: pa.Table, placed: pa.Table) -> pa.Table:
    """Events that no written session holds are where the definition puts them."""
    named = pc.coalesce(events.column("session_id"), placed.column("session_id"))
    return _with_ids(events, named)


def _named_alone(waiting: pa.Table, events: pa.Table, definition: GapLimits) -> pa.Table:
    """Others of those are sessions by themselves, until their repair; not those of `events`."""
    keys = pl.DataFrame(pl.from_arrow(waiting.select([*_EVENT, "session_id"]))).with_row_index()
    known = pl.DataFrame(pl.from_arrow(events.select(_EVENT)))
    there = keys.filter(pl.col("session_id").is_null()).join(known, on=_EVENT, how="semi")
    kept = keys.join(there, on="index", how="anti", maintain_order="left")["index"]
    waiting = waiting.take(pa.array(kept.to_numpy()))
    apps, visitors = (waiting.column(name).to_pylist() for name in ("app_id", "visitor_id"))
    times = waiting.column("event_time").cast(pa.int64()).to_pylist()
    alone = session_ids(definition.name, definition.version, apps, visitors, times)
    named = pc.coalesce(waiting.column("session_id"), pa.array(alone, UUID16))
    return _with_ids(waiting, named)


def _with_ids(events: pa.Table, ids: pa.Array) -> pa.Table:
    index = events.schema.get_field_index("session_id")
    return events.set_column(index, events.schema.field("session_id"), ids)


def _settled(events: pa.Table, placed: pa.Table, state: SessionState) -> pl.DataFrame:
    """Sessions of the state whose id is that of all their events, and of no others."""
    both = pl.DataFrame(
        {
            "named": pl.from_arrow(events.column("session_id").cast(pa.binary(16))),
            "session_id": pl.from_arrow(placed.column("session_id").cast(pa.binary(16))),
        }
    )
    named = both.group_by(session_id="named").agg(
        is_whole=(pl.col("session_id") == pl.col("named")).all(), named=pl.len()
    )
    there = state.frame().select("session_id", "events", "ended_at")
    return (
        there.join(named, on="session_id")
        .filter("is_whole", pl.col("named") == pl.col("events"))
        .select("session_id", "ended_at")
    )


def _others(events: pa.Table, waiting: pa.Table, settled: pl.DataFrame) -> pa.Table:
    """Events of all sessions but these, each once."""
    both = pa.concat_tables([events, waiting.select(events.schema.names)])
    keys = pl.DataFrame(pl.from_arrow(both.select(["session_id", *_EVENT]))).with_row_index("row")
    rows = (
        keys.drop_nulls("session_id")
        .join(settled, on="session_id", how="anti")
        .unique(_EVENT, keep="first")
        .sort("row")["row"]
    )
    return both.take(pa.array(rows.to_numpy()))


def _as_written(frame: pl.DataFrame, written: pa.Table, definition: GapLimits) -> pl.DataFrame:
    """Rows of the state with the revision of what was written, dirty if they are not the same."""
    known = pl.DataFrame(pl.from_arrow(written)).select(
        "session_id",
        known_revision=pl.col("revision").cast(pl.Int64),
        known_events="events",
        known_end=pl.col("ended_at").dt.timestamp("us"),
    )
    joined = frame.join(known, on="session_id", how="left", maintain_order="left")
    same = pl.col("known_events").eq_missing(pl.col("events")) & pl.col("known_end").eq_missing(
        pl.col("ended_at")
    )
    return joined.with_columns(
        written_revision=pl.col("known_revision").fill_null(0), is_dirty=~same
    ).select(definition.columns.schema.keys())


def _provisional(events: pa.Table, definition: GapLimits) -> pl.DataFrame:
    """One session for each `session_id`, whatever lies between its events: all wait for repair."""
    if not events.num_rows:
        return definition.columns.empty()
    given = pl.DataFrame(
        pl.from_arrow(events.select(["app_id", "visitor_id", "session_id", "epoch"]))
    )
    number = given["session_id"].rank("dense").cast(pl.Int64) - 1
    names = number.cast(pl.String).to_arrow(compat_level=pl.CompatLevel.oldest())
    index = events.schema.get_field_index("visitor_id")
    apart = events.set_column(index, "visitor_id", names.cast(pa.string()))
    found = sessionize(
        SessionState.empty(GAP_COLUMNS), apart, definition.without_cuts()
    ).state.frame()
    owners = given.group_by(number=number).agg(
        pl.col("app_id", "visitor_id", "session_id").first(), since=pl.col("epoch").min()
    )
    return (
        found.with_columns(number=pl.col("visitor_id").cast(pl.Int64))
        .drop("app_id", "visitor_id", "session_id")
        .join(owners, on="number")
        .with_columns(_unmarked(definition), pending_since="since")
        .select(definition.columns.schema.keys())
    )


def _unmarked(definition: GapLimits) -> list[pl.Expr]:
    """Of what waits no marks are known: its repair reads its events."""
    columns = []
    for before, mark, since in map(mark_columns, definition.kinds):
        columns += [pl.lit(0, pl.Int64).alias(name) for name in (before, mark)]
        columns.append(pl.col("started_at").alias(since))
    return columns
