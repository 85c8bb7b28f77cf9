"""The state after an epoch, made anew from what the lake holds: when every checkpoint is lost."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from footfall.sessionize.gap.assign import assign
from footfall.sessionize.gap.definition import GapDefinition
from footfall.sessionize.gap.sessionize import sessionize
from footfall.sessionize.gap.state.columns import STATE_SCHEMA
from footfall.sessionize.gap.state.state import SessionState

_EVENT = ["request_id", "request_index"]
_WITHOUT_LIMITS = GapDefinition(2**60, 2**61, 2**40, 2**40)


def floor_of(watermark: int, definition: GapDefinition) -> int:
    """Floor (microseconds) of the state that `close` leaves with `watermark`."""
    return watermark - definition.gap - definition.hot_age


def restore(
    events: pa.Table,
    waiting: pa.Table,
    written: pa.Table,
    watermark: int,
    definition: GapDefinition,
) -> SessionState:
    """The state that `close` left after the last epoch of `events`.

    Sessions are taken as the lake's events name them. One that is what the definition says, and
    hot, is exact. Any other that is hot, or not written as it is, is provisional: so a repair that
    the lost state had still to make is made, and said to readers, from this one, too.

    It behaves as the lost one and equals it, with three exceptions that no reader of events or
    counts can see. What is provisional may be repaired in another order. A session that was changed
    and changed back since it was written counts as written. And sessions cut by an older definition
    (settings were changed meanwhile) are cut by this one.

    Args:
        events: At least `EVENT_COLUMNS`, `session_id` as readers see it, and `epoch`; each event
            once: of every visitor with an event at or after the floor, from the start of the chain
            that holds it.
        waiting: The same of events of sessions that ended before the floor and were not written as
            they are. More than these cost time and nothing else; `events` may have some of them.
        written: `SESSION_SCHEMA`: the newest revision of the sessions of these events, where one
            was written and not removed since; others do no harm.
        watermark: Microseconds; of the last epoch's plan.
        definition: The session definition.
    """
    floor = floor_of(watermark, definition)
    found = sessionize(SessionState.empty(), events.drop(["session_id"]), definition)
    assert found.repairs.num_rows == 0, "all events of a chain are there, and nothing else"
    frame = found.state.frame()
    settled = _settled(events, found.state).filter(pl.col("ended_at") >= floor)
    exact = frame.join(settled, on="session_id", how="semi", maintain_order="left")
    others = _others(events, waiting, settled)
    rows = _as_written(pl.concat([exact, _provisional(others)]), written)
    is_known = pl.col("pending_since").eq(0) | (pl.col("ended_at") >= floor) | pl.col("is_dirty")
    return SessionState.of(rows.filter(is_known), floor, watermark)


def _settled(events: pa.Table, state: SessionState) -> pl.DataFrame:
    """Sessions of the state whose id is that of all their events, and of no others."""
    placed = pl.DataFrame(
        {
            "named": pl.from_arrow(events.column("session_id").cast(pa.binary(16))),
            "session_id": pl.from_arrow(
                assign(events, state).column("session_id").cast(pa.binary(16))
            ),
        }
    )
    named = placed.group_by(session_id="named").agg(
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


def _as_written(frame: pl.DataFrame, written: pa.Table) -> pl.DataFrame:
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
    ).select(STATE_SCHEMA.keys())


def _provisional(events: pa.Table) -> pl.DataFrame:
    """One session for each `session_id`, whatever lies between its events: all wait for repair."""
    if not events.num_rows:
        return pl.DataFrame(schema=STATE_SCHEMA)
    given = pl.DataFrame(
        pl.from_arrow(events.select(["app_id", "visitor_id", "session_id", "epoch"]))
    )
    number = given["session_id"].rank("dense").cast(pl.Int64) - 1
    names = number.cast(pl.String).to_arrow(compat_level=pl.CompatLevel.oldest())
    index = events.schema.get_field_index("visitor_id")
    apart = events.set_column(index, "visitor_id", names.cast(pa.string()))
    found = sessionize(SessionState.empty(), apart, _WITHOUT_LIMITS).state.frame()
    owners = given.group_by(number=number).agg(
        pl.col("app_id", "visitor_id", "session_id").first(), since=pl.col("epoch").min()
    )
    return (
        found.with_columns(number=pl.col("visitor_id").cast(pl.Int64))
        .drop("app_id", "visitor_id", "session_id")
        .join(owners, on="number")
        .with_columns(pending_since="since")
        .select(STATE_SCHEMA.keys())
    )
