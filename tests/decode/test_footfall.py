"""Our own wire format: four forms of body, shared context, server keys; and the pixel."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from footfall.decode import Decoded, decode
from tests.decode.builders import REQUEST_ID, SETTINGS, decode_one, logged

BROWSER = (("user-agent", "Mozilla/5.0"), ("accept-language", "en-GB,en;q=0.9"))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMESPACE = uuid.UUID("0f5c2d6e-8a4b-5e7f-9c31-6b1d2e4a7f90")


def send(body: Any, **changes: Any) -> Decoded:
    return decode_one(body, protocol="footfall", **changes)


def events(body: Any, **changes: Any) -> list[dict[str, Any]]:
    """Columns without those that every event of the request has, and without nulls."""
    decoded = send(body, **changes)
    assert decoded.failures.to_pylist() == []
    request = {"app_id", "protocol", "received_at", "request_id", "request_index", "log_offset"}
    return [
        {name: value for name, value in row.items() if value is not None and name not in request}
        for row in decoded.events.to_pylist()
    ]


def failures(body: Any, **changes: Any) -> list[tuple[int, str, str | None]]:
    return [
        (row["request_index"], row["reason"], row["path"])
        for row in send(body, **changes).failures.to_pylist()
    ]


def names(body: Any, **changes: Any) -> list[str]:
    return [str(name) for name in send(body, **changes).events.column("event_name").to_pylist()]


FULL = {
    "event_id": "06f3e7f4-c9ec-411f-b3a0-947579971f9e",
    "name": "_page_view",
    "timestamp": "2026-11-21T13:00:00+01:00",
    "app_id": "shop",
    "platform": "Web",
    "visitor_id": "v-1",
    "user_id": 17,
    "device_id": "d-1",
    "session_id": "s-1",
    "session_number": 3,
    "entrance": True,
    "value": 149.9,
    "currency": "EUR",
    "engagement_ms": 1200,
    "search_term": "shoes",
    "page": {"url": "https://shop.test/a", "title": "A", "referrer": "https://o.test/", "x": 1},
    "screen": {"name": "n", "id": "i", "class": "c"},
    "campaign": {
        "source": "s", "medium": "m", "name": "n", "id": "i", "term": "t", "content": "c",
        "click_id": "k", "click_id_platform": "p",
    },
    "device": {
        "screen_width": 1, "screen_height": 2, "viewport_width": 3, "viewport_height": 4,
        "brand": "b", "model": "m", "os": "o", "os_version": "1", "language": "de",
        "time_zone": "Europe/Berlin", "network_type": "4g", "carrier": "c",
    },
    "app": {"version": "1", "name": "Shop", "install_source": "play"},
    "sdk": {"name": "web", "version": "2"},
    "link": {"url": "https://o.test/", "domain": "o.test", "is_outbound": True},
    "error": {"code": 404, "message": "gone"},
    "properties": {"cart": [1, {"a": None}]},
    "user_properties": {"plan": "pro"},
    "items": [{"id": "1", "price": 2.5}],
    "custom": "kept",
}  # fmt: skip


def test_every_field_has_its_column() -> None:
    """The whole table of docs/formats/events-api.md in one event."""
    assert events(FULL, headers=BROWSER) == [
        {
            "event_id": bytes.fromhex("06f3e7f4c9ec411fb3a0947579971f9e"),
            "event_name": "page_view",
            "client_event_name": "_page_view",
            "platform": "Web",
            "visitor_id": "v-1",
            "user_id": "17",
            "device_id": "d-1",
            "client_session_id": "s-1",
            "client_session_number": 3,
            "created_at": NOON,
            "page_url": "https://shop.test/a",
            "page_title": "A",
            "page_referrer": "https://o.test/",
            "screen_name": "n",
            "screen_id": "i",
            "screen_class": "c",
            "entrance": True,
            "source": "s",
            "medium": "m",
            "campaign": "n",
            "campaign_id": "i",
            "term": "t",
            "content": "c",
            "click_id": "k",
            "click_id_platform": "p",
            "os": "o",
            "os_version": "1",
            "device_brand": "b",
            "device_model": "m",
            "user_agent": "Mozilla/5.0",
            "screen_width": 1,
            "screen_height": 2,
            "viewport_width": 3,
            "viewport_height": 4,
            "language": "de",
            "time_zone": "Europe/Berlin",
            "network_type": "4g",
            "carrier": "c",
            "app_version": "1",
            "app_name": "Shop",
            "install_source": "play",
            "sdk_name": "web",
            "sdk_version": "2",
            "ip": "192.0.2.7",
            "value": Decimal("149.900000"),
            "currency": "EUR",
            "engagement_ms": 1200,
            "search_term": "shoes",
            "link_url": "https://o.test/",
            "link_domain": "o.test",
            "is_outbound": True,
            "error_code": "404",
            "error_message": "gone",
            "properties": '{"cart":[1,{"a":null}],"custom":"kept","page":{"x":1}}',
            "user_properties": '{"plan":"pro"}',
            "items": '[{"id":"1","price":2.5}]',
        }
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"name": "a"}, {"event": "b"}, {"event_name": "c"}]',
        b'{"name": "a"}\n{"name": "b"}\n\n{"name": "c"}\n',
        b'{"name": "a"}\r\n{"name": "b"}\r\n{"name": "c"}',
        b'{"events": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "sent_at": 1}',
        b'{"context": null, "events": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}',
    ],
)
def test_forms_of_a_body(body: bytes) -> None:
    """A sender uses what its library makes easy; the events are the same."""
    assert names(body) == ["a", "b", "c"]


def test_an_event_without_an_id_gets_one_from_its_place() -> None:
    """The same when the request is decoded again, another for its neighbour."""
    first, second = events([{"name": "a"}, {"name": "a"}])
    expected = [
        uuid.UUID(bytes=_sha1(b"event\n" + REQUEST_ID + index.to_bytes(4, "big")), version=5).bytes
        for index in (0, 1)
    ]
    assert [first["event_id"], second["event_id"]] == expected


def _sha1(name: bytes) -> bytes:
    import hashlib

    return hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16]


def test_shared_fields_hold_where_an_event_has_none() -> None:
    """What is the same for a batch is sent once; an event's own value always wins."""
    first, second = events(
        {
            "sent_at": "2026-11-21T12:00:00Z",
            "visitor_id": "v",
            "context": {
                "page": {"url": "u", "title": "t"},
                "properties": {"a": 1, "b": 1},
                "user_properties": {"plan": "pro"},
                "event_id": "shared",
                "build": 7,
            },
            "events": [
                {"name": "x"},
                {
                    "name": "y",
                    "visitor_id": "own",
                    "page": {"title": "own"},
                    "properties": {"b": 2},
                    "user_properties": {},
                    "sent_at": "2026-11-21T12:00:01Z",
                },
            ],
        }
    )
    assert (first["visitor_id"], first["page_url"], first["page_title"]) == ("v", "u", "t")
    assert (second["visitor_id"], second["page_url"], second["page_title"]) == ("own", "u", "own")
    assert json.loads(first["properties"]) == {"event_id": "shared", "build": 7, "a": 1, "b": 1}
    assert json.loads(second["properties"]) == {"event_id": "shared", "build": 7, "a": 1, "b": 2}
    assert (first["sent_at"], second["sent_at"]) == (NOON, NOON.replace(second=1))
    assert first["event_id"] != second["event_id"]


