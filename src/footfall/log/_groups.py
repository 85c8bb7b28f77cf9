"""Bytes of one row of a segment: several records, their lengths and a checksum.

One row per group and not per record, because each SQLite step costs a thread switch in a busy
process: a row of 256 KiB takes one step instead of hundreds.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

ROW_BYTES_MAX: Final = 256 * 1024
"""A row is closed by the record that reaches this; readers load whole rows."""

_LENGTH_BYTES: Final = 4


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


def pack(records: Sequence[bytes]) -> bytes:
    """Lengths as little-endian 32-bit numbers, then the records."""
    return b"".join([struct.pack(f"<{len(records)}I", *map(len, records)), *records])


def unpack(data: bytes, count: int) -> list[bytes] | None:
    """Inverse of `pack`; `None` if `data` cannot hold `count` records."""
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
