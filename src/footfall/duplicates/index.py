"""The first of each event id counts: which ids were seen within the horizon.

SDKs send again what was never acknowledged, and sometimes what was; two tabs send one stored batch
twice. An event is known by (`app_id`, `event_id`). The first in log order is kept, until the
horizon has passed since the hour in which it was received. A later one with the same payload is a
duplicate: counted and dropped. One with another payload is a *conflict*: somebody makes ids that
are not unique, so it is kept as a failed event.

Theory of operation. Ids are 16 bytes; each app turns them with bytes of its own (`keys`). Beside
each is a fingerprint of the payload. They live in immutable sorted *runs* (`runs`), each of one
hour of receipt: one for each batch kept, merged in memory while they are small, written to files at
checkpoints, and merged there by a thread (`runs_merge`). Each run has a filter (`filter`) that a
new id does not get past; what does is looked up in the keys, so no answer rests on a filter.
Expiry drops runs. How ids are laid out in runs never shows. Since runs never change, a copy of an
index costs nothing: `fork` for previews, and drop it.

Rows of an epoch depend on the state before it, its log range and its plan alone: `expire` is called
between epochs, with the plan's watermark, and batches within an epoch may be cut anywhere.

Memory: the filters, two bytes an id; ids since the last checkpoint, 26 bytes each; a merge, 40 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from footfall.clock import HOUR
from footfall.duplicates.fingerprint import UNKNOWN, fingerprints
from footfall.duplicates.keys import Flags, Keys, keys_of, sort_keys
from footfall.duplicates.runs import NewIds, Run, look_up, make_run, merge
from footfall.duplicates.runs_merge import Merger
from footfall.duplicates.runs_store import (
    RunsNote,
    let_go,
    read_state,
    write_run,
    write_state,
)
from footfall.enrich.columns import column
from footfall.enrich.failures import refused
from footfall.event import FailureReason
from footfall.settings import DuplicateSettings

MERGE_FACTOR: Final = 4
"""A run in memory is merged with the one before it while that is less than so many times larger."""

MEMORY_RUN_ROWS_MAX: Final = 128 * 1024
"""Runs that together would be larger are merged when they are written, and not while events wait:
a merge of so many takes some 10 ms."""

REBUILD_ROWS: Final = 4_000_000
"""Ids in memory while an index is made from rows: 104 MB."""


class Kept(msgspec.Struct, frozen=True):
    """What became of a table of events."""

    events: pa.Table
    """The first of each id."""
    duplicates: int
    """How many were dropped because the same event had been there."""
    conflicts: pa.Table
    """Those whose id another event has."""
    others: pa.Table
    """All that were not kept, duplicates and conflicts."""


class DuplicateIndex:
    """Ids seen within the horizon. Deterministic: no clock, no chance."""

    def __init__(
        self,
        settings: DuplicateSettings,
        runs: Iterable[Run] = (),
        expired_before: int = 0,
        merger: Merger | None = None,
    ) -> None:
        """An index of `runs`.

        Args:
            settings: How long ids are remembered, and how many.
            runs: In any order.
            expired_before: Hours (since 1970) before it are forgotten.
            merger: Merges files; shared by forks.
        """
        self._settings = settings
        self._runs = tuple(runs)
        self._expired_before = max(expired_before, 0)
        self._merger = merger or Merger()

    @classmethod
    def empty(cls, settings: DuplicateSettings) -> DuplicateIndex:
        """An index that has seen nothing."""
        return cls(settings)

    def keep(self, events: pa.Table, epoch: int) -> Kept:
        """The first of each id, in log order, none of them seen within the horizon before.

        What is kept is remembered. Calling it for parts of a table, one after the other, keeps the
        same as one call for all of it.

        Args:
            events: In log order, with `app_id`, `event_id`, `received_at`, and what fingerprints
                are made of; without that, what has a known id is a duplicate.
            epoch: The epoch they belong to; not less than in any call before.
        """
        if events.num_rows == 0:
            return Kept(events, 0, events, events)
        primary, secondary = keys_of(events)
        prints = fingerprints(events)
        order = sort_keys(primary, secondary)
        primary, secondary = primary[order], secondary[order]
        leads = _leads(primary, secondary)
        is_known, known = look_up(self._runs, NewIds.of(primary[leads], secondary[leads]))
        new = leads[~is_known]
        if len(new):
            hours = column(events, "received_at").cast(pa.int64()).to_numpy()[order[new]] // HOUR
            hours = np.maximum(hours, self._expired_before)
            self._learn(primary[new], secondary[new], prints[order[new]], hours, epoch)
        if len(new) == events.num_rows:
            return Kept(events, 0, events.slice(0, 0), events.slice(0, 0))
        first = np.where(is_known, known, prints[order[leads]])
        first = np.repeat(first, np.diff(leads, append=len(order)))
        mine = prints[order]
        is_conflict = (first != mine) & (first != UNKNOWN) & (mine != UNKNOWN)
        conflicts = np.sort(order[is_conflict])
        is_kept = np.zeros(events.num_rows, np.bool_)
        is_kept[order[new]] = True
        return Kept(
            events.filter(pa.array(is_kept)),
            events.num_rows - len(new) - len(conflicts),
            events.take(pa.array(conflicts)),
            events.filter(pa.array(~is_kept)),
        )

    def _learn(self, primary: Keys, secondary: Keys, prints: Keys, hours: Keys, epoch: int) -> None:
        """Remember ascending keys, none of them known."""
        found = np.unique(hours).tolist()
        new = []
        for hour in found:
            rows = slice(None) if len(found) == 1 else hours == hour
            new.append(make_run(primary[rows], secondary[rows], prints[rows], hour, (epoch, epoch)))
        filed = [run for run in self._runs if run.file]
        closed = [run for run in self._runs if not run.file and run.last_epoch < epoch]
        current = [run for run in self._runs if not run.file and run.last_epoch >= epoch]
        self._runs = (*filed, *_tidied(closed), *_tidied([*current, *new]))

    def take_back(self, epoch: int) -> None:
        """Forget the ids of `epoch`, the open one: its events are given again in another order."""
        self._runs = tuple(run for run in self._runs if run.file or run.last_epoch < epoch)

    def expire(self, watermark: int, settings: DuplicateSettings | None = None) -> None:
        """Forget ids whose whole hour of receipt is further back than the horizon.

        And the oldest hours as long as there are more ids than `ids_max`; the newest hour stays.
        Call it between epochs only, with the watermark of the epoch's plan (microseconds).

        Args:
            watermark: Of the plan.
            settings: The plan's, in force from now on; without them, those so far.
        """
        self._settings = settings or self._settings
        self.forget_before(first_hour_kept(self.hours(), watermark, self._settings))
        let_go(self._runs)

    def hours(self) -> dict[int, int]:
        """How many ids were received in each hour (since 1970)."""
        found: dict[int, int] = {}
        for run in self._runs:
            found[run.hour] = found.get(run.hour, 0) + len(run)
        return found

    def forget_before(self, hour: int) -> None:
        """Forget ids of hours before this one; what is older counts as received in it."""
        self._expired_before = max(self._expired_before, hour)
        self._runs = tuple(run for run in self._runs if run.hour >= self._expired_before)

    def fork(self) -> DuplicateIndex:
        """A copy that goes its own way; costs nothing. To go back to a state, keep a fork of it."""
        return DuplicateIndex(self._settings, self._runs, self._expired_before, self._merger)

    def __len__(self) -> int:
        """Ids remembered."""
        return sum(len(run) for run in self._runs)

    def persist(self, directory: Path, epoch: int) -> None:
        """Make the state after `epoch` durable: writes only ids that are in no file yet.

        They are read through the file from then on, so memory holds the newest ids only. Ids of the
        next epoch, if there are some already, are not written. Files are merged later, beside it.

        Args:
            directory: Where run files and notes lie; made if missing.
            epoch: Names the state for `load`.
        """
        self._runs = self._merger.finish(self._runs)
        self._write(directory, epoch)
        written = [run for run in self._runs if run.file]
        note = RunsNote(epoch, self._settings.horizon, self._expired_before)
        write_state(directory, note, written, self._merger.in_use)
        let_go(written)
        self._merger.start(directory, written)

    def settle(self) -> None:
        """Wait for the merge that is under way, if any, and use what it made."""
        self._runs = self._merger.finish(self._runs, wait=True)

    def _write(self, directory: Path, epoch: int) -> None:
        """Put ids of epochs up to `epoch` into files, one for each hour."""
        done = [run for run in self._runs if not run.file and run.last_epoch <= epoch]
        later = [run for run in self._runs if not run.file and run.last_epoch > epoch]
        assert all(run.first_epoch > epoch for run in later), "persist: at most one epoch behind"
        written = [run for run in self._runs if run.file]
        for hour in sorted({run.hour for run in done}):
            runs = [run for run in done if run.hour == hour]
            written.append(write_run(directory, merge(runs) if len(runs) > 1 else runs[0]))
        self._runs = (*written, *later)

    @classmethod
    def load(
        cls, directory: Path, epoch: int, settings: DuplicateSettings | None = None
    ) -> DuplicateIndex:
        """The state that `persist` wrote for `epoch`.

        Args:
            directory: As for `persist`.
            epoch: As for `persist`.
            settings: In force from now on; without them, the horizon the state was written with,
                until `expire` says more.

        Raises:
            Corrupt: a file is missing or damaged; use an older checkpoint.
        """
        note, runs = read_state(directory, epoch)
        return cls(settings or DuplicateSettings(note.horizon), runs, note.expired_before)

    @classmethod
    def rebuild(
        cls,
        rows: Iterable[pa.Table],
        directory: Path,
        epoch: int,
        watermark: int,
        settings: DuplicateSettings,
    ) -> DuplicateIndex:
        """The state after `epoch`, made from events that were kept; files and all, but no note.

        Equal to the one that was lost, if clocks never went back by more than the horizon.

        Args:
            rows: Events of epochs up to `epoch`, in any order and pieces, each once; at least those
                received within the horizon. Columns as for `keep`.
            directory: Where `persist` will write the state.
            epoch: The last that is in `rows`.
            watermark: Of that epoch's plan.
            settings: Of that plan.
        """
        index = cls.empty(settings)
        for table in rows:
            index._learn_all(table, epoch)
            if sum(len(run) for run in index._runs if not run.file) >= REBUILD_ROWS:
                index._write(directory, epoch)
        index._write(directory, epoch)
        index.expire(watermark)
        index._merge_all(directory)
        return index

    def _learn_all(self, events: pa.Table, epoch: int) -> None:
        """Remember events without a look at what is known: none of them is."""
        primary, secondary = keys_of(events)
        order = sort_keys(primary, secondary)
        hours = column(events, "received_at").cast(pa.int64()).to_numpy()[order] // HOUR
        self._learn(primary[order], secondary[order], fingerprints(events)[order], hours, epoch)

    def _merge_all(self, directory: Path) -> None:
        """Merge files until no merge is due; nothing else happens meanwhile."""
        before = -1
        while before != len(self._runs):
            before = len(self._runs)
            self._merger.start(directory, self._runs)
            self.settle()
        let_go(self._runs)


def first_hour_kept(hours: Mapping[int, int], watermark: int, settings: DuplicateSettings) -> int:
    """The hour before which `expire` forgets, from how many ids of each hour there are.

    An index whose ids lie in several parts is as a whole when all parts forget before it.
    """
    first = (watermark - settings.horizon) // HOUR
    kept = sorted(hour for hour in hours if hour >= first)
    rows = sum(hours[hour] for hour in kept)
    for hour in kept[:-1]:
        if rows <= settings.ids_max:
            break
        rows -= hours[hour]
        first = hour + 1
    return first


def conflict_failures(conflicts: pa.Table) -> pa.Table:
    """Rows of `failed_events` for events whose id another event has."""
    message = "another event with this id came before; event ids must be unique"
    return refused(conflicts, FailureReason.ID_CONFLICT, message, "$.event_id")


def _leads(primary: Keys, secondary: Keys) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places where a key stands for the first time; keys ascend."""
    differs: Flags = (primary[1:] != primary[:-1]) | (secondary[1:] != secondary[:-1])
    return np.flatnonzero(np.concatenate([[True], differs]))


def _tidied(runs: list[Run]) -> list[Run]:
    """Merge runs of an hour that follow each other until each is much larger than the next.

    Runs of an open epoch are apart from those before it, so that `persist` can tell them.
    """
    tidied: list[Run] = []
    for run in sorted(runs, key=lambda run: run.hour):
        tidied.append(run)
        while len(tidied) > 1 and _should_merge(tidied[-2], tidied[-1]):
            tidied[-2:] = [merge(tidied[-2:])]
    return tidied


def _should_merge(older: Run, newer: Run) -> bool:
    rows = len(older) + len(newer)
    return (
        older.hour == newer.hour
        and len(older) <= MERGE_FACTOR * len(newer)
        and rows <= MEMORY_RUN_ROWS_MAX
    )
