"""The life cycle model over the index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import LifecycleCell
from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.inside import looking_at
from footfall.explore.journeys.kernels import lifecycle as kernels
from footfall.explore.journeys.kernels.units import units_of
from footfall.explore.journeys.looking import Chunk, chunks_of
from footfall.explore.journeys.opened import Opened, total
from footfall.explore.models.lifecycle import DAYS, STATES, days_of
from footfall.explore.question.lifecycle import LifecycleQuestion
from footfall.explore.question.reading import Scene

_NO_CELL: Final = (-1, -1, -1)
_ANY_SLOT: Final = -1
_NAMES: Final = (*STATES, DAYS)
"""By the numbers that kernels have for them."""


class Lives:
    """Goes through everybody's units."""

    def __init__(self, opened: Opened, question: LifecycleQuestion, scene: Scene) -> None:
        """Of one question."""
        self._opened, self._question = opened, question
        self._looking = looking_at(question, (question.active,), opened.columns, scene)
        days, units = days_of(question, scene)
        self._days = units_of(days.bounds)
        starts = np.array(days.bounds[:-1])
        self._unit_of = np.searchsorted(np.array(units.bounds), starts, side="right") - 1
        self._units = len(units) - 1  # the first is the one before the range
        self.groups = Groups(question.by, opened.columns)

    def _scan(self, work: Any) -> list[Any]:
        segments = self._opened.segments(self._question.per)
        return self._opened.scan(chunks_of(segments), work)

    def shown(self) -> Shown:
        """Groups that are shown: those with most who were ever there until the range ends."""
        groups = self.groups.count
        if groups <= self._question.top:
            # All have their place, and which is first does not matter.
            return self.groups.shown(np.ones(groups, np.int64), groups)
        every, end = np.arange(groups, dtype=np.uint32), int(self._days[0][-1])

        def work(mine: Iterable[Chunk]) -> NDArray[Any]:
            counts = np.zeros(groups, np.int64)
            for one in mine:
                rows = one.segment.offsets, one.first, one.last, self._looking.bits(one)
                kernels.firsts(*rows, one.times, end, self.groups.slots(one, every), counts)
            return counts

        return self.groups.shown(total(self._scan(work)), self._question.top)

    def counted(
        self, shown: Shown, cell: tuple[int, int, int] = _NO_CELL
    ) -> tuple[NDArray[Any], list[NDArray[Any]]]:
        """Numbers of slot, unit and state; and who is in a cell, segment and actor."""
        shape = shown.rest + 1, self._units, len(_NAMES)

        def work(mine: Iterable[Chunk]) -> tuple[NDArray[Any], list[NDArray[Any]]]:
            counts, found = np.zeros(shape, np.int64), []
            for one in mine:
                is_in = np.zeros(one.last - one.first, np.bool_)
                kernels.states(
                    one.segment.offsets,
                    one.first,
                    one.last,
                    self._looking.bits(one),
                    one.times,
                    self._days,
                    self._unit_of,
                    self.groups.slots(one, shown.slots),
                    counts,
                    np.array(cell),
                    is_in,
                )
                actor = np.flatnonzero(is_in) + one.first
                found.append(np.stack([np.full(len(actor), one.number), actor]))
            return counts, found

        parts = self._scan(work)
        return total(one for one, _ in parts), [one for _, several in parts for one in several]


def rows(opened: Opened, question: LifecycleQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.lifecycle.statement`."""
    lives = Lives(opened, question, scene)
    shown = lives.shown()
    counts, _ = lives.counted(shown)
    everyone = [None] * (1 + len(question.by))
    parts = [(everyone, counts.sum(axis=0))]
    if question.by:
        parts += [(shown.row(slot), mine) for slot, mine in enumerate(counts)]
    return [
        [*group, int(unit) + 1, _NAMES[state], int(mine[unit, state])]
        for group, mine in parts
        for unit, state in zip(*np.nonzero(mine), strict=True)
    ]


def members(
    opened: Opened, question: LifecycleQuestion, scene: Scene, cell: LifecycleCell
) -> list[str]:
    """As `footfall.explore.models.lifecycle.members`."""
    lives = Lives(opened, question, scene)
    shown = lives.shown()
    slot = _ANY_SLOT
    if cell.group.scope != "all":
        slot = shown.slot_of(cell.group)
        if slot < 0:
            return []
    _, who = lives.counted(shown, (cell.unit, STATES.index(cell.state), slot))
    segment, actor = np.concatenate(who or [np.empty((2, 0), np.int64)], axis=1)
    return opened.names(question.per, question.app, segment, actor)
