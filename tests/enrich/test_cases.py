"""Requests that other systems stored wrongly, as rows: decoded and enriched from what is sent.

Each is a kind; `tests/enrich/steps` has more of it.
"""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.decode import decode
from footfall.enrich import enrich
from footfall.live import decode_snapshot
from footfall.request import decode_request, encode_request
from footfall.settings import load_settings
from tests.decode.builders import AWS_EVENT, SETTINGS, logged
from tests.pipeline.harness import START_US, Bench, event, request

CLOCK = load_settings().clock


def rows(sent: list[dict[str, Any]], protocol: str, **more: Any) -> list[dict[str, Any]]:
    """What one request becomes; nothing of it may fail."""
    decoded = decode([logged(sent, protocol=protocol, **more)], SETTINGS)
    assert decoded.failures.num_rows == 0
    enriched = enrich(decoded.events, CLOCK)
    assert enriched.failures.num_rows == 0
    found: list[dict[str, Any]] = enriched.events.to_pylist()
    return found


def page(url: str, referrer: str | None = None) -> dict[str, Any]:
    return {"name": "page_view", "visitor_id": "v", "page": {"url": url, "referrer": referrer}}


def own(*sent: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return rows(list(sent), "footfall", **more)


def aws(attributes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    (row,) = rows([AWS_EVENT | {"attributes": attributes or {}} | fields], "aws")
    return row


def test_a_step_within_the_site_is_no_referral() -> None:
    """Whatever of `www.` the two pages have."""
    first, second = own(
        page("https://www.shop.test/", "https://google.com/"),
        page("https://shop.test/b", "https://www.shop.test/"),
    )
    assert (first["source"], first["medium"]) == ("google", "referral")
    assert (second["source"], second["medium"]) == (None, None)


def test_a_step_within_the_site_changes_no_visitors_source(tmp_path: Path) -> None:
    """On the live page either: who came from a search is there until the visit is over."""
    bench = Bench(tmp_path)
    sent = [
        event(
            "v",
            START_US,
            0,
            page={"url": "https://www.shop.test/", "referrer": "https://google.com/"},
        ),
        event(
            "v",
            START_US,
            1,
            page={"url": "https://shop.test/b", "referrer": "https://www.shop.test/"},
        ),
    ]
    bench.append([request(0, sent, START_US)])
    pipeline = bench.pipeline()
    while pipeline.step():
        pass
    assert pipeline.consumers.settle(60.0)
    people = decode_snapshot(bench.home.live_file("default").read_bytes()).people
    pipeline.close()
    assert [(each.value, each.count) for each in people.sources.rows] == [("google", 1)]


def test_names_of_parameters_may_be_escaped() -> None:
    """Alone, and beside one that is not."""
    found = own(
        page("https://shop.test/?utm%5Fsource=a"),
        page("https://shop.test/?utm%5Fsource=a&utm_medium=m"),
    )
    assert [row["source"] for row in found] == ["a", "a"]


def test_blanks_around_a_url() -> None:
    """Templates and people leave them."""
    found = own(page("https://shop.test "), page("https://shop.test/x\n"))
    assert [row["page_host"] for row in found] == ["shop.test", "shop.test"]
    assert [row["page_path"] for row in found] == ["/", "/x"]
    assert found[0]["page_url"] == "https://shop.test "  # as sent


def test_an_international_name_has_one_spelling() -> None:
    """Else a site refers to itself."""
    (row,) = own(page("https://münchen.test/", "https://xn--mnchen-3ya.test/a"))
    assert (row["source"], row["medium"]) == (None, None)
    assert row["page_host"] == row["referrer_host"] == "xn--mnchen-3ya.test"


def test_headers_in_raw_utf8() -> None:
    """Browsers escape; scripts and proxies send bytes. What is no UTF-8 is Latin-1."""
    raw = {"referer": "https://shop.test/café", "user-agent": "Müsli/1.0"}
    headers = tuple((name, text.encode().decode("latin-1")) for name, text in raw.items())
    request = logged(
        b"",
        protocol="pixel",
        method="GET",
        path="/v1/pixel.gif",
        query="write_id=shop&visitor_id=v",
        headers=headers,
    )
    decoded = decode([request], SETTINGS)
    (row,) = enrich(decoded.events, CLOCK).events.to_pylist()
    assert (row["page_path"], row["user_agent"]) == ("/café", "Müsli/1.0")

    latin = msgspec.structs.replace(request.request, headers=(("user-agent", "Müsli/1.0"),))
    assert latin.header("user-agent") == "Müsli/1.0"
    assert decode_request(encode_request(latin)) == latin


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh_CN_#Hans", "zh-Hans-CN"), ("sr__#Latn", "sr-Latn"), ("en_GB", "en-GB")],
)
def test_locales_as_java_writes_them(locale: str, language: str) -> None:
    """The AWS SDK for Android sends them so."""
    assert aws(locale=locale)["language"] == language


def test_the_latest_referrer_comes_first() -> None:
    """The page before is the own site; the visit came from a search."""
    sent = {
        "_page_url": "https://shop.test/b",
        "_page_referrer": "https://shop.test/a",
        "_latest_referrer": "https://www.google.com/",
    }
    row = aws(sent)
    assert (row["source"], row["medium"]) == ("google", "referral")
    assert row["page_referrer"] == "https://shop.test/a"
    inside = sent | {
        "_page_referrer": "https://news.test/",
        "_latest_referrer": "https://shop.test/",
    }
    assert aws(inside)["source"] == "news.test"


def test_urls_without_a_scheme() -> None:
    """SDK users set them by hand."""
    (row,) = own(page("shop.test/?utm_source=news", "za.pinterest.com"))
    assert (row["source"], row["page_host"]) == ("news", "shop.test")
    (row,) = own(page("shop.test/", "za.pinterest.com"))
    assert (row["source"], row["medium"]) == ("pinterest", "referral")


def test_a_lone_search_word_keeps_its_search() -> None:
    """The word is the search engine's, not another campaign's."""
    (row,) = own(page("https://shop.test/?utm_term=shoes", "https://www.google.com/"))
    assert (row["source"], row["term"]) == ("google", "shoes")


def test_an_http_library_of_an_app_is_no_crawler() -> None:
    """It names itself with app, platform and SDK; alone it is marked."""
    agent = (
        ("user-agent", "Apache-HttpClient/4.5 (Java/11)"),
        ("content-type", "application/json"),
    )
    named = AWS_EVENT | {"platform": "Android", "sdk_name": "clickstream"}
    (row,) = rows([named], "aws", headers=agent)
    assert row["is_bot"] is False
    (row,) = own(page("https://shop.test/"), headers=agent)
    assert row["is_bot"] is True


@pytest.mark.parametrize("shared", [False, True])
def test_a_host_beside_the_pages_is_kept(shared: bool) -> None:
    """Nothing that was sent is lost; what the page says anyway is not said twice."""
    attributes = {"_page_url": "https://www.shop.test/"}
    count = 3 if shared else 1
    for host, kept in (("app.shop.test", "app.shop.test"), ("www.shop.test", None)):
        sent = [
            AWS_EVENT | {"event_id": f"{n}", "host_name": host, "attributes": attributes}
            for n in range(count)
        ]
        for row in rows(sent, "aws"):
            properties = json.loads(row["properties"] or "{}")
            assert (row["page_host"], properties.get("host_name")) == ("www.shop.test", kept)
    assert aws(host_name="app.shop.test")["page_host"] == "app.shop.test"


def test_a_query_is_kept_as_it_was_sent() -> None:
    """Escapes are undone for the campaign only."""
    query = "utm_campaign=spring%2520sale&b=" + urllib.parse.quote("é")
    (row,) = own(page(f"https://shop.test/?{query}#top"))
    assert (row["page_query"], row["campaign"]) == (query, "spring%20sale")
