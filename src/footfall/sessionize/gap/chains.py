"""Which session every event and every earlier session belongs to: intervals only, no attributes.

Theory of operation. A batch's events, sorted, fall into *runs* without a gap longer than `gap`.
Runs and the state's sessions of the same visitors are intervals; sorted by start, a new *chain*
begins where the running maximum of ends is more than `gap` before the next start. A chain without
any run is not looked at again.

Before `cold` events are provisional, and what ends there is of another's chain only if they
overlap. Between them may be what was evicted, and moves the chain's windows. And by the gap alone
the late events of a busy visitor would grow together with what waits and with what a repair has
just made, until one provisional session covers all that the visitor did, and each event more would
make a repair that sweeps it begin again.

A chain within one window and `events_max` is one session: the usual case, done by whole columns.
Others are cut. Their new events can be cut anywhere, the state's sessions cannot be: they are sums.
That is enough unless a cut moves inside of one, and `_Cuts` finds out which: it uses that a session
knows its chain's start and its rank in its window, so that events that come *after* all there is in
their window have known ranks. What remains is a conflict: a late event in an earlier part, or an
earlier start of a chain that puts a window's end inside a session. Such a chain needs the events
again, from the last session that begins before the first new event (`Conflicts`); until then it is
taken as one provisional session.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.marks import SessionMarks, segments, session_marks
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.packing import NEVER, Bools, Ints, Packing, run_starts


class Conflicts(msgspec.Struct, frozen=True):
    """Chains that cannot be cut without their events, and from where those are needed."""

    code: Ints
    time: Ints
    """First event that is needed; the first of a session of the same chain, or of the chain."""
    chain: Ints
    rank: Ints
    """Rank of that first event in its window."""
    before: Ints
    """The marks before it, a column for each kind."""


class Placement(msgspec.Struct, frozen=True):
    """The sessions of a call, numbered by (visitor, start)."""

    piece: Ints
    """Position of the first event of each run of events of the same session; events are sorted."""
    piece_session: Ints
    row_session: Ints
    """Session of each earlier one, -1 for those that are not touched."""
    chain: Ints
    """Start of each session's chain."""
    rank: Ints
    marks: SessionMarks
    run_code: Ints
    run_start: Ints
    run_place: Ints
    """How many of the earlier sessions, over all visitors, come before each run."""
    conflicts: Conflicts


def cut(
    codes: npt.NDArray[np.int32],
    times: Ints,
    rows: Rows,
    definition: GapLimits,
    cold: Ints,
    days: tuple[Ints, Ints],
    marks: Ints,
) -> Placement:
    """Assign events, ascending by (code, time), and earlier sessions to sessions.

    One visitor, a gap of 30 minutes, two earlier sessions and three new events:

        rows         0 [9:00–9:20]                   1 [10:10–10:20]
        events                      9:40 9:45                          11:00
        in order     [9:00–9:20]    [9:40–9:45]      [10:10–10:20]     [11:00]
        before it                   20 min           25 min            40 min: a chain begins
        session      0              0                0                 1

        piece [0, 2], piece_session [0, 1], row_session [0, 0], chain [9:00, 11:00], rank [0, 0]

    Args:
        codes: Visitor of each event.
        times: Of each event.
        rows: Earlier sessions.
        definition: The session definition.
        cold: For each code, the time before which sessions may have been evicted.
        days: Of each event and each row.
        marks: Of each event, a column for each kind.
    """
    changed = np.flatnonzero(codes[1:] != codes[:-1])
    begins = np.diff(times) > definition.gap
    begins[changed] = True  # another visitor; the difference says nothing there
    if definition.midnight is not None:
        begins |= days[0][1:] != days[0][:-1]
    # One by one, or two events of a run would join sessions that lie between them; the first that
    # is not before `cold`, too, as an evicted session may come before it in its window.
    begins |= (times[:-1] < cold[codes[:-1]]) & (times[1:] != times[:-1])
    run = np.concatenate([np.zeros(min(len(times), 1), np.int64), np.flatnonzero(begins) + 1])
    run_end = times[np.append(run[1:], len(times)) - 1] if len(run) else run
    run_code, run_start = codes[run].astype(np.int64), times[run]
    run_events = np.diff(run, append=len(times))

    runs = Runs(
        run_code, run_start, run_end, run_events, days[0][run], _marks_of(run, times, marks)
    )
    merged = _Intervals(runs, rows, definition, cold, days[1])
    cuts = _Cuts(merged, times, marks, run, run_events, rows, definition)
    return cuts.result(run_code, run_start, merged.run_place)


