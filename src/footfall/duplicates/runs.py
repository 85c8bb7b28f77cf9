"""Sorted runs of 128-bit keys received in one hour, each with its fingerprint; immutable."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from footfall.duplicates import filter as _filter
from footfall.duplicates.filter import Probe
from footfall.duplicates.fingerprint import UNKNOWN
from footfall.duplicates.keys import Flags, Keys, Places, sort_keys

FENCE_ROWS: Final = 128
"""The first of so many keys is in memory, so that a search touches a page or two of the file."""

FILTERED_ROWS_MIN: Final = 512
"""Smaller runs in memory are searched at once."""

FENCED_SEARCHES_MAX: Final = 256
"""More keys than these are searched for in one go, which is faster and touches more pages."""

_NO_FILTER: Final = np.zeros((2, 0), dtype=np.uint64)


class NewIds(msgspec.Struct, frozen=True, gc=False):
    """Keys to look for, ascending, and what filters need of them."""

    primary: Any
    secondary: Any
    probe: Probe

    @classmethod
    def of(cls, primary: Keys, secondary: Keys) -> NewIds:
        """Of ascending keys."""
        return cls(primary, secondary, Probe.of(primary, secondary))


class Run(msgspec.Struct, frozen=True, gc=False):
    """Keys sorted by `primary`, equal ones by `secondary`; no key twice."""

    primary: Any
    """`Keys`; in memory or in a mapped file."""
    secondary: Any
    fingerprints: Any
    words: Any
    """The filter; none for the smallest runs."""
    fences: Any
    """`primary` at every `FENCE_ROWS`, in memory."""
    hour: int
    """Since 1970."""
    first_epoch: int
    last_epoch: int
    file: str | None = None
    """Name of the file that holds it, once it is written."""
    mapped: mmap.mmap | None = None

    def __len__(self) -> int:
        return len(self.primary)

    def find(self, batch: NewIds, found: Keys) -> Places:
        """Places in `batch` of the keys that the run has; sets their fingerprints in `found`."""
        if self.words.shape[1]:
            places = _filter.passing(batch.probe, self.words)
        else:
            places = np.arange(len(batch.primary))
        if len(places) == 0:
            return places
        primary, secondary = batch.primary[places], batch.secondary[places]
        rows, is_found = self._search(primary, secondary)
        found[places[is_found]] = self.fingerprints[rows[is_found]]
        return places[is_found]

    def _search(self, primary: Keys, secondary: Keys) -> tuple[Places, Flags]:
        """Row of each key, and whether the run has it.

        Keys that share their first half with another one of the run are searched for one by one:
        rare, unless somebody makes such ids on purpose, and then it costs the searches and no more.
        """
        rows = self._first_rows(primary)
        last = len(self.primary) - 1
        at = np.minimum(rows, last)
        is_found: Flags = self.primary[at] == primary
        is_shared = is_found & (rows < last) & (self.primary[np.minimum(at + 1, last)] == primary)
        is_found &= self.secondary[at] == secondary
        for index in np.flatnonzero(is_shared):
            row = self._row(primary[index], secondary[index])
            is_found[index] = row is not None
            at[index] = row or 0
        return at, is_found

    def _first_rows(self, primary: Keys) -> Places:
        if self.mapped is None or len(primary) > FENCED_SEARCHES_MAX:
            return np.searchsorted(self.primary, primary)
        blocks = np.maximum(np.searchsorted(self.fences, primary) - 1, 0) * FENCE_ROWS
        rows = np.minimum(blocks[:, None] + np.arange(FENCE_ROWS), len(self.primary) - 1)
        before = (self.primary[rows] < primary[:, None]).sum(axis=1)
        first: Places = np.minimum(blocks + before, len(self.primary))
        return first

    def _row(self, primary: np.uint64, secondary: np.uint64) -> int | None:
        start = int(np.searchsorted(self.primary, primary, "left"))
        end = int(np.searchsorted(self.primary, primary, "right"))
        row = start + int(np.searchsorted(self.secondary[start:end], secondary))
        return row if row < end and self.secondary[row] == secondary else None


def make_run(
    primary: Keys, secondary: Keys, fingerprints: Keys, hour: int, epochs: tuple[int, int]
) -> Run:
    """A run in memory of ascending keys, at least one."""
    words: Keys = _NO_FILTER
    if len(primary) >= FILTERED_ROWS_MIN:
        words = _filter.build(Probe.of(primary, secondary), len(primary))
    return Run(primary, secondary, fingerprints, words, primary[::FENCE_ROWS].copy(), hour, *epochs)


def merge(runs: Sequence[Run]) -> Run:
    """Runs of one hour as one in memory."""
    primary = np.concatenate([run.primary for run in runs])
    secondary = np.concatenate([run.secondary for run in runs])
    fingerprints = np.concatenate([run.fingerprints for run in runs])
    order = sort_keys(primary, secondary)
    epochs = min(run.first_epoch for run in runs), max(run.last_epoch for run in runs)
    return make_run(primary[order], secondary[order], fingerprints[order], runs[0].hour, epochs)


def look_up(runs: Sequence[Run], batch: NewIds) -> tuple[Flags, Keys]:
    """Which keys of `batch` are in any of `runs`, and the fingerprints of those that are."""
    is_found = np.zeros(len(batch.primary), dtype=np.bool_)
    found = np.full(len(batch.primary), UNKNOWN, dtype=np.uint64)
    for run in runs:
        is_found[run.find(batch, found)] = True
    return is_found, found
