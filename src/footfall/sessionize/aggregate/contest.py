"""Which event gives a session its attributes, and what it gives.

Nothing is gathered that does not win: the times say which event or earlier session gives each group
of attributes, ties are looked at only where times are equal, and only the winners' values are read.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.pieces import Pieces
from footfall.sessionize.rows.columns import GROUPS, Attributes, attribute_type
from footfall.sessionize.rows.packing import Bools, Ints, run_starts
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

    def columns(self, numbers: pl.DataFrame) -> dict[str, pl.Series]:
        """Times, ties and attributes of all groups.

        Args:
            numbers: Columns `StateColumns.numbers` of the rows.
        """
        outcomes = [_Outcome(self, group, numbers[group.time_column]) for group in GROUPS]
        names = [name for outcome in outcomes if outcome.needs_rows for name in outcome.names]
        rows = self._found.frame(names) if names else pl.DataFrame()
        columns: dict[str, pl.Series] = {}
        for outcome in outcomes:
            columns |= outcome.columns(rows)
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

    def take(self, group: Attributes, events: Ints) -> dict[str, pl.Series]:
        """Tie and attributes that these rows of the events' table give."""
        found = {group.tie_column: self._events.ties(events)}
        for name, sources in group.columns:
            found[name] = self._values(sources, events).cast(attribute_type(name))
        return found

    def _values(self, sources: tuple[str, ...], events: Ints) -> pl.Series:
        index = pa.array(events)
        columns = (self._events.column(name).take(index) for name in sources)
        found, *others = (pl.Series(pl.from_arrow(column)) for column in columns)
        for other in others:
            found = found.zip_with(found.is_not_null(), other)
        return found

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
    """Who won one group."""

    def __init__(self, contest: Contest, group: Attributes, of_rows: pl.Series) -> None:
        self._contest = contest
        self._group = group
        self._winner, self._best = contest.winners(group, of_rows)
        self._is_none = self._best == group.no_time
        self._is_row = contest.is_row(self._winner) & ~self._is_none
        self.needs_rows = bool(self._is_row.any())
        self.names = [group.tie_column, *(name for name, _ in group.columns)]
        """Columns of rows that it reads, if it needs any."""

    def columns(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        """Time, tie and attributes, for every session."""
        from_batch = np.flatnonzero(~self._is_row & ~self._is_none)
        taken = self._contest.take(
            self._group, self._contest.events(self._group, self._winner[from_batch])
        )
        if len(from_batch) < len(self._winner):
            taken = self._mixed(rows, pl.DataFrame(taken), from_batch)
        return taken | {self._group.time_column: pl.Series(self._best)}

    def _mixed(
        self, rows: pl.DataFrame, taken: pl.DataFrame, from_batch: Ints
    ) -> dict[str, pl.Series]:
        none = pl.DataFrame({name: [None] for name in self.names}, schema=taken.schema)
        parts = [taken, none]
        place = np.full(len(self._winner), len(taken))
        place[from_batch] = np.arange(len(from_batch))
        if self.needs_rows:
            mine = rows.select(self.names)
            if self._is_row.all() and np.array_equal(self._winner, np.arange(len(mine))):
                return mine.to_dict()
            parts.append(mine)
            place[self._is_row] = self._winner[self._is_row] + len(taken) + 1
        return pl.concat(parts, rechunk=True)[place].to_dict()