class Runs(msgspec.Struct, frozen=True):
    """Runs of new events, ascending by (code, start)."""

    code: Ints
    start: Ints
    end: Ints
    events: Ints
    day: Ints
    marks: tuple[Ints, Ints, Ints]
    """Least and greatest mark of each, `NEVER` and its opposite for none; since when. By kind."""


def _marks_of(run: Ints, times: Ints, marks: Ints) -> tuple[Ints, Ints, Ints]:
    if not len(run) or not marks.shape[1]:
        none = np.zeros((len(run), marks.shape[1]), np.int64)
        return none, none, none
    has = marks != 0
    return (
        np.minimum.reduceat(np.where(has, marks, NEVER), run),
        np.maximum.reduceat(np.where(has, marks, -NEVER), run),
        np.minimum.reduceat(np.where(has, times[:, None], NEVER), run),
    )


class _Intervals:
    """Runs and rows in one order, and the chains they form.

    Both come sorted, so each one's place among all is its own number and how many of the others are
    before it. Runs that start at 2 and 7, rows that start at 1, 2 and 9:

        run_place  rows before each run    2 2      run_at  2 3       (2 + 0, 2 + 1)
        row_at     number + runs before    0 1 4    (0 + 0, 1 + 0, 2 + 2)
        in order   row 1, row 2, run 2, run 7, row 9
    """

    def __init__(
        self, runs: Runs, rows: Rows, definition: GapLimits, cold: Ints, row_days: Ints
    ) -> None:
        run_code, run_start, run_end, run_events = runs.code, runs.start, runs.end, runs.events
        codes = 1 + max(int(run_code[-1]) if len(run_code) else 0, int(rows.code.max(initial=0)))
        packing = Packing(codes, run_start, run_end, rows.start, rows.end)
        row_key, run_key = packing.pack(rows.code, rows.start), packing.pack(run_code, run_start)
        self.run_place = np.searchsorted(row_key, run_key, "right")
        run_at = self.run_place + np.arange(len(run_code))
        row_at = np.searchsorted(run_key, row_key, "left") + np.arange(len(row_key))

        def mix(of_runs: Ints, of_rows: Ints) -> Ints:
            found = np.empty(len(run_at) + len(row_at), np.int64)
            found[run_at], found[row_at] = of_runs, of_rows
            return found

        code, start = mix(run_code, rows.code), mix(run_start, rows.start)
        end = mix(run_end, rows.end)
        # How far the visitor's intervals up to each one reach: a long session may end after those
        # that follow it. The visitor is in the high bits, so another's first end is above all
        # before it, and the maximum starts anew by itself.
        reached = packing.times(np.maximum.accumulate(packing.pack(code, end)))
        begins = np.ones(len(code), np.bool_)
        begins[1:] = (code[1:] != code[:-1]) | (start[1:] - reached[:-1] > definition.gap)
        if definition.midnight is not None:
            day = mix(runs.day, row_days)
            begins[1:] |= day[1:] != day[:-1]
        # What ends before `cold` is of one chain with the next only if they overlap, if either is a
        # row (why is said above); two runs beside each other go by the gap.
        is_apart = (reached[:-1] < cold[code[1:]]) & (start[1:] > reached[:-1])
        if is_apart.any():
            is_row = mix(np.zeros(len(run_at), np.int64), np.ones(len(row_at), np.int64)) > 0
            begins[1:] |= is_apart & (is_row[:-1] | is_row[1:])
        first = np.flatnonzero(begins)
        chain = np.cumsum(begins) - 1
        self.run_chain, self.row_chain = chain[run_at], chain[row_at]
        last = np.append(first[1:], len(code)) - 1 if len(first) else first
        self.first_start = start[first]
        self.code = code[first]
        self.start = _reduce(np.minimum, mix(run_start, rows.chain), first)
        self.end = reached[last]
        self.events = _reduce(np.add, mix(run_events, rows.events), first)
        # Any rank but 0, or a chain that began before what is in memory, means that part of the
        # chain was evicted: what is here is not all, and cannot be summed up as one session.
        ranked = _reduce(np.add, mix(np.zeros(len(run_at), np.int64), rows.rank), first)
        self.is_touched = np.zeros(len(first), np.bool_)
        self.is_touched[self.run_chain] = True
        self.is_simple = (
            (self.start == self.first_start)
            & (ranked == 0)
            & (self.end - self.start < definition.length_max)
            & (self.events <= definition.events_max)
        )
        for kind, is_first_counted in enumerate(definition.counts_first):
            has = rows.mark[:, kind] != 0
            least, most, since = (
                _reduce(function, mix(of_runs[:, kind], np.where(has, of_rows, none)), first)
                for function, of_runs, of_rows, none in (
                    (np.minimum, runs.marks[0], rows.mark[:, kind], NEVER),
                    (np.maximum, runs.marks[1], rows.mark[:, kind], -NEVER),
                    (np.minimum, runs.marks[2], rows.since[:, kind], NEVER),
                )
            )
            self.is_simple &= (least == most) | (least == NEVER)
            if is_first_counted:
                self.is_simple &= (since == NEVER) | (since == self.start)


