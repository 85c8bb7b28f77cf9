"""Browser, system and device out of the user agent; what the SDK says of the device comes first.

Families and versions are ua-parser's (its Rust resolver: 30 µs for a new user agent, so the last
ones are remembered). The category is ours: ua-parser has none, and the device family alone calls
Windows desktops and most Android models "other".
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from ua_parser import Domain, Resolver, load_builtins
from ua_parser.core import OS, PartialResult, UserAgent
from ua_parser.regex import Resolver as RustResolver

from footfall.enrich.columns import column, per_distinct, with_columns
from footfall.event import EVENT_SCHEMA

USER_AGENTS_KEPT: Final = 20_000
"""User agents whose result is remembered; about 1 KB each."""

CHARACTERS_MAX: Final = 1024
"""Only the start of a longer user agent is looked at."""

BOT_REASON: Final = "user_agent"

_BOTS: Final = re.compile(
    r"bot\b|bot[/;_ ]|crawl|spider|slurp|headless|phantomjs|puppeteer|playwright|selenium"
    r"|lighthouse|pagespeed|gtmetrix|pingdom|uptime|statuscake|monitor(?:ing)?/|preview"
    r"|facebookexternalhit|scrapy"
    r"|^(?:curl|wget|httpie|python|aiohttp|httpx|java/|go-http-client|node|axios|undici|got |ruby"
    r"|perl|libwww|php|guzzle|postman|insomnia|apache-httpclient|winhttp|lua-resty|powershell"
    r"|rest-client)",
    re.IGNORECASE,
)
_NOT_BOTS: Final = re.compile(r"\bcubot\b", re.IGNORECASE)
"""A maker of phones."""
_TV: Final = re.compile(
    r"(?i:smart-?tv|apple ?tv|google ?tv|android ?tv|hbbtv|web0s|webos\.tv|bravia|roku|crkey)"
    r"|(?i:netcast|viera|aquos)|\bAFT[A-Z]|\bTV\b"
)
_TABLET: Final = re.compile(
    r"ipad|tablet|kindle|silk/|playbook|\bSM-[TXP]\d|nexus (?:7|9|10)\b|\bKF[A-Z]{2,}",
    re.IGNORECASE,
)
_MOBILE: Final = re.compile(
    r"iphone|ipod|mobile|phone|blackberry|bb10|opera mini|kaios|symbian|dalvik|okhttp",
    re.IGNORECASE,
)
_ANDROID: Final = re.compile(r"android", re.IGNORECASE)
_DESKTOPS: Final = frozenset(
    {
        *("Windows", "Mac OS X", "Mac OS", "Chrome OS", "Linux", "FreeBSD", "OpenBSD", "NetBSD"),
        *("Ubuntu", "Kubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Arch Linux"),
        *("Gentoo", "Mageia", "Mandriva", "Slackware", "PCLinuxOS", "Linux Mint", "Solaris"),
    }
)
_APP_PLATFORMS: Final = frozenset({"android", "ios"})
_NO_BRANDS: Final = ("Generic", "Spider")

_FIELDS: Final = (
    ("browser", pa.string()),
    ("browser_version", pa.string()),
    ("os", pa.string()),
    ("os_version", pa.string()),
    ("device_category", pa.string()),
    ("device_brand", pa.string()),
    ("device_model", pa.string()),
    ("is_bot", pa.bool_()),
)


class Device(NamedTuple):
    """What a user agent says; order as `_FIELDS`."""

    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None
    device_category: str
    device_brand: str | None
    device_model: str | None
    is_bot: bool


def add_user_agent(events: pa.Table) -> pa.Table:
    """Fill the columns of browser, system and device, and mark bots.

    `os`, `os_version`, `device_brand` and `device_model` as sent by the SDK are kept; a system as
    sent is not given a version out of the user agent. Without a user agent nothing is known, but an
    app of a mobile platform runs on a mobile device.
    """
    found = per_distinct(column(events, "user_agent"), parse_user_agent, _FIELDS)
    sent_os, sent_brand = column(events, "os"), column(events, "device_brand")
    sent_version, sent_model = column(events, "os_version"), column(events, "device_model")
    is_bot = pc.fill_null(found["is_bot"], False)
    no_text = pa.scalar(None, pa.string())
    is_app = pc.is_in(
        pc.utf8_lower(column(events, "platform")), value_set=pa.array(sorted(_APP_PLATFORMS))
    )
    category = pc.coalesce(
        pc.if_else(pc.equal(found["device_category"], "other"), no_text, found["device_category"]),
        pc.if_else(is_app, "mobile", no_text),
        found["device_category"],
    )
    version = pc.if_else(pc.is_valid(sent_os), no_text, found["os_version"])
    model = pc.if_else(pc.is_valid(sent_brand), no_text, found["device_model"])
    return with_columns(
        events,
        {
            "browser": found["browser"],
            "browser_version": found["browser_version"],
            "os": pc.coalesce(sent_os, found["os"]),
            "os_version": pc.coalesce(sent_version, version),
            "device_category": category,
            "device_brand": pc.coalesce(sent_brand, found["device_brand"]),
            "device_model": pc.coalesce(sent_model, model),
            "is_bot": is_bot,
            "bot_reasons": _bot_reasons(is_bot),
        },
    )


@functools.lru_cache(maxsize=USER_AGENTS_KEPT)
def parse_user_agent(user_agent: str) -> Device:
    """What one user agent says. Any text is taken; what cannot be told is `None` or "other"."""
    text = user_agent[:CHARACTERS_MAX]
    parsed = _resolver()(text, Domain.ALL)
    device = parsed.device
    is_bot = (device is not None and device.family == "Spider") or (
        _BOTS.search(text) is not None and _NOT_BOTS.search(text) is None
    )
    brand = device.brand if device is not None else None
    is_named = brand is not None and not brand.startswith(_NO_BRANDS)
    model = device.model if device is not None and is_named else None
    browser, system = parsed.user_agent, parsed.os
    return Device(
        browser=browser.family if browser else None,
        browser_version=_version(browser),
        os=system.family if system else None,
        os_version=_version(system),
        device_category="bot" if is_bot else _category(text, parsed),
        device_brand=brand if is_named else None,
        device_model=model,
        is_bot=is_bot,
    )


@functools.cache
def _resolver() -> Resolver:
    """Loading takes 0.25 s; the first user agent pays it."""
    return RustResolver(load_builtins())


def _version(part: UserAgent | OS | None) -> str | None:
    if part is None:
        return None
    numbers = []
    for number in (part.major, part.minor, part.patch):
        if number is None:
            break
        numbers.append(number)
    return ".".join(numbers) or None


def _category(text: str, parsed: PartialResult) -> str:
    """TV before tablet before mobile: each of them also says what follows it."""
    if _TV.search(text):
        return "tv"
    if _TABLET.search(text):
        return "tablet"
    if _MOBILE.search(text):
        return "mobile"
    if _ANDROID.search(text):
        return "tablet"  # Android browsers on phones say "Mobile"
    family = parsed.os.family if parsed.os else ""
    if family in _DESKTOPS:
        return "desktop"
    return "mobile" if family == "iOS" else "other"


def _bot_reasons(is_bot: pa.Array) -> pa.Array:
    kind = EVENT_SCHEMA.field("bot_reasons").type
    reasons = pa.array([None, [BOT_REASON]], kind)
    return reasons.take(pc.cast(is_bot, pa.int32()))
