"""An index that is open: its segments and values, scanned by a few threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.explore.journeys.layout import Segment, WhoseRows
from footfall.explore.journeys.looking import Chunk

_Made = TypeVar("_Made")


class Opened:
    """Segments by whose they are. Threads may share it: it only reads."""

    def __init__(
        self, segments: Sequence[Segment], columns: Mapping[str, Sequence[str]], threads: int
    ) -> None:
        """Of an index, with the values of its codes; so many threads scan it."""
        self._segments = segments
        self.columns = columns
        self._threads = threads

    def segments(self, per: WhoseRows) -> list[Segment]:
        """Those of visitors, sessions or users; each actor's rows are in one of them."""
        return [one for one in self._segments if one.per == per]

    def scan(
        self, chunks: Sequence[Chunk], work: Callable[[Iterable[Chunk]], _Made]
    ) -> list[_Made]:
        """What `work` makes of each thread's share of the chunks, which are taken as they come."""
        if self._threads <= 1 or len(chunks) <= 1:
            return [work(iter(chunks))]
        left = iter(chunks)  # a list's iterator gives each to one thread only
        with ThreadPoolExecutor(self._threads) as pool:
            return [one.result() for one in [pool.submit(work, left) for _ in range(self._threads)]]

    def names(
        self, per: WhoseRows, app: str, segment: NDArray[Any], actor: NDArray[Any]
    ) -> list[str]:
        """Ids of actors, once each, given with the place of their segment.

        Where a question is of one app, a visitor's id is told without it.
        """
        found: list[str] = []
        for number, one in enumerate(self.segments(per)):
            found += one.names(np.unique(actor[segment == number]))
        if per == "visitor" and app:
            found = [name.removeprefix(f"{app}/") for name in found]
        return found


def total(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """The sum of what threads counted."""
    first, *others = parts
    for one in others:
        first += one
    return first
