"""A log in memory: the fake that passes the same behaviour suite as the real ones."""

from __future__ import annotations

from collections.abc import Sequence

from footfall.errors import Closed, FootfallError


class MemoryLog:
    """Keeps records in a list. Forgets like the real one, in whole segments.

    `fail_with` makes appends raise that error until it is `None` again.
    """

    def __init__(self, segment_records: int = 8) -> None:
        """Make an empty log.

        Args:
            segment_records: How many records are forgotten together, at least 1.
        """
        self._segment_records = segment_records
        self._start = 0
        self._records: list[bytes] = []
        self._is_closed = False
        self.fail_with: FootfallError | None = None

    def append(self, records: Sequence[bytes]) -> int:
        """See `Log.append`."""
        self._check_open()
        if self.fail_with is not None:
            raise self.fail_with
        first = self.end_offset()
        self._records.extend(records)
        return first

    def read(self, offset: int, *, records_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """See `Log.read`."""
        self._check_open()
        found: list[tuple[int, bytes]] = []
        for index in range(max(offset - self._start, 0), len(self._records)):
            if len(found) >= records_max or bytes_max <= 0:
                break
            found.append((self._start + index, self._records[index]))
            bytes_max -= len(self._records[index])
        return found

    def start_offset(self) -> int:
        """See `Log.start_offset`."""
        self._check_open()
        return self._start

    def end_offset(self) -> int:
        """See `Log.end_offset`."""
        self._check_open()
        return self._start + len(self._records)

    def trim(self, before: int) -> None:
        """See `Log.trim`; the newest segment stays."""
        self._check_open()
        newest = (max(self.end_offset() - 1, 0) // self._segment_records) * self._segment_records
        before = min(before // self._segment_records * self._segment_records, newest)
        if before > self._start:
            del self._records[: before - self._start]
            self._start = before

    def offset_within(self, bytes_max: int) -> int:
        """See `Log.offset_within`; counts the records' bytes."""
        self._check_open()
        size, found = 0, None
        for index in range(len(self._records) - 1, -1, -1):
            size += len(self._records[index])
            offset = self._start + index
            if size > bytes_max:
                break
            if offset % self._segment_records == 0:
                found = offset
        newest = (max(self.end_offset() - 1, 0) // self._segment_records) * self._segment_records
        return max(newest, self._start) if found is None else found

    def close(self) -> None:
        """See `Log.close`."""
        self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the log was closed")
