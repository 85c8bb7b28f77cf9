"""Aggregates of a call's sessions: those of its events and those of earlier sessions, merged.

Nothing is gathered that does not win: for each attribute the times say which event or earlier
session gives it, and only its values are read.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.clock import DAY, US_PER_MS
from footfall.sessionize import _batch
from footfall.sessionize._batch import Batch
from footfall.sessionize._chains import Cut
from footfall.sessionize._columns import (
    ENTRY,
    EXIT,
    FIRST,
    FLAGS,
    GROUPS,
    LAST,
    NUMBER,
    REFERRER,
    SOURCE,
    STATE_SCHEMA,
    SUMS,
    USER,
    Attributes,
)
from footfall.sessionize._packing import Ints, run_starts

ENGAGEMENT_MS_MAX = DAY // US_PER_MS
"""Most that one event can add: a device's nonsense must not overflow a sum."""
_MICROS = 10**6


class Pieces:
    """The events of each session in this call, as sums and as positions of those that matter."""

    def __init__(self, batch: Batch, first: Ints) -> None:
        """Aggregate runs of the batch's events that start at positions `first`."""
        self._batch = batch
        self._first = first
        self._last = np.append(first[1:], len(batch)) - 1
        self._flags = batch.flags()
        self._present = int(np.bitwise_or.reduce(self._flags))
        self._piece = np.repeat(np.arange(len(first)), self._last - first + 1)
        views = self._having(_batch.VIEW)
        self.sums = {"events": self._last - first + 1, "views": self._count(views)}
        self.flags = {
            "has_named": self._count(self._having(_batch.NAMED)) > 0,
            "has_value": self._count(self._having(_batch.VALUE)) > 0,
            "is_bot": self._count(self._having(_batch.BOT)) > 0,
        }
        self._add_engagement()
        self._add_value()
        self.position = {
            FIRST: first,
            LAST: self._last,
            USER: self._outermost(self._having(_batch.USER), is_last=True),
            ENTRY: self._outermost(views, is_last=False),
            EXIT: self._outermost(views, is_last=True),
            SOURCE: self._outermost(self._having(_batch.SOURCE), is_last=False),
            REFERRER: self._outermost(self._having(_batch.REFERRER), is_last=False),
            NUMBER: self._outermost(self._having(_batch.NUMBER), is_last=False),
        }
        """Position of the event that gives each group of attributes, -1 for none."""

    def times(self, group: Attributes) -> Ints:
        """When those events were."""
        position = self.position[group]
        found: Ints = np.where(position >= 0, self._batch.time[position], group.no_time)
        return found

    def rows(self, group: Attributes, pieces: Ints) -> Ints:
        """Rows of the batch's table that give `group` to `pieces`."""
        found: Ints = self._batch.row[self.position[group][pieces]]
        return found

    def _having(self, bit: np.uint8) -> Ints:
        if not self._present & bit:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self._flags & bit)

    def _count(self, positions: Ints) -> Ints:
        found: Ints = np.bincount(self._piece[positions], minlength=len(self._first))
        return found

    def _outermost(self, positions: Ints, *, is_last: bool) -> Ints:
        found = np.full(len(self._first), -1)
        pieces = self._piece[positions]
        if is_last:
            ends = np.flatnonzero(np.append(pieces[1:] != pieces[:-1], True)[: len(pieces)])
        else:
            ends = run_starts(pieces) if len(pieces) else positions
        found[pieces[ends]] = positions[ends]
        return found

    def _sum(self, positions: Ints, values: Ints) -> Ints:
        found = np.zeros(len(self._first), np.int64)
        if len(positions):
            pieces = self._piece[positions]
            starts = run_starts(pieces)
            found[pieces[starts]] = np.add.reduceat(values, starts)
        return found

    def _add_engagement(self) -> None:
        spent = self._batch.integers("engagement_ms")
        if self._batch.column("engagement_ms").null_count == len(spent):
            positions = np.zeros(0, np.int64)
        else:
            positions = np.flatnonzero(spent[self._batch.row])
        values = np.clip(spent[self._batch.row[positions]], 0, ENGAGEMENT_MS_MAX)
        named = (self._flags[positions] & _batch.NAMED) > 0
        self.sums["engagement_named"] = self._sum(positions[named], values[named])
        self.sums["engagement_other"] = self._sum(positions[~named], values[~named])

    def _add_value(self) -> None:
        positions = self._having(_batch.VALUE)
        if len(positions):
            values = self._batch.unscaled("value", self._batch.row[positions])
        else:
            values = positions
        units = values // _MICROS
        self.sums["value_units"] = self._sum(positions, units)
        self.sums["value_micros"] = self._sum(positions, values - units * _MICROS)


