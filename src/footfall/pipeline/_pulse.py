"""What a worker's loop says of itself, for whoever supervises it: see `_health`."""

from __future__ import annotations

from collections.abc import Callable

from footfall.clock import SECOND, Clock
from footfall.errors import Unavailable

MoreMetrics = Callable[[], bytes]
"""In Prometheus' text format, of parts that the pipeline does not know."""


class Pulse:
    """What the loop says of itself; asked from another thread."""

    def __init__(self, clock: Clock, turn_time_max: int) -> None:
        """Begin as `starting`; `turn_time_max` in microseconds."""
        self._clock = clock
        self._seconds_max = turn_time_max / SECOND
        self._waits_for: str | None = "it is starting"
        self._look: Callable[[], None] = lambda: None
        self._turned = clock.monotonic()

    def waits(self, why: str) -> None:
        """No work is done from here on, and no restart would help; `why` is a clause."""
        self._waits_for = why

    def works(self, look: Callable[[], None] = lambda: None) -> None:
        """The loop turns from here on.

        Args:
            look: Raises a `FootfallError` if something that the work needs is not there; called in
                another thread, for each question whether it is ready.
        """
        self._look = look
        self.turned()
        self._waits_for = None

    def turned(self) -> None:
        """Once around."""
        self._turned = self._clock.monotonic()

    def check_alive(self) -> None:
        """Raise if the loop stands still.

        Raises:
            Unavailable: end the process and start it again.
        """
        silent = self._clock.monotonic() - self._turned
        if self._waits_for is None and silent > self._seconds_max:
            raise Unavailable(f"the loop has not turned for {silent:.0f} s; restart the worker")

    def check_ready(self) -> None:
        """Raise if no work is done.

        Raises:
            FootfallError: why.
        """
        if self._waits_for is not None:
            raise Unavailable(f"the worker takes no work yet: {self._waits_for}")
        self.check_alive()
        self._look()
