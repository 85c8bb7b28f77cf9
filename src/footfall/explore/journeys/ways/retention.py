"""The retention model over the index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import RetentionCell
from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.inside import looking_at
from footfall.explore.journeys.kernels import retention as kernels
from footfall.explore.journeys.kernels.units import units_of
from footfall.explore.journeys.looking import Chunk, chunks_of
from footfall.explore.journeys.opened import Opened, total
from footfall.explore.models.retention import cohorts_of
from footfall.explore.models.retention import units_of as rows_until
from footfall.explore.question.reading import Scene
from footfall.explore.question.retention import RetentionQuestion

_Part = tuple[NDArray[Any], NDArray[Any]]
_Found = tuple[Chunk, NDArray[Any], NDArray[Any]]


class Cohorts:
    """Everybody who is in a cohort, and when they came back."""

    def __init__(self, opened: Opened, question: RetentionQuestion, scene: Scene) -> None:
        """Of one question."""
        self._opened, self._question, self._span = opened, question, scene.span
        selectors = (question.start, question.back)
        self._looking = looking_at(question, selectors, opened.columns, scene)
        self._units = units_of(rows_until(question, scene).bounds)
        self.groups = Groups(question.by, opened.columns)

    def scan(self, work: Callable[[Iterator[_Found]], Any]) -> list[Any]:
        """What `work` makes of each thread's share.

        Of a chunk it is given everybody's number, cohort and first row, and a bit for each period;
        these arrays are used again for the next one.
        """
        segments = self._opened.segments(self._question.per)
        return self._opened.scan(chunks_of(segments), lambda mine: work(self._found(mine)))

    def _found(self, chunks: Iterable[Chunk]) -> Iterator[_Found]:
        end = int(self._units[0][-1])
        span = np.array([self._span.start, self._span.end, end])
        found, came = np.empty((0, 3), np.int64), np.empty(0, np.uint64)
        for one in chunks:
            size = one.last - one.first
            if size > len(found):
                found, came = np.empty((size, 3), np.int64), np.empty(size, np.uint64)
            count = kernels.returns(
                one.segment.offsets,
                one.first,
                one.last,
                self._looking.bits(one),
                one.times,
                self._units,
                span,
                self._question.periods,
                found,
                came,
            )
            yield one, found[:count], came[:count]

    def listed(self) -> Listed:
        """All of them, one by one."""

        def work(found: Iterator[_Found]) -> list[_Part]:
            made = []
            for one, rows, came in found:
                actor, cohort, first = rows.T
                number = np.full(len(rows), one.number)
                codes = self.groups.codes(one, first)
                made.append((np.stack([number, actor, cohort, codes]), came.copy()))
            return made

        parts = [part for several in self.scan(work) for part in several]
        return Listed(parts, self.groups, self._question.top)


class Listed:
    """Everybody who is in a cohort, one by one."""

    def __init__(self, parts: list[_Part], groups: Groups, top: int) -> None:
        """Of rows (segment, actor, cohort, group), and a bit for each period."""
        rows = [one for one, _ in parts] or [np.empty((4, 0), np.int64)]
        self.segment, self.actor, self.cohort, group = np.concatenate(rows, axis=1)
        self.came = np.concatenate([one for _, one in parts] or [np.empty(0, np.uint64)])
        self.shown: Shown = groups.shown(np.bincount(group, minlength=groups.count), top)
        self.slot = self.shown.slots[group]


def rows(opened: Opened, question: RetentionQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.retention.statement`."""
    cohorts = Cohorts(opened, question, scene)
    units, is_last_only = len(cohorts_of(question, scene)), question.mode == "on_or_after"
    if question.by:
        found = cohorts.listed()
        shown, counts = found.shown, _counts(units, found.shown.rest + 1, question)
        kernels.tally(found.cohort, found.slot, found.came, is_last_only, counts)
    else:

        def work(found: Iterator[_Found]) -> NDArray[Any]:
            counts, nowhere = _counts(units, 2, question), np.zeros(0, np.uint32)
            for _, rows, came in found:
                if len(rows) > len(nowhere):
                    nowhere = np.zeros(len(rows), np.uint32)
                cohort = np.ascontiguousarray(rows[:, 1])
                kernels.tally(cohort, nowhere, came, is_last_only, counts)
            return counts

        shown = cohorts.groups.shown(np.ones(1, np.int64), 1)
        counts = total(cohorts.scan(work))
    made: list[list[Any]] = []
    for cohort, slot in zip(*np.nonzero(counts[:, :, -1]), strict=True):
        part = [int(cohort), *shown.row(int(slot))]
        *came, size = counts[cohort, slot]
        made.append([*part, None, int(size)])
        made += [[*part, int(period), int(came[period])] for period in np.flatnonzero(came)]
    return made


def _counts(units: int, slots: int, question: RetentionQuestion) -> NDArray[Any]:
    return np.zeros((units, slots, question.periods + 2), np.int64)


def members(
    opened: Opened, question: RetentionQuestion, scene: Scene, cell: RetentionCell
) -> list[str]:
    """As `footfall.explore.models.retention.members`."""
    found = Cohorts(opened, question, scene).listed()
    kept = np.ones(len(found.actor), np.bool_)
    if cell.cohort is not None:
        kept &= found.cohort == cell.cohort
    elif cell.cohorts is not None:
        kept &= found.cohort < cell.cohorts
    if cell.period is not None:
        later = found.came >> np.uint64(cell.period)
        kept &= (later if question.mode == "on_or_after" else later & np.uint64(1)) > 0
    if cell.group.scope != "all":
        kept &= found.slot == found.shown.slot_of(cell.group)
    return opened.names(question.per, question.app, found.segment[kept], found.actor[kept])
