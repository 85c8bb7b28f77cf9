"""The AWS Clickstream wire format: where each field goes, and what a bad one costs."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from footfall.decode import decode
from tests.decode.builders import (
    AWS_EVENT,
    RECEIVED_AT,
    REQUEST_ID,
    SETTINGS,
    decode_one,
    event_of,
    failures_of,
    limits,
    logged,
)

CREATED = datetime(2026, 11, 21, 22, 30, 35, tzinfo=UTC)
RECEIVED = datetime.fromtimestamp(RECEIVED_AT // 10**6, UTC)


def event(attributes: dict[str, Any] | None = None, /, **top: Any) -> dict[str, Any]:
    return {**AWS_EVENT, **top, "attributes": attributes or {}}


def test_the_least_event() -> None:
    """Exactly these columns are known of an event that says nothing about itself."""
    assert event_of(AWS_EVENT, offset=5) == {
        "event_id": bytes.fromhex("06f3e7f4c9ec411fb3a0947579971f9e"),
        "event_name": "add_to_cart",
        "client_event_name": "add_to_cart",
        "app_id": "shop",
        "protocol": "aws",
        "visitor_id": "visitor-1",
        "created_at": CREATED,
        "received_at": RECEIVED,
        "request_id": REQUEST_ID,
        "request_index": 0,
        "log_offset": 5,
        "ip": "192.0.2.7",
    }


def test_a_mobile_event() -> None:
    """Fields that only Android and Swift send, under their columns; the rest is kept."""
    found = event_of(
        event(
            {
                "_screen_name": "CartActivity",
                "_screen_id": "shop.CartActivity",
                "_screen_unique_id": "9f3",
                "_entrances": 1,
                "_app_install_channel": "play",
                "_engagement_time_msec": 1200,
            },
            event_type="_screen_view",
            platform="Android",
            os_version="13",
            brand="samsung",
            make="Samsung",
            model="SM-S901B",
            carrier="Vodafone",
            network_type="WIFI",
            app_version="1.2",
            app_package_name="com.shop",
            app_title="Shop",
            locale="de_DE",
            system_language="de",
            country_code="DE",
            zone_offset=-12600000,
            device_unique_id="adid-1",
        )
    )
    assert found["event_name"] == "screen_view"
    assert json.loads(found.pop("properties")) == {
        "_screen_unique_id": "9f3",
        "make": "Samsung",
        "app_package_name": "com.shop",
        "device_unique_id": "adid-1",
    }
    expected = {
        "platform": "Android",
        "screen_name": "CartActivity",
        "screen_id": "shop.CartActivity",
        "entrance": True,
        "install_source": "play",
        "engagement_ms": 1200,
        "os": "Android",
        "os_version": "13",
        "device_brand": "samsung",
        "device_model": "SM-S901B",
        "carrier": "Vodafone",
        "network_type": "WIFI",
        "app_version": "1.2",
        "app_name": "Shop",
        "language": "de-DE",
        "time_zone": "-03:30",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("sent", "column", "expected"),
    [
        ({"unique_id": None, "user_pseudo_id": "p"}, "visitor_id", "p"),
        ({"event_type": None, "event_name": "n"}, "event_name", "n"),
        ({"event_value": 5}, "value", Decimal("5.000000")),
        ({"event_value_in_usd": "2.5"}, "currency", "USD"),
        ({"event_value_in_usd": 2, "currency": "EUR"}, "currency", "EUR"),
        ({"event_value_currency": "EUR"}, "currency", "EUR"),
        ({"attributes": {"_utm_source": "s"}}, "source", "s"),
        ({"attributes": {"_utm_source": "s", "_traffic_source_source": "t"}}, "source", "t"),
        ({"attributes": {"_gclid": "g"}}, "click_id", "g"),
        ({"attributes": {"_utm_source_platform": "x"}}, "click_id_platform", "x"),
        ({"attributes": {"_traffic_source_id": "c"}}, "campaign_id", "c"),
        ({"attributes": {"_install_channel": "i"}}, "install_source", "i"),
        ({"attributes": {"_exception_message": "boom"}}, "error_message", "boom"),
        ({"attributes": {"_error_code": 1001}}, "error_code", "1001"),
        ({"system_language": "en", "country_code": "GB"}, "language", "en-GB"),
        ({"system_language": "en"}, "language", "en"),
        ({"platform": "Web", "os_version": "9"}, "os_version", "9"),
        ({"timestamp": "1795300235000"}, "created_at", CREATED),
        (
            {"event_id": "06F3E7F4-C9EC-411F-B3A0-947579971F9E"},
            "event_id",
            bytes.fromhex("06f3e7f4c9ec411fb3a0947579971f9e"),
        ),
        ({"user": {"_user_id": {"value": "u", "set_timestamp": 1}}}, "user_id", "u"),
        ({"user": {"_user_id": {"value": 7}}}, "user_id", "7"),
        ({"user": {"_user_id": "u"}}, "user_id", "u"),
    ],
)
def test_second_names_and_forms(sent: dict[str, Any], column: str, expected: object) -> None:
    """All names that the reference implementation takes, and forms that SDKs really send."""
    assert event_of({**AWS_EVENT, **sent})[column] == expected


def test_what_has_no_column_is_kept() -> None:
    """Custom attributes, unknown fields and query parameters, none of them under another's name."""
    found = event_of(
        event(
            {
                "cart": 3,
                "make": "own",
                "nothing": None,
                "_utm_source": "u",
                "_traffic_source_source": "t",
            },
            make="Acme",
            wechat_version="8",
            zone_offset=90_001,
            country_code="GB",
        ),
        query="appId=fw_shop&compression=gzip&platform=Web&event_bundle_sequence_id=7&fakeIp=1.2.3.4",
    )
    assert json.loads(found["properties"]) == {
        "cart": 3,
        "make": "own",
        "nothing": None,
        "_utm_source": "u",
        "_event_make": "Acme",
        "wechat_version": "8",
        "zone_offset": 90_001,
        "country_code": "GB",
    }
    assert json.loads(found["request_properties"]) == {
        "query": {"event_bundle_sequence_id": 7, "fakeIp": "1.2.3.4"}
    }
    assert (found["platform"], found["source"], found["ip"]) == ("Web", "t", "192.0.2.7")


