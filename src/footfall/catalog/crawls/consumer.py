"""Starts crawls that are due, as a consumer of the pipeline: it lives where the pipeline does.

Each is run by a process of its own: what strangers' files do to it is not done to the pipeline.
Once a minute one small read says whether any is due.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from footfall.catalog.store import Catalog
from footfall.clock import MINUTE
from footfall.errors import FootfallError
from footfall.metadata.place import MetadataPlace
from footfall.pipeline import EpochConsumer
from footfall.pipeline.consumers.contract import ConsumerPlace, Progress
from footfall.settings import load_settings

if TYPE_CHECKING:
    from footfall.pipeline.consumers.committed import CommittedEpoch

LOOK_EVERY: Final = MINUTE
_STOP_SECONDS_MAX: Final = 5.0


class CrawlStarter(EpochConsumer):
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
        self._catalog = Catalog(metadata, place.project)
        # With metadata that only the environment names there is no file to look into; the child
        # finds out by itself then.
        self._is_blind = metadata.is_local and not metadata.file.exists()
        self._start = start or _start
        self._command = (
            *(sys.executable, "-P", "-m", "footfall.cli.main", "crawl", "run"),
            *("--home", str(place.home.root), "--project", place.project),
        )
        self._looked_at = place.now_us - LOOK_EVERY
        self._child: subprocess.Popen[bytes] | None = None

    def watermark(self, progress: Progress) -> None:
        """Look whether one is due, once a minute."""
        self._look(progress.at)

    def committed(self, epoch: CommittedEpoch) -> None:
        """As `watermark`: where nothing is previewed epochs are what comes."""
        self._look(epoch.planned_at)

    def close(self) -> None:
        """End a crawl that runs; what it would have found is found next time."""
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
        if self._is_blind or self._is_due(now):
            self._child = self._start(self._command)

    def _is_due(self, now: int) -> bool:
        try:
            crawls = self._catalog.crawls().values()
        except FootfallError:
            return False  # metadata is away; crawls wait, as everything does
        return any(one.every_us and now >= one.tried_at + one.every_us for one in crawls)


def make(place: ConsumerPlace) -> CrawlStarter:
    """For the pipeline's list of consumers."""
    return CrawlStarter(place)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
