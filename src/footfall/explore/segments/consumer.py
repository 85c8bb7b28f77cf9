"""Starts refreshes that are due, as a consumer of the pipeline: it lives where the pipeline does.

Each runs in a process of its own, for a statement over everything may take what memory it likes
there. Once a minute one small read says whether any is due. What is noted is noted at a refresh's
end, so one that was killed is simply due again.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from footfall.clock import MINUTE, SystemClock
from footfall.errors import FootfallError
from footfall.explore.segments.storage import Segments
from footfall.metadata.place import MetadataPlace
from footfall.pipeline import EpochConsumer
from footfall.pipeline.consumers.contract import ConsumerPlace, Progress
from footfall.settings import load_settings

if TYPE_CHECKING:
    from footfall.pipeline.consumers.committed import CommittedEpoch

LOOK_EVERY: Final = MINUTE
_STOP_SECONDS_MAX: Final = 5.0


class SegmentRefresher(EpochConsumer):
    """See the module's text."""

    is_durable: ClassVar[bool] = False

    def __init__(
        self,
        place: ConsumerPlace,
        start: Callable[[Sequence[str]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """Start nothing yet."""
        settings = place.settings or load_settings(place.home.settings_file)
        metadata = MetadataPlace.of(place.home, settings.metadata)
        self._store = Segments(metadata, place.project, SystemClock())
        self._start = start or _start
        self._command = (
            *(sys.executable, "-P", "-m", "footfall.cli.main", "segment", "refresh"),
            *("--home", str(place.home.root), "--project", place.project),
        )
        self._looked_at = place.now_us
        self._child: subprocess.Popen[bytes] | None = None

    def watermark(self, progress: Progress) -> None:
        """Look whether one is due, once a minute."""
        self._look(progress.at)

    def committed(self, epoch: CommittedEpoch) -> None:
        """As `watermark`: where nothing is previewed epochs are what comes."""
        self._look(epoch.planned_at)

    def close(self) -> None:
        """End a refresh that runs; it is due again."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_STOP_SECONDS_MAX)

    def _look(self, now: int) -> None:
        if now < self._looked_at + LOOK_EVERY:
            return
        if self._child is not None and self._child.poll() is None:
            return
        self._looked_at = now
        if self._is_due(now):
            self._child = self._start(self._command)

    def _is_due(self, now: int) -> bool:
        from footfall.explore.segments.schedule import due

        try:
            return bool(due(self._store, now))
        except FootfallError:
            return False  # metadata is away; refreshes wait, as everything does


def make(place: ConsumerPlace) -> SegmentRefresher:
    """For the pipeline's list of consumers."""
    return SegmentRefresher(place)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