@pytest.mark.parametrize("query", ["write_id=w", "write_key=w&sent_at=2026-11-21T12%3A00%3A00Z"])
def test_the_query_of_a_beacon(query: str) -> None:
    """`sendBeacon` has no headers: its write id is in the query, and must not be stored."""
    (found,) = events({"name": "a"}, query=query)
    assert "properties" not in found
    assert found.get("sent_at") == (NOON if "sent_at" in query else None)


def test_other_query_parameters_are_kept() -> None:
    """Nothing that was sent is lost."""
    (found,) = events({"name": "a"}, query="sent_at=x&debug=1")
    assert json.loads(found["request_properties"]) == {"query": {"sent_at": "x", "debug": "1"}}
    assert found["problems"] == ["invalid_value query.sent_at"]
    assert "properties" not in found


def test_a_server_speaks_for_its_visitors() -> None:
    """With a server key the event says who the visitor is.

    The server's own address and user agent would make one visitor, and a bot, of all.
    """
    body = {"name": "a", "ip": "2001:DB8::0", "user_agent": "Mozilla/5.0 (iPhone)"}
    server = (("user-agent", "python-httpx/0.28"), ("accept-language", "en"))
    (found,) = events(body, trusted=True, headers=server)
    assert (found["ip"], found["user_agent"]) == ("2001:db8::", "Mozilla/5.0 (iPhone)")
    (silent,) = events({"name": "a"}, trusted=True, headers=server)
    assert {"ip", "user_agent", "language"}.isdisjoint(silent)


