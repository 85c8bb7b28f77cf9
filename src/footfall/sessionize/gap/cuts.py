"""Which session every event and every earlier session belongs to: intervals only, no attributes.

Theory of operation. Events and earlier sessions form chains (`chains`). A chain within one window
and `events_max` is one session: the usual case, done by whole columns. Others are cut. Their new
events can be cut anywhere, the state's sessions cannot be: they are sums. That is enough unless a
cut moves inside of one, and `Cuts` finds out which: it uses that a session knows its chain's start
and its rank in its window, so that events that come *after* all there is in their window have known
ranks. What remains is a conflict: a late event in an earlier part, or an earlier start of a chain
that puts a window's end inside a session. Such a chain needs the events again, from the last
session that begins before the first new event (`Conflicts`); until then it is taken as one
provisional session.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from footfall.sessionize.gap.chains import Chains, Runs, runs_of
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.marks import segments, session_marks
from footfall.sessionize.gap.placement import Conflicts, Placement
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.gap.windows import Windows, dense
from footfall.sessionize.rows.packing import Ints, run_starts


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
    runs = runs_of(codes, times, definition, cold, days[0], marks)
    chains = Chains(runs, rows, definition, cold, days[1])
    return Cuts(chains, times, marks, runs, rows, definition).result()


class Cuts:
    """Sessions of the touched chains, those that are cut included.

    A session is found by its chain and its *ordinal* in it; its number is that of the chain's first
    session and the ordinal. Four chains, of which the second is cut in three and the third is not
    touched:

        counts 1 3 0 1      first session of each (`offset`) 0 1 4 4      sessions 0 | 1 2 3 | | 4
    """

    def __init__(
        self,
        chains: Chains,
        times: Ints,
        marks: Ints,
        runs: Runs,
        rows: Rows,
        definition: GapLimits,
    ) -> None:
        self._chains = chains
        self._times = times
        self._marks = marks
        self._runs = runs
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
            self._cut_chains()

    def result(self) -> Placement:
        """Number the sessions."""
        chains, offset = self._chains, np.cumsum(self._counts) - self._counts
        row_session = np.where(
            chains.is_touched[chains.row_chain], offset[chains.row_chain], np.int64(-1)
        )
        chain_of = np.repeat(np.arange(len(self._counts)), self._counts)
        rank = np.zeros(len(chain_of), np.int64)
        before = np.zeros((len(chain_of), self._marks.shape[1]), np.int64)
        plain = ~self._runs_cut
        position, session = self._runs.first[plain], offset[chains.run_chain[plain]]
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
            run_code=self._runs.code,
            run_start=self._runs.start,
            run_place=chains.run_place,
            conflicts=self._conflicts(),
        )

    def _cut_chains(self) -> None:
        chains, limits, rows = self._chains, self._definition, self._rows.at(self._rows_cut)
        run_events = self._runs.events
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
            # What was before a row in the window of a chain that began elsewhere means nothing now.
            known = np.where((rows.chain == row_start)[:, None], rows.before, 0)
            rows = msgspec.structs.replace(rows, before=known)
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
        windows = Windows(
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
        key, starts, order = dense(chain, window, part)
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

        Where marks cut, the row has to begin before the event: of two events at 10:00 the first
        that arrived says whether there is a cut at all. If that row was evicted, nobody knows here.
        """
        chains, rows = self._chains, self._rows
        lost = np.flatnonzero(self._conflicting)
        time, rank = chains.first_start[lost].copy(), np.zeros(len(lost), np.int64)
        before = np.zeros((len(lost), self._marks.shape[1]), np.int64)
        is_known = chains.start[lost] == time
        for i, chain in enumerate(lost):
            first_new = self._runs.start[np.searchsorted(chains.run_chain, chain)]
            low, high = np.searchsorted(chains.row_chain, [chain, chain + 1])
            starts = rows.start[low:high]
            keeps = starts < first_new if self._definition.kinds else starts <= first_new
            keeps &= rows.chain[low:high] == chains.start[chain]
            if keeps.any():
                last = low + int(np.flatnonzero(keeps)[-1])
                time[i], rank[i], before[i] = rows.start[last], rows.rank[last], rows.before[last]
                is_known[i] = True
        return Conflicts(chains.code[lost], time, chains.start[lost], rank, before, is_known)