@pytest.mark.parametrize(
    ("query", "sent_at", "kept"),
    [
        ("upload_timestamp=1795300235000", CREATED, {}),
        ("upload_timestamp=later", None, {"upload_timestamp": "later"}),
        ("upload_timestamp=99999999999999999999", None, {"upload_timestamp": "9" * 20}),
        ("upload_timestamp=", None, {}),
        ("event_bundle_sequence_id=x", None, {"event_bundle_sequence_id": "x"}),
        ("hashCode=00000000", None, {"hashCode": "00000000"}),
        ("%ff=%ff", None, {"�": "�"}),
    ],
)
def test_the_query_is_used_or_kept(query: str, sent_at: object, kept: dict[str, object]) -> None:
    """A useless parameter never costs the event, and is none of its properties."""
    found = event_of(AWS_EVENT, query=query)
    about = json.loads(found.get("request_properties", '{"query": {}}'))
    assert (found.get("sent_at"), about, "properties" in found) == (sent_at, {"query": kept}, False)
    assert ("problems" in found) == ("upload_timestamp" in kept)


def test_a_right_hash_code_is_not_kept() -> None:
    """It follows from the body: storing it with every event would be waste."""
    body = json.dumps(AWS_EVENT).encode()
    digest = hashlib.sha256(body).hexdigest()[:8]
    assert "properties" not in event_of(body, query=f"hashCode={digest}")


def test_referrers() -> None:
    """The page before is the referrer; where there is none, the site the visit came from."""
    latest = {
        "_latest_referrer": "https://www.search.test/",
        "_latest_referrer_host": "www.search.test",
    }
    entrance = event_of(event({**latest, "_page_referrer": ""}))
    assert (entrance["page_referrer"], entrance["referrer_host"]) == (
        "https://www.search.test/",
        "www.search.test",
    )
    inside = event_of(event({**latest, "_page_referrer": "https://shop.test/a"}))
    assert inside["page_referrer"] == "https://shop.test/a"
    assert json.loads(inside["properties"]) == {"_latest_referrer": "https://www.search.test/"}


def test_items_have_one_spelling() -> None:
    """Android and Swift write `item_category`, the web `category`: one report for both."""
    found = event_of(
        event(
            items=[
                {"item_id": 1, "item_category": "a", "item_category2": "b", "x": 1},
                {"id": "2", "item_id": "3"},
            ]
        )
    )
    assert json.loads(found["items"]) == [
        {"x": 1, "id": 1, "category": "a", "category2": "b"},
        {"id": "2", "item_id": "3"},
    ]


