"""What all events of a request of ours share, before it is decoded."""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.decode.blocks.parse import BROKEN, decoder
from footfall.decode.footfall.decoder import EVENTS
from footfall.request import Request

_decode_members: Final = decoder(dict[str, msgspec.Raw])


def shared_bytes(_request: Request, body: bytes) -> int:
    """Bytes of the fields beside the events of an envelope; at least so much."""
    if body[:256].lstrip()[:1] != b"{":
        return 0
    try:
        events = _decode_members(body).get(EVENTS)
    except BROKEN:  # split later on: it may be all of it
        return len(body)
    return 0 if events is None else len(body) - memoryview(events).nbytes
