"""Deliveries as HTTP requests, in the words of the AWS Clickstream web SDK and of `/v1/events`.

AWS: fields, their order and the query as captured from `@aws/clickstream-web` 0.12.6. All times
inside a request are the device's: the true time plus what its clock shows too much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from footfall.clock import US_PER_MS
from footfall.recipes.shop._catalogue import HOST, SITE
from footfall.recipes.shop._people import Dialect, Visitor
from footfall.recipes.shop._settings import ShopSettings
from footfall.recipes.shop._visit import Delivery, Happening, VisitPlan
from footfall.recipes.traffic import TimedRequest

SDK_NAME: Final = "aws-solution-clickstream-sdk"
SDK_VERSION: Final = "0.12.6"
EVENTS_PATH: Final = "/v1/events"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.encode

NO_JSON: Final = (
    b"<html><body>Sign in to Hotel WiFi</body></html>",
    b"\x1f\x8b\x08 this was never gzip",
    b"event=page_view&page=home",
)
"""Bodies that no decoder takes: a captive portal's page, a broken proxy, a form."""


def write(settings: ShopSettings, plan: VisitPlan, delivery: Delivery) -> TimedRequest:
    """The request of one delivery."""
    visitor = plan.visitor
    send_us = sent_at_us(settings, delivery.send_ms)
    stamp_ms = sent_at_us(settings, delivery.stamp_ms) // US_PER_MS
    if delivery.from_server:
        return _from_server(settings, visitor, delivery, send_us, stamp_ms)
    is_footfall = visitor.dialect is Dialect.FOOTFALL
    if delivery.broken_body:
        body = plan.rng.choice(NO_JSON)
    elif is_footfall:
        body = _footfall_body(plan, delivery, stamp_ms)
    else:
        body = _aws_body(settings, plan, delivery)
    records = len(delivery.happenings) + delivery.broken_records
    return TimedRequest(
        send_at_us=send_us,
        method="POST",
        path=EVENTS_PATH if is_footfall else settings.collect_path,
        query=(
            f"write_id={settings.write_id}"
            if is_footfall
            else _aws_query(settings, plan, delivery, body, stamp_ms)
        ),
        headers=_headers(visitor, "text/plain" if is_footfall else _JSON_TYPE),
        body=body,
        events=records,
    )


def sent_at_us(settings: ShopSettings, true_ms: int) -> int:
    """When something that happens at `true_ms` is sent: later, while devices were offline."""
    true_us = true_ms * US_PER_MS
    if true_us >= settings.live_from_us:
        return true_us
    before_us = settings.live_from_us - settings.start_us
    return settings.live_from_us + (true_us - settings.start_us) * settings.backlog_us // before_us


