"""The most frequent values of the last minutes, with a bound on how many are remembered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from heapq import nlargest

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.live._snapshot import TOP_ROWS, TopList, TopRow
from footfall.live._windows import Ints


class _Minute:
    """Counts of one minute; `others` are those of values that were forgotten."""

    __slots__ = ("counts", "others")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.others = 0


class TopWindow:
    """Counts of each distinct value over the last `minutes` minutes.

    Exact while there are at most `values_max` distinct values. Beyond it the rarer half is
    forgotten (counted in `others`), so a flood of values that occur once does not displace those
    that occur often.
    """

    def __init__(self, minutes: int, values_max: int) -> None:
        self._values_max = values_max
        self._minutes: deque[_Minute] = deque((_Minute() for _ in range(minutes)), maxlen=minutes)
        self._totals: dict[str, int] = {}
        self._head = 0

    def advance(self, head: int) -> None:
        """Make minute `head` the newest, unless a newer one is already."""
        for _ in range(min(head - self._head, len(self._minutes))):
            self._forget(self._minutes[0].counts)
            self._minutes.append(_Minute())
        self._head = max(self._head, head)

    def add(self, minutes: Ints, values: pa.Array) -> None:
        """Count `values`, each in its minute; nulls are not counted."""
        for minute in np.unique(minutes).tolist():
            here = values.filter(pa.array(minutes == minute)).drop_null()
            counted = pc.value_counts(here)
            pairs = zip(
                counted.field("values").to_pylist(),
                counted.field("counts").to_pylist(),
                strict=True,
            )
            self._count(minute, pairs)
        if len(self._totals) > self._values_max:
            self._shrink()

    def top(self) -> TopList:
        """The highest counts; equal ones by value, so that rows do not jump about."""
        rows = nlargest(TOP_ROWS, self._totals.items(), key=lambda item: (item[1], item[0]))
        forgotten = sum(minute.others for minute in self._minutes)
        listed = sum(count for _, count in rows)
        return TopList(
            rows=tuple(TopRow(value, count) for value, count in rows),
            others=sum(self._totals.values()) - listed + forgotten,
            is_exact=forgotten == 0,
        )

    def _count(self, minute: int, pairs: Iterable[tuple[str, int]]) -> None:
        counts = self._minutes[minute - self._head - 1].counts
        totals = self._totals
        for value, count in pairs:
            counts[value] = counts.get(value, 0) + count
            totals[value] = totals.get(value, 0) + count

    def _forget(self, counts: dict[str, int]) -> None:
        for value, count in counts.items():
            left = self._totals[value] - count
            if left:
                self._totals[value] = left
            else:
                del self._totals[value]

    def _shrink(self) -> None:
        kept = nlargest(self._values_max // 2, self._totals.items(), key=lambda item: item[1])
        self._totals = dict(kept)
        for minute in self._minutes:
            before = sum(minute.counts.values())
            minute.counts = {k: v for k, v in minute.counts.items() if k in self._totals}
            minute.others += before - sum(minute.counts.values())
