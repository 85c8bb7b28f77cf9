"""A place that visits come from has one name, whatever brought them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.enrich.steps.campaign import CLICK_IDS
from footfall.enrich.steps.sources import source_name
from tests.enrich.steps.test_campaign import campaign


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.google.com", "google"),
        ("google.co.uk", "google"),
        ("www.google.com.br", "google"),
        ("com.google.android.googlequicksearchbox", "google"),
        ("uk.search.yahoo.com", "yahoo"),
        ("yandex.ru", "yandex"),
        ("l.facebook.com", "facebook"),
        ("t.co", "twitter"),
        ("de.linkedin.com", "linkedin"),
        ("za.pinterest.com", "pinterest"),
        ("pinterest.co.uk", "pinterest"),
        ("m.facebook.com", "facebook"),
        ("de-de.facebook.com", "facebook"),
        ("old.reddit.com", "reddit"),
        ("images.google.de", "google"),
        ("gemini.google.com", "gemini"),
        ("chatgpt.com", "chatgpt"),
        ("www.perplexity.ai", "perplexity"),
        ("search.yahoo.co.jp", "yahoo"),
        ("news.ycombinator.com", "hacker news"),
        ("cn.bing.com", "bing"),
        # Everything else is its own name; lookalikes and other services are not searches.
        ("www.partner.example", "partner.example"),
        ("partner.example", "partner.example"),
        ("mail.google.com", "mail.google.com"),
        ("google.com.evil.example", "google.com.evil.example"),
        ("notgoogle.com", "notgoogle.com"),
        ("notfacebook.com", "notfacebook.com"),
        ("facebook.com.evil.example", "facebook.com.evil.example"),
        ("docs.google.com", "docs.google.com"),
        ("www.", "www."),
    ],
)
def test_names(host: str, name: str) -> None:
    """Known hosts by their usual name, others without `www.`."""
    assert source_name(host) == name


def test_an_ad_and_a_result_are_one_source() -> None:
    """`google` in one row of a report and `www.google.com` in the next are the same visitors'."""
    from_ad = campaign(page_query="gclid=g-1", referrer_host="www.google.com")
    from_result = campaign(page_host="shop.test", referrer_host="www.google.com")
    assert from_ad["source"] == from_result["source"] == "google"
    assert (from_ad["medium"], from_result["medium"]) == ("cpc", "referral")


def test_click_ids_and_hosts_agree() -> None:
    """Whatever a click id calls a platform, its plain address is called, too."""
    for source in {click.source for click in CLICK_IDS.values()}:
        assert source_name(f"www.{source}.com") == source


@given(st.from_regex(r"[a-z0-9.-]{1,60}", fullmatch=True))
def test_a_name_is_never_empty_and_stays(host: str) -> None:
    """Naming a name again changes nothing, so old rows and new ones can be compared."""
    name = source_name(host)
    assert name
    assert source_name(name) == name or name.startswith("www.")
