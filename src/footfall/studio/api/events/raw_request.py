"""A logged request as a person can read it: compression and wrapping of the body undone."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import brotli
import msgspec
import zstandard

from footfall.project import mask_in_address, mask_server_keys
from footfall.request import LoggedRequest, Request

SHOWN_BYTES_MAX: Final = 256 * 1024
"""How much of a body is shown, after decompression."""


class Header(msgspec.Struct, frozen=True):
    """One header that was kept."""

    name: str
    value: str


class RawRequest(msgspec.Struct, frozen=True):
    """A request as it came."""

    log_offset: int
    request_id: str
    received_at: int
    """Microseconds since 1970 UTC."""
    protocol: str
    app_id: str | None
    credential: str
    """Public write id, or the first characters of a server key."""
    method: str
    path: str
    query: str
    headers: tuple[Header, ...]
    client_ip: str
    body_bytes: int
    """On the wire."""
    body: str
    """Text if it is text, else base64."""
    is_base64: bool
    is_cut: bool
    """Only a part of the body is shown."""
    undone: tuple[str, ...]
    """What was undone to make it readable, in order: `gzip`, `base64` …"""


def raw_request(logged: LoggedRequest) -> RawRequest:
    """Make a logged request readable. Never raises on a bad body: it is then shown as it came."""
    request = logged.request
    body, undone = _undo_all(request)
    # The collector masks what it can read; a compressed body, and an old log, may have a key yet.
    shown = mask_server_keys(body[:SHOWN_BYTES_MAX])
    text = _text(shown)
    return RawRequest(
        log_offset=logged.offset,
        request_id=_uuid(request.request_id),
        received_at=request.received_at,
        protocol=request.protocol,
        app_id=request.app_id,
        credential=_masked(request.credential),
        method=request.method,
        path=_masked(request.path),
        query=_masked(request.query),
        headers=tuple(Header(name, _masked(value)) for name, value in request.headers),
        client_ip=request.client_ip,
        body_bytes=request.body_bytes,
        body=base64.b64encode(shown).decode() if text is None else text,
        is_base64=text is None,
        is_cut=len(body) > SHOWN_BYTES_MAX or request.body_bytes > len(request.body),
        undone=undone,
    )


def _masked(text: str) -> str:
    return mask_in_address(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _undo_all(request: Request) -> tuple[bytes, tuple[str, ...]]:
    body = request.body
    undone: list[str] = []
    encodings = (request.header("content-encoding") or "").lower().split(",")
    steps = [name.strip() for name in reversed(encodings)]
    if parse_qs(request.query).get("compression") == ["gzip"]:
        steps += ["base64", "gzip"]
    for name in steps:
        undo = _UNDO.get(name)
        if undo is None:
            continue
        try:
            body = undo(body)
        except (ValueError, zlib.error, brotli.error, zstandard.ZstdError, binascii.Error):
            break
        undone.append(name)
    return body, tuple(undone)


def _inflate(window_bits: int) -> Callable[[bytes], bytes]:
    def undo(body: bytes) -> bytes:
        return zlib.decompressobj(window_bits).decompress(body, SHOWN_BYTES_MAX + 1)

    return undo


def _undo_brotli(body: bytes) -> bytes:
    decompressor = brotli.Decompressor()
    found: bytes = decompressor.process(body, output_buffer_limit=SHOWN_BYTES_MAX + 1)
    return found


def _undo_zstd(body: bytes) -> bytes:
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body))
    return reader.read(SHOWN_BYTES_MAX + 1)


_UNDO: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": _inflate(zlib.MAX_WBITS | 16),
    "deflate": _inflate(zlib.MAX_WBITS),
    "br": _undo_brotli,
    "zstd": _undo_zstd,
    "base64": base64.b64decode,
}


def _text(data: bytes) -> str | None:
    """As UTF-8; a character cut at the end is left out. `None` if it is not text."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and len(data) >= SHOWN_BYTES_MAX:
            return data[: error.start].decode()
        return None


def _uuid(data: bytes) -> str:
    digits = data.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
