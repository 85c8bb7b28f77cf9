"""Which event gives a session its attributes, and what it gives.

Nothing is gathered that does not win, and nothing before it is asked for: an epoch that is placed a
micro-batch at a time makes most of its sessions several times, and shows or writes few of those.
The times say which event or earlier session gives each group of attributes, ties are looked at only
where times are equal, and only the winners' values are read.
"""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np
import polars as pl

from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.pieces import Pieces
from footfall.sessionize.rows.columns import GROUPS, Attributes, attribute_type
from footfall.sessionize.rows.packing import Bools, Ints, run_starts
from footfall.sessionize.rows.plain import Made
from footfall.sessionize.rows.state import Found


class Contest:
    """Candidates for each session: its earlier sessions (rows) and its piece of the call's events.

    They are numbered: rows first, then pieces.
    """

    def __init__(
        self,
        events: SortedEvents,
        pieces: Pieces,
        found: Found,
        row_session: Ints,
        piece_session: Ints,
    ) -> None:
        self._events = events
        self._pieces = pieces
        self._found = found
        self._rows = len(row_session)
        sessions = np.concatenate([row_session, piece_session])
        self._order = np.argsort(sessions, kind="stable")
        self._session = sessions[self._order]
        self._starts = run_starts(self._session)

    def columns(self, numbers: pl.DataFrame) -> dict[str, Made]:
        """Times, ties and attributes of all groups, each made when it is asked for.

        Args:
            numbers: Columns `StateColumns.numbers` of the rows.
        """
        columns: dict[str, Made] = {}
        for group in GROUPS:
            columns |= _Outcome(self, group, numbers[group.time_column]).columns()
        return columns

    def winners(self, group: Attributes, of_rows: pl.Series) -> tuple[Ints, Ints]:
        """The winning candidate of each session, and its time."""
        times = np.concatenate([of_rows.to_numpy(), self._pieces.times(group)])
        ordered = times[self._order]
        choose = np.maximum if group.is_last else np.minimum
        best = choose.reduceat(ordered, self._starts)
        lengths = np.diff(self._starts, append=len(ordered))
        candidate = np.flatnonzero(ordered == np.repeat(best, lengths))
        first = run_starts(self._session[candidate])
        winner = self._order[candidate[first]]
        if len(candidate) > len(winner):
            is_tied = np.diff(first, append=len(candidate)) > 1
            is_tied &= best != group.no_time
            tied = candidate[is_tied[self._session[candidate]]]
            if len(tied):
                self._break_ties(group, winner, tied)
        return winner, best

    def events(self, group: Attributes, winner: Ints) -> Ints:
        """Rows of the events' table that give `group`, for candidates that are pieces."""
        return self._pieces.rows(group, winner - self._rows)

    def is_row(self, winner: Ints) -> Bools:
        """Whether these candidates are earlier sessions."""
        found: Bools = winner < self._rows
        return found

    def of_events(self, group: Attributes, name: str, events: Ints) -> pl.Series:
        """A column of `group` that these rows of the events' table give."""
        if name == group.tie_column:
            return self._events.ties(events)
        sources = dict(group.columns)[name]
        index = pl.Series(events)
        found, *others = (self._events.texts(source).gather(index) for source in sources)
        for other in others:
            found = found.zip_with(found.is_not_null(), other)
        return found.cast(attribute_type(name))

    def found(self, rows: Ints) -> Found:
        """Some of the earlier sessions."""
        return self._found.at(rows)

    def _break_ties(self, group: Attributes, winner: Ints, tied: Ints) -> None:
        number = self._order[tied]
        is_row = number < self._rows
        of_rows = self._found.at(number[is_row]).frame([group.tie_column])[group.tie_column]
        of_batch = self._events.ties(self.events(group, number[~is_row]))
        session = self._session[tied]
        ties = pl.DataFrame(
            {
                "session": np.concatenate([session[is_row], session[~is_row]]),
                "number": np.concatenate([number[is_row], number[~is_row]]),
                "tie": pl.concat([of_rows, of_batch]),
            }
        ).sort("session", "tie", descending=[False, group.is_last])
        session = ties["session"].to_numpy()
        starts = run_starts(session)
        winner[session[starts]] = ties["number"].to_numpy()[starts]


class _Outcome:
    """Who wins one group; not looked at before somebody asks for one of its columns."""

    def __init__(self, contest: Contest, group: Attributes, of_rows: pl.Series) -> None:
        self._contest = contest
        self._group = group
        self._of_rows = of_rows

    def columns(self) -> dict[str, Made]:
        """Time, tie and attributes, for every session."""
        names = [self._group.tie_column, *(name for name, _ in self._group.columns)]
        made: dict[str, Made] = {name: partial(self._column, name) for name in names}
        return made | {self._group.time_column: lambda: pl.Series(self._winners[1])}

    @cached_property
    def _winners(self) -> tuple[Ints, Ints]:
        return self._contest.winners(self._group, self._of_rows)

    @cached_property
    def _sources(self) -> tuple[Ints, Found, Ints | None]:
        """Rows of the events' table, earlier sessions, and where each session's value is.

        Of what the events give, then null, then what the rows give. None: they are in order.
        """
        winner, best = self._winners
        is_none = best == self._group.no_time
        is_row = self._contest.is_row(winner) & ~is_none
        from_batch = np.flatnonzero(~is_row & ~is_none)
        events = self._contest.events(self._group, winner[from_batch])
        rows = winner[is_row]
        if len(winner) in (len(events), len(rows)):
            return events, self._contest.found(rows), None
        place = np.full(len(winner), len(events))
        place[from_batch] = np.arange(len(events))
        place[is_row] = len(events) + 1 + np.arange(len(rows))
        return events, self._contest.found(rows), place

    def _column(self, name: str) -> pl.Series:
        events, rows, place = self._sources
        if not len(rows) and place is None:
            return self._contest.of_events(self._group, name, events)
        if place is None:
            return rows.frame([name])[name]
        taken = self._contest.of_events(self._group, name, events)
        parts = [taken, pl.Series([None], dtype=taken.dtype)]
        if len(rows):
            parts.append(rows.frame([name])[name])
        return pl.concat(parts).gather(pl.Series(place))
