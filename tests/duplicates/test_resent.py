"""An event sent again is a duplicate, whatever sending again changes; never a conflict.

Requests are those of public reports: SDKs that count each try, number each request, write a number
against caches, or lose the order of keys on the way through a queue.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.decode import decode
from footfall.duplicates import DuplicateIndex
from footfall.enrich import enrich
from footfall.event import EVENT_SCHEMA, conform
from footfall.request import LoggedRequest
from footfall.settings import load_settings
from tests.decode.builders import AWS_EVENT, SETTINGS, logged
from tests.duplicates.ids import SETTINGS as DUPLICATES

CLOCK = load_settings().clock
ID = "11111111-2222-4333-8444-555555555502"
OWN = {"name": "t", "event_id": ID, "visitor_id": "v", "timestamp": 1_795_300_235_000}


def own(body: Any, query: str = "") -> LoggedRequest:
    return logged(body, protocol="footfall", path="/v1/events", query=query)


def pixel(query: str) -> LoggedRequest:
    return logged(b"", protocol="pixel", method="GET", path="/v1/pixel.gif", query=query)


def aws(query: str, **changes: Any) -> LoggedRequest:
    return logged([{**AWS_EVENT, **changes}], query=query)


def came_of(requests: list[LoggedRequest]) -> tuple[int, int, int]:
    """Events, duplicates and conflicts, each request in a batch of its own."""
    index = DuplicateIndex.empty(DUPLICATES)
    events = duplicates = conflicts = 0
    for offset, request in enumerate(requests):
        placed = LoggedRequest(offset, request.request)
        found = enrich(decode([placed], SETTINGS).events, CLOCK).events
        found = found.append_column("is_late", [[False] * found.num_rows])
        kept = index.keep(conform(found, EVENT_SCHEMA), 1)
        events += kept.events.num_rows
        duplicates += kept.duplicates
        conflicts += kept.conflicts.num_rows
    return events, duplicates, conflicts


def with_properties(text: str) -> LoggedRequest:
    return own(json.dumps(OWN)[:-1].encode() + b', "properties": ' + text.encode() + b"}")


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param(
            [aws(f"event_bundle_sequence_id={n}&upload_timestamp=179530023{n}000") for n in (7, 8)],
            id="the next sequence",
        ),
        pytest.param([aws(f"hashCode={n}&fakeIp={n}") for n in ("a", "b")], id="hash code"),
        pytest.param(
            [own(OWN, "_=1"), own(OWN, "_=2&retry_count=1"), own(OWN, "sent_at=never")],
            id="query",
        ),
        pytest.param(
            [pixel(f"name=mail&visitor_id=v&event_id=px&rnd={n}") for n in (1, 2)],
            id="number against caches",
        ),
        pytest.param(
            [
                own({"retry": 0, "events": [OWN]}),
                own({"retry": 1, "queue": {"depth": [2]}, "events": [OWN]}),
                own([OWN]),
            ],
            id="beside the events",
        ),
        pytest.param(
            [
                with_properties('{"a": 1, "b": {"x": 2, "y": 3}}'),
                with_properties('{"b": {"y": 3, "x": 2}, "a": 1}'),
            ],
            id="order of keys",
        ),
        pytest.param(
            [
                with_properties('{"a": 1, "b": [2, 3], "c": 100}'),
                with_properties('{"a": 1.0, "b": [2.0, 3.00], "c": 1e2}'),
            ],
            id="1.0 is 1",
        ),
        pytest.param(
            [
                own({**OWN, "items": [{"id": "a", "price": 2}], "user_properties": {"n": 1}}),
                own({**OWN, "user_properties": {"n": 1.0}, "items": [{"price": 2.0, "id": "a"}]}),
            ],
            id="items and users",
        ),
    ],
)
def test_sent_again_is_a_duplicate(requests: list[LoggedRequest]) -> None:
    """The first is kept, the others are counted, nothing is put among the failed events."""
    assert came_of(requests) == (1, len(requests) - 1, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "u"},
        {"visitor_id": "w"},
        {"properties": {"a": 1}},
        {"properties": {"a": 1.5}},
        {"value": 2},
    ],
)
def test_another_payload_is_a_conflict(other: dict[str, Any]) -> None:
    """Or everything would be a duplicate."""
    assert came_of([own(OWN), own({**OWN, **other})]) == (1, 0, 1)


def test_what_the_request_said_is_kept_and_is_no_property() -> None:
    """It can still be asked for."""
    found = decode([own({"retry": 1, "events": [OWN]}, "debug=1")], SETTINGS).events.to_pylist()[0]
    assert json.loads(found["request_properties"]) == {
        "query": {"debug": "1"},
        "body": {"retry": 1},
    }
    assert found["properties"] is None