def test_a_browser_does_not() -> None:
    """Anybody may write anything with a public write id; it is kept, and not believed."""
    (found,) = events({"name": "a", "ip": "10.0.0.1", "user_agent": "me"}, headers=BROWSER)
    assert (found["ip"], found["user_agent"], found["language"]) == (
        "192.0.2.7",
        "Mozilla/5.0",
        "en-GB",
    )
    assert json.loads(found["properties"]) == {"ip": "10.0.0.1", "user_agent": "me"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [(0, "missing_field", "$.name")]),
        ([{"name": None}], [(0, "missing_field", "$[0].name")]),
        ({"name": 7}, [(0, "wrong_type", "$.name")]),
        ({"events": [{"name": "a", "app_id": "x"}]}, [(0, "app_mismatch", "$.events[0].app_id")]),
        ({"events": [5]}, [(0, "not_an_event", "$.events[0]")]),
        ({"events": {}}, [(-1, "wrong_type", "$.events")]),
        (
            b'{"events": [{"name": "a"}, {"name": nil}]}',
            [(1, "not_json", "$.events[1]")],
        ),
        (b'{"name": "a"}\n{"name": nil}\n{"name": "c"}', [(1, "not_json", "$[1]")]),
        (b'{"name": "a"}\n{"name": "b"', [(1, "not_json", "$[1]")]),
        (b'{"name": nil}', [(0, "not_json", "$")]),
        (b'{"name": "a"', [(-1, "not_json", None)]),
        (b'{"events": [', [(-1, "not_json", None)]),
        (b'{"events": [' + b"[" * 2000 + b"]" * 2000 + b"]}", [(0, "not_json", "$.events[0]")]),
        ({"name": "a", "properties": {"x": [[[[[[]]]]]]}}, []),
    ],
)
def test_faults_are_placed(body: Any, expected: list[tuple[int, str, str | None]]) -> None:
    """One bad event fails alone, with the way to the field."""
    assert failures(body) == expected


@pytest.mark.parametrize(
    ("sent", "problem", "kept"),
    [
        ({"page": "home"}, "wrong_type page", {"page": "home"}),
        ({"page": {"url": {"a": 1}}}, "wrong_type page.url", {"page": {"url": {"a": 1}}}),
        (
            {"device": {"screen_width": -1, "os": "x"}},
            "invalid_value device.screen_width",
            {"device": {"screen_width": -1}},
        ),
        ({"sent_at": "now"}, "invalid_value sent_at", {"sent_at": "now"}),
        ({"value": "1,299.00"}, "wrong_type value", {"value": "1,299.00"}),
        ({"properties": 5}, "wrong_type properties", {"properties": 5}),
        ({"anonymous_id": "null"}, "not_an_id anonymous_id", {"anonymous_id": "null"}),
        ({"user_id": "NaN"}, "not_an_id user_id", {"user_id": "NaN"}),
    ],
)
def test_a_field_that_cannot_be_used_costs_that_field(
    sent: dict[str, Any], problem: str, kept: dict[str, Any]
) -> None:
    """Only an event without a name is none."""
    (found,) = events({"name": "a", **sent})
    assert (found["problems"], json.loads(found["properties"])) == ([problem], kept)


@pytest.mark.parametrize(
    ("beside", "problems", "about_request"),
    [
        ({"context": 5}, ["wrong_type request.context"], {"context": 5}),
        ({"sent_at": "Sun, 29 Nov 2026 10:00:00 GMT"}, ["invalid_value request.sent_at"], ...),
        ({"sent_at": 1_795_300_235_000_000_000}, ["invalid_value request.sent_at"], ...),
        ({"name": 7}, ["wrong_type request.name"], {"name": 7}),
        ({"retry": 1}, None, {"retry": 1}),
        ({"context": []}, None, None),
        ({"context": {"device": {"screen_width": -1}}}, [
            "invalid_value request.context.device.screen_width"
        ], None),
        ({"context": {"name": ""}}, ["invalid_value request.context.name"], None),
    ],
)  # fmt: skip
def test_what_stands_beside_the_events_costs_none_of_them(
    beside: dict[str, Any], problems: list[str] | None, about_request: Any
) -> None:
    """One bad context must not lose a batch."""
    found = events({**beside, "events": [{"name": "a"}, {"name": "b"}]})
    expected = beside if about_request is ... else about_request
    assert [event["event_name"] for event in found] == ["a", "b"]
    for event in found:
        about = event.get("request_properties")
        assert (None if about is None else json.loads(about)["body"]) == expected
        assert event.get("problems") == problems


