"""Fields of the AWS Clickstream wire format and the columns they become.

Keys that no table names go to `properties`. Names in capitals are scratch slots of a row: values
that need a look at each other before they are columns.
"""

from __future__ import annotations

from typing import Final

from footfall.decode.blocks import values
from footfall.decode.blocks.fields import Fields, field, text
from footfall.decode.blocks.records import VIEW_NAMES, json_items
from footfall.decode.blocks.rows import SCRATCH

EVENT_ID: Final = SCRATCH
APP_ID: Final = SCRATCH + 1
ATTRIBUTES: Final = SCRATCH + 2
USER: Final = SCRATCH + 3
ITEMS: Final = SCRATCH + 4
MAKE: Final = SCRATCH + 5
SYSTEM_LANGUAGE: Final = SCRATCH + 6
COUNTRY: Final = SCRATCH + 7
ZONE_OFFSET: Final = SCRATCH + 8
LATEST_REFERRER: Final = SCRATCH + 9
LATEST_REFERRER_HOST: Final = SCRATCH + 10
PACKAGE: Final = SCRATCH + 11

NAMES: Final = {
    **VIEW_NAMES,
    **{
        f"_{name}": name
        for name in (
            *("first_open", "first_visit", "session_start", "user_engagement", "app_start"),
            *("app_end", "app_update", "app_exception", "os_update", "page_load", "scroll"),
            *("search", "click", "profile_set", "clickstream_error", "mp_share", "mp_favorite"),
        )
    },
}
"""Names of events that the SDKs send by themselves, and the names that are the same for all."""

EVENT: Final[Fields] = {
    "event_type": field("event_name", values.name),
    "event_id": field(EVENT_ID, values.identifier),
    "device_id": field("device_id", values.identifier),
    "unique_id": field("visitor_id", values.identifier),
    "app_id": field(APP_ID, values.text),
    "timestamp": field("created_at", values.moment),
    "host_name": text("page_host"),
    "locale": text("language"),
    "system_language": (SYSTEM_LANGUAGE, str, values.text),
    "country_code": (COUNTRY, str, values.text),
    "zone_offset": field(ZONE_OFFSET, values.int64),
    "make": (MAKE, str, values.text),
    "brand": text("device_brand"),
    "model": text("device_model"),
    "carrier": text("carrier"),
    "network_type": text("network_type"),
    "os_name": text("os"),
    "os_version": text("os_version"),
    "app_version": text("app_version"),
    "app_title": text("app_name"),
    "app_package_name": (PACKAGE, str, values.text),
    "platform": text("platform"),
    "screen_height": field("screen_height", values.size),
    "screen_width": field("screen_width", values.size),
    "viewport_height": field("viewport_height", values.size),
    "viewport_width": field("viewport_width", values.size),
    "sdk_name": text("sdk_name"),
    "sdk_version": text("sdk_version"),
    "items": field(ITEMS, json_items),
    "user": (USER, dict, values.mapping),
    "attributes": (ATTRIBUTES, dict, values.mapping),
}

EVENT_ALIASES: Final[Fields] = {
    "event_name": field("event_name", values.name),
    "user_pseudo_id": field("visitor_id", values.identifier),
    "event_value": field("value", values.money),
    "event_value_in_usd": field("value", values.money),
    "event_value_currency": text("currency"),
    "currency": text("currency"),
}

ATTRIBUTE: Final[Fields] = {
    "_session_id": field("client_session_id", values.identifier),
    "_session_number": field("client_session_number", values.int64),
    "_page_url": text("page_url"),
    "_page_title": text("page_title"),
    "_page_referrer": text("page_referrer"),
    "_latest_referrer": (LATEST_REFERRER, str, values.text),
    "_latest_referrer_host": (LATEST_REFERRER_HOST, str, values.text),
    "_screen_name": text("screen_name"),
    "_screen_id": text("screen_id"),
    "_entrances": field("entrance", values.flag),
    "_traffic_source_source": text("source"),
    "_traffic_source_medium": text("medium"),
    "_traffic_source_campaign": text("campaign"),
    "_traffic_source_campaign_id": text("campaign_id"),
    "_traffic_source_term": text("term"),
    "_traffic_source_content": text("content"),
    "_traffic_source_clid": text("click_id"),
    "_traffic_source_clid_platform": text("click_id_platform"),
    "_app_install_channel": text("install_source"),
    "_value": field("value", values.money),
    "_currency": text("currency"),
    "_engagement_time_msec": field("engagement_ms", values.duration_ms),
    "_search_term": text("search_term"),
    "_link_url": text("link_url"),
    "_link_domain": text("link_domain"),
    "_outbound": field("is_outbound", values.flag),
    "_error_code": text("error_code"),
    "_error_message": text("error_message"),
}

ATTRIBUTE_ALIASES: Final[Fields] = {
    "_app_install_source": text("install_source"),
    "_install_channel": text("install_source"),
    "_traffic_source_id": text("campaign_id"),
    "_utm_id": text("campaign_id"),
    "_utm_source": text("source"),
    "_utm_medium": text("medium"),
    "_utm_campaign": text("campaign"),
    "_utm_content": text("content"),
    "_utm_term": text("term"),
    "_utm_source_platform": text("click_id_platform"),
    "_gclid": text("click_id"),
    "_exception_message": text("error_message"),
}

ITEM_ALIASES: Final = {
    "item_id": "id",
    "item_name": "name",
    "item_category": "category",
    **{f"item_category{n}": f"category{n}" for n in range(2, 6)},
}
