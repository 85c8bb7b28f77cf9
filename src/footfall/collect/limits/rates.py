"""Rates: per app, and of what nobody knows."""

from __future__ import annotations

from collections import deque
from typing import Final

from footfall.clock import Clock

HOUR_SECONDS: Final = 3600.0
BURST_SECONDS: Final = 2.0


class _Bucket:
    __slots__ = ("level", "updated")

    def __init__(self, level: float, updated: float) -> None:
        self.level = level
        self.updated = updated


class AppRates:
    """A token bucket for each app: `rate_max` requests a second, a burst of twice that."""

    def __init__(self, rate_max: int, clock: Clock) -> None:
        """All buckets are full."""
        self._rate = float(rate_max)
        self._burst = rate_max * BURST_SECONDS
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, app_id: str) -> bool:
        """Count a request of a known app; whether it is within the rate."""
        now = self._clock.monotonic()
        bucket = self._buckets.get(app_id)
        if bucket is None:
            bucket = self._buckets[app_id] = _Bucket(self._burst, now)
        level = min(self._burst, bucket.level + (now - bucket.updated) * self._rate)
        bucket.updated = now
        if level < 1.0:
            bucket.level = level
            return False
        bucket.level = level - 1.0
        return True


class Quarantine:
    """At most `per_hour_max` requests within any 60 minutes."""

    def __init__(self, per_hour_max: int, clock: Clock) -> None:
        """None were taken yet; a restart forgets those of the last hour."""
        self._max = per_hour_max
        self._clock = clock
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """Count a request that nobody knows; whether it may be kept."""
        now = self._clock.monotonic()
        while self._taken and now - self._taken[0] >= HOUR_SECONDS:
            self._taken.popleft()
        if len(self._taken) >= self._max:
            return False
        self._taken.append(now)
        return True
