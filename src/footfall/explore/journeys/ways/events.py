"""The events model over the index: events, visitors, users and sessions; values are for SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import EventsCell
from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.inside import looking_at
from footfall.explore.journeys.kernels import events as kernels
from footfall.explore.journeys.kernels.units import units_of
from footfall.explore.journeys.layout import WhoseRows
from footfall.explore.journeys.looking import Chunk, chunks_of
from footfall.explore.journeys.opened import Opened, total
from footfall.explore.models.events import grids
from footfall.explore.question.events import EventsQuestion
from footfall.explore.question.reading import Scene

WHOSE: Final[dict[str, WhoseRows]] = {
    "events": "visitor",
    "visitors": "visitor",
    "users": "user",
    "sessions": "session",
}
"""Where rows of a measure are; events are where all rows are, nobody's too."""
_NOT_COUNTED: Final = -1


class Counting:
    """What is counted, and where."""

    def __init__(self, opened: Opened, question: EventsQuestion, scene: Scene) -> None:
        """Of one question."""
        now, before = grids(question, scene)
        self.offset = 0 if before is None else len(before)
        """Buckets of the range before come first."""
        bounds = now.bounds if before is None else (*before.bounds[:-1], *now.bounds)
        self.bounds = np.array(bounds)
        self._units = units_of(self.bounds)
        self.buckets = len(bounds) - 1
        self.periods = np.array([int(one < self.offset) for one in range(self.buckets)])
        self.opened, self.question = opened, question
        self.groups = Groups(question.by, opened.columns)
        self._looking = looking_at(question, question.series, opened.columns, scene)

    def bits(self, chunk: Chunk, measures: set[str]) -> NDArray[np.uint32]:
        """Of which series each row is, of those with these measures."""
        wanted = sum(
            1 << place for place, one in enumerate(self.question.series) if one.measure in measures
        )
        return self._looking.bits(chunk) & np.uint32(wanted)

    def parts(self) -> list[tuple[set[str], list[Chunk]]]:
        """Measures, each with the rows that it is counted over."""
        asked = {one.measure for one in self.question.series}
        return [
            (
                {measure},
                chunks_of(self.opened.segments(whose), has_nobody=measure == "events"),
            )
            for measure, whose in WHOSE.items()
            if measure in asked
        ]

    def shown(self) -> Shown:
        """Groups that are shown: those with most rows, of all series together."""
        groups = self.groups.count
        if not self.question.by:
            return self.groups.shown(np.zeros(1, np.int64), 0)
        if groups <= self.question.top:
            # All have their place, and which is first does not matter.
            return self.groups.shown(np.ones(groups, np.int64), groups)
        begin, end = int(self.bounds[0]), int(self.bounds[-1])
        every = np.arange(groups, dtype=np.uint32)
        rows = np.zeros(groups, np.int64)
        for measures, chunks in self.parts():

            def work(mine: Iterable[Chunk], measures: set[str] = measures) -> NDArray[Any]:
                counts = np.zeros(groups, np.int64)
                for one in mine:
                    codes = self.groups.slots(one, every)
                    kernels.by_group(self.bits(one, measures), one.times, begin, end, codes, counts)
                return counts

            rows += total(self.opened.scan(chunks, work))
        return self.groups.shown(rows, self.question.top)

    def counted(self, shown: Shown, measures: set[str], chunks: list[Chunk]) -> NDArray[Any]:
        """Numbers of series, bucket (then the two wholes) and slot (then all together)."""
        shape = len(self.question.series), self.buckets + 2, shown.rest + 2
        is_of_actors = measures != {"events"}

        def work(mine: Iterable[Chunk]) -> NDArray[Any]:
            counts = np.zeros(shape, np.int64)
            stamps = np.full(shape if is_of_actors else (1, 1, 1), _NOT_COUNTED, np.int64)
            number = _NOT_COUNTED
            for one in mine:
                if one.number != number:
                    # Another segment: its actors have the same numbers, and are others.
                    stamps[:], number = _NOT_COUNTED, one.number
                bits, slots = self.bits(one, measures), self.groups.slots(one, shown.slots)
                given = bits, one.times, self._units
                if is_of_actors:
                    rows = one.segment.offsets, one.first, one.last, *given, self.periods
                    kernels.actors(*rows, slots, shape[0], counts, stamps)
                else:
                    kernels.hits(*given, slots, shape[0], counts)
            return counts

        return total(self.opened.scan(chunks, work))


def rows(opened: Opened, question: EventsQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.events.statement`."""
    counting = Counting(opened, question, scene)
    shown = counting.shown()
    counts = total(counting.counted(shown, *part) for part in counting.parts())
    _add_up(question, counting, counts)
    made: list[list[Any]] = []
    everyone = [None] * (1 + len(question.by))
    for series, where, slot in zip(*np.nonzero(counts), strict=True):
        if slot <= shown.rest and not question.by:
            continue
        is_whole = where >= counting.buckets
        period = where - counting.buckets if is_whole else counting.periods[where]
        group = everyone if slot > shown.rest else shown.row(int(slot))
        value = float(counts[series, where, slot])
        made.append([int(series), int(period), None if is_whole else int(where), *group, value])
    return made


def _add_up(question: EventsQuestion, counting: Counting, counts: NDArray[Any]) -> None:
    """Of events, wholes are sums of their parts."""
    for place, one in enumerate(question.series):
        if one.measure == "events":
            mine = counts[place]
            mine[:, -1] = mine[:, :-1].sum(axis=1)
            for period in (0, 1):
                inside = counting.periods == period
                mine[counting.buckets + period] = mine[: counting.buckets][inside].sum(axis=0)


def members(
    opened: Opened, question: EventsQuestion, scene: Scene, cell: EventsCell
) -> list[str] | None:
    """As `footfall.explore.models.events.members`; events themselves have no ids here."""
    series = question.series[cell.series]
    if series.measure == "events":
        return None
    counting = Counting(opened, question, scene)
    shown = counting.shown()
    slot = None if cell.group.scope == "all" else shown.slot_of(cell.group)
    periods = np.flatnonzero(counting.periods == int(cell.is_previous))
    if cell.bucket is not None:
        periods = periods[cell.bucket : cell.bucket + 1]
    start, end = counting.bounds[periods[0]], counting.bounds[periods[-1] + 1]
    whose = WHOSE[series.measure]

    def work(mine: Iterable[Chunk]) -> list[NDArray[Any]]:
        made = []
        for one in mine:
            is_hit = (counting.bits(one, {series.measure}) >> np.uint32(cell.series)) & 1 > 0
            is_hit &= (one.times >= start) & (one.times < end)
            if slot is not None:
                is_hit &= counting.groups.slots(one, shown.slots) == slot
            rows = np.flatnonzero(is_hit) + one.rows.start
            actor = np.unique(np.searchsorted(one.segment.offsets, rows, side="right") - 1)
            made.append(np.stack([np.full(len(actor), one.number), actor]))
        return made

    parts = opened.scan(chunks_of(opened.segments(whose)), work)
    found = [part for several in parts for part in several]
    segment, actor = np.concatenate(found or [np.empty((2, 0), np.int64)], axis=1)
    return opened.names(whose, question.app, segment, actor)
