"""Starts maintenance, and the filling of session definitions, when they are due."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from footfall.clock import SECOND, Clock
from footfall.pipeline.maintenance.child import Child


class Maintainer(Child):
    """Maintenance: every so many epochs, and when none come every so long."""

    what = "maintenance"

    def __init__(
        self,
        command: Sequence[str] | None,
        every_epochs: int,
        age_max: int,
        clock: Clock,
        report: Callable[[str], None],
    ) -> None:
        """Start nothing.

        Args:
            command: See `Child`; so the last two.
            every_epochs: How many epochs between two runs …
            age_max: … or microseconds, whichever comes first: what expires does so with time, also
                where nothing comes.
            clock: Also for the time between runs.
            report: Takes one line about each failure.
        """
        super().__init__(command, clock, report)
        self._every = every_epochs
        self._age_max = age_max
        self._last: int | None = None
        self._last_at = 0.0

    def after_step(self, epoch: int) -> None:
        """Look after the child, and start one if it is due; cheap, called after each micro-batch.

        Args:
            epoch: Last epoch committed. The first call only notes it: a start has more urgent work.
        """
        now = self._clock.monotonic()
        if self._last is None:
            self._last, self._last_at = epoch, now
        if not self._is_ready():
            return
        is_old = (now - self._last_at) * SECOND >= self._age_max
        if is_old or epoch - self._last >= self._every:
            self._last, self._last_at = epoch, now
            self._start()


class Filler(Child):
    """Computes the past of session definitions (`footfall.redefine`) while any is not whole."""

    what = "computing sessions of the past"

    def after_step(self, filling: Sequence[str]) -> None:
        """Look after the child, and start one if any definition is `filling`; cheap."""
        if self._is_ready() and filling:
            self._start()
