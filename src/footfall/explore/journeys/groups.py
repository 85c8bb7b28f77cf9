"""Breakdowns over the index: one number for each combination of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import Group
from footfall.explore.journeys.kernels.rows import look_up
from footfall.explore.journeys.looking import Chunk
from footfall.explore.journeys.source import EVENT


class Groups:
    """Groups of a breakdown."""

    def __init__(self, by: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
        """Of fields, in their order."""
        self.by = tuple(by)
        self._values = [columns[name] for name in by]
        self._sizes = [len(values) + 1 for values in self._values]

    @property
    def count(self) -> int:
        """How many combinations there may be; 1 without a breakdown."""
        return int(np.prod(self._sizes, dtype=np.int64)) if self.by else 1

    def codes(self, chunk: Chunk, rows: NDArray[Any] | slice) -> NDArray[np.int64]:
        """The group of some rows of a chunk."""
        found = np.zeros(len(chunk.times[rows]), np.int64)
        for name, size in zip(self.by, self._sizes, strict=True):
            codes = chunk.codes(name)[rows]
            found = found * size + (codes // 2 if name == EVENT else codes)
        return found

    def slots(self, chunk: Chunk, slot_of: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The slot of each row's group, of a table of them."""
        rows = chunk.rows
        found = np.zeros(rows.stop - rows.start, np.uint32)
        if len(self.by) == 1:
            table = np.repeat(slot_of, 2) if self.by[0] == EVENT else slot_of
            look_up(chunk.codes(self.by[0]), table, found)
        elif self.by:
            found[:] = slot_of[self.codes(chunk, slice(None))]
        return found

    def values(self, group: int) -> tuple[str | None, ...]:
        """The values of one."""
        found: list[str | None] = []
        for values, size in zip(reversed(self._values), reversed(self._sizes), strict=True):
            group, code = divmod(int(group), size)
            found.append(values[code - 1] if code else None)
        return tuple(reversed(found))

    def shown(self, counts: NDArray[Any], top: int) -> Shown:
        """Groups with most rows; among as many, those whose values come first, none last."""
        some = np.flatnonzero(counts)
        if len(some) > top:
            # Only those with at least as many as the last one shown can be among them.
            least = np.partition(counts[some], len(some) - top)[len(some) - top]
            some = some[counts[some] >= least]
        keyed = [(-int(counts[one]), _in_order(self.values(int(one))), int(one)) for one in some]
        return Shown(self, [one for _, _, one in sorted(keyed)[:top]])


class Shown:
    """Groups that are shown, each with a slot; the rest has the last one."""

    def __init__(self, groups: Groups, tops: list[int]) -> None:
        """Of groups, the best first."""
        self._groups = groups
        self._tops = tops
        self.rest = len(tops)
        self.slots = np.full(groups.count, self.rest, np.uint32)
        self.slots[tops] = np.arange(len(tops))

    def row(self, slot: int) -> list[Any]:
        """What a statement has in the columns `r`, `g0` …."""
        if slot == self.rest:
            return [1, *[None] * len(self._groups.by)]
        return [0, *self._groups.values(self._tops[slot])]

    def slot_of(self, group: Group) -> int:
        """The slot of a part of an answer; -1 if it is not shown, or not any more."""
        if group.scope == "rest":
            return self.rest
        values = [self._groups.values(one) for one in self._tops]
        return values.index(group.values) if group.values in values else -1


def _in_order(values: tuple[str | None, ...]) -> list[tuple[bool, bytes]]:
    return [(value is None, (value or "").encode()) for value in values]
