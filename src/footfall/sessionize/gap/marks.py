"""Marks: what a session must not mix, such as two users or two campaigns.

A mark is a number that some events have: a hash of the user's id, of the campaign; 0 is none.
Within a window of a chain (`cuts`), a session is cut before an event whose mark is another than
the last one before it; events without a mark go on with what was there. Events of one moment have
one mark, that of the first of them that has any. What each kind cuts follows from the window's
events alone, and kinds know nothing of one another.

Of an earlier session (a row) the state knows, for each kind, the mark it began with (`before`), its
own (`mark`, one at most: it would have been cut) and since when (`since`). That is enough to place
all that comes between sessions, or into one with nothing new to say. It is not where a cut falls
inside of a row: a late event in it with another mark, or one before it whose mark reaches events
of the row that have none. Then events are read again, as `cuts` says of other conflicts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.packing import NEVER, Bools, Ints, run_starts

_CAMPAIGN: Final = ["source", "medium", "campaign", "campaign_id"]


def event_marks(kinds: Iterable[str], events: SortedEvents) -> Ints:
    """The marks of events, a row each and a column for each kind, in their order."""
    marks = [_READERS[kind](events) for kind in kinds]
    if not marks:
        return np.zeros((len(events), 0), np.int64)
    tie = run_starts(events.code, events.time)
    columns = [_of_moments(mark[events.row], tie) for mark in marks]
    return np.stack(columns, axis=1)


def _users(events: SortedEvents) -> Ints:
    return _hashed(events.column("user_id"))


def _campaigns(events: SortedEvents) -> Ints:
    """An event has one if it names it; that it came from another page is none."""
    frame = pl.DataFrame(pl.from_arrow(events.table.select(_CAMPAIGN)))
    is_one = pl.col("campaign").is_not_null() | pl.col("campaign_id").is_not_null()
    # Most events name none, and making a text of four columns takes longer than all else here.
    named = frame.select(is_one.arg_true()).to_series()
    texts = frame[named].lazy().select(pl.struct(_CAMPAIGN).struct.json_encode()).collect()
    found = np.zeros(frame.height, np.int64)
    column = texts.to_series().to_arrow(compat_level=pl.CompatLevel.oldest())
    found[named.to_numpy()] = _hashed(column)
    return found


def _active(events: SortedEvents) -> Ints:
    """1 for all but events that only keep a session alive: what is before the first is apart."""
    return events.beginnings().astype(np.int64)


_READERS: Final = {"user": _users, "campaign": _campaigns, "active": _active}


def _hashed(texts: pa.Array) -> Ints:
    """64 bits of BLAKE2b of each text, which later versions must give, too; 0 for none."""
    encoded = texts.dictionary_encode()
    found = [
        int.from_bytes(
            hashlib.blake2b(text.encode(), digest_size=8).digest(), "little", signed=True
        )
        for text in encoded.dictionary.to_pylist()
    ]
    known = np.array([*(mark or 1 for mark in found), 0], np.int64)
    codes = encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    marks: Ints = known[codes]
    return marks


def _of_moments(mark: Ints, tie: Ints) -> Ints:
    """The same where all of one moment have the first that any of them has."""
    if len(tie) == len(mark):
        return mark
    first = np.minimum.reduceat(np.where(mark != 0, np.arange(len(mark)), len(mark)), tie)
    of_moment = np.append(mark, 0)[first]
    return np.repeat(of_moment, np.diff(tie, append=len(mark)))


class SessionMarks(msgspec.Struct, frozen=True):
    """What the state will know of sessions, a row each and a column for each kind."""

    before: Ints
    mark: Ints
    since: Ints
    """`NEVER` if it has none."""

    def at(self, index: Bools) -> SessionMarks:
        """Some of them."""
        return SessionMarks(self.before[index], self.mark[index], self.since[index])


class Segments(msgspec.Struct, frozen=True):
    """Windows cut at marks: their numbers ascend by chain, window and time."""

    of_events: Ints
    of_rows: Ints
    event_before: Ints
    """The marks that hold before each event; so of rows."""
    row_before: Ints
    is_reset: Bools
    """Rows without events, of a replay, that begin a segment now: nothing is before them in it."""
    wrong_events: Bools
    wrong_rows: Bools
    """Where a cut falls inside of a row."""


def segments(
    event_groups: tuple[Ints, Ints],
    time: Ints,
    marks: Ints,
    row_groups: tuple[Ints, Ints],
    rows: Rows,
    counts_first: tuple[bool, ...],
) -> Segments:
    """Cut windows where marks change.

    Args:
        event_groups: Chain and window of each event; events ascend by time within them.
        time: Of each event.
        marks: Of each event, by kind.
        row_groups: Chain and window of each row.
        rows: The rows.
        counts_first: For each kind, whether the first mark cuts off what has none before it.
    """
    order = _order(event_groups, time, row_groups, rows)
    chain, window = (
        np.concatenate([of_rows, of_events])[order]
        for of_rows, of_events in zip(row_groups, event_groups, strict=True)
    )
    count = len(rows.start)
    is_row = order < count
    has_events = np.append(rows.events > 0, np.zeros(len(time), np.bool_))[order]
    starts = run_starts(chain, window)
    is_first = np.zeros(len(order), np.bool_)
    is_first[starts] = True
    group_start = np.repeat(starts, np.diff(starts, append=len(order)))
    last_row = np.maximum.accumulate(np.where(is_row & has_events, np.arange(len(order)), -1))
    reached = np.append(rows.end, np.full(len(time), -NEVER))[order][last_row]
    start = np.concatenate([rows.start, time])[order]
    is_inside = ~is_row & (last_row >= group_start) & (start <= reached)

    begins, wrong = is_first.copy(), np.zeros(len(order), np.bool_)
    before = np.zeros((len(order), marks.shape[1]), np.int64)
    for kind, is_first_counted in enumerate(counts_first):
        mark = np.concatenate([rows.mark[:, kind], marks[:, kind]])[order]
        initial = np.append(rows.before[:, kind], np.zeros(len(time), np.int64))[order]
        since = np.append(rows.since[:, kind], time)[order]
        held = _held(mark, initial, is_first)
        before[:, kind] = held
        changes = (mark != 0) & (held != mark) & ((held != 0) | is_first_counted) & ~is_first
        has_head = is_row & (mark != 0) & (since > start)
        wrong |= changes & (is_inside | has_head)
        wrong |= has_head & (held == 0) & is_first_counted
        begins |= changes
    is_reset = _shift_to_stubs(begins, is_row & ~has_events)
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(begins)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    of_rows, of_events = back[:count], back[count:]
    return Segments(
        of_events=number[count:],
        of_rows=number[:count],
        event_before=before[of_events],
        row_before=before[of_rows],
        is_reset=is_reset[of_rows],
        wrong_events=wrong[of_events],
        wrong_rows=wrong[of_rows],
    )


def _order(
    event_groups: tuple[Ints, Ints], time: Ints, row_groups: tuple[Ints, Ints], rows: Rows
) -> Ints:
    """Rows and events (rows are numbered first) by chain, window and time, rows first."""
    chain, window = (
        np.concatenate([of_rows, of_events])
        for of_rows, of_events in zip(row_groups, event_groups, strict=True)
    )
    start = np.concatenate([rows.start, time])
    return np.lexsort((np.arange(len(start)), start, window, chain))


def _held(mark: Ints, initial: Ints, is_first: Bools) -> Ints:
    """The mark before each element: the last one of its group, else what the group began with."""
    base = np.where(is_first & (mark == 0), initial, mark)
    known = np.where(is_first | (mark != 0), np.arange(len(mark)), 0)
    after = base[np.maximum.accumulate(known)]
    held = np.empty(len(mark), np.int64)
    held[1:] = after[:-1]
    return np.where(is_first, initial, held)


def _shift_to_stubs(begins: Bools, is_stub: Bools) -> Bools:
    """A row without events is in the segment of the event that it stands for, which comes next.

    Changes `begins`; says which of these rows begin a segment because that event does.
    """
    at = np.flatnonzero(is_stub[:-1])
    moved = at[begins[at + 1] & ~is_stub[at + 1]]
    begins[moved] = True
    begins[moved + 1] = False
    found = np.zeros(len(begins), np.bool_)
    found[moved] = True
    return found


def session_marks(
    before: Ints,
    time: Ints,
    marks: Ints,
    pieces: tuple[Ints, Ints],
    rows: Rows,
    row_session: Ints,
) -> SessionMarks:
    """Marks of sessions, from those of their rows and of their events.

    Args:
        before: Of each session.
        time: Of each event.
        marks: Of each event.
        pieces: First event of each run of events of one session, and that session.
        rows: The rows.
        row_session: Session of each row, -1 for none.
    """
    mark, since = np.zeros_like(before), np.full(before.shape, NEVER)
    used = np.flatnonzero(row_session >= 0)
    first, session = pieces
    for kind in range(before.shape[1]):
        earliest = np.full(len(before), NEVER)
        marked = used[rows.mark[used, kind] != 0]
        mark[row_session[marked], kind] = rows.mark[marked, kind]
        np.minimum.at(earliest, row_session[marked], rows.since[marked, kind])
        if len(first):
            has = marks[:, kind] != 0
            last = np.maximum.reduceat(np.where(has, np.arange(len(time)), -1), first)
            own = last >= 0
            mark[session[own], kind] = marks[last[own], kind]
            of_piece = np.minimum.reduceat(np.where(has, time, NEVER), first)
            np.minimum.at(earliest, session[own], of_piece[own])
        since[:, kind] = earliest
    return SessionMarks(before, mark, since)
