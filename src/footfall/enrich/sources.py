"""One name for each place that visits come from.

A click on an ad says `google` (its click id does), a link from the results says `www.google.com`,
one from the phone's app `com.google.android.googlequicksearchbox`: one source to whoever reads the
report. So hosts that are known get the name that click ids and most campaigns use; every other
host is its own name, without `www.`. `referrer_host` keeps the host as it was.
"""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = {
    "baidu": ("baidu.com", "m.baidu.com"),
    "bing": ("bing.com", "cn.bing.com"),
    "brave": ("search.brave.com",),
    "duckduckgo": ("duckduckgo.com", "html.duckduckgo.com", "lite.duckduckgo.com"),
    "ecosia": ("ecosia.org",),
    "facebook": ("facebook.com", "m.facebook.com", "l.facebook.com", "lm.facebook.com"),
    "google": ("com.google.android.googlequicksearchbox",),
    "instagram": ("instagram.com", "l.instagram.com"),
    "kagi": ("kagi.com",),
    "linkedin": ("linkedin.com", "lnkd.in", "com.linkedin.android"),
    "naver": ("search.naver.com", "m.search.naver.com"),
    "pinterest": ("pinterest.com", "pin.it"),
    "qwant": ("qwant.com",),
    "reddit": ("reddit.com", "old.reddit.com", "out.reddit.com", "com.reddit.frontpage"),
    "seznam": ("search.seznam.cz",),
    "snapchat": ("snapchat.com",),
    "sogou": ("sogou.com",),
    "startpage": ("startpage.com",),
    "tiktok": ("tiktok.com",),
    "twitter": ("twitter.com", "x.com", "t.co"),
    "yahoo": ("search.yahoo.com", "yahoo.com"),
    "yandex": ("ya.ru",),
}
"""Hosts without `www.`. Only what sends visitors on: `mail.google.com` is not a search."""

_BY_HOST: Final = {host: name for name, hosts in _NAMES.items() for host in hosts}
_COUNTRIES: Final = (
    (re.compile(r"google(?:\.co|\.com)?\.[a-z]{2}|google\.com"), "google"),
    (re.compile(r"yandex(?:\.com)?\.[a-z]{2}|yandex\.com"), "yandex"),
    (re.compile(r"[a-z]{2}\.search\.yahoo\.com|search\.yahoo\.co\.[a-z]{2}"), "yahoo"),
    (re.compile(r"[a-z]{2}\.pinterest\.com|pinterest(?:\.co|\.com)?\.[a-z]{2}"), "pinterest"),
    (re.compile(r"[a-z]{2}\.linkedin\.com"), "linkedin"),
)
"""Those with a domain for each country."""


def source_name(host: str) -> str:
    """Name of the source that a referring host, in lower case, is."""
    bare = host.removeprefix("www.")
    known = _BY_HOST.get(bare)
    if known is not None:
        return known
    return next((name for pattern, name in _COUNTRIES if pattern.fullmatch(bare)), bare or host)
