"""Body bytes as received → JSON bytes: every compression that clients use, within a bound.

Headers are hints. gzip is seen by its magic number whatever the headers say, a body that a proxy
has unpacked already is taken as it is although `Content-Encoding` says otherwise, and the AWS
SDKs' `compression=gzip` (base64 text of gzip) is seen by its first byte. Nothing is inflated
beyond the limit: a bomb costs at most the limit, whatever its size would be.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable
from typing import Final

import brotli
import zstandard

from footfall.decode._fault import Fault
from footfall.event import FailureReason
from footfall.request import Request
from footfall.settings import DecodeSettings

BOM: Final = b"\xef\xbb\xbf"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_JSON_STARTS: Final = b"[{"
_LAYERS_MAX: Final = 4
"""Compressions inside each other; clients use one, a proxy may add one."""
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_ZSTD_WINDOW_BYTES_MAX: Final = 8 << 20
"""RFC 8878 §3.1.1.1.2 asks decoders for 8 MiB; HTTP's `zstd` allows no more (RFC 9659)."""
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=_-]")

Inflate = Callable[[bytes, int], bytes]


def open_body(request: Request, settings: DecodeSettings, *, base64_gzip: bool = False) -> bytes:
    """The text of the body, without byte order mark; not yet known to be JSON or UTF-8.

    Args:
        request: Whose body.
        settings: `inflated_bytes_max` bounds the result.
        base64_gzip: Also take base64 text of gzip, which AWS Clickstream SDKs send.

    Raises:
        Fault: BODY_TOO_LARGE, when the collector cut the body or it inflates beyond the limit;
            BAD_ENCODING, when it cannot be decompressed.
    """
    body = request.body
    if request.body_bytes > len(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            "body is over the collector's limit and was cut; send fewer events in a request:"
            f" bytes={request.body_bytes}",
        )
    limit = settings.inflated_bytes_max
    encodings = request.header("content-encoding")
    if encodings is not None:
        body = _undo_encodings(body, encodings, limit)
    body = _undo_gzip(body, limit)
    if base64_gzip:
        body = _undo_base64(body, limit)
    if len(body) > limit:
        raise _too_large(limit)
    return body.removeprefix(BOM)


def looks_like_json(body: bytes) -> bool:
    """Whether the first byte that counts opens an array or an object."""
    start = body.removeprefix(BOM)[:256].lstrip()
    return start[:1] in (b"[", b"{")


def _undo_encodings(body: bytes, encodings: str, limit: int) -> bytes:
    names = [name.strip().lower() for name in encodings.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > _LAYERS_MAX:
        raise Fault(FailureReason.BAD_ENCODING, f"more than {_LAYERS_MAX} content encodings")
    for name in reversed(names):
        try:
            body = _undo_encoding(name, body, limit)
        except Fault as fault:
            if fault.reason is FailureReason.BAD_ENCODING and looks_like_json(body):
                return body  # a proxy unpacked it and left the header standing
            raise
    return body


def _undo_encoding(name: str, body: bytes, limit: int) -> bytes:
    inflate = _INFLATE.get(name)
    if inflate is None:
        raise Fault(
            FailureReason.BAD_ENCODING,
            f"unknown content encoding; use gzip, deflate, br or zstd: {name[:40]!r}",
        )
    return _inflate(inflate, body, limit)


def _undo_gzip(body: bytes, limit: int) -> bytes:
    for _ in range(_LAYERS_MAX):
        if not body.startswith(_GZIP_MAGIC):
            break
        body = _inflate(_gunzip, body, limit)
    return body


def _undo_base64(body: bytes, limit: int) -> bytes:
    """Take base64 of gzip as the AWS SDKs' compressed bodies are; JSON passes as it is."""
    if looks_like_json(body):
        return body
    packed = b"".join(body.removeprefix(BOM).split())
    if not packed or _NOT_BASE64.search(packed):
        return body  # neither; what it is not will be told by the JSON decoder
    packed = packed.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        unpacked = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        return body
    if unpacked.startswith(_GZIP_MAGIC):
        return _undo_gzip(unpacked, limit)
    return unpacked if looks_like_json(unpacked) else body


def _inflate(inflate: Inflate, body: bytes, limit: int) -> bytes:
    try:
        inflated = inflate(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise Fault(
            FailureReason.BAD_ENCODING, f"body cannot be decompressed: {str(error)[:200]}"
        ) from None
    if len(inflated) > limit:
        raise _too_large(limit)
    return inflated


def _too_large(limit: int) -> Fault:
    return Fault(
        FailureReason.BODY_TOO_LARGE,
        "body is too large after decompression; send fewer events in a request:"
        f" inflated_bytes_max={limit}",
    )


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip file (RFC 1952 §2.2), at most `limit` + 1 bytes."""
    parts = []
    room = limit + 1
    while body and room > 0:
        member = zlib.decompressobj(_GZIP_WINDOW)
        part = member.decompress(body, room)
        parts.append(part)
        room -= len(part)
        if not member.eof and room > 0:
            raise EOFError("gzip ends too soon")
        body = member.unused_data
        if not body.startswith(_GZIP_MAGIC):
            break  # padding behind the last member
    return b"".join(parts)


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


def _unzstd(body: bytes, limit: int) -> bytes:
    """All frames (RFC 8878). A reader bounds the size; frames that end too soon it cannot see."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
    with decompressor.stream_reader(body, read_across_frames=True) as reader:
        inflated = reader.read(limit + 1)
    if len(inflated) <= limit:
        while body:
            frame = decompressor.decompressobj()
            frame.decompress(body)
            if not frame.eof:
                raise EOFError("zstd frame ends too soon")
            body = frame.unused_data
    return inflated


_INFLATE: Final[dict[str, Inflate]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
