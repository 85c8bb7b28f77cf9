"""Where a visit came from: sent, in the URL, or the referrer, never mixed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.steps.campaign import (
    CLICK_IDS,
    COLUMNS,
    CampaignSettings,
    add_campaign,
    parse_campaign,
)
from footfall.enrich.steps.sites import is_same_site
from tests.decode.cost import counted


def campaign(**row: str) -> dict[str, Any]:
    """Campaign columns of one event, without nulls."""
    names = [*COLUMNS, "page_query", "page_host", "referrer_host"]
    table = pa.table({name: pa.array([row.get(name)], pa.string()) for name in names})
    (found,) = pa.table(add_campaign(table, CampaignSettings())).to_pylist()
    return {name: value for name, value in found.items() if value is not None}


UTM = "utm_source=news&utm_medium=email&utm_campaign=a&utm_id=7&utm_term=x+y&utm_content=%C3%A9"


def test_what_the_sdk_sent_wins_whole() -> None:
    """A campaign half from the app and half from the URL would be one that never ran."""
    found = campaign(source="app", page_query=UTM + "&gclid=g", referrer_host="r.test")
    assert found == {"source": "app"}


def test_parameters_of_the_page() -> None:
    """`+` and escapes undone, all six of them."""
    assert campaign(page_query=UTM, referrer_host="r.test") == {
        "source": "news",
        "medium": "email",
        "campaign": "a",
        "campaign_id": "7",
        "term": "x y",
        "content": "é",
    }


@pytest.mark.parametrize("name", CLICK_IDS)
def test_click_ids(name: str) -> None:
    """Each names its platform; its medium is `cpc` where only paid clicks carry it."""
    click = CLICK_IDS[name]
    expected = {
        "source": click.source,
        "medium": click.medium,
        "click_id": "id-1",
        "click_id_platform": click.platform,
    }
    found = campaign(page_query=f"{name}=id-1")
    assert found == {key: value for key, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "utm_source=s&gclid=g",
            {"source": "s", "click_id": "g", "click_id_platform": "google_ads"},
        ),
        (
            "utm_medium=m&gclid=g",
            {"source": "google", "medium": "m", "click_id": "g", "click_id_platform": "google_ads"},
        ),
        ("gclid=&fbclid=f", {"source": "facebook", "click_id": "f", "click_id_platform": "meta"}),
        ("utm_source=a&utm_source=b", {"source": "a"}),
        ("utm_source=%20", {}),
        ("utm_source=&a=1", {}),
        ("UTM_SOURCE=a", {}),
        ("xutm_source=a", {}),
        ("utm_campaign=c", {"campaign": "c"}),
        ("utm_source=%ff", {"source": "�"}),
        ("&".join(["utm_source=a"] * 501), {}),
        ("utm_source=s&utm_source_platform=SA360", {"source": "s", "click_id_platform": "SA360"}),
    ],
)
def test_forms_of_a_query(query: str, expected: dict[str, str]) -> None:
    """Empty ones do not count, of repeated ones the first does, and bombs are left alone."""
    assert campaign(page_query=query) == expected


@pytest.mark.parametrize(
    ("page", "referrer", "expected"),
    [
        ("shop.test", "search.test", {"source": "search.test", "medium": "referral"}),
        ("shop.test", "shop.test", {}),
        ("www.shop.test", "shop.test", {}),
        ("shop.test", "blog.shop.test", {}),
        ("blog.shop.test", "www.shop.test", {}),
        ("shop.test", "myshop.test", {"source": "myshop.test", "medium": "referral"}),
        (None, "search.test", {"source": "search.test", "medium": "referral"}),
        ("shop.test", None, {}),
    ],
)
def test_referrals(page: str | None, referrer: str | None, expected: dict[str, str]) -> None:
    """A visitor who goes on within the site was not referred by it."""
    row = {"page_host": page, "referrer_host": referrer}
    assert campaign(**{key: value for key, value in row.items() if value}) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"page_query": "utm_term=shoes", "referrer_host": "www.google.com"},
            {"source": "google", "medium": "referral", "term": "shoes"},
        ),
        (
            {"page_query": "utm_content=top&utm_id=7", "referrer_host": "news.test"},
            {"source": "news.test", "medium": "referral", "content": "top", "campaign_id": "7"},
        ),
        (
            {"page_query": "utm_medium=email", "referrer_host": "mail.test"},
            {"source": "mail.test", "medium": "email"},
        ),
        (
            {"term": "shoes", "page_query": "utm_source=news&utm_term=x"},
            {"source": "news", "term": "shoes"},
        ),
        ({"term": "shoes", "page_query": "a=b"}, {"term": "shoes"}),
        ({"page_query": "utm_source=a", "referrer_host": "news.test"}, {"source": "a"}),
    ],
)
def test_what_names_no_source_adds_to_the_next(
    row: dict[str, str], expected: dict[str, str]
) -> None:
    """A lone search word hides neither the search engine nor the campaign that it belongs to."""
    assert campaign(page_host="shop.test", **row) == expected


@pytest.mark.parametrize(
    "query",
    [
        "utm%5Fsource=a",
        "utm%5fsource=a",
        "x=1&%75tm_source=a",
        "utm_source=%61",
        "utm%5Fsource=%61",
    ],
)
def test_escapes_in_names_and_values(query: str) -> None:
    """Some SDKs escape the underscore; whether another parameter is plain must not matter."""
    assert campaign(page_query=query) == {"source": "a"}
    assert campaign(page_query=query + "&utm_medium=m") == {"source": "a", "medium": "m"}


def test_same_site_is_symmetric() -> None:
    """Which of the two hosts is the page must not matter."""
    hosts = ["shop.test", "www.shop.test", "a.shop.test", "b.shop.test", "other.test", "test"]
    for left in hosts:
        for right in hosts:
            assert is_same_site(left, right) == is_same_site(right, left)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*CLICK_IDS, "utm_source", "utm_id", "a"]), st.text()))
def test_any_query_is_taken(parameters: dict[str, str]) -> None:
    """Values come out as they were put in, whatever they hold."""
    found = dict(zip(COLUMNS, parse_campaign(urlencode(parameters)), strict=True))
    source = parameters.get("utm_source", "").strip()
    if source:
        assert found["source"] == source


def test_only_parameters_of_campaigns_are_unescaped() -> None:
    """Of 64 KiB of escapes nothing is read that becomes no column."""
    query = "&".join([f"x{n}=%41" + "%41" * 100 for n in range(400)])
    cost = counted(lambda: parse_campaign(query + "&utm_%73ource=a%20b&utm_source=c"))
    assert cost.result[0] == "a b"
    assert cost.calls["unquote_to_bytes"] <= 2
    assert cost.calls["unquote_plus"] <= 402 + 1


def test_a_url_of_very_many_parameters_has_no_campaign() -> None:
    """Nobody links so."""
    few = "utm_source=a" + "&x=1" * (CampaignSettings().parameters_max - 1)
    assert parse_campaign(few)[0] == "a"
    assert parse_campaign(few + "&x=1") == (None,) * len(COLUMNS)
    assert parse_campaign(few, parameters_max=499) == (None,) * len(COLUMNS)
