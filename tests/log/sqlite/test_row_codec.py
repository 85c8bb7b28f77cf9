"""Bytes of one row of a segment."""

from __future__ import annotations

import struct

import zstandard

from footfall.log.sqlite.groups import RowCodec

RECORDS = [b"one", b"", b"three" * 20]


def test_bytes_that_are_no_row_are_told() -> None:
    """Even with a checksum that fits: what was wrong before it was stored is not believed."""
    codec = RowCodec()
    row = codec.pack(RECORDS)
    assert codec.unpack(row, 3) == RECORDS
    plain, packed = struct.pack("<2I", 1, 2) + b"abc", zstandard.ZstdCompressor().compress
    assert codec.unpack(packed(plain), 2) == [b"a", b"bc"]
    for data, count in (
        (row[:-1], 3),
        (row[:20] + b"\xff" * (len(row) - 20), 3),
        (row, 1),
        (plain, 2),
        (packed(plain + b"d"), 2),
        (packed(plain[:-1]), 2),
        (packed(plain[:5]), 2),
    ):
        assert codec.unpack(data, count) is None
