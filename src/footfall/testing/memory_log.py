"""A log in memory: the fake that passes the same behaviour suite as the real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from footfall.errors import Closed, FootfallError, Invalid
from footfall.positions import Place, Positions


class MemoryLog:
    """Keeps records in lists. Forgets like the real ones, in whole segments.

    `fail_with` makes appends raise that error until it is `None` again.
    """

    def __init__(
        self,
        segment_records: int = 8,
        partitions: int = 1,
        choose: Callable[[], int] | None = None,
    ) -> None:
        """Make an empty log.

        Args:
            segment_records: How many records of a partition are forgotten together, at least 1.
            partitions: How many, at least 1.
            choose: Partition of the next append; by default they take turns.
        """
        turns = count()
        self._parts = [_Partition(segment_records) for _ in range(partitions)]
        self._choose = choose or (lambda: next(turns) % partitions)
        self._is_closed = False
        self.fail_with: FootfallError | None = None

    @property
    def partitions(self) -> int:
        """See `Log.partitions`."""
        return len(self._parts)

    def append(self, records: Sequence[bytes], partition: int | None = None) -> Place:
        """See `Log.append`."""
        self._check_open()
        if self.fail_with is not None:
            raise self.fail_with
        chosen = self._choose() if partition is None else partition
        part = self._part(chosen)
        first = part.end
        part.records.extend(records)
        return Place(chosen, first)

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        """See `Log.read`."""
        self._check_open()
        return self._part(partition).read(offset, records_max, bytes_max)

    def starts(self) -> Positions:
        """See `Log.starts`."""
        self._check_open()
        return Positions(tuple(part.start for part in self._parts))

    def ends(self) -> Positions:
        """See `Log.ends`."""
        self._check_open()
        return Positions(tuple(part.end for part in self._parts))

    def trim(self, before: Positions) -> None:
        """See `Log.trim`; the newest segment of each partition stays."""
        self._check_open()
        for partition, part in enumerate(self._parts):
            part.trim(before[partition])

    def positions_within(self, bytes_max: int) -> Positions:
        """See `Log.positions_within`; counts the records' bytes."""
        self._check_open()
        share = bytes_max // len(self._parts)
        return Positions(tuple(part.offset_within(share) for part in self._parts))

    def probe(self) -> None:
        """See `Log.probe`."""
        self._check_open()
        if self.fail_with is not None:
            raise self.fail_with

    def close(self) -> None:
        """See `Log.close`."""
        self._is_closed = True

    def _part(self, partition: int) -> _Partition:
        if not 0 <= partition < len(self._parts):
            raise Invalid(f"there is no such partition: {partition=} partitions={self.partitions}")
        return self._parts[partition]

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the log was closed")


class _Partition:
    """Records of one partition, from `start` on."""

    def __init__(self, segment_records: int) -> None:
        self._segment_records = segment_records
        self.start = 0
        self.records: list[bytes] = []

    @property
    def end(self) -> int:
        return self.start + len(self.records)

    @property
    def _newest(self) -> int:
        """Where the segment begins that the last record is in."""
        return max(self.end - 1, 0) // self._segment_records * self._segment_records

    def read(self, offset: int, records_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        for index in range(max(offset - self.start, 0), len(self.records)):
            if len(found) >= records_max or bytes_max <= 0:
                break
            found.append((self.start + index, self.records[index]))
            bytes_max -= len(self.records[index])
        return found

    def trim(self, before: int) -> None:
        before = min(before // self._segment_records * self._segment_records, self._newest)
        if before > self.start:
            del self.records[: before - self.start]
            self.start = before

    def offset_within(self, bytes_max: int) -> int:
        size, found = 0, None
        for index in range(len(self.records) - 1, -1, -1):
            size += len(self.records[index])
            offset = self.start + index
            if size > bytes_max:
                break
            if offset % self._segment_records == 0:
                found = offset
        return max(self._newest, self.start) if found is None else found
