"""A clock that stands still until a test moves it."""

from __future__ import annotations

from footfall.clock import US_PER_SECOND


class SimClock:
    """A `Clock` in a test's hands. Wall clock and monotonic clock move together."""

    def __init__(self, now_us: int = 1_700_000_000 * US_PER_SECOND) -> None:
        """Start at `now_us`, microseconds since 1970 UTC."""
        self._now_us = now_us
        self._started_us = now_us
        self._jumps_us = 0

    def now_us(self) -> int:
        """See `Clock.now_us`."""
        return self._now_us

    def monotonic(self) -> float:
        """See `Clock.monotonic`; unmoved by `jump`."""
        return (self._now_us - self._jumps_us - self._started_us) / US_PER_SECOND

    def sleep(self, seconds: float) -> None:
        """Return at once, that much later."""
        self.advance(round(seconds * US_PER_SECOND))

    def advance(self, duration_us: int) -> None:
        """Let time pass on both clocks."""
        self._now_us += duration_us

    def jump(self, duration_us: int) -> None:
        """Set the wall clock forward or, negative, back: what a time server does."""
        self._now_us += duration_us
        self._jumps_us += duration_us
