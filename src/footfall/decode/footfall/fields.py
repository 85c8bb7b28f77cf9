"""Fields of our own wire format and the columns they become; see docs/formats/events-api.md."""

from __future__ import annotations

import ipaddress
from typing import Final

from footfall.decode.blocks import values
from footfall.decode.blocks.fault import invalid_value
from footfall.decode.blocks.fields import Fields, field, text
from footfall.decode.blocks.records import json_items
from footfall.decode.blocks.rows import SCRATCH

EVENT_ID: Final = SCRATCH
APP_ID: Final = SCRATCH + 1
OWN_PROPERTIES: Final = SCRATCH + 2
USER_PROPERTIES: Final = SCRATCH + 3
ITEMS: Final = SCRATCH + 4

KEY_PARAMETERS: Final = ("write_id", "write_key")
"""Query parameters that say who sends; the collector has used them, and they are not stored."""


def address(value: object) -> str | None:
    """An IP address in its usual form."""
    found = values.text(value)
    if found is None:
        return None
    try:
        return str(ipaddress.ip_address(found.strip()))
    except ValueError:
        raise invalid_value("expected an IP address") from None


_FLAT: Final[Fields] = {
    "event_id": field(EVENT_ID, values.identifier),
    "name": field("event_name", values.name),
    "timestamp": field("created_at", values.moment),
    "sent_at": field("sent_at", values.moment),
    "app_id": field(APP_ID, values.text),
    "platform": text("platform"),
    "visitor_id": field("visitor_id", values.identifier),
    "user_id": field("user_id", values.identifier),
    "device_id": field("device_id", values.identifier),
    "session_id": field("client_session_id", values.identifier),
    "session_number": field("client_session_number", values.int64),
    "entrance": field("entrance", values.flag),
    "value": field("value", values.money),
    "currency": text("currency"),
    "engagement_ms": field("engagement_ms", values.duration_ms),
    "search_term": text("search_term"),
    "language": text("language"),
    "time_zone": text("time_zone"),
}

EVENT: Final[Fields] = {
    **_FLAT,
    "properties": (OWN_PROPERTIES, dict, values.mapping),
    "user_properties": (USER_PROPERTIES, dict, values.mapping),
    "items": field(ITEMS, json_items),
}

TRUSTED_EVENT: Final[Fields] = {
    **EVENT,
    "ip": field("ip", address),
    "user_agent": text("user_agent"),
}
"""What an event may say that was sent with a server key."""

ALIASES: Final[Fields] = {
    "event": field("event_name", values.name),
    "event_name": field("event_name", values.name),
    "created_at": field("created_at", values.moment),
    "anonymous_id": field("visitor_id", values.identifier),
}

_SCREEN_SIZE: Final[Fields] = {
    name: field(name, values.size)
    for name in ("screen_width", "screen_height", "viewport_width", "viewport_height")
}

GROUPS: Final[dict[str, Fields]] = {
    "page": {
        "url": text("page_url"),
        "title": text("page_title"),
        "referrer": text("page_referrer"),
    },
    "screen": {
        "name": text("screen_name"),
        "id": text("screen_id"),
        "class": text("screen_class"),
    },
    "campaign": {
        "source": text("source"),
        "medium": text("medium"),
        "name": text("campaign"),
        "id": text("campaign_id"),
        "term": text("term"),
        "content": text("content"),
        "click_id": text("click_id"),
        "click_id_platform": text("click_id_platform"),
    },
    "device": {
        **_SCREEN_SIZE,
        "brand": text("device_brand"),
        "model": text("device_model"),
        "os": text("os"),
        "os_version": text("os_version"),
        "language": text("language"),
        "time_zone": text("time_zone"),
        "network_type": text("network_type"),
        "carrier": text("carrier"),
    },
    "app": {
        "version": text("app_version"),
        "name": text("app_name"),
        "install_source": text("install_source"),
    },
    "sdk": {"name": text("sdk_name"), "version": text("sdk_version")},
    "link": {
        "url": text("link_url"),
        "domain": text("link_domain"),
        "is_outbound": field("is_outbound", values.flag),
    },
    "error": {"code": text("error_code"), "message": text("error_message")},
}

PIXEL: Final[Fields] = {
    **_FLAT,
    **_SCREEN_SIZE,
    **GROUPS["page"],
    "screen_name": text("screen_name"),
    "utm_source": text("source"),
    "utm_medium": text("medium"),
    "utm_campaign": text("campaign"),
    "utm_id": text("campaign_id"),
    "utm_term": text("term"),
    "utm_content": text("content"),
}
"""Query parameters of `GET /v1/pixel.gif`."""
