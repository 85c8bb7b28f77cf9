"""A call's own part of each session: sums over its events, and which of them matter."""

from __future__ import annotations

import numpy as np

from footfall.clock import DAY, US_PER_MS
from footfall.sessionize.aggregate import events as _events
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.rows.columns import (
    ENTRY,
    EXIT,
    FIRST,
    LAST,
    NUMBER,
    REFERRER,
    SOURCE,
    USER,
    Attributes,
)
from footfall.sessionize.rows.packing import Bools, Ints, run_starts

ENGAGEMENT_MS_MAX = DAY // US_PER_MS
"""Most that one event can add: a device's nonsense must not overflow a sum."""
_MICROS = 10**6


class Pieces:
    """The events of each session in this call, as sums and as positions of those that matter."""

    def __init__(self, events: SortedEvents, first: Ints) -> None:
        """Aggregate runs of the events that start at positions `first`."""
        self._events = events
        self._first = first
        self._last = np.append(first[1:], len(events)) - 1
        self._flags = events.flags()
        self._present = int(np.bitwise_or.reduce(self._flags))
        self._piece = np.repeat(np.arange(len(first)), self._last - first + 1)
        views = self._having(_events.VIEW)
        self.sums = {"events": self._last - first + 1, "views": self._count(views)}
        interactions = events.interactions()
        self.sums["interactions"] = (
            self.sums["events"]
            if interactions is None
            else self._count(np.flatnonzero(interactions))
        )
        self.flags = {
            "has_named": self._count(self._having(_events.NAMED)) > 0,
            "has_value": self._count(self._having(_events.VALUE)) > 0,
            "has_goal": self._has_goal(),
            "is_bot": self._count(self._having(_events.BOT)) > 0,
        }
        self._add_engagement()
        self._add_value()
        self.position = {
            FIRST: first,
            LAST: self._last,
            USER: self._outermost(self._having(_events.USER), is_last=True),
            ENTRY: self._outermost(views, is_last=False),
            EXIT: self._outermost(views, is_last=True),
            SOURCE: self._outermost(self._having(_events.SOURCE), is_last=False),
            REFERRER: self._outermost(self._having(_events.REFERRER), is_last=False),
            NUMBER: self._outermost(self._having(_events.NUMBER), is_last=False),
        }
        """Position of the event that gives each group of attributes, -1 for none."""

    def times(self, group: Attributes) -> Ints:
        """When those events were."""
        position = self.position[group]
        found: Ints = np.where(position >= 0, self._events.time[position], group.no_time)
        return found

    def rows(self, group: Attributes, pieces: Ints) -> Ints:
        """Rows of the batch's table that give `group` to `pieces`."""
        found: Ints = self._events.row[self.position[group][pieces]]
        return found

    def _has_goal(self) -> Bools:
        is_goal = self._events.goals()
        if is_goal is None:
            return np.zeros(len(self._first), np.bool_)
        found: Bools = self._count(np.flatnonzero(is_goal)) > 0
        return found

    def _having(self, bit: np.uint8) -> Ints:
        if not self._present & bit:
            return np.zeros(0, np.int64)
        return np.flatnonzero((self._flags & bit) > 0)

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
        if self._events.column("engagement_ms").null_count == self._events.table.num_rows:
            none = np.zeros(len(self._first), np.int64)
            self.sums |= {"engagement_named": none, "engagement_other": none}
            return
        spent = self._events.integers("engagement_ms")[self._events.row]
        spent = np.clip(spent, 0, ENGAGEMENT_MS_MAX)
        both = np.add.reduceat(spent, self._first)
        named = self._having(_events.NAMED)
        self.sums["engagement_named"] = self._sum(named, spent[named])
        self.sums["engagement_other"] = both - self.sums["engagement_named"]

    def _add_value(self) -> None:
        positions = self._having(_events.VALUE)
        if len(positions):
            values = self._events.unscaled("value", self._events.row[positions])
        else:
            values = positions
        units = values // _MICROS
        self.sums["value_units"] = self._sum(positions, units)
        self.sums["value_micros"] = self._sum(positions, values - units * _MICROS)
