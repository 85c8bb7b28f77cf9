"""Windows of the chains that are cut, and the parts in them."""

from __future__ import annotations

import numpy as np

from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.packing import Bools, Ints, run_starts


class Windows:
    """Which part of its window an event or a row is in.

    A part is `rank // events_max`; the rank of an event is how many of its window are before it. Of
    earlier sessions (rows) only sums are known; but the last of them knows its own rank, so what
    comes after it can be ranked without looking at any event again. With `events_max` 3, a window
    whose first part has left memory:

        last row    [10:03–10:04]  rank 3, 2 events: it is part 1, and has room for one more

        new           rank          part
        10:05         3 + 2 = 5     1       joins the row, which is full now
        10:06         6             2       a session of its own
        10:03:30      the row's     1       inside the row: 3 + 2 + 1 events reach rank 6, where the
                                            part ends, so the cut stays where it is
        10:03:30 ×2                         rank 7: the cut would move inside the row, whose events
                                            nobody knows. A conflict
        10:02:30                            before the row, whose rank is 4 then, not 3, as is that
                                            of all after it. A conflict

    A *small* window needs none of this: all of it is there and is one part.
    """

    def __init__(
        self,
        time: Ints,
        event_chain: Ints,
        event_window: Ints,
        row_chain: Ints,
        row_window: Ints,
        rows: Rows,
        row_start: Ints,
        limits: GapLimits,
    ) -> None:
        first = run_starts(event_chain, event_window)
        chain = np.concatenate([event_chain[first], row_chain])
        key, starts, order = dense(chain, np.concatenate([event_window[first], row_window]))
        self.chain = chain[order][starts]
        n, most = len(starts), limits.events_max
        run_group, row_group = key[: len(first)], key[len(first) :]
        event_group = np.repeat(run_group, np.diff(first, append=len(time)))
        first_row, last_row = np.full(n, -1), np.full(n, -1)
        first_row[row_group[::-1]] = np.arange(len(row_group))[::-1]
        last_row[row_group] = np.arange(len(row_group))
        has_rows = first_row >= 0

        # Rows ascend, so the last of a window stands for all of it.
        new = np.bincount(event_group, minlength=n)
        total = new + np.bincount(row_group, rows.events, n).astype(np.int64)
        rank, size, end, begin = (
            np.where(has_rows, _pick(column, last_row), otherwise)
            for column, otherwise in (
                (rows.rank, 0),
                (rows.events, 0),
                (rows.end, np.iinfo(np.int64).min),
                (rows.start, np.iinfo(np.int64).min),
            )
        )
        small = (total <= most) & (_pick(rows.rank, first_row) * has_rows == 0)
        part = rank // most

        # The block is what a row grows to by events up to its end. An event at its very end ties
        # with the last one in it: both have one rank, so such an event alone moves no cut, however
        # full the part is; only those before the end (`inner`) do.
        in_block = time <= end[event_group]
        block = np.bincount(event_group[in_block], minlength=n)
        inner = np.bincount(event_group[time < end[event_group]], minlength=n)
        before = np.bincount(event_group[time < begin[event_group]], minlength=n)
        self.is_conflict = ~small & (
            ((before > 0) & (rank > 0))
            | ((inner > 0) & (rank + size + block > (part + 1) * most))
            | _is_out_of_step(rows, row_group, row_start, n)
        )

        new_rank = (rank + size)[event_group] + _tie_ranks(time, event_group, run_group, first)
        is_small = small[event_group]
        self.event_rank = np.where(is_small, 0, np.where(in_block, rank[event_group], new_rank))
        self.event_part = np.where(is_small, 0, self.event_rank // most)
        self.row_is_small = small[row_group]
        self.row_part = np.where(self.row_is_small, 0, rows.rank // most)


def _is_out_of_step(rows: Rows, row_group: Ints, row_start: Ints, n: int) -> Bools:
    """Windows whose rows do not follow on one another as parts of one window do.

    Each row's rank is the rank and the events of the one before it. Ranks 0, 3, 6 of rows with 3, 3
    and 1 events do; without the middle one they do not: it was evicted, or another chain joined.
    And the first of a window may bring a rank from a chain that began elsewhere, where its window
    held other events: such a rank means nothing here.
    """
    found = np.zeros(n, np.bool_)
    same = row_group[1:] == row_group[:-1]
    follows = rows.rank[1:] == rows.rank[:-1] + rows.events[:-1]
    found[row_group[1:][same & ~follows]] = True
    begins = np.append(np.ones(min(len(row_group), 1), np.bool_), ~same)
    moved = (rows.chain != row_start) & (rows.rank != 0)
    found[row_group[begins & moved]] = True
    return found


def _tie_ranks(time: Ints, event_group: Ints, run_group: Ints, first: Ints) -> Ints:
    """How many new events of its window are before each event's time: 5 5 7 9 9 have 0 0 2 3 3."""
    tie = run_starts(event_group, time)
    at = np.repeat(tie, np.diff(tie, append=len(time)))
    return at - np.repeat(first, np.diff(first, append=len(time)))


def dense(*columns: Ints) -> tuple[Ints, Ints, Ints]:
    """Number distinct rows in ascending order: numbers, and starts of each in the sorting order.

    Columns (2, 0, 2) and (1, 5, 1) have the rows (2, 1), (0, 5), (2, 1): numbers 1 0 1; sorted by
    the order 1 0 2, in which they start at 0 and 1.
    """
    order = np.lexsort(columns[::-1])
    starts = run_starts(*(column[order] for column in columns))
    number = np.empty(len(order), np.int64)
    number[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(order)))
    return number, starts, order


def _pick(column: Ints, index: Ints) -> Ints:
    """`column[index]`, anything where the index is -1."""
    return column[index] if len(column) else np.zeros(len(index), np.int64)
