"""What the watermark closes: rows to write, and what may be forgotten."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize._columns import STATE_SCHEMA
from footfall.sessionize._definition import GapDefinition
from footfall.sessionize._packing import Bools
from footfall.sessionize._rows import session_rows
from footfall.sessionize._state import Segment, SessionState, settled


class Closed(msgspec.Struct, frozen=True):
    """Result of `close`."""

    rows: pa.Table
    """`SESSION_SCHEMA`: to be written with this epoch."""
    state: SessionState


def close(state: SessionState, watermark: int, epoch: int, definition: GapDefinition) -> Closed:
    """Take out what is to be written, and evict what closed longer than `hot_age` ago.

    A session is closed when its end plus `gap` is before the watermark. It is written when it is
    closed and has changed since it was last written, as the next revision. A later event may open
    it again; then it is written once more when it closes.

    Args:
        state: With every event of the epoch. Provisional sessions stay, unwritten.
        watermark: Microseconds of event time; one before that of an earlier call counts as that.
        epoch: Goes into the rows.
        definition: The session definition.
    """
    # Sessions that a repair brought back lie below the floor: were they left there open, by a
    # watermark that went back, others of their chain could be gone between them.
    watermark = max(watermark, state.floor + definition.gap + definition.hot_age)
    floor = watermark - definition.gap - definition.hot_age
    rows, segments = [pl.DataFrame(schema=STATE_SCHEMA)], []
    for segment in state.segments:
        ended, is_dirty, since = (
            segment.frame[name].to_numpy() for name in ("ended_at", "is_dirty", "pending_since")
        )
        is_exact = since == 0
        is_written = is_dirty & is_exact & (ended + definition.gap < watermark) & ~segment.dead
        if is_written.any():
            rows.append(segment.frame.filter(is_written))
        segments.append(
            _after(segment, is_written, is_exact & (ended < floor) & (is_written | ~is_dirty))
        )
    written = pl.concat(rows)
    revision = written["written_revision"].to_numpy() + 1
    return Closed(session_rows(written, revision, epoch), SessionState(settled(segments), floor))


def _after(segment: Segment, is_written: Bools, is_evicted: Bools) -> Segment:
    frame = segment.frame
    if is_written.any():
        revision = frame["written_revision"].to_numpy() + is_written
        frame = frame.with_columns(
            written_revision=pl.Series(revision),
            is_dirty=pl.Series(frame["is_dirty"].to_numpy() & ~is_written),
        )
    dead = segment.dead | is_evicted
    return Segment(frame, segment.keys, np.ascontiguousarray(dead))