def test_a_context_that_is_no_json_or_too_deep_is_kept_as_its_text() -> None:
    """It cannot be kept as what it is."""
    (broken,) = events(b'{"events": [{"name": "a"}], "context": {"page" 5}}')
    assert json.loads(broken["request_properties"]) == {"body": {"context": '{"page" 5}'}}
    nested = json.loads("[" * 200 + "]" * 200)
    (deep,) = events({"events": [{"name": "a"}], "context": {"tenant": nested, "plan": "pro"}})
    assert json.loads(deep["properties"]) == {
        "plan": "pro",
        "tenant": json.dumps(nested, separators=(",", ":")),
    }
    assert deep["problems"] == ["too_deep request.context.tenant"]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity"])
def test_what_is_no_number_costs_its_field(number: str) -> None:
    """Python writes it so by itself; JSON has no such thing."""
    start, end = '{"name":"NaN here","value":', ',"properties":{"text":"\\" NaN, Infinity"}}'
    (found,) = events(f"{start}{number}{end}".encode())
    assert (found["event_name"], found["problems"]) == ("NaN here", ["wrong_type value"])
    assert json.loads(found["properties"]) == {"text": '" NaN, Infinity', "value": number}


@pytest.mark.parametrize("sent", ["properties", "user_properties", "page", "campaign", "context"])
def test_an_empty_array_of_php_is_an_empty_object(sent: str) -> None:
    """PHP has one empty array for both, and nothing is wrong with it."""
    (found,) = events({"events": [{"name": "a", **({} if sent == "context" else {sent: []})}],
                       **({"context": []} if sent == "context" else {})})  # fmt: skip
    assert {"problems", "properties", "user_properties"}.isdisjoint(found)


def test_payloads_are_the_records_as_sent() -> None:
    """Also inside an envelope, spaces and all."""
    body = b'{ "events" : [ {"name": "a"} , {"name":  7} ] }'
    (row,) = send(body).failures.to_pylist()
    assert row["payload"] == b'{"name":  7}'


def test_a_pixel_is_one_event() -> None:
    """Mail and script-free pages: everything is in the query, and the page in the Referer."""
    query = (
        "write_id=w&name=mail_opened&visitor_id=v&value=2.5&utm_source=news&utm_id=7"
        "&screen_width=320&title=A+b&timestamp=1795262400000&colour=r%C3%A9d&empty="
    )
    headers = (("referer", "https://mail.test/"), *BROWSER)
    found = decode_one(b"", protocol="pixel", query=query, headers=headers).events.to_pylist()[0]
    expected = {
        "event_name": "mail_opened",
        "visitor_id": "v",
        "value": Decimal("2.500000"),
        "source": "news",
        "campaign_id": "7",
        "screen_width": 320,
        "page_title": "A b",
        "page_url": "https://mail.test/",
        "created_at": NOON,
        "language": "en-GB",
        "user_agent": "Mozilla/5.0",
        "properties": '{"colour":"réd","empty":""}',
    }
    assert {name: found[name] for name in expected} == expected


def test_an_empty_pixel_is_a_page_view() -> None:
    """The shortest tag that works."""
    decoded = decode_one(b"", protocol="pixel", query="write_id=w&url=https://a.test/")
    assert decoded.events.select(["event_name", "page_url"]).to_pylist() == [
        {"event_name": "page_view", "page_url": "https://a.test/"}
    ]


def test_a_bad_pixel_keeps_its_query() -> None:
    """It is a record, so it fails as one."""
    request = logged(b"", protocol="pixel", query="name=a&app_id=other")
    (row,) = decode([request], SETTINGS).failures.to_pylist()
    assert (row["part"], row["path"], row["payload"], row["event_name"]) == (
        "record",
        "$.app_id",
        b"name=a&app_id=other",
        "a",
    )
