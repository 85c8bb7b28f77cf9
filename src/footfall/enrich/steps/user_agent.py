"""Browser, system and device out of the user agent; what the SDK says of the device comes first.

Families and versions are ua-parser's (its Rust resolver: 30 µs for a new user agent, so the last
ones are remembered). The category is ours: ua-parser has none, and the device family alone calls
Windows desktops and most Android models "other".
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct
from footfall.enrich.step import Columns, NoSettings, Step, event_fields

if TYPE_CHECKING:
    from ua_parser import Resolver
    from ua_parser.core import OS, PartialResult, UserAgent

USER_AGENTS_KEPT: Final = 20_000
"""User agents whose result is remembered; about 1 KB each."""

CHARACTERS_MAX: Final = 1024
"""Only the start of a longer user agent is looked at."""

_TV: Final = re.compile(
    r"(?i:smart-?tv|apple ?tv|google ?tv|android ?tv|hbbtv|web0s|webos\.tv|bravia|roku|crkey)"
    r"|(?i:netcast|\bviera|aquos ?(?:browser|tv)|nettv|ce-html|\btbrowser|kreatv|omi/\d)"
    r"|(?i:smart[ -]?box|tv[ -]?box)|(?:O|Q|-|_)LED-?\d{2}|\bAFT[A-Z]|(?:\b|_)TV(?:\b|_)"
    r"|\b(?:An|Goo)\w*TV\b|MiTV|DTV\d"
)
_TABLET: Final = re.compile(
    r"ipad|tablet|kindle|silk/|playbook|\bSM-[TXP]\d|nexus (?:7|9|10)\b|\bKF[A-Z]{2,}|/apad\b"
    r"|\bTB-?\w\d|(?<!touch)(?<!game)pad\b|(?:\b|_)tab(?:\b|_|\d)|\bAGS\d|\bGT-[PN]\d{4}\b",
    re.IGNORECASE,
)
_MOBILE: Final = re.compile(
    r"iphone|ipod|mobile|phone|blackberry|bb10|opera mini|kaios|symbian|dalvik|okhttp|\biph\d"
    r"|midp|up\.browser|j2me|maui|docomo|kddi|obigo|brew|nokia|netfront|sonyericsson|wap1|ucweb",
    re.IGNORECASE,
)
_CATEGORIES: Final = (("tv", _TV), ("tablet", _TABLET), ("mobile", _MOBILE))
_ANDROID: Final = re.compile(r"android", re.IGNORECASE)
_MAC: Final = re.compile(r"x86_64|i386|\(Mac|Power")
_DESKTOP: Final = re.compile(r"\bMac OS\b|Macintosh|\bOS/2\b|; Desktop;")
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


def add_user_agent(events: pa.Table, _: NoSettings) -> Columns:
    """The columns of browser, system and device.

    `os`, `os_version`, `device_brand` and `device_model` as sent by the SDK are kept; a system as
    sent is not given a version out of the user agent. Without a user agent nothing is known, but an
    app of a mobile platform runs on a mobile device.
    """
    found = per_distinct(column(events, "user_agent"), parse_user_agent, _FIELDS)
    sent_os, sent_brand = column(events, "os"), column(events, "device_brand")
    sent_version, sent_model = column(events, "os_version"), column(events, "device_model")
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
    return {
        "browser": found["browser"],
        "browser_version": found["browser_version"],
        "os": pc.coalesce(sent_os, found["os"]),
        "os_version": pc.coalesce(sent_version, version),
        "device_category": category,
        "device_brand": pc.coalesce(sent_brand, found["device_brand"]),
        "device_model": pc.coalesce(sent_model, model),
    }


@functools.lru_cache(maxsize=USER_AGENTS_KEPT)
def parse_user_agent(user_agent: str) -> Device:
    """What one user agent says. Any text is taken; what cannot be told is `None` or "other"."""
    text = user_agent[:CHARACTERS_MAX]
    found = parsed(text)
    device = found.device
    brand = device.brand if device is not None else None
    is_named = brand is not None and not brand.startswith(_NO_BRANDS)
    model = device.model if device is not None and is_named else None
    browser, system = found.user_agent, found.os
    return Device(
        browser=browser.family if browser else None,
        browser_version=_version(browser),
        os=system.family if system else None,
        os_version=_version(system),
        device_category=_category(text, found),
        device_brand=brand if is_named else None,
        device_model=model,
    )


@functools.lru_cache(maxsize=USER_AGENTS_KEPT)
def parsed(text: str) -> PartialResult:
    """What ua-parser's rules make of a user agent."""
    from ua_parser import Domain

    return _resolver()(text, Domain.ALL)


@functools.cache
def _resolver() -> Resolver:
    """Loading takes 0.25 s; the first user agent pays it."""
    from ua_parser import load_builtins
    from ua_parser.regex import Resolver

    return Resolver(load_builtins())


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
    if "CFNetwork/" in text:  # an app of Apple's systems; its name may be any word
        return "desktop" if _MAC.search(text) else "mobile"
    for category, pattern in _CATEGORIES:
        if pattern.search(text):
            return category
    if _ANDROID.search(text):
        return "tablet" if text.startswith("Mozilla/") else "mobile"  # browsers of phones say so
    family = parsed.os.family if parsed.os else ""
    if family in _DESKTOPS or _DESKTOP.search(text):
        return "desktop"
    return "mobile" if family == "iOS" else "other"


USER_AGENT: Final = Step(
    name="user_agent",
    version=1,
    reads=("user_agent", "platform", "os", "os_version", "device_brand", "device_model"),
    writes=event_fields(*(name for name, _ in _FIELDS)),
    run=add_user_agent,
    warm_up=lambda: parse_user_agent("warm-up"),
)
