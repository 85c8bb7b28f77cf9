"""One compression undone, within a bound: gzip, deflate, Brotli, Zstandard.

Theory of operation. What a body unpacks to is bounded by the caller; here the work is bounded as
well. A gzip file is members one after the other, a Zstandard file frames, and each may be empty: a
kilobyte can hold a million. So a part is read in slices that begin small and double: what the
library hands back of a slice, because it belongs to the next part, is never more than the part was
long, and a body is copied at most a few times in all. A slice is small enough that what it may
unpack to is bounded too.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import brotli
import zstandard

from footfall.decode.blocks.fault import Fault
from footfall.event import FailureReason

GZIP_MAGIC: Final = b"\x1f\x8b"
PARTS_MAX: Final = 1_000
"""Members or frames in one layer: one is usual, some programs append to a file."""

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_ZSTD_WINDOW_BYTES_MAX: Final = 8 << 20
"""RFC 8878 §3.1.1.1.2 asks decoders for 8 MiB; HTTP's `zstd` allows no more (RFC 9659)."""
_SLICE_BYTES: Final = 256
"""First slice of a part. Zstandard's may unpack to 128 KiB per four bytes: 8 MiB."""
_GZIP_SLICE_BYTES_MAX: Final = 16 << 10
"""Deflate unpacks to at most 1,032 times as much: 16 MiB."""

Inflate = Callable[[bytes, int], bytes]


class _Part(Protocol):
    """A member or frame that is being unpacked, as both libraries have it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, /) -> bytes: ...


def inflate(name: str, body: bytes, limit: int) -> bytes:
    """`body` without the compression that HTTP calls `name`.

    Args:
        name: A key of `INFLATE`, or anything else.
        body: As received.
        limit: Bytes; a result that is longer says only that there is more.

    Raises:
        Fault: BAD_ENCODING; there is no such compression, or the body is not compressed so.
    """
    undo = INFLATE.get(name)
    if undo is None:
        raise Fault(
            FailureReason.BAD_ENCODING,
            f"unknown content encoding; use gzip, deflate, br or zstd: {name[:40]!r}",
        )
    try:
        return undo(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise Fault(
            FailureReason.BAD_ENCODING, f"body cannot be decompressed: {str(error)[:200]}"
        ) from None


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip file (RFC 1952 §2.2); what follows them is padding."""

    def start(at: int) -> _Part | None:
        if at and not body.startswith(GZIP_MAGIC, at):
            return None
        return zlib.decompressobj(_GZIP_WINDOW)

    return _join(body, limit, start, _GZIP_SLICE_BYTES_MAX)


def _unzstd(body: bytes, limit: int) -> bytes:
    """All frames (RFC 8878)."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
    return _join(body, limit, lambda _: decompressor.decompressobj(), _SLICE_BYTES)


def _join(body: bytes, limit: int, start: Callable[[int], _Part | None], slice_max: int) -> bytes:
    """What the parts of `body` unpack to, one after the other."""
    view, found, room, at, parts = memoryview(body), list[bytes](), limit, 0, 0
    while at < len(body):
        part = start(at)
        if part is None:
            break
        parts += 1
        if parts > PARTS_MAX:
            raise EOFError(f"more than {PARTS_MAX} members or frames; compress events together")
        size = _SLICE_BYTES
        while not part.eof:
            if at == len(body):
                raise EOFError("compressed data ends too soon")
            piece = view[at : at + size]
            found.append(part.decompress(piece))
            at += len(piece)
            room -= len(found[-1])
            if room < 0:
                return b"".join(found)
            size = min(2 * size, slice_max)
        at -= len(part.unused_data)
    return b"".join(found)


def _undeflate(body: bytes, limit: int) -> bytes:
    """`deflate` as zlib (RFC 1950), which is right, or raw (RFC 1951), which clients also send."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        stream = zlib.decompressobj(window)
        try:
            inflated = stream.decompress(body, limit + 1)
        except zlib.error:
            continue
        if stream.eof or len(inflated) > limit:
            return inflated
    raise EOFError("not a whole deflate stream")


def _unbrotli(body: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts = [stream.process(body, output_buffer_limit=limit + 1)]
    room = limit + 1 - len(parts[0])
    while room > 0 and not stream.is_finished():
        part = stream.process(b"", output_buffer_limit=room)
        if not part:
            raise EOFError("brotli stream ends too soon")
        parts.append(part)
        room -= len(part)
    return b"".join(parts)


INFLATE: Final[Mapping[str, Inflate]] = MappingProxyType(
    {
        "gzip": _gunzip,
        "x-gzip": _gunzip,
        "deflate": _undeflate,
        "br": _unbrotli,
        "zstd": _unzstd,
    }
)
