"""Consumers of tests: they note what they are given, and do what the test says."""

from __future__ import annotations

import threading
from typing import ClassVar

import pyarrow as pa

from footfall.lake import TABLES
from footfall.pipeline import (
    CommittedEpoch,
    ConsumerPlace,
    EpochConsumer,
    LostEpochs,
    MicroBatch,
    Needs,
    Progress,
    SessionsSeen,
)


class Book:
    """What all objects of one consumer were given; their maker."""

    def __init__(self, *, is_durable: bool = True) -> None:
        self.given: list[int] = []
        """Numbers of epochs, again where they were given again."""
        self.epochs: dict[int, dict[str, pa.Table]] = {}
        """Their rows by table."""
        self.seen: dict[int, CommittedEpoch] = {}
        self.batches: list[MicroBatch] = []
        self.progress: list[Progress] = []
        self.sessions: list[SessionsSeen] = []
        self.lost: list[LostEpochs] = []
        self.places: list[ConsumerPlace] = []
        self.closed = 0
        self.needs: Needs | None = None
        """What it answers."""
        self.raises: Exception | None = None
        """What it raises when it is given an epoch."""
        self.gate = threading.Event()
        """It hangs in `committed` while this is not set."""
        self.gate.set()
        self._kind = _Recorder if is_durable else _Forgetful

    def __call__(self, place: ConsumerPlace) -> EpochConsumer:
        self.places.append(place)
        return self._kind(self)


class _Recorder(EpochConsumer):
    def __init__(self, book: Book) -> None:
        self._book = book

    def preview(self, batch: MicroBatch) -> None:
        self._book.batches.append(batch)

    def committed(self, epoch: CommittedEpoch) -> Needs | None:
        self._book.given.append(epoch.number)
        self._book.gate.wait()
        if self._book.raises is not None:
            raise self._book.raises
        self._book.epochs[epoch.number] = {table: epoch.rows(table) for table in TABLES}
        self._book.seen[epoch.number] = epoch
        return self._book.needs

    def sessions(self, seen: SessionsSeen) -> None:
        self._book.sessions.append(seen)

    def watermark(self, progress: Progress) -> None:
        self._book.progress.append(progress)

    def lost(self, epochs: LostEpochs) -> Needs | None:
        self._book.lost.append(epochs)
        return None

    def close(self) -> None:
        self._book.closed += 1


class _Forgetful(_Recorder):
    is_durable: ClassVar[bool] = False
