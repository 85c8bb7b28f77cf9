"""The state after an epoch, made anew from what the lake holds: when every checkpoint is lost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize._columns import NO_TIME_MAX, STATE_SCHEMA
from footfall.sessionize._definition import GapDefinition
from footfall.sessionize._sessionize import sessionize
from footfall.sessionize._state import SessionState

_WITHOUT_LIMITS = GapDefinition(2**60, 2**61, 2**40, 2**40)


def floor_of(watermark: int, definition: GapDefinition) -> int:
    """Floor (microseconds) of the state that `close` leaves with `watermark`."""
    return watermark - definition.gap - definition.hot_age


def restore(
    events: pa.Table,
    written: pa.Table,
    provisional: pa.Table,
    watermark: int,
    definition: GapDefinition,
) -> SessionState:
    """The state that `close` left after the last epoch of `events`.

    It behaves as the lost one and equals it, with two exceptions that no reader of events or counts
    can see. A session that was changed and changed back since it was written counts as written.
    And sessions cut by an older definition (settings were changed meanwhile) are cut by this one.

    Args:
        events: At least `EVENT_COLUMNS`, each event once: of every visitor with an event at or
            after the floor, from the start of the chain that holds it.
        written: `SESSION_SCHEMA`: the newest revision of the sessions of these events, where one
            was written and not removed since; others do no harm.
        provisional: At least `EVENT_COLUMNS`, `session_id`, `epoch`: events whose session is not
            written and may wait for its repair; more than these cost time and nothing else.
        watermark: Microseconds; of the last epoch's plan.
        definition: The session definition.
    """
    floor = floor_of(watermark, definition)
    found = sessionize(SessionState.empty(), events, definition)
    assert found.repairs.num_rows == 0, "all events of a chain are there, and nothing else"
    frame = found.state.frame().filter(pl.col("ended_at") >= floor)
    known = pl.DataFrame(pl.from_arrow(written)).select(
        "session_id", known_revision=pl.col("revision").cast(pl.Int64), known_events="events"
    )
    joined = frame.join(known, on="session_id", how="left", maintain_order="left")
    same = joined["known_events"].eq_missing(joined["events"]).to_numpy()
    frame = joined.with_columns(
        written_revision=pl.col("known_revision").fill_null(0),
        is_dirty=pl.Series(np.logical_not(same)),
    ).select(STATE_SCHEMA.keys())
    waiting = _provisional(provisional).join(
        frame.select("session_id", hot_until="ended_at"), on="session_id", how="left"
    )
    # Moved into a hot session that was not written yet: it is whole, and waits for nothing.
    waiting = waiting.filter(pl.col("ended_at") > pl.col("hot_until").fill_null(NO_TIME_MAX))
    return SessionState.of(pl.concat([frame, waiting.drop("hot_until")]), floor)


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
