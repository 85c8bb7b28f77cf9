"""Sorted runs of 128-bit keys with the hour each was received in; immutable."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

Keys = np.ndarray[tuple[int], np.dtype[np.uint64]]
Hours = np.ndarray[tuple[int], np.dtype[np.int32]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
Order = np.ndarray[tuple[int], np.dtype[np.intp]]

ROW_BYTES: Final = 8 + 8 + 4


class Run(msgspec.Struct, frozen=True, gc=False):
    """Keys sorted by `primary`, equal ones by `secondary`; of live ones no key twice."""

    primary: Any
    """`Keys`; in memory or in a mapped file."""
    secondary: Any
    """`Keys`"""
    hours: Any
    """`Hours` since 1970."""
    first_epoch: int
    last_epoch: int
    last_hour: int
    file: str | None = None
    """Name of the file that holds it, once it is written."""

    @classmethod
    def sort(cls, primary: Keys, secondary: Keys, hours: Hours, epoch: int) -> Run:
        """A run of at least one key of one epoch, in any order, no key twice."""
        order = np.lexsort((secondary, primary))
        return cls(primary[order], secondary[order], hours[order], epoch, epoch, int(hours.max()))

    def __len__(self) -> int:
        return len(self.primary)

    def contains(self, primary: Keys, secondary: Keys, expired_before: int) -> Flags:
        """Which of the keys are in the run with an hour that is not before `expired_before`.

        A binary search for all at once. Keys that share their first half with another one of the
        run are searched for one by one: rare, unless somebody makes such ids on purpose, and then
        it costs the searches and no more.
        """
        places = np.searchsorted(self.primary, primary)
        last = len(self.primary) - 1
        at = np.minimum(places, last)
        is_found: Flags = self.primary[at] == primary
        is_shared = is_found & (places < last) & (self.primary[np.minimum(at + 1, last)] == primary)
        is_found &= (self.secondary[at] == secondary) & (self.hours[at] >= expired_before)
        for index in np.flatnonzero(is_shared):
            is_found[index] = self._has(primary[index], secondary[index], expired_before)
        return is_found

    def _has(self, primary: np.uint64, secondary: np.uint64, expired_before: int) -> bool:
        start = int(np.searchsorted(self.primary, primary, "left"))
        end = int(np.searchsorted(self.primary, primary, "right"))
        first = start + int(np.searchsorted(self.secondary[start:end], secondary, "left"))
        after = start + int(np.searchsorted(self.secondary[start:end], secondary, "right"))
        return bool((self.hours[first:after] >= expired_before).any())


def merge(older: Run, newer: Run, expired_before: int) -> Run | None:
    """Both runs as one, without keys of hours before `expired_before`; `None` if none is left."""
    primary = np.concatenate([older.primary, newer.primary])
    secondary = np.concatenate([older.secondary, newer.secondary])
    hours = np.concatenate([older.hours, newer.hours])
    order = np.argsort(primary, kind="stable")  # linear: two sorted halves
    live = hours[order] >= expired_before
    if not live.all():
        order = order[live]
    if len(order) == 0:
        return None
    _sort_shared(primary, secondary, order)
    hours = hours[order]
    return Run(
        primary[order],
        secondary[order],
        hours,
        older.first_epoch,
        newer.last_epoch,
        int(hours.max()),
    )


def _sort_shared(primary: Keys, secondary: Keys, order: Order) -> None:
    """Sort those that share `primary` with a neighbour by `secondary`, in place."""
    repeated = primary[order[1:]] == primary[order[:-1]]
    if not repeated.any():
        return
    is_shared = np.zeros(len(order), dtype=np.bool_)
    is_shared[1:] |= repeated
    is_shared[:-1] |= repeated
    places = np.flatnonzero(is_shared)
    shared = order[places]
    order[places] = shared[np.lexsort((secondary[shared], primary[shared]))]
