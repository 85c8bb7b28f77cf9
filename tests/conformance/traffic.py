"""Requests as collectors log them: captured of SDKs, and made up to be as bad as they come."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from footfall.clock import DAY, MINUTE, SECOND, US_PER_MS
from footfall.request import KEPT_HEADERS, Request
from tests.decode.builders import CAPTURES
from tests.pipeline.harness import event, request

Batches = list[list[Request]]
"""Each is an epoch's."""

CAPTURED_AT = 1_795_300_236 * SECOND
"""When the first of the captures was sent."""
GENERATED_AT = CAPTURED_AT - 3_600 * SECOND
PROTOCOLS = {"/collect": "aws", "/i": "pixel", "/track": "pixel"}
"""By path; all others go to Footfall's own endpoint, which most of them fail at."""
BUSY = "busy"
BUSY_SHARE = 0.3


def captured(batches: int) -> Batches:
    """Every capture there is, in the order of time, and each fifth request once more in the end.

    A client that heard no answer sends again: the same body, later, in another request.
    """
    lines = [
        json.loads(line)
        for file in sorted(CAPTURES.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    lines = sorted((one for one in lines if one["method"] != "OPTIONS"), key=lambda one: one["t"])
    made = [_captured(number, one) for number, one in enumerate(lines)]
    last = made[-1].received_at
    again = [
        msgspec.structs.replace(
            one,
            request_id=(number + (3 << 76)).to_bytes(16, "big"),
            received_at=last + (number + 1) * MINUTE // 10,
        )
        for number, one in enumerate(made[::5])
    ]
    size = -(-len(made) // batches)
    return [*(made[at : at + size] for at in range(0, len(made), size)), again]


def _captured(number: int, sent: dict[str, Any]) -> Request:
    body = sent.get("body_text", "").encode()
    if "body_b64" in sent:
        body = base64.b64decode(sent["body_b64"])
    headers = tuple(
        (key.lower(), value) for key, value in sent["headers"] if key.lower() in KEPT_HEADERS
    )
    return msgspec.structs.replace(
        request(number, [], sent["t"] * US_PER_MS, body=body),
        request_id=(number + (5 << 76)).to_bytes(16, "big"),
        protocol=PROTOCOLS.get(sent["path"], "footfall"),
        app_id="shop_web",
        credential="shop_web",
        method=sent["method"],
        path=sent["path"],
        query=sent.get("query_raw", ""),
        headers=headers,
    )


def generated(seed: int, batches: int, requests: int = 8) -> Batches:
    """Late, twice, in conflict, broken in several ways; one visitor has 30 % of the events."""
    return list(_generated(random.Random(seed), batches, requests))  # noqa: S311 (seeded on purpose)


def _generated(chance: random.Random, batches: int, requests: int) -> Iterator[list[Request]]:
    sent: list[dict[str, Any]] = []
    number = 0
    for batch in range(batches):
        now = GENERATED_AT + batch * 90 * SECOND
        made = []
        for place in range(requests):
            events = []
            for _ in range(chance.randint(2, 8)):
                events.append(_event(chance, number, now))
                number += 1
            sent += map(dict, events)
            if chance.random() < 0.4:  # sent again, by a client that heard no answer
                events += map(dict, chance.sample(sent, min(4, len(sent))))
            if chance.random() < 0.2:  # the same id, another event
                events.append({**chance.choice(sent), "name": "other", "properties": {"n": number}})
            made.append(_sent(chance, batch * requests + place, events, now + place * SECOND))
        yield made


def _event(chance: random.Random, number: int, now: int) -> dict[str, Any]:
    late = chance.choice([0, 0, 0, 0, 1, 3, 9, 40]) * MINUTE
    visitor = BUSY if chance.random() < BUSY_SHARE else f"v{chance.randrange(20)}"
    made = event(visitor, now - late - chance.randrange(60 * SECOND), number)
    made["page"]["url"] = (
        f"https://{'ab'[number % 2]}.example/{number % 7}?utm_source=s{number % 3}"
    )
    made["properties"] = {
        "price": number % 10,
        "name": "Zoë",
        "list": [1, None, "x" * (number % 50)],
    }
    trouble = chance.random()
    if trouble < 0.06:
        del made["visitor_id"]
    elif trouble < 0.10:
        made["timestamp"] = ["not", "a", "time"]
    elif trouble < 0.14:
        made["name"] = 7
    elif trouble < 0.17:
        made["timestamp"] = (now - 400 * DAY) // US_PER_MS
    elif trouble < 0.20:
        made["timestamp"] = (now + 2 * DAY) // US_PER_MS
    return made


def _sent(chance: random.Random, number: int, events: list[dict[str, Any]], at: int) -> Request:
    plain = request(number, events, at, trusted=chance.random() < 0.1)
    way = chance.random()
    if way < 0.06:
        return request(number, [], at, body=b"{nonsense")
    if way < 0.10:
        return request(number, [], at, body=b"")
    if way < 0.14:  # of an app that nobody knows
        return request(number, events, at, app_id=None)
    if way < 0.18:
        return msgspec.structs.replace(plain, body=plain.body[:-20])
    if way < 0.40:
        body = gzip.compress(plain.body, mtime=0)
        headers = (*plain.headers, ("content-encoding", "gzip"))
        return msgspec.structs.replace(plain, body=body, body_bytes=len(body), headers=headers)
    return plain
