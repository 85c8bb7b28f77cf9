"""How consumers get on, for people: read from their files, also while the pipeline is silent.

Light to import.
"""

from __future__ import annotations

import contextlib

import msgspec

from footfall.clock import time_text
from footfall.errors import Corrupt, Unavailable
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.metadata.progress.reads import committed_at
from footfall.pipeline.consumers.notes import (
    consumer_names,
    consumers_dir,
    read_position,
    read_state,
)


class ConsumerReport(msgspec.Struct, frozen=True):
    """One consumer of epochs."""

    name: str
    needs_epoch: int | None
    """First epoch that it is not done with; none if its position cannot be read."""
    epochs_behind: int
    """Committed ones that it is not done with."""
    behind_since: int | None
    """When the first of them was committed, microseconds; none if it is not behind."""
    doing: str
    """What it was given and did not end, such as `epoch 7`."""
    failures: int
    """In a row."""
    error: str
    """Its last error; empty if there was none."""
    failed_at: int
    """When that was, microseconds; 0 for never."""
    epochs_lost: int
    """Not given to it, ever: it lagged beyond `consumers.keep_age_max`."""
    batches_left_out: int
    """Micro-batches that it was too slow for since it was started."""

    def __str__(self) -> str:
        parts = [self.name]
        if self.needs_epoch is None:
            parts.append(self.error)
        elif self.epochs_behind:
            since = "" if self.behind_since is None else f" since {time_text(self.behind_since)}"
            parts.append(f"{self.epochs_behind:,} epochs behind{since}")
        else:
            parts.append(f"done up to epoch {self.needs_epoch - 1:,}")
        if self.failures:
            parts.append(f"failed {self.failures:,} times, last at {time_text(self.failed_at)}")
        if self.needs_epoch is not None and self.error and (self.failures or self.doing):
            parts.append(self.error)
        if self.epochs_lost:
            parts.append(f"{self.epochs_lost:,} epochs lost")
        if self.batches_left_out:
            parts.append(f"{self.batches_left_out:,} micro-batches left out")
        return ", ".join(parts)

    @property
    def is_well(self) -> bool:
        """Whether nobody need look."""
        return not (self.failures or self.epochs_lost or self.needs_epoch is None)


def consumer_reports(
    home: Home, project: str, epoch: int, metadata: MetadataPlace | None = None
) -> list[ConsumerReport]:
    """Every consumer that ever ran, in order of names; `epoch` is the last one committed.

    `metadata` is where its epochs are noted, if that is not the home.
    """
    directory = consumers_dir(home, project)
    place = metadata or MetadataPlace.of(home)
    return [_report(home, project, name, epoch, place) for name in consumer_names(directory)]


def _report(
    home: Home, project: str, name: str, epoch: int, metadata: MetadataPlace
) -> ConsumerReport:
    directory = consumers_dir(home, project)
    state = read_state(directory, name)
    error, needs, lost = state.error, None, 0
    try:
        position = read_position(directory, name)
    except Corrupt as problem:
        error = str(problem)
    else:
        needs = None if position is None else position.needs.epoch
        lost = 0 if position is None else position.lost
    behind = 0 if needs is None else max(0, epoch + 1 - needs)
    since = None
    if behind and needs is not None:
        with contextlib.suppress(Unavailable):  # said by what reads metadata itself
            since = committed_at(metadata, project, needs)
    return ConsumerReport(
        name=name,
        needs_epoch=needs,
        epochs_behind=behind,
        behind_since=since,
        doing=state.doing,
        failures=state.failures + state.deaths,
        error=error,
        failed_at=state.failed_at,
        epochs_lost=lost,
        batches_left_out=state.batches_left_out,
    )
