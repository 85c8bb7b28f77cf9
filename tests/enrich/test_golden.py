"""Real traffic of `@aws/clickstream-web` becomes exactly these rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.decode.builders import captured
from tests.enrich.golden import NAMES, golden_file, rows


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_those_of_the_golden_file(name: str) -> None:
    """A changed row is a changed answer; if it is meant: `python -m tests.enrich.golden`."""
    assert json.loads(golden_file(name).read_text("utf-8")) == rows(name)


BROWSER = {
    "browser": "Chrome",
    "browser_version": "156.0.0",
    "os": "Linux",
    "device_category": "desktop",
    "is_bot": False,
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36",
    "ip": "192.0.2.7",
    "platform": "Web",
    "screen_width": 1280,
    "screen_height": 800,
    "viewport_width": 1280,
    "viewport_height": 800,
    "language": "en-GB",
    "time_zone": "+01:00",
    "sdk_name": "aws-solution-clickstream-sdk",
    "sdk_version": "0.12.6",
}
CAMPAIGN = {
    "source": "newsletter",
    "medium": "email",
    "campaign": "autumn_sale",
    "campaign_id": "abc123",
    "term": "running shoes",
    "content": "hero",
    "click_id": "TeSt-GCLID-123",
    "click_id_platform": "google_ads",
}
VISIT = {
    "app_id": "shop_web",
    "protocol": "aws",
    "visitor_id": "6a73fc43-2e82-46a1-9327-ae7f852385b1",
    "device_id": "e6994725-7a85-481e-812a-b849bbe961cc",
    "client_session_id": "852385b1-20261121-223035922",
    "client_session_number": 1,
    "event_time_rule": "device",
    "clock_offset_ms": 0,
    "request_index": 0,
    **BROWSER,
    **CAMPAIGN,
}
SEARCH_PAGE = {
    "page_url": "https://www.shop.test/search?q=running+shoes&term=abc",
    "page_host": "www.shop.test",
    "page_path": "/search",
    "page_query": "q=running+shoes&term=abc",
    "page_referrer": "https://www.search.test/",
    "referrer_host": "www.search.test",
}
USER = {
    "user_id": "user-123",
    "user_properties": '{"_user_id":{"value":"user-123","set_timestamp":1795300248592},'
    '"_user_first_touch_timestamp":{"value":1795300235922,"set_timestamp":1795300235922}}',
}


def expected(event_id: str, name: str, created: str, *parts: dict[str, Any], **own: Any) -> Any:
    """A row of the visit; `created` is the time of 21 November 2026, UTC."""
    time = f"2026-11-21T{created}Z"
    shown = name.removeprefix("_")
    row = {"event_id": event_id.replace("-", ""), "event_name": shown, "created_at": time}
    row["client_event_name"] = name
    merged = {**VISIT, **row, "event_time": time}
    for part in parts:
        merged |= part
    return merged | own


JSON = ("properties", "user_properties", "items")
EXPECTED = [
    expected(
        "5ea7eb3c-fa74-4d04-9fb1-c47fb7d8e822",
        "_page_view",
        "22:30:35.939000",
        page_url="https://www.shop.test/landing?utm_source=newsletter&utm_medium=email"
        "&utm_campaign=autumn_sale&utm_term=running+shoes&utm_content=hero&utm_id=abc123"
        "&gclid=TeSt-GCLID-123&fbclid=fbc-1",
        page_host="www.shop.test",
        page_path="/landing",
        page_query="utm_source=newsletter&utm_medium=email&utm_campaign=autumn_sale"
        "&utm_term=running+shoes&utm_content=hero&utm_id=abc123&gclid=TeSt-GCLID-123&fbclid=fbc-1",
        page_title="Landing - Shop",
        page_referrer="https://www.search.test/",
        referrer_host="www.search.test",
        entrance=True,
        user_properties='{"_user_first_touch_timestamp":'
        '{"value":1795300235922,"set_timestamp":1795300235922}}',
        properties={
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 17,
            "_page_referrer_title": "",
        },
    ),
    expected(
        "f054a83a-86bc-4a4c-874f-38bfa903ad8b",
        "_search",
        "22:30:45.481000",
        SEARCH_PAGE,
        page_title="Product 42 - Shop",
        search_term="abc",
        user_properties='{"_user_first_touch_timestamp":'
        '{"value":1795300235922,"set_timestamp":1795300235922}}',
        properties={
            "_search_key": "term",
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 9559,
        },
    ),
    expected(
        "4868adbf-e6c8-4427-b540-9071f98c10b7",
        "_profile_set",
        "22:30:48.593000",
        SEARCH_PAGE,
        user_id="user-123",
        page_title="Search - Shop",
        user_properties='{"_user_id":{"value":"user-123","set_timestamp":1795300248592},'
        '"_user_first_touch_timestamp":{"value":1795300235922,"set_timestamp":1795300235922},'
        '"userName":{"value":"Zoë Müller","set_timestamp":1795300248593},'
        '"_user_email":{"value":"zoe@example.test","set_timestamp":1795300248593},'
        '"plan":{"value":"pro","set_timestamp":1795300248593},'
        '"age":{"value":33,"set_timestamp":1795300248593},'
        '"newsletter":{"value":true,"set_timestamp":1795300248593}}',
        properties={
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 12671,
        },
    ),
    expected(
        "1de085ac-7d9b-4309-9723-14dae3947b9d",
        "purchase",
        "22:30:50.111000",
        SEARCH_PAGE,
        USER,
        page_title="Search - Shop",
        value="149.900000",
        currency="EUR",
        items='[{"id":"sku-42","name":"Running shoe","brand":"Acme","category":"shoes",'
        '"category2":"running","price":59.95,"quantity":2,"currency":"EUR","shoe_size":"42"},'
        '{"id":"sku-7","name":"Socks","price":30,"quantity":1}]',
        properties={
            "order_id": "o-1001",
            "coupon": "AUTUMN",
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 14189,
        },
    ),
    expected(
        "9f8a62d7-09d4-488f-aae6-1b36212bd678",
        "_clickstream_error",
        "22:30:51.629000",
        SEARCH_PAGE,
        USER,
        page_title="Search - Shop",
        error_code="1001",
        error_message="Event name can only contains uppercase and lowercase letters, underscores,"
        " number, and is not start with a number. event name: 1bad-name",
        properties={
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 15707,
        },
    ),
    expected(
        "28abe227-1e6e-4b05-a3e5-a6ed447916e6",
        "_click",
        "22:30:53.183000",
        SEARCH_PAGE,
        USER,
        page_title="Search - Shop",
        link_url="https://www.other.test/partner?x=1",
        link_domain="www.other.test",
        is_outbound=True,
        properties={
            "_link_classes": "ext link",
            "_link_id": "out",
            "app_build": 17,
            "_session_start_timestamp": 1795300235922,
            "_session_duration": 17261,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row["event_name"])
def test_rows_written_by_hand(row: dict[str, Any]) -> None:
    """Field by field out of the payloads, not out of the program; request columns aside."""
    (found,) = (event for event in rows("immediate") if event["event_id"] == row["event_id"])
    place = captured("immediate")[found["log_offset"]]
    row = dict(row)
    for side, names in ((found, JSON), (row, ("user_properties", "items"))):
        side |= {name: json.loads(side[name]) for name in names if name in side}
    about = json.loads(found.pop("request_properties"))
    assert list(about) == ["query"]
    sequence = about["query"].pop("event_bundle_sequence_id")
    assert about == {"query": {}}
    assert f"event_bundle_sequence_id={sequence}&" in place.request.query
    request = ("received_at", "sent_at", "request_id", "log_offset")
    assert {name: value for name, value in found.items() if name not in request} == row


@pytest.mark.parametrize("name", NAMES)
def test_every_event_that_was_sent_is_there(name: str) -> None:
    """By its id, in the order of the requests."""
    sent = [
        event["event_id"].replace("-", "")
        for logged in captured(name)
        for event in json.loads(logged.request.body)
    ]
    assert [row["event_id"] for row in rows(name)] == sent


@pytest.mark.parametrize("name", NAMES)
def test_every_value_that_was_sent_is_there(name: str) -> None:
    """Each attribute is somewhere in its row: nothing is lost without a word."""
    found = {row["event_id"]: json.dumps(row, ensure_ascii=False) for row in rows(name)}
    for logged in captured(name):
        for event in json.loads(logged.request.body):
            row = found[event["event_id"].replace("-", "")]
            for key, value in event["attributes"].items():
                if key in ("_entrances", "_latest_referrer_host") or value in ("", True, False):
                    continue  # a boolean column; the host of `_latest_referrer`; no value
                shown = json.dumps(value, ensure_ascii=False).strip('"')
                assert json.dumps(shown, ensure_ascii=False).strip('"') in row, (key, value)
