"""What the fields of an AWS event mean together: the second half of making its row.

The first half has put each field in its slot (`fields`); here values that depend on each other
become columns, and everything without a column becomes `properties`.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from footfall.decode.aws import fields
from footfall.decode.blocks import values
from footfall.decode.blocks.fault import Fault, missing_field
from footfall.decode.blocks.fields import fill, fill_aliases, note
from footfall.decode.blocks.records import check_app, record_json, set_event_id, set_name
from footfall.decode.blocks.rows import SLOT, Row
from footfall.request import Request

_EVENT_NAME: Final = SLOT["event_name"]
_VALUE: Final = SLOT["value"]
_CURRENCY: Final = SLOT["currency"]
_LANGUAGE: Final = SLOT["language"]
_TIME_ZONE: Final = SLOT["time_zone"]
_PAGE_HOST: Final = SLOT["page_host"]
_PAGE_URL: Final = SLOT["page_url"]
_PAGE_REFERRER: Final = SLOT["page_referrer"]
_REFERRER_HOST: Final = SLOT["referrer_host"]
_APP_NAME: Final = SLOT["app_name"]
_PLATFORM: Final = SLOT["platform"]
_OS: Final = SLOT["os"]
_OS_VERSION: Final = SLOT["os_version"]
_USER_ID: Final = SLOT["user_id"]
_USER_PROPERTIES: Final = SLOT["user_properties"]
_PROPERTIES: Final = SLOT["properties"]
_ITEMS_JSON: Final = SLOT["items"]
_HOST: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?(?:[^/?#@]*@)?([^/?#:\s]*)")
_MOBILE_SYSTEMS: Final = {"android": "Android", "ios": "iOS"}
_REMEMBERED: Final = 1024
"""Languages and time zones: there are few, and every event has one of each."""

_Kept = tuple[tuple[str, object], ...]
"""Fields without a column, by the keys they have in `properties`."""
_MINUTE_MS: Final = 60_000
_DAY_MINUTES: Final = 24 * 60


def finish_row(
    row: Row,
    event: dict[str, object],
    unknown: dict[str, object],
    index: int,
    request: Request,
) -> Row:
    """Make a row of the slots that an event's top-level fields have filled.

    Args:
        row: Changed in place, and returned.
        event: The event as parsed; at least its containers.
        unknown: Its top-level fields without a slot; taken apart.
        index: Its place in the request.
        request: Whose event it is.

    Raises:
        Fault: it has no name, is another app's or is nested too deep; with a path relative to the
            event.
    """
    properties: dict[str, object] = {}
    attributes: Any = row[fields.ATTRIBUTES]
    if attributes:
        fill(row, attributes, fields.ATTRIBUTE, properties, ".attributes")
        if not fields.ATTRIBUTE_ALIASES.keys().isdisjoint(properties):
            fill_aliases(row, fields.ATTRIBUTE_ALIASES, properties, ".attributes")
    if unknown:
        _use_unknown(row, event, unknown)
    if row[_EVENT_NAME] is None:
        raise missing_field("event has no name; send event_type", ".event_type")
    check_app(request, row[fields.APP_ID], ".app_id")
    set_name(row, fields.NAMES)
    set_event_id(row, request, index, row[fields.EVENT_ID])  # type: ignore[arg-type]
    _set_user(row, event)
    _set_items(row, event)
    _set_referrer(row, properties)
    _set_host(row, properties)
    _set_device(row, properties)
    for key, value in unknown.items():
        _keep(properties, key, value)
    if properties:
        row[_PROPERTIES] = record_json(properties, event)
    return row


def _use_unknown(row: Row, event: dict[str, object], unknown: dict[str, object]) -> None:
    fill_aliases(row, fields.EVENT_ALIASES, unknown, "")
    if (
        row[_VALUE] is not None
        and row[_CURRENCY] is None
        and "event_value_in_usd" in event
        and "event_value_in_usd" not in unknown
    ):
        row[_CURRENCY] = "USD"


def _set_user(row: Row, event: dict[str, object]) -> None:
    user: Any = row[fields.USER]
    if not user:
        return
    try:
        row[_USER_ID] = find_user(user) or row[_USER_ID]
    except Fault as fault:
        note(row, fault, "")
    row[_USER_PROPERTIES] = record_json(user, event)


def find_user(user: dict[str, Any]) -> str | None:
    """The user's id, plain or as `{"value": …}`.

    Raises:
        Fault: with a path relative to the event.
    """
    found = user.get("_user_id")
    where = ".user._user_id"
    if found.__class__ is dict:
        where += ".value"
        found = found.get("value")
    if found is None:
        return None
    try:
        return values.identifier(found)
    except Fault as fault:
        fault.path = where
        raise


def _set_items(row: Row, event: dict[str, object]) -> None:
    items: Any = row[fields.ITEMS]
    if not items:
        return
    rename_items(items)
    row[_ITEMS_JSON] = record_json(items, event)


def rename_items(items: list[dict[str, Any]]) -> None:
    """Give the fields of items their usual names, in place."""
    for item in items:
        if not fields.ITEM_ALIASES.keys().isdisjoint(item):
            for alias, key in fields.ITEM_ALIASES.items():
                if alias in item and key not in item:
                    item[key] = item.pop(alias)


def _set_referrer(row: Row, properties: dict[str, object]) -> None:
    latest: Any = row[fields.LATEST_REFERRER]
    host: Any = row[fields.LATEST_REFERRER_HOST]
    found = referrer(row[_PAGE_REFERRER], latest, host)
    if found is not None:
        row[_PAGE_REFERRER], row[_REFERRER_HOST], kept = found
        for key, value in kept:
            _keep(properties, key, value)


def referrer(page: Any, latest: Any, host: Any) -> tuple[Any, Any, _Kept] | None:
    """`page_referrer`, `referrer_host`, and what is kept beside; `None` if nothing changes.

    `page_referrer` is the page before, in the site or outside; the SDK's "latest" else. The latest
    leads a visit, whatever pages lie between: `referrer_host` is its host.

    Args:
        page: The page before, as sent.
        latest: What the SDK calls the latest referrer.
        host: Its host, as sent.
    """
    if latest is None or page == latest:
        return None
    if page is None:
        return latest, host, ()
    kept: _Kept = (("_latest_referrer", latest),)
    if host is not None and f"//{host}/" not in latest:
        kept += (("_latest_referrer_host", host),)
    return page, host or host_in(latest), kept


def _set_host(row: Row, properties: dict[str, object]) -> None:
    """The host as sent is a column unless the page's URL has one; where both differ both stay."""
    if is_another_host(row[_PAGE_HOST], row[_PAGE_URL]):
        _keep(properties, "host_name", row[_PAGE_HOST])