@pytest.mark.parametrize(
    ("sent", "reason", "path"),
    [
        ({"event_type": None}, "missing_field", "$.event_type"),
        ({"event_type": ""}, "invalid_value", "$.event_type"),
        ({"event_type": 5}, "wrong_type", "$.event_type"),
        ({"app_id": "other"}, "app_mismatch", "$.app_id"),
    ],
)
def test_without_a_name_or_for_another_app_it_is_no_event(
    sent: dict[str, Any], reason: str, path: str
) -> None:
    """The path leads the person who sent it to the line of code to mend."""
    assert failures_of({**AWS_EVENT, **sent}) == [(0, reason, path)]


@pytest.mark.parametrize(
    ("sent", "problem", "column", "kept"),
    [
        ({"event_id": {}}, "wrong_type event_id", None, {"event_id": {}}),
        ({"timestamp": "soon"}, "invalid_value timestamp", "created_at", {"timestamp": "soon"}),
        ({"timestamp": 2**63}, "invalid_value timestamp", "created_at", {"timestamp": 2**63}),
        ({"timestamp": True}, "wrong_type timestamp", "created_at", {"timestamp": True}),
        ({"app_id": [1]}, "wrong_type app_id", None, {"app_id": [1]}),
        ({"attributes": 5}, "wrong_type attributes", None, {"attributes": 5}),
        (
            {"attributes": {"_value": "1,299.00"}},
            "wrong_type attributes._value",
            "value",
            {"_value": "1,299.00"},
        ),
        (
            {"attributes": {"_page_url": {"a": 1}}},
            "wrong_type attributes._page_url",
            "page_url",
            {"_page_url": {"a": 1}},
        ),
        (
            {"attributes": {"_gclid": [1]}},
            "wrong_type attributes._gclid",
            "click_id",
            {"_gclid": [1]},
        ),
        ({"user": "u"}, "wrong_type user", "user_properties", {"user": "u"}),
        ({"items": [{}, 5]}, "wrong_type items[1]", "items", {"items": [{}, 5]}),
        ({"screen_width": -1}, "invalid_value screen_width", "screen_width", {"screen_width": -1}),
        (
            {"viewport_width": "NaN"},
            "wrong_type viewport_width",
            "viewport_width",
            {"viewport_width": "NaN"},
        ),
        (
            {"unique_id": "v" * 513},
            "invalid_value unique_id",
            "visitor_id",
            {"unique_id": "v" * 513},
        ),
        (
            {"user_pseudo_id": [1], "unique_id": None},
            "wrong_type user_pseudo_id",
            "visitor_id",
            {"user_pseudo_id": [1]},
        ),
        ({"event_value": "free"}, "wrong_type event_value", "value", {"event_value": "free"}),
        (
            {"unique_id": "undefined"},
            "not_an_id unique_id",
            "visitor_id",
            {"unique_id": "undefined"},
        ),
        (
            {"attributes": {"_session_id": "[object Object]"}},
            "not_an_id attributes._session_id",
            "client_session_id",
            {"_session_id": "[object Object]"},
        ),
    ],
)
def test_a_field_that_cannot_be_used_costs_that_field(
    sent: dict[str, Any], problem: str, column: str | None, kept: dict[str, Any]
) -> None:
    """The event is good without it; what was sent is kept, and what is wrong with it named."""
    found = event_of({**AWS_EVENT, **sent})
    assert found["problems"] == [problem]
    assert json.loads(found["properties"]) == kept
    assert column not in found


@pytest.mark.parametrize("user_id", [[5], {"value": [5]}])
def test_an_id_of_a_user_that_cannot_be_used_stays_with_the_user(user_id: Any) -> None:
    """It is kept where it was sent."""
    found = event_of(event(user={"_user_id": user_id}))
    where = "user._user_id.value" if isinstance(user_id, dict) else "user._user_id"
    assert found["problems"] == [f"wrong_type {where}"]
    assert json.loads(found["user_properties"]) == {"_user_id": user_id}
    assert "user_id" not in found


@pytest.mark.parametrize("sent", [{"attributes": []}, {"user": []}, {"items": {}}])
def test_an_empty_array_of_php_is_an_empty_object(sent: dict[str, Any]) -> None:
    """PHP has one empty array for both, and nothing is wrong with it."""
    found = event_of({**AWS_EVENT, **sent})
    assert {"problems", "properties", "user_properties", "items"}.isdisjoint(found)


