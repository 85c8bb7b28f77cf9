"""The state after an epoch, made anew from what the lake holds: when every checkpoint is lost."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize._columns import STATE_SCHEMA
from footfall.sessionize._definition import GapDefinition
from footfall.sessionize._sessionize import sessionize
from footfall.sessionize._state import SessionState


def floor_of(watermark: int, definition: GapDefinition) -> int:
    """Floor (microseconds) of the state that `close` leaves with `watermark`."""
    return watermark - definition.gap - definition.hot_age


def restore(
    events: pa.Table, written: pa.Table, watermark: int, definition: GapDefinition
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
    return SessionState.of(frame, floor)
