"""The funnel model over the index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import FunnelCell
from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.kernels import funnel as kernels
from footfall.explore.journeys.looking import Chunk, Looking, chunks_of
from footfall.explore.journeys.opened import Opened
from footfall.explore.models.funnel import bins
from footfall.explore.question.funnel import FunnelQuestion
from footfall.explore.question.reading import Scene
from footfall.settings import parse_duration

_NONE = np.empty((5, 0), np.int64)


class Chains:
    """The chain that counts, of everybody who has one."""

    def __init__(self, parts: list[NDArray[Any]], groups: Groups, top: int) -> None:
        """Of rows: segment, actor, steps reached, time that it took, group of its first event."""
        rows: list[NDArray[Any]] = list(np.concatenate(parts or [_NONE], axis=1))
        self.segment, self.actor, self.reached, self.took, group = rows
        self.shown: Shown = groups.shown(np.bincount(group, minlength=groups.count), top)
        self.slot = self.shown.slots[group]


def rows(opened: Opened, question: FunnelQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.funnel.statement`."""
    found = chains(opened, question, scene)
    if not len(found.actor):
        return []
    everybody = [None, *[None] * len(question.by)]
    made = [[*everybody, *_numbers(question, found.reached, found.took)]]
    for slot in range(found.shown.rest + 1) if question.by else ():
        mine = found.slot == slot
        if mine.any():
            numbers = _numbers(question, found.reached[mine], found.took[mine])
            made.append([*found.shown.row(slot), *numbers])
    return made


def members(opened: Opened, question: FunnelQuestion, scene: Scene, cell: FunnelCell) -> list[str]:
    """As `footfall.explore.models.funnel.members`."""
    found = chains(opened, question, scene)
    if cell.bin is not None:
        low, high = bins(question)[cell.bin]
        kept = (found.reached == cell.step) & _within(found.took, low, high, question)
    elif cell.is_dropped:
        kept = found.reached == cell.step
    else:
        kept = found.reached >= cell.step
    if cell.group.scope != "all":
        kept &= found.slot == found.shown.slot_of(cell.group)
    return opened.names(question.per, question.app, found.segment[kept], found.actor[kept])


def chains(opened: Opened, question: FunnelQuestion, scene: Scene) -> Chains:
    """Everybody's chain."""
    looking = Looking(
        question,
        (*question.steps, *question.exclude),
        opened.columns,
        scene.fields,
        is_whole=question.order == "strict",
    )
    groups = Groups(question.by, opened.columns)

    def work(chunks: Iterable[Chunk]) -> list[NDArray[Any]]:
        return [_of_chunk(one, question, scene, looking, groups) for one in chunks]

    made = opened.scan(chunks_of(opened.segments(question.per)), work)
    return Chains([part for several in made for part in several], groups, question.top)


def _of_chunk(
    chunk: Chunk, question: FunnelQuestion, scene: Scene, looking: Looking, groups: Groups
) -> NDArray[Any]:
    bits, times = looking.bits(chunk), chunk.times
    window, steps = parse_duration(question.window), len(question.steps)
    start, end = scene.span.start, scene.span.end
    span = np.array([start, end, end + window, window])
    found = np.empty((chunk.last - chunk.first, 4), np.int64)
    if question.order == "strict":
        count = kernels.strict(
            chunk.segment.offsets, chunk.first, chunk.last, bits, times, steps, span, found
        )
    elif question.order == "any":
        count = kernels.any_order(
            chunk.segment.offsets, chunk.first, chunk.last, bits, times, steps, span, found
        )
    else:
        last = [steps if one.before is None else one.before for one in question.exclude]
        cuts = [(one.after, before) for one, before in zip(question.exclude, last, strict=True)]
        cut = np.array(cuts, np.int64).reshape(-1, 2)
        count = kernels.ordered(
            chunk.segment.offsets, chunk.first, chunk.last, bits, times, steps, span, cut, found
        )
    actor, reached, first, last_row = found[:count].T
    number = np.full(count, chunk.number)
    return np.stack(
        [number, actor, reached, times[last_row] - times[first], groups.codes(chunk, first)]
    )


def _numbers(question: FunnelQuestion, reached: NDArray[Any], took: NDArray[Any]) -> list[Any]:
    """How many got to each step, took so long; and the median."""
    steps = len(question.steps)
    far = np.bincount(reached, minlength=steps + 1)
    counts = [int(one) for one in far[::-1].cumsum()[::-1][1 : steps + 1]]
    done = took[reached == steps]
    times = [int(_within(done, low, high, question).sum()) for low, high in bins(question)]
    return [*counts, *times, float(np.median(done)) if len(done) else None]


def _within(took: NDArray[Any], low: int, high: int, question: FunnelQuestion) -> NDArray[Any]:
    is_last = high == parse_duration(question.window)
    below: NDArray[Any] = took <= high if is_last else took < high
    found: NDArray[Any] = (took >= low) & below
    return found
