"""How much work and memory decoding a request takes, before it is decoded."""

from __future__ import annotations

from typing import Final

from footfall.decode._registry import decoders, weights
from footfall.decode.blocks.body import looks_like_json, open_body, unpacked_bytes_max
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.json import VALUES_MAX
from footfall.decode.blocks.records import head_bytes
from footfall.request import Request
from footfall.settings import DecodeSettings

OBJECT_BYTES: Final = 256
"""A row's own columns; a record is a JSON object, and so may be parts of it."""
VALUE_BYTES: Final = 16
"""What one more value costs as if it were bytes of text: they are parsed by the nanosecond each,
and a value that stands alone is looked at for 0.2 µs where a body must be split."""
SHARED_BYTES_FREE: Final = 512
"""Of what events share, for each: usual rows have some, in `OBJECT_BYTES`."""


def weight(request: Request, settings: DecodeSettings) -> int:
    """About how many bytes the events or failures of `request` occupy at most, and their work.

    The unpacked body, something for each object and each value in it, and what its events share
    as often as they do: a kilobyte may hold hundreds of records that say nothing. A request that
    will not be decoded, of an unknown key say, is its payload and is not unpacked.

    Returns:
        Bytes; more than nothing. Bounded by a multiple of what the body may unpack to.
    """
    if request.app_id is None or request.protocol not in decoders():
        return OBJECT_BYTES + min(len(request.body), settings.payload_bytes_max)
    body = request.body
    if not looks_like_json(body):
        try:
            body = open_body(request, settings, base64_gzip=True)
        except Fault:  # found out at any point of unpacking
            return OBJECT_BYTES + unpacked_bytes_max(len(body), settings)
    # `count` looks at one byte after the other, `replace` at many: four times as fast.
    objects = min(VALUES_MAX, len(body) - len(body.replace(b"{", b"")))  # more is refused
    values = min(VALUES_MAX, body.count(b",") + body.count(b"["))
    shared = max(0, _shared_bytes(request, body) - SHARED_BYTES_FREE) * objects
    own = len(body) + OBJECT_BYTES * (objects + 1) + VALUE_BYTES * values
    return own + min(shared, settings.inflated_bytes_max)


def _shared_bytes(request: Request, body: bytes) -> int:
    """About how much all events of a request share, at least so much."""
    head = head_bytes(request)
    weigh = weights().get(request.protocol)
    if weigh is None:
        return head
    try:
        return head + max(0, min(weigh(request, body), len(body)))
    except MemoryError:
        raise
    except Exception:  # supervisor: a plug-in's bug; it may be all of it
        return head + len(body)
