"""`sessionize`: state and events in; state, repairs, overrides and removed sessions out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.aggregate.changes import (
    Comparison,
    Old,
    override_table,
    removed_table,
)
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.merge import merge
from footfall.sessionize.definition import (
    EVENTS_MAX,
    History,
    Sessionized,
)
from footfall.sessionize.gap.columns import mark_columns
from footfall.sessionize.gap.cuts import cut
from footfall.sessionize.gap.found import in_order, rows_of, with_stubs, within
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.marks import event_marks
from footfall.sessionize.gap.old import from_lake, old_sessions
from footfall.sessionize.gap.placement import Moments, Placement
from footfall.sessionize.gap.repair.needs import (
    Needs,
    Replay,
    affordable,
    costs,
    find_needs,
    range_table,
    with_history,
)
from footfall.sessionize.rows.ids import ids_of
from footfall.sessionize.rows.packing import NEVER, Bools, Ints, Packing
from footfall.sessionize.rows.plain import Plain
from footfall.sessionize.rows.state import Found, SessionState
from footfall.sessionize.rows.visitors import Visitors

_LAST = 2**62
"""Momentsr than any event."""


def sessionize(
    state: SessionState,
    events: pa.Table,
    definition: GapLimits,
    *,
    epoch: int = 1,
    history: History | None = None,
    events_max: int = EVENTS_MAX,
) -> Sessionized:
    """Place events in their visitors' sessions: open, extend, join, rename and cut them.

    The result does not depend on the order of `events`, nor on how events were divided over calls
    (of one epoch; between epochs, `close` evicts). With a gap of 30 min:

        events     10:00   10:20          11:00            10:40, late
        sessions   [10:00–10:20]   then   [11:00]   then   [10:00–11:00]

    An event that may touch evicted sessions has a provisional session of its own, until `repair`.

    Args:
        state: From the call before, or `close`.
        events: At least `EVENT_COLUMNS`, any order, each event once over all calls. Those without
            `visitor_id` are left out.
        definition: The same in all calls.
        epoch: What provisional sessions wait since.
        history: For hot sessions that cannot be cut without their events; without it they are
            provisional, too.
        events_max: Most events to read from `history`; what needs more is provisional.
    """
    batch = SortedEvents(events)
    if not len(batch):
        return Sessionized.nothing(state)
    # Nearly always one pass is enough. It says which chains it could not cut without events of
    # earlier epochs; then those are read, and a second pass makes these chains anew.
    first = Call(state, batch, definition)
    needs, spent = first.affordable(events_max), first.spent
    if history is None or not len(needs.code):
        found = first.result(epoch)
        found.spent = spent
        return found
    ranges = range_table(batch.visitors, needs.code, needs.time, np.full(len(needs.code), _LAST))
    whole, past = with_history(batch, needs, history.events(ranges))
    begins = needs.replay().begins(len(whole.visitors))
    # History may give more than was asked. What is before the replay is in sessions that stay.
    whole.keep((whole.row >= past) | (whole.time >= begins[whole.code]))
    second = Call(state, whole, definition, needs.replay(), history.sessions(ranges))
    found = second.result(epoch)
    found.spent = spent
    return found


class Call:
    """One pass over events and the state's sessions of their visitors.

    What was there comes in three forms that are easily taken for each other, with a replay from
    10:00 as the example:

        found     the state's sessions of these visitors     [8:00]   [10:00]   [11:00]
        rows      what `cut` goes by: found, but for what    [8:00]   stub at 10:00
                  is replayed a stub, which has no events
                  and says the chain and rank of the first
        place     which of `found` each row is               0        -1

    The sessions replayed come back from their events, and are compared with what they were.

    An *isolated* replay looks at nothing but its stretch: the caller knows that nothing else is
    touched.
    """

    def __init__(
        self,
        state: SessionState,
        batch: SortedEvents,
        definition: GapLimits,
        replay: Replay | None = None,
        lake: pa.Table | None = None,
        *,
        is_isolated: bool = False,
    ) -> None:
        self._batch = batch
        self._definition = definition
        self._is_isolated = is_isolated
        self._visitors = batch.visitors
        self._found, self._numbers = in_order(
            state.find(batch.visitors), definition.columns.numbers
        )
        if replay is not None and is_isolated:
            self._found, self._numbers = within(self._found, self._numbers, replay, batch)
        rows = rows_of(self._found.codes, self._numbers, definition)
        waiting = self._numbers["pending_since"].to_numpy() > 0
        self._is_blind = waiting & (rows.chain == rows.start)
        """Found sessions that do not know what is before them, see `_blind`."""
        codes = len(batch.visitors)
        self._place = np.arange(len(self._found))
        """Which of the found sessions each row is, -1 for a replay's stub."""
        self._replayed = np.zeros(len(rows.code), np.bool_)
        is_replay = np.zeros(codes, np.bool_)
        cold = np.full(codes, state.floor)
        self._lake: Old | None = None
        if replay is not None:
            begins = replay.begins(codes)
            is_replay[replay.code] = True
            # Made anew as it stays, whole runs at a time; what is before it stays apart, for the
            # sessions between them may have been evicted.
            cold[replay.code] = np.minimum(state.floor, replay.time)
            self._replayed = rows.start >= begins[rows.code]
            self._lake = from_lake(lake, begins, replay.ends(codes), batch.visitors)
            rows, self._place = with_stubs(rows, self._replayed, replay.stubs())
        self._rows = rows
        days = (
            definition.days(batch.visitors, batch.code, batch.time),
            definition.days(batch.visitors, rows.code, rows.start),
        )
        marks = event_marks(definition.kinds, batch)
        self._cut = cut(batch.code, batch.time, rows, definition, cold, days, marks)
        self.needs: Needs
        self.late: Moments
        self.needs, self.late = find_needs(self._cut, rows, state.floor, is_replay, definition)

    def affordable(self, events_max: int) -> Needs:
        """Conflicts that can be resolved at once."""
        blind = self._found.codes[self._is_blind]
        return affordable(self.needs, [self.late.code, blind], self._rows, events_max)

    @property
    def spent(self) -> int:
        """Events that all conflicts need together."""
        return int(costs(self.needs, self._rows).sum()) if len(self.needs.code) else 0

    def result(self, epoch: int, waiting: Moments | None = None) -> Sessionized:
        """Merge, compare with what was there, and put it in the state.

        Args:
            epoch: What sessions that are provisional now wait since.
            waiting: More of them, by an event of theirs: the last of a replay that was cut short.
                They reach as far as what it takes the place of.
        """
        self._leave_out_unchanged()
        cut = self._cut
        used = (cut.row_session >= 0) & (self._place >= 0)
        mine = self._found.at(self._place[used])
        numbers = self._numbers if used.all() else self._numbers[self._place[used]]
        session = cut.row_session[used]
        columns, made = merge(
            self._batch, cut.piece, cut.piece_session, len(cut.chain), mine, numbers, session
        )
        columns |= {"chain_start": pl.Series(cut.chain), "rank": pl.Series(cut.rank)}
        code = np.zeros(len(cut.chain), np.int64)
        code[cut.piece_session] = self._batch.code[cut.piece]
        code[session] = mine.codes

        columns |= _mark_columns(self._definition, cut, columns["started_at"].to_numpy())
        gone = self._found.at(np.flatnonzero(self._replayed))
        old = old_sessions(mine, numbers, gone, self._lake)
        start, end = columns["started_at"].to_numpy(), columns["ended_at"].to_numpy().copy()
        begins = start[session] == numbers["started_at"].to_numpy()
        blind = self._blind(code, start, session[begins], self._place[used][begins])
        columns["chain_start"] = pl.Series(np.where(blind, start, cut.chain))
        columns["rank"] = pl.Series(np.where(blind, 0, cut.rank))
        if waiting:
            place = _place_of(waiting, code, start)
            end[place] = np.maximum(end[place], _reached(gone, len(self._visitors))[waiting.code])
            columns["ended_at"] = pl.Series(end)
        # These stay provisional. Every conflict, not only a visitor's first: a replay would begin
        # there.
        conflicts = Moments(cut.conflicts.code, cut.conflicts.time)
        marks = [self.late, conflicts, *([waiting] if waiting else [])]
        since = _waiting_since(columns["pending_since"].to_numpy(), code, start, marks, epoch)
        columns["pending_since"] = pl.Series(since)
        comparison = Comparison(old, code, start, end)
        said, is_changed, is_kept = self._written(columns, code, old, comparison.old_of)
        overrides = self._overrides(comparison, code, said["session_id"])
        made |= self._visitors.names(code)
        rows = Plain(made | said, self._definition.columns, len(code), mine.depth)
        is_kept |= since > 0
        is_withdrawn = comparison.is_removed & (old.revision > 0)
        # Of what repairs make and replace again no reader knows.
        is_removed = is_withdrawn if self._is_isolated else comparison.is_removed
        removed, withdrawn = (
            removed_table(self._visitors, old.code[mask], old.session_id.filter(pl.Series(mask)))
            for mask in (is_removed, is_withdrawn)
        )
        places = np.concatenate([self._place[used], np.flatnonzero(self._replayed)])
        state = self._found.at(places).replaced_by(
            rows.where(is_kept), self._visitors.keys[code[is_kept]]
        )
        repairs = range_table(self._visitors, code[since > 0], start[since > 0], end[since > 0])
        return Sessionized(state, rows.where(is_changed), repairs, overrides, removed, withdrawn)

    def _blind(self, code: Ints, start: Ints, begun: Ints, begun_by: Ints) -> Bools:
        """Sessions that begin with a late event: an evicted one may come before it in its window.

        So may one before a conflict of which nobody knows where it begins.

        The chain and rank that this call gives them are a guess, and would be taken for what a
        sweep left. They say that they are a chain's beginning until their repair.

        Args:
            code: Visitor of each session.
            start: Of each session.
            begun: Those that begin with a found one.
            begun_by: Its place among the found.
        """
        blind = np.zeros(len(start), np.bool_)
        if len(self.late.code):
            blind[_place_of(self.late, code, start)] = True
        blind[begun] = self._is_blind[begun_by]
        lost = self._cut.conflicts.lost()
        if len(lost.code):
            blind[_place_of(lost, code, start)] = True
        return blind

    def _leave_out_unchanged(self) -> None:
        """Forget sessions of touched chains that stay exactly as they are.

        A chain that is cut has many, and an event touches one. Session 1 of these gets events, 0
        and 2 are their rows and nothing more; what is left is numbered anew:

            session       0        1        2              number    -1   0   -1
            rows          row 0    row 1    row 2          row_session before 0 1 2, after -1 0 -1
            events                 piece 0                 piece_session before 1, after 0

        A session stays if it has one row, with the same chain and rank, and no events.
        """
        cut, rows = self._cut, self._rows
        touched = np.flatnonzero(cut.row_session >= 0)
        session = cut.row_session[touched]
        stays = np.zeros(len(cut.chain), np.bool_)
        stays[session] = (rows.chain[touched] == cut.chain[session]) & (
            rows.rank[touched] == cut.rank[session]
        )
        stays[session] &= (rows.before[touched] == cut.marks.before[session]).all(axis=1)
        stays &= np.bincount(session, minlength=len(stays)) == 1
        stays[cut.piece_session] = False
        if not stays.any():
            return
        number = np.cumsum(~stays) - 1
        row_session = np.full(len(cut.row_session), -1)
        row_session[touched] = np.where(stays[session], -1, number[session])
        self._cut = Placement(
            piece=cut.piece,
            piece_session=number[cut.piece_session],
            row_session=row_session,
            chain=cut.chain[~stays],
            rank=cut.rank[~stays],
            marks=cut.marks.at(~stays),
            run_code=cut.run_code,
            run_start=cut.run_start,
            run_place=cut.run_place,
            conflicts=cut.conflicts,
        )

    def _written(
        self, columns: dict[str, pl.Series], code: Ints, old: Old, old_of: Ints
    ) -> tuple[dict[str, pl.Series], Bools, Bools]:
        """Columns of the sessions; which of them changed; which of them belong into the state.

        A session is known if one that starts then was there. It changed unless its end and number
        of events are as they were: an event adds one, and a cut that moves changes either.

            was               is                changed   in the state
            [10:00–10:10] 3   [10:00–10:10] 3   no        if it was there: the lake has the row
            [10:00–10:10] 3   [10:00–10:20] 4   yes       yes, with the revision so far
                              [10:30–10:30] 1   yes       yes, with revision 0
        """
        known = old_of >= 0
        before = old_of[known]
        same = np.zeros(len(code), np.bool_)
        same[known] = (old.end[before] == columns["ended_at"].to_numpy()[known]) & (
            old.events[before] == columns["events"].to_numpy()[known]
        )
        revision = np.zeros(len(code), np.int64)
        revision[known] = old.revision[before]
        start = columns["started_at"].to_numpy()
        is_dirty = ~same
        is_dirty[known] |= old.is_dirty[before]
        is_hot = ~same
        is_hot[known] |= old.is_hot[before]
        columns = columns | {
            "session_id": _ids(self._definition, self._visitors, code, start, old, old_of),
            "written_revision": pl.Series(revision),
            "is_dirty": pl.Series(is_dirty),
        }
        return columns, ~same, is_hot

    def _overrides(self, comparison: Comparison, code: Ints, session_id: pl.Series) -> pa.Table:
        session, from_time, to_time = comparison.overridden()
        return override_table(
            self._visitors, code[session], from_time, to_time, session_id.gather(pl.Series(session))
        )


