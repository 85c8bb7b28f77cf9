"""What the watermark closes: rows to write, and what may be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.hot import closable
from footfall.sessionize.rows.packing import NEVER, Bools, Ints
from footfall.sessionize.rows.state import NO_FLOOR, Segment, SessionState, settled
from footfall.sessionize.rows.table import session_rows

WRITTEN_MAX: Final = 1 << 18
"""Sessions that one epoch writes: when events stop, millions may close at once."""


class Closed(msgspec.Struct, frozen=True):
    """Result of `close`."""

    rows: pa.Table
    """`SESSION_SCHEMA`: to be written with this epoch."""
    state: SessionState


class Closing(Protocol):
    """What a definition says of the end of its sessions."""

    @property
    def hot_age(self) -> int:
        """Microseconds that sessions stay in the state after they closed."""

    @property
    def hot_max(self) -> int:
        """Beyond so many sessions closed ones go earlier; open ones stay, however many."""

    def closed_before(self, watermark: int) -> int:
        """Sessions that ended before this time are closed; it never goes back."""


def close(state: SessionState, watermark: int, epoch: int, definition: Closing) -> Closed:
    """Take out what is to be written, and evict what closed longer than `hot_age` ago.

    A session is written when it is closed and has changed since it was last written, as the next
    revision: those that ended first, if they are more than `WRITTEN_MAX`; the others follow with
    the next epochs. A later event may open it again; then it is written once more when it closes.
    If more than `hot_max` are left, those that ended first are evicted before their time, as far as
    they are closed and written.

    Args:
        state: With every event of the epoch. Provisional sessions stay, unwritten.
        watermark: Microseconds of event time; one before that of an earlier call counts as that.
        epoch: Goes into the rows.
        definition: Says when sessions are closed.
    """
    # Sessions that a repair brought back lie below the floor: were they left there open, by a
    # watermark that went back, others of their chain could be gone between them. Of before the
    # watermark was kept, what was evicted says the least that was closed.
    if state.watermark is not None:
        watermark = max(watermark, state.watermark)
    closed_before = definition.closed_before(watermark)
    if state.watermark is None:
        closed_before = max(closed_before, state.floor + definition.hot_age)
    written, waits_from = _to_write(state, closed_before)
    rows, segments = [state.columns.empty().select(state.columns.shown)], []
    for segment, is_written in zip(state.segments, written, strict=True):
        if is_written.any():
            rows.append(segment.take(state.columns.shown, np.flatnonzero(is_written)))
        segments.append(_written(segment, is_written))
    floor = max(min(closed_before - definition.hot_age, waits_from), state.floor)
    after = evicted(SessionState(segments, floor, watermark, state.columns), floor)
    after = within_hot_max(after, closed_before, definition.hot_max)
    return Closed(
        session_rows(pl.concat(rows), epoch, state.columns.engagement),
        after.with_segments(settled(after.segments)),
    )


def evicted(state: SessionState, floor: int) -> SessionState:
    """Without sessions that are written and ended before `floor`, which is its floor then."""
    segments = [_evicted(segment, floor) for segment in state.segments]
    return SessionState(segments, floor, state.watermark, state.columns)


def within_hot_max(state: SessionState, closed_before: int, hot_max: int) -> SessionState:
    """With at most `hot_max` sessions: closed ones that ended first go, with a higher floor."""
    excess = len(state) - hot_max
    if excess <= 0:
        return state
    return evicted(state, max(_raised(state.segments, excess, closed_before), state.floor))


def shortened_hot_age(state: SessionState, definition: Closing) -> int | None:
    """How long closed sessions stay, in microseconds, while `hot_max` makes it too short."""
    if state.watermark is None:
        return None
    age = definition.closed_before(state.watermark) - state.floor
    return age if age < definition.hot_age else None


def _to_write(state: SessionState, closed_before: int) -> tuple[list[Bools], int]:
    """Which rows of each segment are written, and when the first ended that has to wait."""
    found = [closable(segment, closed_before) for segment in state.segments]
    if sum(map(np.count_nonzero, found)) <= WRITTEN_MAX:
        return found, NEVER
    ended = [_ended(part, rows) for part, rows in zip(state.segments, found, strict=True)]
    ordered = np.sort(np.concatenate(ended))
    last = int(ordered[WRITTEN_MAX - 1])  # and all that ended with it
    for rows, times in zip(found, ended, strict=True):
        rows[np.flatnonzero(rows)[times > last]] = False
    later = ordered[np.searchsorted(ordered, last, "right") :]
    return found, int(later[0]) if len(later) else NEVER


def _written(segment: Segment, is_written: Bools) -> Segment:
    if not is_written.any():
        return segment
    revision = segment.revision.astype(np.int64) + is_written
    dirty = segment.dirty & ~is_written
    return Segment(segment.rows, segment.keys, segment.dead, revision, dirty)


def _evicted(segment: Segment, floor: int) -> Segment:
    """Without sessions that are written and ended before `floor`."""
    is_gone = _evictable(segment, floor)
    return segment.without(np.flatnonzero(is_gone)) if is_gone.any() else segment


def _evictable(segment: Segment, before: int) -> Bools:
    """Sessions that are written and ended before this."""
    if segment.rows.ended[0] >= before:
        return np.zeros(len(segment.keys), np.bool_)
    found: Bools = (segment.rows.numbers("ended_at") < before) & ~segment.dirty & ~segment.dead
    found[segment.pending] = False
    return found


def _raised(segments: Sequence[Segment], excess: int, before: int) -> int:
    """A floor below which so many sessions can go; less if there are not so many."""
    ended = np.concatenate([_ended(part, _evictable(part, before)) for part in segments])
    if not len(ended):
        return NO_FLOOR
    last = min(excess, len(ended)) - 1
    return int(np.partition(ended, last)[last]) + 1


def _ended(segment: Segment, mask: Bools) -> Ints:
    if not mask.any():
        return np.zeros(0, np.int64)
    return segment.rows.numbers("ended_at")[mask]
