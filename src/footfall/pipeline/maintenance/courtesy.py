"""Maintenance waits while readers are behind: they are, when ingest needs the whole machine.

The scheduler alone does not see to that. Its lowest class still gets a processor whenever what else
wants one stands in the queue of another, and then keeps it for milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from footfall.clock import SECOND, Clock
from footfall.errors import Corrupt
from footfall.home import Home
from footfall.lake.cut import read_cut
from footfall.settings import Settings

BEHIND_MIN: Final = 4 * SECOND
"""Readers are behind when the newest request they see is older than this; at full speed, without
any backlog, it may be three seconds old."""
REST_FACTOR: Final = 10
"""Maintenance waits at most this many times as long as it worked: however long the overload lasts,
data files do not become ever more."""

_SILENT_MIN: Final = 10 * SECOND
"""A pipeline that published nothing for so long does not run: nobody is in the way."""
_LOOK_SECONDS: Final = 0.1


class Courtesy:
    """Called between pieces of work, while no lock is held; returns when it may go on."""

    def __init__(
        self, is_behind: Callable[[], bool], should_stop: Callable[[], bool], clock: Clock
    ) -> None:
        """Work begins now."""
        self._is_behind = is_behind
        self._should_stop = should_stop
        self._clock = clock
        self._since = clock.monotonic()

    def __call__(self) -> None:
        """Wait while readers are behind, within bounds, or until it is told to stop."""
        now = self._clock.monotonic()
        until = now + REST_FACTOR * (now - self._since)
        while now < until and not self._should_stop() and self._is_behind():
            self._clock.sleep(_LOOK_SECONDS)
            now = self._clock.monotonic()
        self._since = now


def are_readers_behind(home: Home, project: str, settings: Settings, clock: Clock) -> bool:
    """Whether a pipeline runs, and the newest that readers see is older than `BEHIND_MIN`."""
    try:
        cut = read_cut(home.cut_file(project))
    except Corrupt:
        return False
    now = clock.now_us()
    if cut is None or now - cut.published_at > _SILENT_MIN:
        return False
    return now - cut.watermark - settings.pipeline.watermark_lag > BEHIND_MIN