@functools.lru_cache(maxsize=_REMEMBERED)
def host_in(url: str) -> str | None:
    """The host that a URL names, as it is written; enrichment looks at it closely."""
    found = _HOST.match(url)
    return found[1] or None if found else None


@functools.lru_cache(maxsize=_REMEMBERED)
def is_another_host(host: Any, url: Any) -> bool:
    """Whether a host and a page's URL name two hosts."""
    if host is None or url is None:
        return False
    named = host_in(url)
    return named is not None and named.lower() != host.partition(":")[0].lower()


def _set_device(row: Row, properties: dict[str, object]) -> None:
    """Columns for the fields whose names or forms differ by platform; what is left is kept."""
    row[_LANGUAGE], is_told = language_tag(
        row[_LANGUAGE], row[fields.SYSTEM_LANGUAGE], row[fields.COUNTRY]
    )
    if not is_told:
        _keep(properties, "system_language", row[fields.SYSTEM_LANGUAGE])
        _keep(properties, "country_code", row[fields.COUNTRY])
    make = row[fields.MAKE]
    if make is not None and make != "Gecko":  # navigator.product: "Gecko" in every browser
        _keep(properties, "make", make)
    package = row[fields.PACKAGE]
    if package is not None:
        _keep(properties, "app_package_name", package)
    offset = row[fields.ZONE_OFFSET]
    if offset is not None:
        zone = row[_TIME_ZONE] = time_zone(offset)
        if zone is None:
            _keep(properties, "zone_offset", offset)
    if row[_OS] is None and row[_OS_VERSION] is not None:
        row[_OS] = mobile_system(row[_PLATFORM])


def mobile_system(platform: Any) -> str | None:
    """The system of an app on a mobile platform, which does not name it."""
    return _MOBILE_SYSTEMS.get(str(platform).lower())


@functools.lru_cache(maxsize=_REMEMBERED)
def language_tag(locale: Any, language: Any, country: Any) -> tuple[str | None, bool]:
    """The language tag, and whether it tells all that the three fields do.

    Web SDKs write `en-GB`, mobile ones `en_GB`; both also send the two parts.
    """
    parts = f"{language}-{country}" if language and country else language
    tag = locale.replace("_", "-") if locale is not None else parts
    is_told = tag == parts if language else country is None
    return tag, is_told


@functools.lru_cache(maxsize=_REMEMBERED)
def time_zone(offset_ms: Any) -> str | None:
    """`+01:00` for 3600000; `None` for what is no offset of whole minutes below a day."""
    minutes, odd = divmod(abs(offset_ms), _MINUTE_MS)
    if odd or minutes >= _DAY_MINUTES:
        return None
    sign = "-" if offset_ms < 0 else "+"
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _keep(properties: dict[str, object], key: str, value: object) -> None:
    """Keep a field beside the attributes; where one has the same name, as `_event_<name>`."""
    if value is None:
        return
    if key in properties:
        key = f"_event_{key}"
    properties[key] = value
