"""Ids as 16 bytes: UUIDs as sent, and UUIDv5 where an id must follow from something else."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Final

NAMESPACE: Final = uuid.UUID("0f5c2d6e-8a4b-5e7f-9c31-6b1d2e4a7f90").bytes
"""Namespace of every UUIDv5 of ours. Never changes: ids of stored rows follow from it."""

_UUID_LENGTH: Final = 36
_HEX32: Final = re.compile(r"[0-9a-fA-F]{32}\Z")


def uuid_bytes(text: str) -> bytes | None:
    """The 16 bytes of a UUID in its usual text form, any case and version; `None` for other text.

    Also 32 hexadecimal digits without hyphens. Braces and `urn:uuid:` are other text.
    """
    if len(text) == _UUID_LENGTH:
        if not text[8] == text[13] == text[18] == text[23] == "-":
            return None
        text = text.replace("-", "")
    if len(text) != 32 or not _HEX32.match(text):
        return None
    return bytes.fromhex(text)


def uuid5(kind: str, name: bytes) -> bytes:
    """UUIDv5 (RFC 9562 §5.5) of `name` as 16 bytes; equal names of different `kind`s differ."""
    digest = bytearray(
        hashlib.sha1(NAMESPACE + kind.encode() + b"\n" + name, usedforsecurity=False).digest()[:16]
    )
    digest[6] = 0x50 | (digest[6] & 0x0F)
    digest[8] = 0x80 | (digest[8] & 0x3F)
    return bytes(digest)


def place_id(kind: str, request_id: bytes, request_index: int) -> bytes:
    """The id of something at a place in a request: an event sent without one, a failed event."""
    return uuid5(kind, request_id + request_index.to_bytes(4, "big", signed=True))


def failed_id(request_id: bytes, request_index: int) -> bytes:
    """`failed_events.failed_id`: the same however often the request is decoded."""
    return place_id("failed", request_id, request_index)