def iso_ms(ms: int) -> str:
    """RFC 3339 with milliseconds and Z."""
    text = (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


_JSON_TYPE: Final = "application/json; charset=utf-8"


def _headers(visitor: Visitor, content_type: str) -> tuple[tuple[str, str], ...]:
    return (
        ("content-type", content_type),
        ("user-agent", visitor.device.user_agent),
        ("accept-language", visitor.locale.tag),
        ("origin", SITE),
        ("referer", SITE + "/"),
    )


# -- AWS Clickstream -------------------------------------------------------------------------------


def _aws_query(
    settings: ShopSettings, plan: VisitPlan, delivery: Delivery, body: bytes, stamp_ms: int
) -> str:
    """A retry has the same query as the first attempt: all of it follows from the events."""
    first = delivery.happenings[0].event_id if delivery.happenings else "0"
    sequence = plan.visit.number * 1_000 + int(first[:4], 16) % 1_000
    return urlencode(
        {
            "platform": "Web",
            "appId": settings.write_id,
            "event_bundle_sequence_id": sequence,
            "upload_timestamp": stamp_ms + plan.visitor.clock_offset_ms,
            "hashCode": hashlib.sha256(body).hexdigest()[:8],
        }
    )


def _aws_body(settings: ShopSettings, plan: VisitPlan, delivery: Delivery) -> bytes:
    records = [_aws_event(settings, plan.visitor, item) for item in delivery.happenings]
    for _ in range(delivery.broken_records):
        _spoil(plan, records, _AWS_FLAWS)
    return _encode(records)


def _aws_event(settings: ShopSettings, visitor: Visitor, item: Happening) -> dict[str, Any]:
    device, locale, offset_ms = visitor.device, visitor.locale, visitor.clock_offset_ms
    language, _, country = locale.tag.partition("-")
    first_touch = {
        "value": item.session_start_ms + offset_ms,
        "set_timestamp": item.session_start_ms + offset_ms,
    }
    event: dict[str, Any] = {
        "event_type": item.moment.name,
        "event_id": item.event_id,
        "device_id": visitor.device_id,
        "unique_id": visitor.visitor_id,
        "app_id": settings.write_id,
        "timestamp": item.at_ms + offset_ms,
        "host_name": HOST,
        "locale": locale.tag,
        "system_language": language,
        "country_code": country,
        "zone_offset": locale.zone_offset_ms,
        "make": "Gecko",
        "platform": "Web",
        "screen_height": device.screen[1],
        "screen_width": device.screen[0],
        "viewport_height": device.viewport[1],
        "viewport_width": device.viewport[0],
        "sdk_name": SDK_NAME,
        "sdk_version": SDK_VERSION,
    }
    if item.moment.items is not None:
        event["items"] = item.moment.items
    user: dict[str, Any] = {"_user_first_touch_timestamp": first_touch}
    if item.is_logged_in:
        user["_user_id"] = {"value": visitor.user_id, "set_timestamp": first_touch["value"]}
    event["user"] = user
    event["attributes"] = _aws_attributes(visitor, item)
    return event


def _aws_attributes(visitor: Visitor, item: Happening) -> dict[str, Any]:
    moment = item.moment
    start_ms = item.session_start_ms + visitor.clock_offset_ms
    attributes = {
        **moment.properties,
        "_session_id": f"{visitor.visitor_id[-8:]}-{_session_stamp(start_ms)}",
        "_session_start_timestamp": start_ms,
        "_session_duration": item.at_ms - item.session_start_ms,
        "_session_number": item.session_number,
        "_page_title": moment.page.title,
        "_page_url": moment.page.url,
        "_latest_referrer": item.way.referrer,
        "_latest_referrer_host": urlsplit(item.way.referrer).netloc,
    }
    if moment.name == "_page_view":
        attributes["_page_referrer"] = moment.previous.url if moment.previous else ""
        attributes["_page_referrer_title"] = moment.previous.title if moment.previous else ""
    return attributes


def _session_stamp(start_ms: int) -> str:
    start = _EPOCH + timedelta(milliseconds=start_ms)
    return f"{start:%Y%m%d-%H%M%S}{start_ms % 1000:03}"


# -- Footfall's own --------------------------------------------------------------------------------


def _footfall_body(plan: VisitPlan, delivery: Delivery, stamp_ms: int) -> bytes:
    records = [_footfall_event(plan.visitor, item) for item in delivery.happenings]
    for _ in range(delivery.broken_records):
        _spoil(plan, records, _FOOTFALL_FLAWS)
    sent_at = iso_ms(stamp_ms + plan.visitor.clock_offset_ms)
    return _encode({"sent_at": sent_at, "events": records})


def _footfall_event(visitor: Visitor, item: Happening) -> dict[str, Any]:
    moment = item.moment
    referrer = moment.previous.url if moment.previous else item.way.referrer
    event: dict[str, Any] = {
        "event_id": item.event_id,
        "name": moment.name.removeprefix("_"),
        "timestamp": iso_ms(item.at_ms + visitor.clock_offset_ms),
        "visitor_id": visitor.visitor_id,
        "page": {"url": moment.page.url, "title": moment.page.title, "referrer": referrer},
        "properties": _footfall_properties(moment.properties),
    }
    if moment.items is not None:
        event["items"] = moment.items
    if item.is_logged_in:
        event["user_id"] = visitor.user_id
    return event


def _footfall_properties(properties: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("_"): value for name, value in properties.items()}


def _from_server(
    settings: ShopSettings, visitor: Visitor, delivery: Delivery, send_us: int, stamp_ms: int
) -> TimedRequest:
    """An event of the back end: right clock, a user, no visitor."""
    records = [
        {
            "event_id": item.event_id,
            "name": item.moment.name,
            "timestamp": iso_ms(item.at_ms),
            "user_id": visitor.user_id,
            "properties": item.moment.properties,
        }
        for item in delivery.happenings
    ]
    return TimedRequest(
        send_at_us=send_us,
        method="POST",
        path=EVENTS_PATH,
        query=f"write_id={settings.write_id}",
        headers=(("content-type", "application/json"), ("user-agent", "example-shop-server/1.0")),
        body=_encode({"sent_at": iso_ms(stamp_ms), "events": records}),
        events=len(records),
    )


# -- broken records --------------------------------------------------------------------------------

_Flaw = Callable[[dict[str, Any]], None]


def _without(field: str) -> _Flaw:
    return lambda record: record.pop(field, None)


def _with(field: str, value: Any) -> _Flaw:
    def spoil(record: dict[str, Any]) -> None:
        record[field] = value

    return spoil


_AWS_FLAWS: Final = (
    _without("event_type"),
    _with("event_type", ""),
    _with("event_type", 42),
    _with("app_id", "another_shop"),
)
_FOOTFALL_FLAWS: Final = (
    _without("name"),
    _with("name", ""),
    _with("name", ["a", "b"]),
    _with("app_id", "another_shop"),
)
"""Whatever else is wrong with a record costs a field of it, and not the event."""


def _spoil(plan: VisitPlan, records: list[dict[str, Any]], flaws: tuple[_Flaw, ...]) -> None:
    """Put a broken copy of one of the records between them."""
    rng = plan.rng
    broken = dict(rng.choice(records))
    broken["event_id"] = f"broken-{rng.getrandbits(64):016x}"
    rng.choice(flaws)(broken)
    records.insert(rng.randint(0, len(records)), broken)
