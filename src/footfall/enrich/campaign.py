"""Where a visit came from: source, medium, campaign and click id.

The first of these that says anything is taken whole, never mixed with another:

1. what the SDK sent;
2. `utm_*` parameters and click ids of the page's URL;
3. a referrer outside the site: source is the name of its host (`source_name`), medium `referral`;
4. nothing: all columns stay null, which means direct.

A click id without `utm_source` names its platform as the source; its medium is `cpc` where only
paid clicks carry it. Facebook's is on every outbound link, so it has none.
"""

from __future__ import annotations

import functools
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct, with_columns
from footfall.enrich.sources import source_name


class ClickId(NamedTuple):
    """A parameter that an advertising platform adds to links."""

    platform: str
    source: str
    medium: str | None


CLICK_IDS: Final[dict[str, ClickId]] = {
    "gclid": ClickId("google_ads", "google", "cpc"),
    "gbraid": ClickId("google_ads", "google", "cpc"),
    "wbraid": ClickId("google_ads", "google", "cpc"),
    "dclid": ClickId("google_marketing_platform", "google", "cpc"),
    "msclkid": ClickId("microsoft_ads", "bing", "cpc"),
    "ttclid": ClickId("tiktok_ads", "tiktok", "cpc"),
    "twclid": ClickId("x_ads", "twitter", "cpc"),
    "li_fat_id": ClickId("linkedin_ads", "linkedin", "cpc"),
    "rdt_cid": ClickId("reddit_ads", "reddit", "cpc"),
    "ScCid": ClickId("snapchat_ads", "snapchat", "cpc"),
    "epik": ClickId("pinterest_ads", "pinterest", "cpc"),
    "yclid": ClickId("yandex_direct", "yandex", "cpc"),
    "fbclid": ClickId("meta", "facebook", None),
}
"""Known click ids; of several in one URL the first of this list counts."""

COLUMNS: Final = (
    "source",
    "medium",
    "campaign",
    "campaign_id",
    "term",
    "content",
    "click_id",
    "click_id_platform",
)
_UTM: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_id",
    "utm_term",
    "utm_content",
)
_PLATFORM: Final = "utm_source_platform"
_WANTED: Final = frozenset((*_UTM, _PLATFORM, *CLICK_IDS))
_KEY_CHARACTERS_MAX: Final = len("%75") * max(map(len, _WANTED))
"""A longer one is none of those, however it is escaped."""
_MARKS: Final = ("utm_", *CLICK_IDS)
PARAMETERS_MAX: Final = 500
"""Parameters of one URL that are looked at; a URL with more has no campaign."""

_FIELDS: Final = tuple((name, pa.string()) for name in COLUMNS)
_NOTHING: Final = (None,) * len(COLUMNS)


def add_campaign(events: pa.Table) -> pa.Table:
    """Fill the campaign columns; needs `page_query`, `page_host` and `referrer_host`."""
    sent = {name: column(events, name) for name in COLUMNS}
    in_url = per_distinct(column(events, "page_query"), parse_campaign, _FIELDS)
    is_sent = _any_valid(sent)
    is_in_url = _any_valid(in_url)
    page_host, referrer_host = column(events, "page_host"), column(events, "referrer_host")
    is_referral = _is_outside(referrer_host, page_host)
    no_text = pa.scalar(None, pa.string())
    referred: dict[str, pa.Array | pa.Scalar] = dict.fromkeys(COLUMNS, no_text)
    named = per_distinct(referrer_host, _named, (("source", pa.string()),))["source"]
    referred["source"] = pc.if_else(is_referral, named, no_text)
    referred["medium"] = pc.if_else(is_referral, "referral", no_text)
    return with_columns(
        events,
        {
            name: pc.if_else(
                is_sent, sent[name], pc.if_else(is_in_url, in_url[name], referred[name])
            )
            for name in COLUMNS
        },
    )


def parse_campaign(query: str) -> tuple[str | None, ...]:
    """Values of `COLUMNS` that a URL's query holds.

    `+` and escapes are undone; of a repeated parameter the first with a value counts.
    """
    if not any(mark in query for mark in _MARKS):
        return _NOTHING
    if query.count("&") >= PARAMETERS_MAX:
        return _NOTHING
    values: dict[str, str] = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if value and len(key) <= _KEY_CHARACTERS_MAX:
            name = unquote_plus(key)
            if name in _WANTED and name not in values:
                values[name] = unquote_plus(value).strip()
    source, medium, *others = (values.get(name) or None for name in _UTM)
    click_id = platform = None
    for name, click in CLICK_IDS.items():
        if values.get(name):
            click_id, platform = values[name], click.platform
            if source is None:
                source, medium = click.source, medium or click.medium
            break
    platform = values.get(_PLATFORM) or platform
    return (source, medium, *others, click_id, platform)


@functools.lru_cache(maxsize=10_000)
def is_same_site(left: str, right: str) -> bool:
    """Whether two hosts are one site: equal but for `www.`, or one a subdomain of the other."""
    left, right = left.removeprefix("www."), right.removeprefix("www.")
    return left == right or left.endswith("." + right) or right.endswith("." + left)


def _any_valid(columns: dict[str, pa.Array]) -> pa.Array:
    found = [pc.is_valid(values) for values in columns.values()]
    return functools.reduce(pc.or_, found)


def _named(host: str) -> tuple[str]:
    return (source_name(host),)


def _is_outside(referrer: pa.Array, page: pa.Array) -> pa.Array:
    """Where there is a referrer, and it is not the page's own site."""
    pairs = pc.binary_join_element_wise(
        referrer, page, "\n", null_handling="replace", null_replacement=""
    )
    found = per_distinct(pairs, _is_pair_outside, (("outside", pa.bool_()),))
    return found["outside"]


def _is_pair_outside(pair: str) -> tuple[bool]:
    referrer, _, page = pair.partition("\n")
    return (bool(referrer) and not (page and is_same_site(referrer, page)),)
