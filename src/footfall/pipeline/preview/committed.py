"""Cuts of committed epochs alone: where nothing is previewed, or readers are on other machines."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from footfall.clock import Clock
from footfall.home import Home
from footfall.lake import Lake, LakePlace
from footfall.lake.cut import CutQuery
from footfall.pipeline.consumers.contract import Progress
from footfall.pipeline.epoch.active import Shown
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.preview.preview import PreviewBatch
from footfall.pipeline.preview.publisher import Publisher
from footfall.pipeline.preview.store_tail import StoreTail
from footfall.pipeline.preview.tail import Tail
from footfall.sessionize import Definitions
from footfall.settings import LakeSettings


def tail_of(
    home: Home, settings: LakeSettings, place: LakePlace, project: str, clock: Clock, term: int
) -> Tail | StoreTail:
    """Where cuts lie: in the home, or beside the lake (`lake.cuts`).

    Raises:
        Unavailable: the store does not answer.
    """
    if settings.cuts == "lake":
        return StoreTail(place.store, project, clock, settings.cut_grace, term)
    return Tail(
        home.tail_dir(project),
        home.cut_file(project),
        clock,
        settings.tail_grace,
        term,
        settings.tail_bytes_max,
    )


class CommittedPublisher(Publisher):
    """A publisher that shows each epoch once, when it is committed, and no micro-batch."""

    def __init__(self, project: str, tail: StoreTail) -> None:
        """Publish nothing yet."""
        super().__init__(project, tail)
        self._unpublished: Truth | None = None
        self._newest: Truth | None = None

    def add(self, batch: PreviewBatch, overrides: OverrideSet) -> None:
        """Show nothing of it."""

    def start_epoch(self, lake: Lake, truth: Truth) -> None:
        """See `Publisher`."""
        super().start_epoch(lake, truth)
        self._unpublished = self._newest = truth

    def show_results(self, lake: Lake, queries: Mapping[str, CutQuery]) -> None:
        """The newest epoch is published once more, with what was answered since."""
        super().show_results(lake, queries)
        self._unpublished = self._newest

    def publish(
        self,
        progress: Progress,
        definitions: Definitions,
        hot_age: int | None = None,
        shown: Shown = Shown(),  # noqa: B008 (frozen)
        *,
        is_sweeping: bool = False,
    ) -> None:
        """Publish the last epoch, unless that was done; what was read since is not in it."""
        truth = self._unpublished
        if truth is None:
            return
        committed = msgspec.structs.replace(
            progress,
            positions=truth.log_to,
            epoch=truth.epoch,
            watermark=truth.watermark,
            ledger=truth.ledger,
        )
        super().publish(committed, definitions, hot_age, shown, is_sweeping=True)
        self._unpublished = None


def publisher_of(project: str, tail: Tail | StoreTail) -> Publisher:
    """The one that fits where cuts lie."""
    if isinstance(tail, StoreTail):
        return CommittedPublisher(project, tail)
    return Publisher(project, tail)
