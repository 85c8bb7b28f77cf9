"""Requests as the collector logs them, made of what a test cares about; and the captures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from footfall.decode import Decoded, decode
from footfall.request import KEPT_HEADERS, LoggedRequest, Request
from footfall.settings import DecodeSettings, load_settings

SETTINGS = load_settings().decode
RECEIVED_AT = 1_795_300_236_000_000
"""2026-11-21T22:30:36Z."""
REQUEST_ID = bytes(range(16))
CAPTURES = Path(__file__).parent.parent / "captures"

AWS_EVENT: dict[str, Any] = {
    "event_type": "add_to_cart",
    "event_id": "06f3e7f4-c9ec-411f-b3a0-947579971f9e",
    "unique_id": "visitor-1",
    "app_id": "shop",
    "timestamp": 1_795_300_235_000,
    "attributes": {},
}
"""The least that counts as an event of an AWS SDK."""


def limits(**changes: int) -> DecodeSettings:
    return msgspec.structs.replace(SETTINGS, **changes)


def logged(body: bytes | object = b"", *, offset: int = 0, **changes: Any) -> LoggedRequest:
    """A request of the AWS protocol to app `shop`; a body that is no bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    fields: dict[str, Any] = {
        "version": 1,
        "request_id": REQUEST_ID,
        "received_at": RECEIVED_AT,
        "protocol": "aws",
        "app_id": "shop",
        "credential": "fw_shop",
        "trusted": False,
        "method": "POST",
        "path": "/collect",
        "query": "",
        "headers": (),
        "client_ip": "192.0.2.7",
        "body": body,
        "body_bytes": len(body),
        **changes,
    }
    return LoggedRequest(offset, Request(**fields))


def decode_one(
    body: bytes | object, settings: DecodeSettings = SETTINGS, **changes: Any
) -> Decoded:
    decoded = decode([logged(body, **changes)], settings)
    assert decoded.ledger.problems() == []
    return decoded


def event_of(body: bytes | object, **changes: Any) -> dict[str, Any]:
    """The only event of a request, without nulls."""
    decoded = decode_one(body, **changes)
    assert decoded.failures.to_pylist() == []
    (event,) = decoded.events.to_pylist()
    return {name: value for name, value in event.items() if value is not None}


def failures_of(body: bytes | object, **changes: Any) -> list[tuple[int, str, str | None]]:
    """Index, reason and path of each failure."""
    return [
        (row["request_index"], row["reason"], row["path"])
        for row in decode_one(body, **changes).failures.to_pylist()
    ]


def captured(name: str) -> list[LoggedRequest]:
    """The POST requests of a capture, as the collector logs them; ids count up."""
    lines = (CAPTURES / f"aws-clickstream-web.{name}.jsonl").read_text("utf-8").splitlines()
    posts = [line for line in map(json.loads, lines) if line["method"] == "POST"]
    return [
        logged(
            post["body_text"].encode(),
            offset=offset,
            request_id=offset.to_bytes(16, "big"),
            received_at=post["t"] * 1000,
            app_id="shop_web",
            credential="shop_web",
            query=post["query_raw"],
            headers=tuple(
                (key.lower(), value)
                for key, value in post["headers"]
                if key.lower() in KEPT_HEADERS
            ),
        )
        for offset, post in enumerate(posts)
    ]
