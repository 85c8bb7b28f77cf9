"""What readers and timers ask of a state: sessions to show, sessions open, sessions due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.packing import Bools
from footfall.sessionize.rows.state import Segment, SessionState
from footfall.sessionize.rows.table import session_rows, session_table

_PART_ROWS: Final = 1 << 15
"""Rows that are made at a time: half a kilobyte each, several times over."""


def unwritten(state: SessionState) -> pa.Table:
    """`SESSION_SCHEMA`: sessions that the lake does not have in this form.

    `revision` is the one they will be written as; `epoch` is 0.
    """
    columns = state.columns.shown
    parts = [
        segment.take(columns, np.flatnonzero(is_unwritten(segment))) for segment in state.segments
    ]
    return session_rows(
        pl.concat([state.columns.empty().select(columns), *parts]), 0, state.columns.engagement
    )


def unwritten_parts(segment: Segment) -> Iterator[pa.Table]:
    """The same of one segment, some at a time, in the order of its rows."""
    rows = np.flatnonzero(is_unwritten(segment))
    for low in range(0, len(rows), _PART_ROWS):
        some = segment.take(segment.rows.columns.shown, rows[low : low + _PART_ROWS])
        yield session_table(some, 0, segment.rows.columns.engagement)


def is_unwritten(segment: Segment) -> Bools:
    """Which rows the lake does not have in this form."""
    return segment.dirty & ~segment.dead


class OpenSessions(NamedTuple):
    """How many sessions the watermark has not closed."""

    people: int
    bots: int
    """Sessions with an event of a bot."""


def open_sessions(state: SessionState, closed_before: int) -> OpenSessions:
    """Count the sessions that are open: that did not end before this time."""
    every = bots = 0
    for segment in state.segments:
        first, last = segment.rows.ended
        has_bots = not segment.rows.is_all("is_bot", 0)
        if last < closed_before:
            continue
        if first >= closed_before and not has_bots:
            every += segment.live
            continue
        is_open = segment.rows.numbers("ended_at") >= closed_before
        is_open &= ~segment.dead
        every += int(np.count_nonzero(is_open))
        if has_bots:
            is_bot = segment.rows.numbers("is_bot").astype(np.bool_)
            bots += int(np.count_nonzero(is_open & is_bot))
    return OpenSessions(every - bots, bots)


def has_closable(state: SessionState, closed_before: int) -> bool:
    """Whether `close` would write anything."""
    return any(closable(segment, closed_before).any() for segment in state.segments)


def closable(segment: Segment, closed_before: int) -> Bools:
    """Sessions that `close` writes."""
    found = is_unwritten(segment)
    if segment.rows.ended[0] >= closed_before or not found.any():
        return np.zeros(len(found), np.bool_)
    found &= segment.rows.numbers("ended_at") < closed_before
    found[segment.pending] = False
    return found
