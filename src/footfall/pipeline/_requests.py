"""Log records as requests. A record that cannot be read still counts, as a request that failed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from footfall.request import (
    LOST_PROTOCOL,
    LOST_RECORD,
    LoggedRequest,
    Request,
    decode_request,
)

UNREADABLE_PROTOCOL = "unreadable"


def logged_requests(records: Iterable[tuple[int, bytes]]) -> list[LoggedRequest]:
    """Decode records of the log; nothing raises, nothing is left out."""
    return [LoggedRequest(offset, _request(offset, record)) for offset, record in records]


def _request(offset: int, record: bytes) -> Request:
    try:
        return decode_request(record)
    except msgspec.DecodeError:
        return _unreadable(offset, record)


def _unreadable(offset: int, record: bytes) -> Request:
    """Stand-in that decoding turns into a failed event with the record as its payload.

    The same record at the same offset gives the same request, as redone epochs need.
    """
    digest = hashlib.blake2b(record, digest_size=16, key=offset.to_bytes(8, "big"))
    return Request(
        version=0,
        request_id=digest.digest(),
        received_at=0,
        protocol=LOST_PROTOCOL if record == LOST_RECORD else UNREADABLE_PROTOCOL,
        app_id=None,
        credential="",
        trusted=False,
        method="",
        path="",
        query="",
        headers=(),
        client_ip="",
        body=record,
        body_bytes=len(record),
    )
