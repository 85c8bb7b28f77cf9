"""Bytes of one row of a segment: several records, their lengths and a checksum.

Rows are compressed: JSON of many like events shrinks to a tenth, and bytes are what a log costs,
three times each (write-ahead log, database file, reading).

One row per group and not per record, because each SQLite step costs a thread switch in a busy
process: a row of 256 KiB takes one step instead of hundreds.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

import zstandard

ROW_BYTES_MAX: Final = 256 * 1024
"""A row is closed by the record that reaches this; readers load whole rows."""

_LENGTH_BYTES: Final = 4
_ZSTD_LEVEL: Final = 1
"""Measured on events of 1 KB: 0.4 µs an event for a tenth of the bytes or less."""


def chunks(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut a group into runs of at most `ROW_BYTES_MAX`, or of one larger record."""
    start = size = 0
    for index, record in enumerate(records):
        size += len(record)
        if size >= ROW_BYTES_MAX:
            yield records[start : index + 1]
            start, size = index + 1, 0
    if start < len(records):
        yield records[start:]


class RowCodec:
    """Makes rows of records and the other way round; from one thread at a time.

    An object because a compression context costs more to make than a small row to compress.
    """

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def pack(self, records: Sequence[bytes]) -> bytes:
        """Lengths as little-endian 32-bit numbers, then the records; all of it compressed."""
        lengths = struct.pack(f"<{len(records)}I", *map(len, records))
        return self._compressor.compress(b"".join([lengths, *records]))

    def unpack(self, data: bytes, count: int) -> list[bytes] | None:
        """Inverse of `pack`; `None` if `data` cannot hold `count` records.

        To be asked only of rows whose checksum fits: the size that a frame claims is believed.
        """
        try:
            return _split(self._decompressor.decompress(data), count)
        except zstandard.ZstdError:
            return None


def _split(data: bytes, count: int) -> list[bytes] | None:
    header = _LENGTH_BYTES * count
    if len(data) < header:
        return None
    lengths = struct.unpack_from(f"<{count}I", data)
    ends = list(accumulate(lengths, initial=header))
    if ends[-1] != len(data):
        return None
    return [data[start : start + length] for start, length in zip(ends, lengths, strict=False)]


def checksum(first_offset: int, count: int, data: bytes) -> int:
    """CRC-32 over where the row belongs and what it holds: SQLite has none of its own."""
    return zlib.crc32(data, zlib.crc32(struct.pack("<QI", first_offset, count)))
