"""What readers and timers ask of a state: sessions to show, sessions open, sessions due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.gap.definition import GapDefinition
from footfall.sessionize.gap.rows import session_rows, session_table
from footfall.sessionize.gap.state.columns import STATE_SCHEMA
from footfall.sessionize.gap.state.packing import Bools
from footfall.sessionize.gap.state.state import Segment, SessionState

_PART_ROWS: Final = 1 << 15
"""Rows that are made at a time: half a kilobyte each, several times over."""


def unwritten(state: SessionState) -> pa.Table:
    """`SESSION_SCHEMA`: sessions that the lake does not have in this form.

    `revision` is the one they will be written as; `epoch` is 0.
    """
    columns = list(STATE_SCHEMA)
    parts = [
        segment.take(columns, np.flatnonzero(is_unwritten(segment))) for segment in state.segments
    ]
    return session_rows(pl.concat([pl.DataFrame(schema=STATE_SCHEMA), *parts]), 0)


def unwritten_parts(segment: Segment) -> Iterator[pa.Table]:
    """The same of one segment, some at a time, in the order of its rows."""
    rows = np.flatnonzero(is_unwritten(segment))
    for low in range(0, len(rows), _PART_ROWS):
        some = segment.take(list(STATE_SCHEMA), rows[low : low + _PART_ROWS])
        yield session_table(some, 0)


def is_unwritten(segment: Segment) -> Bools:
    """Which rows the lake does not have in this form."""
    return segment.dirty & ~segment.dead


class OpenSessions(NamedTuple):
    """How many sessions the watermark has not closed."""

    people: int
    bots: int
    """Sessions with an event of a bot."""


def open_sessions(state: SessionState, watermark: int, definition: GapDefinition) -> OpenSessions:
    """Count the sessions that are open."""
    every = bots = 0
    for segment in state.segments:
        first, last = (time + definition.gap for time in segment.rows.ended)
        has_bots = not segment.rows.is_all("is_bot", 0)
        if last < watermark:
            continue
        if first >= watermark and not has_bots:
            every += segment.live
            continue
        is_open = segment.rows.numbers("ended_at") + definition.gap >= watermark
        is_open &= ~segment.dead
        every += int(np.count_nonzero(is_open))
        if has_bots:
            is_bot = segment.rows.numbers("is_bot").astype(np.bool_)
            bots += int(np.count_nonzero(is_open & is_bot))
    return OpenSessions(every - bots, bots)


def shortened_hot_age(state: SessionState, definition: GapDefinition) -> int | None:
    """How long closed sessions stay, in microseconds, while `hot_max` makes it too short."""
    if state.watermark is None:
        return None
    age = state.watermark - definition.gap - state.floor
    return age if age < definition.hot_age else None


def has_closable(state: SessionState, watermark: int, definition: GapDefinition) -> bool:
    """Whether `close` would write anything."""
    return any(closable(segment, watermark, definition).any() for segment in state.segments)


def closable(segment: Segment, watermark: int, definition: GapDefinition) -> Bools:
    """Sessions that `close` writes."""
    found = is_unwritten(segment)
    if segment.rows.ended[0] + definition.gap >= watermark or not found.any():
        return np.zeros(len(found), np.bool_)
    found &= segment.rows.numbers("ended_at") + definition.gap < watermark
    found[segment.pending] = False
    return found
