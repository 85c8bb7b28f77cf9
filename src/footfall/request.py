"""The request as it came: what the collector appends and the log keeps, byte for byte.

The record is opaque to the log, so any log (SQLite segments, Kafka, Kinesis) holds the same bytes.
Format: MessagePack array, `docs/formats/request.md`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.positions import Place

REQUEST_VERSION: Final = 1

KEPT_HEADERS: Final = frozenset(
    {
        "content-type",
        "content-encoding",
        "user-agent",
        "origin",
        "referer",
        "accept-language",
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
        "dnt",
        "sec-gpc",
    }
)
"""Headers that decoding or enrichment may need. Never cookies, never authorization."""


class Request(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One HTTP request, as received. Field order is the wire format: append only."""

    version: int
    request_id: bytes
    """16 bytes, UUIDv7."""
    received_at: int
    """Collector's clock, microseconds since 1970 UTC, when the last byte of the body had come."""
    protocol: str
    """Route that took it: `aws`, `footfall`, `pixel`."""
    app_id: str | None
    """App that the write id or server key belongs to; `None`: the key was unknown and the request
    is quarantined."""
    credential: str
    """The public write id as sent, or the first characters of the server key. Never a secret."""
    trusted: bool
    """Sent with a secret server key: may speak for other clients (their IP, user agent)."""
    method: str
    path: str
    query: str
    """Raw query string, undecoded."""
    headers: tuple[tuple[str, str], ...]
    """Lower-case names out of `KEPT_HEADERS`, values as received (latin-1)."""
    client_ip: str
    body: bytes
    """As received; still compressed if it was."""
    body_bytes: int
    """Size of the body on the wire; larger than `len(body)` if it was over the limit and cut."""

    def header(self, name: str) -> str | None:
        """Value of the first header called `name` (lower case).

        Headers come as bytes, which say nothing of how they were encoded. What is UTF-8 is read so:
        nearly no text in Latin-1 looks like it by chance.
        """
        for key, value in self.headers:
            if key == name:
                return value if value.isascii() else _as_utf8(value)
        return None


def _as_utf8(value: str) -> str:
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


class LoggedRequest(msgspec.Struct, frozen=True, gc=False):
    """A request and its place in the project's log."""

    offset: int
    request: Request
    partition: int = 0

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.partition, self.offset)


LOST_PROTOCOL: Final = "lost"
LOST_RECORD: Final = b"footfall: this request was lost to damage of the log"
"""Stands in the log where a record was; `footfall repair` puts it there. No request encodes so."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Request)


def encode_request(request: Request) -> bytes:
    """Bytes for the log."""
    return _encoder.encode(request)


def decode_request(record: bytes) -> Request:
    """Inverse of `encode_request`.

    Raises:
        msgspec.DecodeError: the bytes are not a record of this version.
    """
    return _decoder.decode(record)