def _mark_columns(definition: GapLimits, cut: Placement, start: Ints) -> dict[str, pl.Series]:
    columns: dict[str, pl.Series] = {}
    for number, kind in enumerate(definition.kinds):
        before, mark, since = (
            column[:, number] for column in (cut.marks.before, cut.marks.mark, cut.marks.since)
        )
        values = before, mark, np.where(since == NEVER, start, since)
        columns |= dict(zip(mark_columns(kind), map(pl.Series, values), strict=True))
    return columns


def _waiting_since(since: Ints, code: Ints, start: Ints, marks: list[Moments], epoch: int) -> Ints:
    """`since` with the sessions of `marks` waiting, at the latest from `epoch` on."""
    marked = np.concatenate([mark.code for mark in marks])
    times = np.concatenate([mark.time for mark in marks])
    if not len(marked):
        return since
    place = _place_of(Moments(marked, times), code, start)
    found: Ints = since.copy()
    found[place] = np.where(found[place] == 0, epoch, np.minimum(found[place], epoch))
    return found


def _place_of(events: Moments, code: Ints, start: Ints) -> Ints:
    """The sessions of these events, among sessions by (code, start).

    The last that starts at or before the event: of starts 9:00 and 10:00, 9:59 is in the first.
    """
    codes = 1 + max(int(code.max(initial=0)), int(events.code.max(initial=0)))
    packing = Packing(codes, start, events.time)
    key = packing.pack(events.code, events.time)
    found: Ints = np.searchsorted(packing.pack(code, start), key, "right") - 1
    return found


def _reached(gone: Found, codes: int) -> Ints:
    """For each code the last end of these sessions, before all events if it has none."""
    last = np.full(codes, -NEVER)
    np.maximum.at(last, gone.codes, gone.frame(["ended_at"])["ended_at"].to_numpy())
    return last


def _ids(
    definition: GapLimits,
    visitors: Visitors,
    code: Ints,
    starts: Ints,
    old: Old,
    old_of: Ints,
) -> pl.Series:
    """Ids of sessions: those they had, and new ones.

    Made ids stand after the old ones, and one `gather` puts all in order: with two old ids and
    `old_of` 1, -1, 0 one is made, and places are 1, 2, 0. Making an id costs a hash, so only new
    sessions get one.
    """
    new = np.flatnonzero(old_of < 0)
    if not len(new) and np.array_equal(old_of, np.arange(len(old.session_id))):
        return old.session_id
    made = ids_of(definition.name, definition.version, visitors, code[new], starts[new])
    place = old_of.copy()
    place[new] = len(old.session_id) + np.arange(len(made))
    return pl.concat([old.session_id, made]).gather(pl.Series(place))
