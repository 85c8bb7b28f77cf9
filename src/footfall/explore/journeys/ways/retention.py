"""The retention model over the index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import RetentionCell
from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.kernels import retention as kernels
from footfall.explore.journeys.looking import Chunk, Looking, chunks_of
from footfall.explore.journeys.opened import Opened
from footfall.explore.models.retention import cohorts_of, units_of
from footfall.explore.question.reading import Scene
from footfall.explore.question.retention import RetentionQuestion

_Part = tuple[NDArray[Any], NDArray[Any]]


class Cohorts:
    """Everybody who is in a cohort, and when they came back."""

    def __init__(self, parts: list[_Part], groups: Groups, top: int) -> None:
        """Of rows (segment, actor, cohort, group), and a bit for each period."""
        rows = [one for one, _ in parts] or [np.empty((4, 0), np.int64)]
        self.segment, self.actor, self.cohort, group = np.concatenate(rows, axis=1)
        self.came = np.concatenate([one for _, one in parts] or [np.empty(0, np.uint64)])
        self.shown: Shown = groups.shown(np.bincount(group, minlength=groups.count), top)
        self.slot = self.shown.slots[group]


def rows(opened: Opened, question: RetentionQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.retention.statement`."""
    found = cohorts(opened, question, scene)
    units, slots = len(cohorts_of(question, scene)), found.shown.rest + 1
    counts = np.zeros((units, slots, question.periods + 1), np.int64)
    is_last_only = question.mode == "on_or_after"
    kernels.tally(found.cohort, found.slot, found.came, is_last_only, counts)
    places = found.cohort * slots + found.slot
    sizes = np.bincount(places, minlength=units * slots).reshape(units, slots)
    made: list[list[Any]] = []
    for cohort, slot in zip(*np.nonzero(sizes), strict=True):
        part = [int(cohort), *found.shown.row(int(slot))]
        made.append([*part, None, int(sizes[cohort, slot])])
        came = counts[cohort, slot]
        made += [[*part, int(period), int(came[period])] for period in np.flatnonzero(came)]
    return made


def members(
    opened: Opened, question: RetentionQuestion, scene: Scene, cell: RetentionCell
) -> list[str]:
    """As `footfall.explore.models.retention.members`."""
    found = cohorts(opened, question, scene)
    kept = np.ones(len(found.actor), np.bool_)
    if cell.cohort is not None:
        kept &= found.cohort == cell.cohort
    if cell.period is not None:
        later = found.came >> np.uint64(cell.period)
        kept &= (later if question.mode == "on_or_after" else later & np.uint64(1)) > 0
    if cell.group.scope != "all":
        kept &= found.slot == found.shown.slot_of(cell.group)
    return opened.names(question.per, question.app, found.segment[kept], found.actor[kept])


def cohorts(opened: Opened, question: RetentionQuestion, scene: Scene) -> Cohorts:
    """Everybody's cohort and returns."""
    looking = Looking(question, (question.start, question.back), opened.columns, scene.fields)
    groups = Groups(question.by, opened.columns)
    bounds = np.array(units_of(question, scene).bounds)
    span = np.array([scene.span.start, scene.span.end, bounds[-1]])

    def work(chunks: Iterable[Chunk]) -> list[_Part]:
        made = []
        for one in chunks:
            size = one.last - one.first
            found, came = np.empty((size, 3), np.int64), np.empty(size, np.uint64)
            count = kernels.returns(
                one.segment.offsets,
                one.first,
                one.last,
                looking.bits(one),
                one.times,
                bounds,
                span,
                question.periods,
                found,
                came,
            )
            actor, cohort, first = found[:count].T
            number = np.full(count, one.number)
            made.append((np.stack([number, actor, cohort, groups.codes(one, first)]), came[:count]))
        return made

    parts = opened.scan(chunks_of(opened.segments(question.per)), work)
    return Cohorts([part for several in parts for part in several], groups, question.top)
