"""The shop speaks as the real SDK does: compared with what `@aws/clickstream-web` sent."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from footfall.clock import DAY, HOUR
from footfall.recipes.shop import ShopSettings, shop_requests

CAPTURE = Path(__file__).parent.parent / "captures" / "aws-clickstream-web.immediate.jsonl"
SHOP = ShopSettings(
    start_us=20_000 * DAY,
    duration_us=3 * HOUR,
    visitors=60,
    events=1_500,
    footfall_share=0.0,
    broken_share=0.0,
)


def captured() -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in CAPTURE.read_text("utf-8").splitlines()]
    return [line for line in lines if line["method"] == "POST"]


def events(bodies: list[str]) -> dict[str, dict[str, Any]]:
    """One event of each type; the last, which is no longer the visitor's first."""
    return {event["event_type"]: event for body in bodies for event in json.loads(body)}


def made() -> list[Any]:
    return [request for request in shop_requests(SHOP) if request.path == "/collect"]


def test_events_have_the_sdk_s_fields_in_its_order() -> None:
    """`event_type` must come first: the SDK's own batch recovery searches for it as text."""
    real = events([line["body_text"] for line in captured()])
    ours = events([request.body.decode() for request in made()])
    for name in ("_page_view", "_user_engagement", "_search", "_scroll", "purchase"):
        assert list(ours[name]) == list(real[name]), name


def test_attributes_are_those_of_the_sdk() -> None:
    """A decoder tested with made-up names would not notice that it misses the real ones."""
    real: defaultdict[str, set[str]] = defaultdict(set)
    for line in captured():
        for event in json.loads(line["body_text"]):
            real[event["event_type"]] |= set(event["attributes"])
    ours = events([request.body.decode() for request in made()])
    common = {"_session_id", "_session_number", "_page_url", "_page_title", "_latest_referrer"}
    for name in ("_page_view", "_user_engagement", "_search", "_scroll", "_click"):
        assert common <= set(ours[name]["attributes"]) <= real[name], name


def test_values_have_the_sdk_s_types() -> None:
    """A number sent as a text would be another protocol."""
    real = events([line["body_text"] for line in captured()])["_page_view"]
    ours = events([request.body.decode() for request in made()])["_page_view"]

    def types(event: dict[str, Any]) -> dict[str, type]:
        return {name: type(value) for name, value in event.items()}

    assert types(ours) == types(real)
    shared = set(real["attributes"]) & set(ours["attributes"])
    assert {name: type(ours["attributes"][name]) for name in shared} == {
        name: type(real["attributes"][name]) for name in shared
    }


def test_requests_have_the_sdk_s_query_and_headers() -> None:
    """The time of sending is in the query only; the collector must find it there."""
    real = captured()[0]
    request = made()[0]
    assert [name for name, _ in parse_qsl(request.query)] == list(real["query"])
    sent = {name.lower(): value for name, value in real["headers"]}
    ours = dict(request.headers)
    assert ours["content-type"] == sent["content-type"]
    assert set(ours) <= set(sent)


def test_a_retry_is_the_same_request() -> None:
    """The SDK repeats at once with the same URL and body: only the time of arrival differs."""
    seen: dict[bytes, Any] = {}
    repeats = 0
    for request in made():
        first = seen.setdefault(request.body, request)
        if first is not request and len(json.loads(request.body)) == 1:
            same = dict(parse_qsl(first.query)) == dict(parse_qsl(request.query))
            repeats += same
    assert repeats > 0
