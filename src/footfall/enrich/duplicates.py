"""The first of each event id counts: which ids were seen within the horizon.

SDKs send again what was never acknowledged, and sometimes what was; two tabs send one stored batch
twice. An event is known by (`app_id`, `event_id`). The first in log order is kept, later ones are
counted and dropped, until the horizon has passed since the hour in which the first was received.

Theory of operation. Ids are 16 bytes; each app turns them with bytes of its own, so that equal ids
of two apps differ, and within an app nothing can be taken for something else. Ids live in
immutable sorted *runs* (`_runs`): one for each batch kept, merged as they pile up, so there are a
few, each some times larger than the next. A lookup is a binary search in each. A run has the hour
of receipt beside each id: expiry looks at hours, not at runs, so how runs were merged never shows.
Since runs never change, a copy of an index costs nothing: `fork` for previews, and drop it.

Rows of an epoch depend on the state before it, its log range and its plan alone: `expire` is called
between epochs, with the plan's watermark, and batches within an epoch may be cut anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import HOUR
from footfall.enrich._columns import column
from footfall.enrich._runs import Flags, Keys, Run, merge
from footfall.enrich._runs_store import RunsNote, read_runs, write_runs
from footfall.settings import DuplicateSettings

MERGE_FACTOR: Final = 4
"""A run is merged with the one before it while that is less than this many times larger."""

RUN_ROWS_MAX: Final = 16_000_000
"""Runs that together would be larger are not merged: bounds memory and time of a merge (320 MB)."""

_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2^64 divided by the golden ratio, odd: multiplying by it moves every bit."""


class DuplicateIndex:
    """Ids seen within the horizon. Deterministic: no clock, no chance."""

    def __init__(self, horizon: int, runs: Iterable[Run] = (), expired_before: int = 0) -> None:
        """An index of `runs`.

        Args:
            horizon: How long an id is remembered after it was received, in microseconds.
            runs: Oldest first.
            expired_before: Hours (since 1970) before it are forgotten.
        """
        self._horizon = horizon
        self._runs = tuple(runs)
        self._expired_before = max(expired_before, 0)

    @classmethod
    def empty(cls, settings: DuplicateSettings) -> DuplicateIndex:
        """An index that has seen nothing."""
        return cls(settings.horizon)

    def keep(self, events: pa.Table, epoch: int) -> tuple[pa.Table, int]:
        """The first of each id, in log order, none of them seen within the horizon before.

        What is kept is remembered. Calling it for parts of a table, one after the other, keeps the
        same as one call for all of it.

        Args:
            events: In log order, with `app_id`, `event_id`, `received_at`.
            epoch: The epoch they belong to; not less than in any call before.

        Returns:
            The events kept, and how many were not.
        """
        if events.num_rows == 0:
            return events, 0
        primary, secondary = _keys(events)
        is_new = ~_seen_before(primary, secondary)
        for run in self._runs:
            is_new &= ~run.contains(primary, secondary, self._expired_before)
        kept = np.flatnonzero(is_new)
        if len(kept):
            hours = column(events, "received_at").cast(pa.int64()).to_numpy() // HOUR
            hours = np.maximum(hours[kept], self._expired_before).astype(np.int32)
            new = Run.sort(primary[kept], secondary[kept], hours, epoch)
            closed = [run for run in self._runs if run.last_epoch < epoch]
            current = [run for run in self._runs if run.last_epoch >= epoch]
            self._runs = (*self._tidy(closed), *self._tidy([*current, new]))
        if len(kept) == events.num_rows:
            return events, 0
        return events.take(pa.array(kept)), events.num_rows - len(kept)

    def _tidy(self, runs: list[Run]) -> list[Run]:
        """Merge neighbours until each run is much larger than the next.

        Runs of an open epoch are apart from those before it, so that `persist` can tell them.
        """
        tidied: list[Run] = []
        for run in runs:
            tidied.append(run)
            while len(tidied) > 1 and _should_merge(tidied[-2], tidied[-1]):
                merged = merge(tidied[-2], tidied[-1], self._expired_before)
                tidied[-2:] = [] if merged is None else [merged]
        return tidied

    def expire(self, watermark: int) -> None:
        """Forget ids whose whole hour of receipt is further back than the horizon.

        Call it between epochs only, with the watermark of the epoch's plan (microseconds).
        """
        hour = (watermark - self._horizon) // HOUR
        self._expired_before = max(self._expired_before, hour)
        self._runs = tuple(run for run in self._runs if run.last_hour >= self._expired_before)

    def fork(self) -> DuplicateIndex:
        """A copy that goes its own way; costs nothing. To go back to a state, keep a fork of it."""
        return DuplicateIndex(self._horizon, self._runs, self._expired_before)

    def __len__(self) -> int:
        """Ids in memory and files, those forgotten but not yet removed included."""
        return sum(len(run) for run in self._runs)

    def persist(self, directory: Path, epoch: int) -> None:
        """Make the state after `epoch` durable: writes only runs that are in no file yet.

        Runs written are read through the file from then on, so memory holds the newest ids only.
        Ids of the next epoch, if there are some already, are not written.

        Args:
            directory: Where run files and notes lie; made if missing.
            epoch: Names the state for `load`.
        """
        done = [run for run in self._runs if run.last_epoch <= epoch]
        later = [run for run in self._runs if run.last_epoch > epoch]
        assert all(run.first_epoch > epoch for run in later), "persist: at most one epoch behind"
        note = RunsNote(epoch, self._horizon, self._expired_before)
        self._runs = (*write_runs(directory, note, done), *later)

    @classmethod
    def load(
        cls, directory: Path, epoch: int, settings: DuplicateSettings | None = None
    ) -> DuplicateIndex:
        """The state that `persist` wrote for `epoch`.

        Args:
            directory: As for `persist`.
            epoch: As for `persist`.
            settings: The horizon from now on; without it, the one the state was written with.

        Raises:
            Corrupt: a file is missing or damaged; use an older checkpoint.
        """
        note, runs = read_runs(directory, epoch)
        horizon = note.horizon if settings is None else settings.horizon
        return cls(horizon, runs, note.expired_before)