def merge(batch: Batch, cut: Cut, rows: pl.DataFrame, row_session: Ints) -> dict[str, pl.Series]:
    """Columns of `STATE_SCHEMA` for each session of `cut`, but names, id and what is written.

    Args:
        batch: The call's events.
        cut: Which session each is in; every session has an event or an earlier session.
        rows: Earlier sessions that go into these, `STATE_SCHEMA`, in any order.
        row_session: The session that each goes into.
    """
    pieces = Pieces(batch, cut.piece)
    count = len(cut.chain)
    columns: dict[str, pl.Series] = {
        "chain_start": pl.Series(cut.chain),
        "rank": pl.Series(cut.rank),
    }
    for name in SUMS:
        total = np.zeros(count, np.int64)
        total[cut.piece_session] = pieces.sums[name]
        np.add.at(total, row_session, rows[name].to_numpy())
        columns[name] = pl.Series(total)
    for name in FLAGS:
        flag = np.zeros(count, np.bool_)
        flag[cut.piece_session] = pieces.flags[name]
        flag[row_session[rows[name].to_numpy()]] = True
        columns[name] = pl.Series(flag)
    contest = _Contest(row_session, cut.piece_session, count)
    for group in GROUPS:
        columns |= contest.decide(group, batch, pieces, rows)
    return columns


class _Contest:
    """Finds, for each session and group of attributes, the aggregate whose event gives them.

    Candidates are numbered: earlier sessions first, then pieces of the batch.
    """

    def __init__(self, row_session: Ints, piece_session: Ints, count: int) -> None:
        self._rows = len(row_session)
        sessions = np.concatenate([row_session, piece_session])
        self._order = np.argsort(sessions, kind="stable")
        self._session = sessions[self._order]
        self._starts = run_starts(self._session)
        assert len(self._starts) == count, "a session without events"

    def decide(
        self, group: Attributes, batch: Batch, pieces: Pieces, rows: pl.DataFrame
    ) -> dict[str, pl.Series]:
        """Columns of `group`."""
        times = np.concatenate([rows[group.time_column].to_numpy(), pieces.times(group)])
        winner, best = self._winners(group, times, batch, pieces, rows)
        is_none = best == group.no_time
        from_batch = np.flatnonzero((winner >= self._rows) & ~is_none)
        events = pieces.rows(group, winner[from_batch] - self._rows)
        place = winner.copy()
        place[from_batch] = self._rows + np.arange(len(from_batch))
        place[is_none] = self._rows + len(from_batch)
        index = pl.Series(place)

        def take(name: str, mine: pl.Series) -> pl.Series:
            kind = STATE_SCHEMA[name]
            none = pl.Series([None], dtype=kind)
            return pl.concat([rows[name].cast(kind), mine.cast(kind), none]).gather(index)

        found = {group.time_column: pl.Series(best)}
        found[group.tie_column] = take(group.tie_column, batch.ties(events))
        for name, sources in group.columns:
            found[name] = take(name, _values(batch, sources, events))
        return found

    def _winners(
        self, group: Attributes, times: Ints, batch: Batch, pieces: Pieces, rows: pl.DataFrame
    ) -> tuple[Ints, Ints]:
        ordered = times[self._order]
        choose = np.maximum if group.is_last else np.minimum
        best = choose.reduceat(ordered, self._starts)
        lengths = np.diff(self._starts, append=len(ordered))
        candidate = np.flatnonzero(ordered == np.repeat(best, lengths))
        first = run_starts(self._session[candidate])
        winner = self._order[candidate[first]]
        several = np.diff(first, append=len(candidate)) > 1
        tied = np.flatnonzero(several & (best != group.no_time))
        if len(tied):
            is_tied = np.isin(self._session[candidate], tied)
            self._break_ties(group, winner, candidate[is_tied], batch, pieces, rows)
        return winner, best

    def _break_ties(
        self,
        group: Attributes,
        winner: Ints,
        tied: Ints,
        batch: Batch,
        pieces: Pieces,
        rows: pl.DataFrame,
    ) -> None:
        number = self._order[tied]
        is_row = number < self._rows
        of_rows = rows[group.tie_column].gather(pl.Series(number[is_row]))
        of_batch = batch.ties(pieces.rows(group, number[~is_row] - self._rows))
        ties = pl.DataFrame(
            {
                "session": np.concatenate(
                    [self._session[tied[is_row]], self._session[tied[~is_row]]]
                ),
                "number": np.concatenate([number[is_row], number[~is_row]]),
                "tie": pl.concat([of_rows, of_batch]),
            }
        ).sort("session", "tie", descending=[False, group.is_last])
        session = ties["session"].to_numpy()
        starts = run_starts(session)
        winner[session[starts]] = ties["number"].to_numpy()[starts]


def _values(batch: Batch, sources: tuple[str, ...], events: Ints) -> pl.Series:
    index = pa.array(events)
    found = pl.Series(pl.from_arrow(batch.column(sources[0]).take(index)))
    for name in sources[1:]:
        found = found.zip_with(
            found.is_not_null(), pl.Series(pl.from_arrow(batch.column(name).take(index)))
        )
    return found