@pytest.mark.parametrize("missing", ["event_id", "timestamp"])
def test_an_event_without_id_or_time_is_an_event(missing: str) -> None:
    """Its place in its request is id enough, and when it came is time enough."""
    found = event_of({**AWS_EVENT, missing: None})
    assert "problems" not in found
    assert found["event_id"] is not None


def test_ids_that_are_none_make_no_duplicates() -> None:
    """Thousands of events with the id `undefined` are as many events."""
    decoded = decode([logged([{**AWS_EVENT, "event_id": "undefined"}] * 2)], SETTINGS)
    assert len(set(decoded.events.column("event_id").to_pylist())) == 2
    assert decoded.events.column("problems").to_pylist() == [["not_an_id event_id"]] * 2


def test_names_are_the_same_for_all_sdks_and_kept_as_sent() -> None:
    """One report for all apps, however they send."""
    sent = ["_session_start", "_first_open", "_user_engagement", "_scroll", "_click", "_search"]
    sent += ["_profile_set", "_page_view", "_app_exception", "_custom", "buy"]
    events = decode([logged([{**AWS_EVENT, "event_type": name} for name in sent])], SETTINGS).events
    assert events.column("client_event_name").to_pylist() == sent
    assert events.column("event_name").to_pylist() == [
        *("session_start", "first_open", "user_engagement", "scroll", "click", "search"),
        *("profile_set", "page_view", "app_exception", "_custom", "buy"),
    ]


@pytest.mark.parametrize("sent", ["shop", "fw_shop", None])
def test_an_event_may_name_the_app_or_its_write_id(sent: str | None) -> None:
    """The SDK knows one `appId`, and it is the write id: it stands in each event as well."""
    assert event_of(event(app_id=sent))["app_id"] == "shop"


def test_texts_are_cut_at_a_character_and_json_stays_json() -> None:
    """A column never holds half a character, and JSON that was cut is still JSON.

    One long property must not make the JSON functions fail for the whole table.
    """
    tight = limits(text_bytes_max=64)
    decoded = decode(
        [
            logged(
                event(
                    {"_page_title": "é" * 40, "a": "x", "long": "y" * 100, "b": [1]},
                    items=[{"id": "1"}, {"id": "2", "name": "n" * 50}],
                )
            )
        ],
        tight,
    )
    (found,) = decoded.events.to_pylist()
    assert found["page_title"] == "é" * 32
    assert json.loads(found["properties"]) == {"a": "x", "b": [1], "_truncated": True}
    assert json.loads(found["items"]) == [{"id": "1"}]


def test_a_failed_event_keeps_its_name_and_bytes() -> None:
    """So it can be found, and replayed when the cause is mended."""
    body = b'[{"event_type": "buy",  "event_id": "1", "app_id": "soon"}]'
    (row,) = decode([logged(body, offset=9)], SETTINGS).failures.to_pylist()
    assert {name: value for name, value in row.items() if name != "failed_id"} == {
        "app_id": "shop",
        "protocol": "aws",
        "part": "record",
        "reason": "app_mismatch",
        "message": "event names another app than the key it was sent with: 'soon'",
        "path": "$[0].app_id",
        "event_name": "buy",
        "payload": body[1:-1],
        "payload_bytes": len(body) - 2,
        "credential": "fw_shop",
        "received_at": RECEIVED,
        "request_id": REQUEST_ID,
        "request_index": 0,
        "log_offset": 9,
        "log_partition": None,
        "epoch": 0,
        "replayed_as": None,
    }


def test_ids_that_are_no_uuid_are_hashed_and_kept() -> None:
    """Two texts are two ids, the same text is the same id on every machine."""
    first, again, second = (event_of(event(event_id=text)) for text in ("a-1", "a-1", "a-2"))
    assert first["client_event_id"] == "a-1"
    assert first["event_id"] == again["event_id"] != second["event_id"]
    namespace = uuid.UUID("0f5c2d6e-8a4b-5e7f-9c31-6b1d2e4a7f90")
    assert first["event_id"] == uuid.uuid5(namespace, "aws\na-1").bytes


def test_a_get_without_a_body_fails_with_its_query() -> None:
    """The reference server forwards GET as well; the query is all there is to keep."""
    (row,) = decode_one(b"", method="GET", query="appId=fw_shop&a=1").failures.to_pylist()
    assert (row["reason"], row["payload"]) == ("not_json", b"appId=fw_shop&a=1")
