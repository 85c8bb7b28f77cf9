"""Memory for bodies that are being read, shared by all connections.

Who takes it and does not get on with it gives way to who does: when there is too little, the body
that came slowest of late is dropped with its connection, first among those of the same address,
then among all. Only one that is itself the slowest is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from footfall.clock import Clock

RECENT_SECONDS: Final = 1.0
"""What came this long ago counts a third of what comes now: 1 MiB that stalled is slower after 3
seconds than 64 KiB a second."""

NEWCOMER_BYTES: Final = 64 * 1024
"""What a body counts for when it begins: it has not been slow yet."""


class Source(NamedTuple):
    """Where a body comes from."""

    group: str | None
    """What its address counts with (`AddressGroups`); `None`: is not bounded with others."""
    drop: Callable[[], None]
    """Closes its connection."""


class OverBudgetError(Exception):
    """Too many bytes are being read at this moment."""


class Budget:
    """Bytes of unfinished bodies. For one thread."""

    def __init__(self, bytes_max: int, group_bytes_max: int, clock: Clock) -> None:
        """Nothing is used yet.

        Args:
            bytes_max: Of all.
            group_bytes_max: Of each group of addresses.
            clock: Says how fast a body comes.
        """
        self.bytes_max = bytes_max
        self.group_bytes_max = group_bytes_max
        self.clock = clock
        self.used = 0
        self.used_by: dict[str, int] = {}
        self.holds: dict[Hold, None] = {}
        self.dropped = 0
        """Bodies that gave way."""

    def make_room(self, asking: Hold, more: int) -> None:
        """Drop slower bodies until `more` bytes fit.

        Raises:
            OverBudgetError: no slower one is left.
        """
        group = asking.source.group
        if group is not None:
            while self.used_by.get(group, 0) + more > self.group_bytes_max:
                self._drop_slowest((one for one in self.holds if one.source.group == group), asking)
        while self.used + more > self.bytes_max:
            self._drop_slowest(self.holds, asking)

    def add(self, hold: Hold, change: int) -> None:
        """Count bytes that are taken or, negative, given back."""
        self.used += change
        group = hold.source.group
        if group is not None:
            used = self.used_by.get(group, 0) + change
            if used:
                self.used_by[group] = used
            else:
                self.used_by.pop(group, None)

    def _drop_slowest(self, holds: Iterable[Hold], asking: Hold) -> None:
        now = self.clock.monotonic()
        slowest = min(
            (one for one in holds if one.bytes), key=lambda one: one.speed(now), default=asking
        )
        if slowest is asking or slowest.speed(now) >= asking.speed(now):
            raise OverBudgetError
        self.dropped += 1
        slowest.close()
        slowest.source.drop()


class Hold:
    """What one body has of the budget."""

    def __init__(self, budget: Budget, source: Source) -> None:
        """Nothing yet."""
        self.source = source
        self.bytes = 0
        self._budget = budget
        self._received = 0
        self._recent = float(NEWCOMER_BYTES)
        self._updated_at = budget.clock.monotonic()
        budget.holds[self] = None

    def set(self, size: int, received: int) -> None:
        """Hold `size` bytes after `received` of the body came.

        Raises:
            OverBudgetError: there is no room for more.
        """
        now = self._budget.clock.monotonic()
        self._recent = self.speed(now) + received - self._received
        self._updated_at, self._received = now, received
        change = size - self.bytes
        if change > 0:
            self._budget.make_room(self, change)
        self._budget.add(self, change)
        self.bytes = size

    def speed(self, now: float) -> float:
        """Bytes that came of late, those of long ago counting less."""
        return self._recent * math.exp((self._updated_at - now) / RECENT_SECONDS)

    def close(self) -> None:
        """Give all of it back; also twice."""
        self._budget.holds.pop(self, None)
        self._budget.add(self, -self.bytes)
        self.bytes = 0
