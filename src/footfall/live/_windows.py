"""Counters of the last n seconds or minutes, in a ring."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class RingCounter:
    """One count for each of the newest `size` buckets of time.

    A bucket is named by its index since 1970 (`time // unit`). The newest bucket is the *head*; it
    only moves forward, and what falls off the end is forgotten.
    """

    def __init__(self, size: int) -> None:
        self.size: Final = size
        self._counts: Ints = np.zeros(size, np.int64)
        self._head = 0

    @property
    def head(self) -> int:
        """Newest bucket."""
        return self._head

    @property
    def oldest(self) -> int:
        """Oldest bucket that is kept."""
        return self._head - self.size + 1

    def advance(self, head: int) -> None:
        """Make `head` the newest bucket, unless a newer one is already."""
        steps = min(head - self._head, self.size)
        if steps <= 0:
            return
        self._counts[np.arange(head - steps + 1, head + 1) % self.size] = 0
        self._head = head

    def add(self, buckets: Ints) -> None:
        """Count one for each of `buckets`, all between `oldest` and `head`."""
        self._counts += np.bincount(buckets % self.size, minlength=self.size)

    def add_to(self, bucket: int, count: int) -> None:
        """Count `count` in one bucket."""
        self._counts[bucket % self.size] += count

    def values(self) -> tuple[int, ...]:
        """Counts from `oldest` to `head`."""
        ordered = np.roll(self._counts, -(self.oldest % self.size))
        return tuple(ordered.tolist())

    def total(self) -> int:
        """Sum of all buckets."""
        return int(self._counts.sum())
