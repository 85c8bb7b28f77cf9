"""Where a visit came from: source, medium, campaign and click id.

Three places may say it:

1. what the SDK sent;
2. `utm_*` parameters and click ids of the page's URL;
3. a referrer outside the site: source is the name of its host (`source_name`), medium `referral`.

The first that names a source is taken, and nothing after it, so that two campaigns are never mixed.
One before it that names none only adds what it has: a `utm_term` alone on a page that a search led
to is the search's. If no place says anything all columns stay null, which means direct.

A click id without `utm_source` names its platform as the source; its medium is `cpc` where only
paid clicks carry it. Facebook's is on every outbound link, so it has none.
"""

from __future__ import annotations

import functools
import re
from typing import Annotated, Final, NamedTuple
from urllib.parse import unquote_plus

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct
from footfall.enrich.step import Columns, Step, event_fields
from footfall.enrich.steps.sites import are_outside
from footfall.enrich.steps.sources import source_name, warm_up


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
_ESCAPED_NAME: Final = re.compile(r"(?:^|&)[^=&%]{0,30}%[0-9A-Fa-f]{2}[^=&]*=")

_FIELDS: Final = tuple((name, pa.string()) for name in COLUMNS)
_NO_TEXT: Final = pa.scalar(None, pa.string())
_NOTHING: Final = (None,) * len(COLUMNS)


class CampaignSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[enrich.campaign]`."""

    parameters_max: Annotated[int, msgspec.Meta(ge=1)] = 500


def add_campaign(events: pa.Table, settings: CampaignSettings) -> Columns:
    """The campaign columns."""
    sent = {name: column(events, name) for name in COLUMNS}
    parse = functools.partial(parse_campaign, parameters_max=settings.parameters_max)
    in_url = per_distinct(column(events, "page_query"), parse, _FIELDS)
    names_none = pc.is_null(sent["source"])
    found = {
        name: pc.coalesce(sent[name], pc.if_else(names_none, in_url[name], _NO_TEXT))
        for name in COLUMNS
    }
    if found["source"].null_count:
        referrer_host = column(events, "referrer_host")
        is_outside = are_outside(referrer_host, column(events, "page_host"))
        is_referral = pc.and_(pc.is_null(found["source"]), is_outside)
        named = per_distinct(referrer_host, _named, (("source", pa.string()),))["source"]
        for name, value in (("source", named), ("medium", "referral")):
            referred = pc.if_else(is_referral, value, _NO_TEXT)
            found[name] = pc.coalesce(found[name], referred)
    return found


def parse_campaign(query: str, parameters_max: int = 500) -> tuple[str | None, ...]:
    """Values of `COLUMNS` that a URL's query holds.

    `+` and escapes are undone; of a repeated parameter the first with a value counts.
    """
    if not any(mark in query for mark in _MARKS) and not (
        "%" in query and _ESCAPED_NAME.search(query)
    ):
        return _NOTHING
    if query.count("&") >= parameters_max:
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


def _named(host: str) -> tuple[str]:
    return (source_name(host),)


CAMPAIGN: Final = Step(
    name="campaign",
    version=1,
    reads=(*COLUMNS, "page_query", "page_host", "referrer_host"),
    writes=event_fields(*COLUMNS),
    run=add_campaign,
    settings=CampaignSettings,
    warm_up=warm_up,
)
