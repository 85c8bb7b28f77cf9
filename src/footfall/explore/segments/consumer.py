"""Starts refreshes of segments that are due: one small read a minute says whether any is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from footfall.clock import SystemClock
from footfall.explore.segments.storage import Segments
from footfall.metadata.place import MetadataPlace
from footfall.pipeline.consumers.contract import ConsumerPlace
from footfall.pipeline.consumers.starter import VerbStarter
from footfall.settings import load_settings


class SegmentRefresher(VerbStarter):
    """Of one project."""

    def __init__(
        self,
        place: ConsumerPlace,
        start: Callable[[Sequence[str]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """Start nothing yet."""
        settings = place.settings or load_settings(place.home.settings_file)
        store = Segments(
            MetadataPlace.of(place.home, settings.metadata), place.project, SystemClock()
        )

        def is_due(now: int) -> bool:
            from footfall.explore.segments.schedule import due

            return bool(due(store, now))

        super().__init__(place, ("segment", "refresh"), is_due, start)


def make(place: ConsumerPlace) -> SegmentRefresher:
    """For the pipeline's list of consumers."""
    return SegmentRefresher(place)