class _Cuts:
    """Sessions of the touched chains, those that are cut included.

    A session is found by its chain and its *ordinal* in it; its number is that of the chain's first
    session and the ordinal. Four chains, of which the second is cut in three and the third is not
    touched:

        counts 1 3 0 1      first session of each (`offset`) 0 1 4 4      sessions 0 | 1 2 3 | | 4
    """

    def __init__(
        self,
        chains: _Intervals,
        times: Ints,
        marks: Ints,
        run: Ints,
        run_events: Ints,
        rows: Rows,
        definition: GapLimits,
    ) -> None:
        self._chains = chains
        self._times = times
        self._marks = marks
        self._run = run
        self._rows = rows
        self._definition = definition
        is_cut = chains.is_touched & ~chains.is_simple
        self._counts = chains.is_touched.astype(np.int64)
        """Sessions of each chain."""
        self._conflicting = np.zeros(len(self._counts), np.bool_)
        self._runs_cut = is_cut[chains.run_chain]
        self._rows_cut = np.flatnonzero(is_cut[chains.row_chain])
        self._any = bool(is_cut.any())
        if self._any:
            self._cut_chains(is_cut, run_events)

    def result(self, run_code: Ints, run_start: Ints, run_place: Ints) -> Placement:
        """Number the sessions."""
        chains, offset = self._chains, np.cumsum(self._counts) - self._counts
        row_session = np.where(
            chains.is_touched[chains.row_chain], offset[chains.row_chain], np.int64(-1)
        )
        chain_of = np.repeat(np.arange(len(self._counts)), self._counts)
        rank = np.zeros(len(chain_of), np.int64)
        before = np.zeros((len(chain_of), self._marks.shape[1]), np.int64)
        plain = ~self._runs_cut
        position, session = self._run[plain], offset[chains.run_chain[plain]]
        if self._any:
            row_session[self._rows_cut] = offset[self._row_chain] + self._row_ordinal
            cut_session = offset[self._event_chain] + self._event_ordinal
            first = run_starts(cut_session)
            position = np.concatenate([position, self._event[first]])
            session = np.concatenate([session, cut_session[first]])
            rank[offset[self._key_chain] + self._key_ordinal] = self._key_rank
            before[offset[self._key_chain] + self._key_ordinal] = self._key_before
            order = np.argsort(position, kind="stable")
            position, session = position[order], session[order]
        first = run_starts(session) if len(session) else session
        pieces = position[first], session[first]
        marks = session_marks(before, self._times, self._marks, pieces, self._rows, row_session)
        return Placement(
            piece=pieces[0],
            piece_session=pieces[1],
            row_session=row_session,
            chain=chains.start[chain_of],
            rank=rank,
            marks=marks,
            run_code=run_code,
            run_start=run_start,
            run_place=run_place,
            conflicts=self._conflicts(),
        )

    def _cut_chains(self, is_cut: Bools, run_events: Ints) -> None:
        chains, limits, rows = self._chains, self._definition, self._rows.at(self._rows_cut)
        self._event = np.flatnonzero(np.repeat(self._runs_cut, run_events))
        event_run = np.repeat(np.flatnonzero(self._runs_cut), run_events[self._runs_cut])
        self._event_chain = chains.run_chain[event_run]
        self._row_chain = chains.row_chain[self._rows_cut]
        time = self._times[self._event]
        event_window = (time - chains.start[self._event_chain]) // limits.length_max
        row_start = chains.start[self._row_chain]
        # Windows are counted from the chain's start, and an earlier event moves all of them. With a
        # `length_max` of an hour and a chain from 10:00 that has the session [10:00–10:58], an
        # event at 9:45 makes windows end at 10:45, 11:45, …: the first within that session.
        row_window = (rows.start - row_start) // limits.length_max
        straddles = row_window != (rows.end - row_start) // limits.length_max
        event_before = np.zeros((len(time), self._marks.shape[1]), np.int64)
        row_before = rows.before
        if limits.kinds:
            found = segments(
                (self._event_chain, event_window),
                time,
                self._marks[self._event],
                (self._row_chain, row_window),
                rows,
                limits.counts_first,
            )
            event_window, row_window = found.of_events, found.of_rows
            event_before, row_before = found.event_before, found.row_before
            rows = msgspec.structs.replace(rows, rank=np.where(found.is_reset, 0, rows.rank))
            self._conflicting[self._event_chain[found.wrong_events]] = True
            self._conflicting[self._row_chain[found.wrong_rows]] = True
        windows = _Windows(
            time,
            self._event_chain,
            event_window,
            self._row_chain,
            row_window,
            rows,
            row_start,
            limits,
        )
        self._conflicting[self._row_chain[straddles]] = True
        self._conflicting[windows.chain[windows.is_conflict]] = True
        event_lost = self._conflicting[self._event_chain]
        row_lost = self._conflicting[self._row_chain]
        self._number(
            np.where(event_lost, 0, event_window),
            np.where(event_lost, 0, windows.event_part),
            windows.event_rank,
            np.where(row_lost, 0, row_window),
            np.where(row_lost, 0, windows.row_part),
            np.where(windows.row_is_small, 0, rows.rank),
        )
        if limits.kinds:
            self._hold(time, event_before, rows.start, row_before)

    def _number(
        self, event_window: Ints, event_part: Ints, event_rank: Ints, *of_rows: Ints
    ) -> None:
        """Give every (chain, window, part) its ordinal in the chain.

        Windows and parts without events have no session, so ordinals have no gaps. Events come as
        one entry for each run of equal ones (`first`), rows as they are:

            chain, window, part    0,0,0   0,0,1   0,4,0   7,0,0
            ordinal                0       1       2       0
        """
        row_window, row_part, row_rank = of_rows
        first = run_starts(self._event_chain, event_window, event_part)
        chain = np.concatenate([self._event_chain[first], self._row_chain])
        window = np.concatenate([event_window[first], row_window])
        part = np.concatenate([event_part[first], row_part])
        rank = np.concatenate([event_rank[first], row_rank])
        key, starts, order = _dense(chain, window, part)
        self._key_chain = chain[order][starts]
        first_of_chain = run_starts(self._key_chain)
        lengths = np.diff(first_of_chain, append=len(starts))
        self._key_ordinal = np.arange(len(starts)) - np.repeat(first_of_chain, lengths)
        self._counts[self._key_chain[first_of_chain]] = lengths
        self._key_rank = np.minimum.reduceat(rank[order], starts)
        lengths = np.diff(first, append=len(event_window))
        self._row_key = key[len(first) :]
        self._event_key = np.repeat(key[: len(first)], lengths)
        self._row_ordinal = self._key_ordinal[self._row_key]
        self._event_ordinal = self._key_ordinal[self._event_key]
        self._key_before = np.zeros((len(starts), self._marks.shape[1]), np.int64)

    def _hold(self, time: Ints, event_before: Ints, start: Ints, row_before: Ints) -> None:
        """The marks before each session: those before its first row or event."""
        key = np.concatenate([self._row_key, self._event_key])
        times = np.concatenate([start, time])
        order = np.lexsort((np.arange(len(key)), times, key))
        self._key_before = np.concatenate([row_before, event_before])[order][run_starts(key[order])]

    def _conflicts(self) -> Conflicts:
        """For each, the last row of its old beginning that is not after the first new event.

        What is before that row stays as it is, and the row knows its rank. Of rows from 9:00, 10:00
        and 11:00 of the chain of 9:00, and a new event at 10:20, events are needed from 10:00 on.
        Where the chain begins elsewhere now, all of it is needed, and its first event has rank 0.
        """
        chains, rows = self._chains, self._rows
        lost = np.flatnonzero(self._conflicting)
        time, rank = chains.first_start[lost].copy(), np.zeros(len(lost), np.int64)
        before = np.zeros((len(lost), self._marks.shape[1]), np.int64)
        for i, chain in enumerate(lost):
            first_new = self._times[self._run[np.searchsorted(chains.run_chain, chain)]]
            low, high = np.searchsorted(chains.row_chain, [chain, chain + 1])
            keeps = (rows.start[low:high] <= first_new) & (
                rows.chain[low:high] == chains.start[chain]
            )
            if keeps.any():
                last = low + int(np.flatnonzero(keeps)[-1])
                time[i], rank[i], before[i] = rows.start[last], rows.rank[last], rows.before[last]
        return Conflicts(chains.code[lost], time, chains.start[lost], rank, before)


class _Windows:
    """Windows of the chains that are cut: which part of them an event or a row is in.

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
        key, starts, order = _dense(chain, np.concatenate([event_window[first], row_window]))
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


def _dense(*columns: Ints) -> tuple[Ints, Ints, Ints]:
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


def _reduce(function: np.ufunc, values: Ints, starts: Ints) -> Ints:
    found: Ints = function.reduceat(values, starts) if len(starts) else values[:0]
    return found
