"""Places in a log of several partitions: one record, a run of records, how far a reader is.

A log has one or more *partitions*, numbered from 0. Each counts its records with *offsets* of its
own, from 0 and without gaps. Between partitions offsets say nothing: what came first follows from
the requests themselves (`footfall.event.ARRIVAL`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

import msgspec


class Place(NamedTuple):
    """Where one record is."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """For people; the first partition is not named, since most logs have no other."""
        return f"{self.offset}" + _of_partition(self.partition)


class Slice(NamedTuple):
    """Records [start, stop) of one partition."""

    partition: int
    start: int
    stop: int

    @property
    def requests(self) -> int:
        """How many records."""
        return max(0, self.stop - self.start)

    def __str__(self) -> str:
        """For people."""
        named = (
            f"request {self.start}"
            if self.requests == 1
            else f"requests {self.start} to {self.stop - 1}"
        )
        return named + _of_partition(self.partition)


class Positions(msgspec.Struct, frozen=True):
    """How far a reader is: in each partition, the offset of the first record it has not read.

    Partitions that it does not name are at 0, so `Positions()` is the beginning of any log, and a
    log that gets more partitions changes nothing that was written before. JSON: see
    docs/formats/log.md.

    `a <= b` says that `a` is behind or equal in *every* partition. Two readers may be neither
    before nor after each other:

        a = Positions((3, 7))     a <= b  False     a.minimum(b)  (3, 5)
        b = Positions((4, 5))     b <= a  False     a.maximum(b)  (4, 7)
    """

    offsets: tuple[int, ...] = ()
    """By partition; no zeros at the end, so that equal positions are equal values."""

    def __post_init__(self) -> None:
        """Leave out zeros at the end.

        Raises:
            ValueError: an offset is below 0.
        """
        if any(offset < 0 for offset in self.offsets):
            raise ValueError(f"offsets count from 0: {self.offsets}")
        used = len(self.offsets)
        while used and self.offsets[used - 1] == 0:
            used -= 1
        if used < len(self.offsets):
            msgspec.structs.force_setattr(self, "offsets", self.offsets[:used])

    def __getitem__(self, partition: int) -> int:
        """Offset in a partition."""
        return self.offsets[partition] if partition < len(self.offsets) else 0

    def __le__(self, other: Positions) -> bool:
        """Whether every partition is at most as far as in `other`."""
        return all(mine <= theirs for mine, theirs in self._pairs(other))

    def __str__(self) -> str:
        """`5` for one partition, `5,0,7` for three."""
        return ",".join(map(str, self.offsets or (0,)))

    @property
    def total(self) -> int:
        """Records before it, in all partitions."""
        return sum(self.offsets)

    def advanced(self, partition: int, offset: int) -> Positions:
        """With one partition at `offset`.

        Raises:
            ValueError: that would be back.
        """
        if offset < self[partition]:
            raise ValueError(f"positions never go back: {self[partition]} to {offset}")
        offsets = [*self.offsets, *(0 for _ in range(partition + 1 - len(self.offsets)))]
        offsets[partition] = offset
        return Positions(tuple(offsets))

    def minimum(self, other: Positions) -> Positions:
        """In each partition the lower offset of the two."""
        return Positions(tuple(min(pair) for pair in self._pairs(other)))

    def maximum(self, other: Positions) -> Positions:
        """In each partition the higher offset of the two."""
        return Positions(tuple(max(pair) for pair in self._pairs(other)))

    def slices_to(self, end: Positions) -> Iterator[Slice]:
        """What lies between this and `end`, partition by partition; those with nothing left out."""
        for partition, (start, stop) in enumerate(self._pairs(end)):
            if start < stop:
                yield Slice(partition, start, stop)

    def _pairs(self, other: Positions) -> Iterator[tuple[int, int]]:
        return zip_longest(self.offsets, other.offsets, fillvalue=0)


def within(place: Place, start: Positions, end: Positions) -> bool:
    """Whether a record lies between two positions."""
    return start[place.partition] <= place.offset < end[place.partition]


def hull(slices: Iterable[Slice]) -> tuple[Slice, ...]:
    """For each partition the smallest slice that has all of its `slices`, by partition."""
    found: dict[int, Slice] = {}
    for one in slices:
        known = found.get(one.partition, one)
        found[one.partition] = Slice(
            one.partition, min(known.start, one.start), max(known.stop, one.stop)
        )
    return tuple(found[partition] for partition in sorted(found))


def _of_partition(partition: int) -> str:
    return f" of partition {partition}" if partition else ""