def _keys(events: pa.Table) -> tuple[Keys, Keys]:
    """Two numbers for each event that together say exactly which app and id it has.

    The first mixes both halves of the id, so that ids that count up are spread as well.
    """
    ids = column(events, "event_id")
    halves = np.frombuffer(
        ids.buffers()[1], dtype="<u8", offset=16 * ids.offset, count=2 * len(ids)
    ).reshape(-1, 2)
    apps = pc.dictionary_encode(column(events, "app_id"))
    turns = np.array([_turn(app) for app in apps.dictionary.to_pylist()], dtype="<u8")
    mine = turns[apps.indices.to_numpy()]
    secondary = halves[:, 0] ^ mine[:, 0]
    primary = (halves[:, 1] ^ mine[:, 1]) ^ (secondary * _SPREAD)
    return primary, secondary


def _turn(app_id: str) -> list[int]:
    digest = hashlib.blake2b(app_id.encode(), digest_size=16).digest()
    return [int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")]


def _seen_before(primary: Keys, secondary: Keys) -> Flags:
    """Where the same key stands further up in the batch."""
    order = np.lexsort((secondary, primary))  # stable: of equal keys the first in the log is first
    repeats = np.zeros(len(primary), dtype=np.bool_)
    same = (np.diff(primary[order]) == 0) & (np.diff(secondary[order]) == 0)
    repeats[order[1:][same]] = True
    return repeats


def _should_merge(older: Run, newer: Run) -> bool:
    rows = len(older) + len(newer)
    return len(older) <= MERGE_FACTOR * len(newer) and rows <= RUN_ROWS_MAX
