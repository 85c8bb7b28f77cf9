"""How long the pipeline waits between micro-batches: freshness against work per event.

A part of a micro-batch's work is the same however many events it has. So while the work leaves a
third of the time over, micro-batches follow each other at the shortest interval; when it does not,
they are made longer, as far as need be. At full speed that is a seventh less work per event.
"""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.clock import SECOND
from footfall.settings import PipelineSettings

IDLE_SECONDS: Final = 0.05
_SLACK_FACTOR: Final = 1.5
"""The interval is at least this many times as long as the work."""


class Pace(msgspec.Struct, frozen=True):
    """Bounds of the interval, in seconds from the start of a micro-batch to that of the next."""

    shortest: float
    longest: float

    @classmethod
    def of(cls, settings: PipelineSettings) -> Pace:
        """As the settings say; a longest interval below the shortest counts as that."""
        shortest = settings.micro_batch_interval / SECOND
        return cls(shortest, max(settings.micro_batch_interval_max / SECOND, shortest))

    def pause(self, requests: int, seconds: float, *, was_cut: bool) -> float:
        """Seconds to wait after a micro-batch.

        Args:
            requests: How many it had; 0 at the log's end.
            seconds: How long the work on it took.
            was_cut: There were more requests than it could take: a backlog, worked off without
                a pause.
        """
        if requests == 0:
            return IDLE_SECONDS
        if was_cut:
            return 0.0
        interval = min(max(self.shortest, seconds * _SLACK_FACTOR), self.longest)
        return max(interval - seconds, 0.0)
