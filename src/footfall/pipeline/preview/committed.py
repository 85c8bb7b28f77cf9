"""Cuts of committed epochs alone: where nothing is previewed, or readers are on other machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from footfall.clock import Clock
from footfall.home import Home
from footfall.lake import Lake, LakePlace, planned_tables
from footfall.lake.cut import Cut, CutSessions
from footfall.pipeline.consumers.contract import Progress
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.preview.preview import PreviewBatch, hot_rows
from footfall.pipeline.preview.publisher import Publisher
from footfall.pipeline.preview.store_tail import StoreTail
from footfall.pipeline.preview.tail import Tail
from footfall.session import REMOVED_SCHEMA
from footfall.sessionize import Definitions, key_of
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


def publish_committed(
    tail: Tail | StoreTail,
    lake: Lake,
    progress: Progress,
    definitions: Definitions,
    *,
    sessions: Mapping[str, Iterable[pa.Table]],
    overrides: pa.Table,
    removed: pa.Table,
    hot_age: int | None = None,
) -> None:
    """Make a committed epoch what readers see, and remove what none needs any more.

    For who holds the sessions in parts. Call it when every table has the epoch, and before the next
    one is committed to any: a cut shows whole epochs.

    Args:
        tail: Of `tail_of`; the same one from epoch to epoch.
        lake: Its plans name the data files.
        progress: Positions, epoch, watermark and ledger as they are after the epoch.
        definitions: Those whose sessions are shown.
        sessions: By key of a definition (`key_of`), what the lake does not have in this form
            (`footfall.sessionize.unwritten`), in any number of parts with disjoint sessions.
        overrides: All that are not folded into the events yet, `OVERRIDE_SCHEMA`.
        removed: All rows that are not folded into the sessions yet, `REMOVED_SCHEMA`.
        hot_age: As `Cut.hot_age`.

    Raises:
        LeaseLost: another writer took over; nothing was replaced.
        Unavailable: the store does not answer; publish again.
    """
    sequence = tail.next_sequence()
    with lake.locks.committing():  # what a plan names is not removed before it is written
        plans = {spec.name: tail.write_plan(lake.plan(spec.name)) for spec in planned_tables()}
    shown = {}
    for definition in definitions:
        key = key_of(definition)
        suffix = "" if definition == definitions.default else f".{key}"
        parts = (hot_rows(part, REMOVED_SCHEMA.empty_table(), sequence) for part in sessions[key])
        files = [tail.write(f"hot{suffix}.{number}", part) for number, part in enumerate(parts)]
        shown[definition.name] = CutSessions(
            version=definition.version,
            closed_before=definition.closed_before(progress.watermark),
            hot=tuple(file for file in files if file is not None),
        )
    cut = Cut(
        project=lake.project,
        sequence=sequence,
        published_at=progress.at,
        positions=progress.positions,
        epoch=progress.epoch,
        watermark=progress.watermark,
        ledger=progress.ledger,
        plans=plans,
        sessions=shown,
        default=definitions.default.name,
        hot_age=hot_age,
        overrides=tail.write("overrides", overrides),
        removed=tail.write("removed", removed),
    )
    tail.publish(cut)
    tail.sweep(cut)


class CommittedPublisher(Publisher):
    """A publisher that shows each epoch once, when it is committed, and no micro-batch."""

    def __init__(self, project: str, tail: StoreTail) -> None:
        """Publish nothing yet."""
        super().__init__(project, tail)
        self._unpublished: Truth | None = None

    def add(self, batch: PreviewBatch, overrides: OverrideSet) -> None:
        """Show nothing of it."""

    def start_epoch(self, lake: Lake, truth: Truth) -> None:
        """See `Publisher`."""
        super().start_epoch(lake, truth)
        self._unpublished = truth

    def publish(
        self,
        progress: Progress,
        definitions: Definitions,
        hot_age: int | None = None,
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
        super().publish(committed, definitions, hot_age, is_sweeping=True)
        self._unpublished = None


def publisher_of(project: str, tail: Tail | StoreTail) -> Publisher:
    """The one that fits where cuts lie."""
    if isinstance(tail, StoreTail):
        return CommittedPublisher(project, tail)
    return Publisher(project, tail)
