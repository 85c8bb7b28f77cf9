"""Chains of steps: found chunk by chunk, counted at once or listed one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.journeys.groups import Groups, Shown
from footfall.explore.journeys.inside import looking_at
from footfall.explore.journeys.kernels import funnel as kernels
from footfall.explore.journeys.looking import Chunk, chunks_of
from footfall.explore.journeys.opened import Opened
from footfall.explore.models.funnel import trend_of
from footfall.explore.question.funnel import FunnelQuestion
from footfall.explore.question.reading import Scene
from footfall.settings import parse_duration

_NO_LIVE: Final = np.empty(0, np.bool_)
_NONE: Final = np.empty((6, 0), np.int64)
_Numbers = NDArray[Any]
_Found = tuple[Chunk, _Numbers]


class Chains:
    """Finds the chain that counts, of everybody who has one."""

    def __init__(self, opened: Opened, question: FunnelQuestion, scene: Scene) -> None:
        """Of one question."""
        self._opened, self.question = opened, question
        selectors = (*question.steps, *question.exclude)
        is_whole = question.order == "strict"
        self._looking = looking_at(question, selectors, opened.columns, scene, is_whole=is_whole)
        self.groups = Groups(question.by, opened.columns)
        window, self._steps = parse_duration(question.window), len(question.steps)
        start, end = scene.span.start, scene.span.end
        self._span = np.array([start, end, end + window, window])
        self._walls = _walls(question)
        units = trend_of(question, scene)
        self.buckets = None if units is None else np.array(units.bounds)

    def scan(self, work: Callable[[Iterator[_Found]], Any], *, is_told: bool) -> list[Any]:
        """What `work` makes of each thread's share.

        Of a chunk it is given rows of actor, steps reached, first row and time taken, in an array
        that is used again for the next one; without `is_told` as `kernels.funnel.ordered` says.
        """
        chunks = chunks_of(self._opened.segments(self.question.per))
        return self._opened.scan(chunks, lambda mine: work(self._found(mine, is_told=is_told)))

    def listed(self) -> Listed:
        """All of them, one by one."""
        is_each = bool(self.question.by) and self.question.by_step == "each"

        def work(found: Iterator[_Found]) -> list[_Numbers]:
            return [self._row(one, rows, self.groups.codes(one, rows[:, 2])) for one, rows in found]

        def apart(chunks: Iterable[Chunk]) -> list[_Numbers]:
            return [self._apart(one) for one in chunks]

        if is_each:
            chunks = chunks_of(self._opened.segments(self.question.per))
            parts = self._opened.scan(chunks, apart)
        else:
            parts = self.scan(work, is_told=True)
        return Listed([one for several in parts for one in several], self, is_each=is_each)

    def _found(self, chunks: Iterable[Chunk], *, is_told: bool) -> Iterator[_Found]:
        found = np.empty((0, 4), np.int64)
        for one in chunks:
            if one.last - one.first > len(found):
                found = np.empty((one.last - one.first, 4), np.int64)
            if self.question.order == "ordered":
                codes, table = self._looking.marks(one)
            else:
                codes, table = self._looking.bits(one), None
            rows = one.segment.offsets, one.first, one.last, one.live, codes, table, one.times
            yield one, found[: self._chained(rows, found, is_told=is_told)]

    def _chained(self, rows: Any, found: _Numbers, *, is_told: bool) -> int:
        offsets, first, last, live, codes, table, times = rows
        steps, span = self._steps, self._span
        if self.question.order == "ordered":
            return kernels.ordered(
                offsets,
                first,
                last,
                live,
                codes,
                table,
                times,
                steps,
                span,
                self._walls,
                is_told,
                found,
            )
        scan = kernels.strict if self.question.order == "strict" else kernels.any_order
        return scan(offsets, first, last, codes, times, steps, span, found)

    def _row(self, chunk: Chunk, rows: _Numbers, groups: _Numbers) -> _Numbers:
        actor, reached, first, took = rows.T
        number = np.full(len(rows), chunk.number)
        return np.stack([number, actor, reached, chunk.times[first], took, groups])

    def _apart(self, chunk: Chunk) -> _Numbers:
        """Chains of one value of the breakdown each: an actor's rows of a value are as another's.

        Where nothing may be in between, each run of rows with one value is.
        """
        bits = self._looking.bits(chunk)
        rows = np.flatnonzero(bits)
        begins = chunk.segment.offsets[chunk.first : chunk.last + 1] - chunk.rows.start
        actor = np.searchsorted(begins, rows, side="right") - 1 + chunk.first
        group = self.groups.codes(chunk, rows)
        if self.question.order != "strict":
            order = np.lexsort((group, actor))
            rows, actor, group = rows[order], actor[order], group[order]
        is_other = (actor[1:] != actor[:-1]) | (group[1:] != group[:-1])
        pieces = np.flatnonzero(is_other) + 1
        offsets = np.concatenate([[0], pieces, [len(rows)]]) if len(rows) else np.zeros(1, np.int64)
        found = np.empty((len(offsets) - 1, 4), np.int64)
        given = offsets, 0, len(found), _NO_LIVE, bits[rows], None, chunk.times[rows]
        count = self._chained(given, found, is_told=True) if len(found) else 0
        found = found[:count]
        first = found[:, 2].copy()
        found[:, 0], found[:, 2] = actor[offsets[found[:, 0]]], rows[first]
        return self._row(chunk, found, group[first])


class Listed:
    """Chains, one by one; of somebody with several of one part of the answer the best counts."""

    def __init__(self, parts: list[_Numbers], chains: Chains, *, is_each: bool) -> None:
        """Of rows: segment, actor, steps reached, start, time taken, group."""
        rows, groups = np.concatenate(parts or [_NONE], axis=1), chains.groups
        if is_each:
            rows = _best(rows, rows[5])
        counts = np.bincount(rows[5], minlength=groups.count)
        self.shown: Shown = groups.shown(counts, chains.question.top)
        slots = self.shown.slots[rows[5]].astype(np.int64)
        self.everybody = _best(rows, np.zeros_like(slots)) if is_each else rows
        """Once each."""
        if is_each:
            rows = _best(np.concatenate([rows[:5], slots[None]]), slots)
            slots = rows[5]
        self.by_slot, self.slots = rows, slots


def _best(rows: _Numbers, part: _Numbers) -> _Numbers:
    """Of each actor and part the chain that got furthest; of those the one that was there first."""
    segment, actor, reached, start, took, _ = rows
    order = np.lexsort((-start, start + took, -reached, part, actor, segment))
    keys = np.stack([segment, actor, part])[:, order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    found: _Numbers = rows[:, order[is_first]]
    return found


def _walls(question: FunnelQuestion) -> NDArray[np.uint32]:
    """For each number of steps the bits of exclusions that break chains of so many."""
    steps = len(question.steps)
    walls = np.zeros(steps, np.uint32)
    for place, one in enumerate(question.exclude):
        before = steps if one.before is None else one.before
        walls[one.after - 1 : before - 1] |= np.uint32(1 << (steps + place))
    return walls
