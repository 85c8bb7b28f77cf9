"""Timed requests: what a recipe makes, a sender sends and a file keeps, one JSON object a line."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from footfall.errors import Invalid


class TimedRequest(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request and when it is sent."""

    send_at_us: int
    """Microseconds since 1970 UTC, by the right clock; stamps inside the request agree with it."""
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """Lower-case names; without host and content-length, which follow from where it is sent."""
    body: bytes
    events: int
    """Records in the body, as far as the sender knows: for rates only."""


class _Line(msgspec.Struct, omit_defaults=True):
    """A request in a file; a body that is no UTF-8 is kept as base64."""

    send_at_us: int
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    events: int
    body: str | None = None
    body_base64: str | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def encode_line(request: TimedRequest) -> bytes:
    """One line of JSON with its newline; readable where the body is text."""
    fields: dict[str, Any] = {
        name: getattr(request, name)
        for name in ("send_at_us", "method", "path", "query", "headers", "events")
    }
    try:
        line = _Line(**fields, body=request.body.decode("utf-8"))
    except UnicodeDecodeError:
        line = _Line(**fields, body_base64=base64.b64encode(request.body).decode())
    return _encoder.encode(line) + b"\n"


def decode_line(line: bytes) -> TimedRequest:
    """Inverse of `encode_line`.

    Raises:
        Invalid: the line is no request.
    """
    try:
        found = _decoder.decode(line)
        body = base64.b64decode(found.body_base64 or "", validate=True)
    except (msgspec.DecodeError, binascii.Error) as error:
        raise Invalid(f"not a line that footfall generate wrote: {error}") from None
    return TimedRequest(
        send_at_us=found.send_at_us,
        method=found.method,
        path=found.path,
        query=found.query,
        headers=found.headers,
        body=body if found.body is None else found.body.encode(),
        events=found.events,
    )


def merge(*streams: Iterable[TimedRequest]) -> Iterator[TimedRequest]:
    """Several streams, each in order of `send_at_us`, as one; nothing is held in memory."""
    return heapq.merge(*streams, key=lambda request: request.send_at_us)
