"""Reading side of the SQLite log: any process, any number of readers, no coordination.

A reader keeps the sorted list of segment names and a few open connections. At the head an idle
read is one statement and one look for the file that would follow. It learns of new segments from
that look, and of trimmed ones by failing to open them.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from typing import Final

from footfall.errors import Corrupt, Unavailable
from footfall.log.sqlite.groups import RowCodec, checksum
from footfall.log.sqlite.segments import (
    connect_reader,
    end_of,
    is_missing,
    list_bases,
    read_error,
    segment_file,
)

CONNECTIONS_MAX: Final = 4
_TRIES_MAX: Final = 8

_SELECT: Final = """
SELECT first_offset, records, checksum, data FROM record_groups
WHERE first_offset >= coalesce(
    (SELECT max(first_offset) FROM record_groups WHERE first_offset <= ?), 0)
ORDER BY first_offset
"""


class _Batch:
    """What one read returns, while it is gathered."""

    def __init__(self, offset: int, records_max: int, bytes_max: int) -> None:
        self.offset = offset
        self.found: list[tuple[int, bytes]] = []
        self._records_left = records_max
        self._bytes_left = bytes_max

    @property
    def is_full(self) -> bool:
        return self._records_left <= 0 or self._bytes_left <= 0

    def add(self, first: int, records: list[bytes]) -> None:
        for index in range(max(self.offset - first, 0), len(records)):
            if self.is_full:
                return
            self.found.append((first + index, records[index]))
            self._records_left -= 1
            self._bytes_left -= len(records[index])
            self.offset = first + index + 1


class SegmentReader:
    """Reads the segments of one directory, from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open nothing yet; the directory may not exist."""
        self._directory = directory
        self._rows = RowCodec()
        self._bases: list[int] = []
        self._connections: OrderedDict[int, sqlite3.Connection] = OrderedDict()

    def read(self, offset: int, records_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """See `Log.read`."""
        batch = _Batch(offset, records_max, bytes_max)
        try:
            self._gather(batch)
        except Corrupt:
            if not batch.found:
                raise
        return batch.found  # up to the damage: the next read says what it is

    def _gather(self, batch: _Batch) -> None:
        offset = batch.offset
        base = self._base_of(offset)
        while base is not None:
            if self._read_segment(base, batch):
                base = None if batch.is_full else self._next_base(base, batch)
            else:  # trimmed under us: go on with what is the oldest now
                self._refresh()
                base = None if batch.found else self._base_of(offset)

    def start_offset(self) -> int:
        """Offset of the oldest record kept."""
        self._refresh()
        return self._bases[0] if self._bases else 0

    def end_offset(self) -> int:
        """Offset that the next record will get."""
        for _ in range(_TRIES_MAX):
            self._refresh()
            if not self._bases:
                return 0
            try:
                return self._end_of(self._bases[-1])
            except Unavailable:
                # What was the newest when the names were read was followed and trimmed since.
                if segment_file(self._directory, self._bases[-1]).exists():
                    raise
        raise self._too_fast()

    def close(self) -> None:
        """Close all connections."""
        while self._connections:
            self._connections.popitem()[1].close()

    def _read_segment(self, base: int, batch: _Batch) -> bool:
        """Add the segment's records to the batch; false if the segment is gone."""
        file = segment_file(self._directory, base)
        try:
            rows = self._connection(base).execute(_SELECT, (batch.offset,))
            for first, count, expected, data in rows:
                batch.add(first, self._unpacked(first, count, expected, data, file))
                if batch.is_full:
                    rows.close()  # a statement left open would hold its snapshot
                    break
        except sqlite3.Error as error:
            self._forget(base)
            if is_missing(error) and not file.exists():
                return False
            raise read_error(error, file) from error
        return True

    def _unpacked(
        self, first: int, count: int, expected: int, data: bytes, file: Path
    ) -> list[bytes]:
        is_sound = checksum(first, count, data) == expected
        records = self._rows.unpack(data, count) if is_sound else None
        if records is None:
            raise Corrupt(
                f"log segment is damaged; see footfall repair: path={file} offset={first}"
            )
        return records

    def _base_of(self, offset: int) -> int | None:
        """Segment that holds `offset`, or the oldest; `None` if there is no segment at all."""
        for _ in range(_TRIES_MAX):
            index = bisect_right(self._bases, offset) - 1
            if index >= 0:
                return self._bases[index]
            before = self._bases
            self._refresh()
            if self._bases == before:
                return self._bases[0] if self._bases else None
        raise self._too_fast()

    def _too_fast(self) -> Unavailable:
        return Unavailable(f"log changes too fast to be read; try again: path={self._directory}")

    def _next_base(self, base: int, batch: _Batch) -> int | None:
        """Segment to go on with after reading `base` to its end; `None` at the head."""
        index = bisect_right(self._bases, base)
        if index < len(self._bases):
            following = self._bases[index]
            if batch.offset != following:
                self._check_gap(base, following)
            return following
        end = batch.offset if batch.found else self._end_of(base)
        if end == base or not segment_file(self._directory, end).exists():
            return None
        self._refresh()
        return self._base_of(batch.offset)

    def _check_gap(self, base: int, following: int) -> None:
        """A finished segment ends where the next begins; anything else lost records."""
        end = self._end_of(base)
        if end != following:
            raise Corrupt(
                "log lacks records between two segments; see footfall repair:"
                f" path={segment_file(self._directory, base)} end={end} next={following}"
            )

    def _end_of(self, base: int) -> int:
        try:
            return end_of(self._connection(base), base)
        except sqlite3.Error as error:
            raise read_error(error, segment_file(self._directory, base)) from error

    def _refresh(self) -> None:
        self._bases = list_bases(self._directory)
        for base in [base for base in self._connections if base not in self._bases]:
            self._forget(base)

    def _connection(self, base: int) -> sqlite3.Connection:
        connection = self._connections.get(base)
        if connection is None:
            is_last = not self._bases or base >= self._bases[-1]
            connection = connect_reader(segment_file(self._directory, base), is_last=is_last)
            self._connections[base] = connection
            if len(self._connections) > CONNECTIONS_MAX:
                self._connections.popitem(last=False)[1].close()
        self._connections.move_to_end(base)
        return connection

    def _forget(self, base: int) -> None:
        connection = self._connections.pop(base, None)
        if connection is not None:
            connection.close()
