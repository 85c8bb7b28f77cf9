"""Starts crawls that are due: one small read a minute says whether any is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from footfall.catalog.store import Catalog
from footfall.metadata.place import MetadataPlace
from footfall.pipeline.consumers.contract import ConsumerPlace
from footfall.pipeline.consumers.starter import VerbStarter
from footfall.settings import load_settings


class CrawlStarter(VerbStarter):
    """Of one project."""

    def __init__(
        self,
        place: ConsumerPlace,
        start: Callable[[Sequence[str]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """Start nothing yet."""
        settings = place.settings or load_settings(place.home.settings_file)
        metadata = MetadataPlace.of(place.home, settings.metadata)
        catalog = Catalog(metadata, place.project)
        # With metadata that only the environment names there is no file to look into; the child
        # finds out by itself then.
        is_blind = metadata.is_local and not metadata.file.exists()

        def is_due(now: int) -> bool:
            crawls = () if is_blind else catalog.crawls().values()
            every = (one.every_us and now >= one.tried_at + one.every_us for one in crawls)
            return is_blind or any(every)

        super().__init__(place, ("crawl", "run"), is_due, start)


def make(place: ConsumerPlace) -> CrawlStarter:
    """For the pipeline's list of consumers."""
    return CrawlStarter(place)
