"""What readers and timers ask of a state: sessions to show, sessions open, sessions due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize._columns import STATE_SCHEMA
from footfall.sessionize._definition import GapDefinition
from footfall.sessionize._packing import Bools, Ints
from footfall.sessionize._rows import session_rows
from footfall.sessionize._state import SessionState


def unwritten(state: SessionState) -> pa.Table:
    """`SESSION_SCHEMA`: sessions that the lake does not have in this form.

    `revision` is the one they will be written as; `epoch` is 0.
    """
    parts = [pl.DataFrame(schema=STATE_SCHEMA)]
    for segment in state.segments:
        is_wanted = segment.frame["is_dirty"].to_numpy() & ~segment.dead
        if is_wanted.any():
            parts.append(segment.frame.filter(is_wanted))
    frame = pl.concat(parts)
    return session_rows(frame, frame["written_revision"].to_numpy() + 1, 0)


class OpenSessions(NamedTuple):
    """How many sessions the watermark has not closed."""

    people: int
    bots: int
    """Sessions with an event of a bot."""


def open_sessions(state: SessionState, watermark: int, definition: GapDefinition) -> OpenSessions:
    """Count the sessions that are open."""
    every = bots = 0
    for segment in state.segments:
        is_open = (segment.frame["ended_at"].to_numpy() + definition.gap >= watermark) & (
            ~segment.dead
        )
        every += int(np.count_nonzero(is_open))
        bots += int(np.count_nonzero(is_open & segment.frame["is_bot"].to_numpy()))
    return OpenSessions(every - bots, bots)


def has_closable(state: SessionState, watermark: int, definition: GapDefinition) -> bool:
    """Whether `close` would write anything."""
    return any(
        bool((is_dirty & is_exact & (ended + definition.gap < watermark)).any())
        for ended, is_dirty, is_exact in _live(state)
    )


def _live(state: SessionState) -> Iterator[tuple[Ints, Bools, Bools]]:
    for segment in state.segments:
        alive = ~segment.dead
        ended = segment.frame["ended_at"].to_numpy()[alive]
        is_exact = segment.frame["pending_since"].to_numpy()[alive] == 0
        yield ended, segment.frame["is_dirty"].to_numpy()[alive], is_exact
