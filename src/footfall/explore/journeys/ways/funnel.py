"""The funnel model over the index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import FunnelCell
from footfall.explore.journeys.kernels import funnel as kernels
from footfall.explore.journeys.looking import Chunk
from footfall.explore.journeys.opened import Opened, total
from footfall.explore.journeys.ways.chains import Chains
from footfall.explore.models.funnel import bins
from footfall.explore.question.funnel import FunnelQuestion
from footfall.explore.question.reading import Scene
from footfall.settings import parse_duration

_Numbers = NDArray[Any]


def rows(opened: Opened, question: FunnelQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.funnel.statement`."""
    chains = Chains(opened, question, scene)
    if not question.by and chains.buckets is None:
        return _counted(chains, question)
    found = chains.listed()
    everybody = [None, *[None] * len(question.by)]
    made = _part(chains, everybody, found.everybody)
    for slot in range(found.shown.rest + 1) if question.by else ():
        mine = found.by_slot[:, found.slots == slot]
        made += _part(chains, found.shown.row(slot), mine)
    return made


def _counted(chains: Chains, question: FunnelQuestion) -> list[list[Any]]:
    """The numbers of everybody together, of whom nobody is listed."""
    steps, bars = len(question.steps), np.array([low for low, _ in bins(question)])

    def work(found: Iterator[tuple[Chunk, _Numbers]]) -> tuple[_Numbers, _Numbers, _Numbers]:
        counts, times = np.zeros(steps + 1, np.int64), np.zeros(len(bars), np.int64)
        done = [np.empty(0, np.int64)]
        for _, rows in found:
            took = np.empty(len(rows), np.int64)
            count = kernels.tally(rows, steps, bars, counts, times, took)
            done.append(took[:count])
        return counts, times, np.concatenate(done)

    parts = chains.scan(work, is_told=False)
    counts, times = total(one[0] for one in parts), total(one[1] for one in parts)
    if not counts.any():
        return []
    done = np.concatenate([one[2] for one in parts])
    reached = [int(one) for one in counts[::-1].cumsum()[::-1][1:]]
    median = float(np.median(done)) if len(done) else None
    return [[None, *reached, *map(int, times), median]]


def _part(chains: Chains, names: list[Any], rows: _Numbers) -> list[list[Any]]:
    """Numbers of a part of the answer, and of each bucket of its trend."""
    if not rows.shape[1]:
        return []
    _, _, reached, start, took, _ = rows
    whole = _numbers(chains.question, np.zeros_like(reached), 1, reached, took)
    if chains.buckets is None:
        return [[*names, *numbers] for numbers in whole]
    bucket = np.searchsorted(chains.buckets, start, side="right") - 1
    timed = _numbers(chains.question, bucket, len(chains.buckets) - 1, reached, took)
    made = [[*names, None, *numbers] for numbers in whole]
    return made + [[*names, place, *one] for place, one in enumerate(timed) if one[0]]


def _numbers(
    question: FunnelQuestion, cell: _Numbers, cells: int, reached: _Numbers, took: _Numbers
) -> Iterator[list[Any]]:
    """For each cell how many got to each step, took so long; and the median."""
    steps, lows = len(question.steps), np.array([low for low, _ in bins(question)])
    far = np.bincount(cell * (steps + 1) + reached, minlength=cells * (steps + 1))
    counts = far.reshape(cells, steps + 1)[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    is_done = reached == steps
    order = np.lexsort((took[is_done], cell[is_done]))
    times, of = took[is_done][order], cell[is_done][order]
    bar = np.searchsorted(lows, times, side="right") - 1
    bars = np.bincount(of * len(lows) + bar, minlength=cells * len(lows)).reshape(cells, -1)
    begins = np.searchsorted(of, np.arange(cells + 1))
    for place in range(cells):
        mine = times[begins[place] : begins[place + 1]]
        middle = mine[(len(mine) - 1) // 2 : len(mine) // 2 + 1]
        median = float(middle.mean()) if len(mine) else None
        yield [*map(int, counts[place]), *map(int, bars[place]), median]


def members(opened: Opened, question: FunnelQuestion, scene: Scene, cell: FunnelCell) -> list[str]:
    """As `footfall.explore.models.funnel.members`."""
    chains = Chains(opened, question, scene)
    found = chains.listed()
    rows = found.everybody
    if cell.group.scope != "all":
        rows = found.by_slot[:, found.slots == found.shown.slot_of(cell.group)]
    segment, actor, reached, start, took, _ = rows
    if cell.bin is not None:
        low, high = bins(question)[cell.bin]
        kept = (reached == cell.step) & _within(took, low, high, question)
    elif cell.is_dropped:
        kept = reached == cell.step
    else:
        kept = reached >= cell.step
    if cell.bucket is not None and chains.buckets is not None:
        begin, end = chains.buckets[cell.bucket : cell.bucket + 2]
        kept &= (begin <= start) & (start < end)
    return opened.names(question.per, question.app, segment[kept], actor[kept])


def _within(took: _Numbers, low: int, high: int, question: FunnelQuestion) -> _Numbers:
    is_last = high == parse_duration(question.window)
    below: _Numbers = took <= high if is_last else took < high
    found: _Numbers = (took >= low) & below
    return found
