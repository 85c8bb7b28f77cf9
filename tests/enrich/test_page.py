"""Parts of URLs, which come from devices and may be anything."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.page import RUNS_MAX, add_page, decode_path, split_url
from tests.decode.cost import counted


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://www.shop.test/a/b?x=1&y=2#top", "www.shop.test", "/a/b", "x=1&y=2"),
        ("https://WWW.Shop.Test:8443", "www.shop.test", "/", None),
        ("https://shop.test./?", "shop.test", "/", None),
        ("http://user:secret@shop.test/", "shop.test", "/", None),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]", "/x", None),
        ("//shop.test/x", "shop.test", "/x", None),
        ("/x?y=?#z", None, "/x", "y=?"),
        ("  https://shop.test/x", "shop.test", "/x", None),
        ("https:///x", None, "/x", None),
        ("file:///C:/a", None, "/C:/a", None),
        ("android-app://com.google.android.gm/", "com.google.android.gm", "/", None),
        ("about:blank", None, None, None),
        ("data:text/html,<p>?", None, None, None),
        ("shop.test/x", None, None, None),
        ("", None, None, None),
        ("https://[broken/x", "[broken", "/x", None),
        ("https://sh op.test/a b", "sh op.test", "/a b", None),
        ("https://shop.test\\@evil.test/x", "shop.test", "\\@evil.test/x", None),
        ("https://münchen.test/ü", "münchen.test", "/ü", None),
    ],
)
def test_parts(url: str, host: str | None, path: str | None, query: str | None) -> None:
    """Hosts without port and secrets, paths to count by, queries as they were sent."""
    assert tuple(split_url(url)) == (host, path, query)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("/caf%C3%A9", "/café"),
        ("/caf%c3%a9/%7Eu/a%20b%2Bc", "/café/~u/a b+c"),
        ("/a%2Fb%3Fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
        ("/%2f", "/%2F"),
        ("/a%00%0A%1b", "/a%00%0A%1B"),
        ("/%E2%80%AE", "/%E2%80%AE"),
        ("/%FF%FE", "/%FF%FE"),
        ("/%C3", "/%C3"),
        ("/100%", "/100%"),
        ("/%zz", "/%zz"),
    ],
)
def test_escapes_in_paths(sent: str, stored: str) -> None:
    """Two spellings of a page count as one; what would change its meaning stays escaped."""
    assert decode_path(sent) == stored


def test_columns() -> None:
    """Where the URL has a host it counts; else the one that the SDK sent."""
    table = pa.table(
        {
            "page_url": ["https://a.test/x?q=1", "/rel", None],
            "page_host": ["sent.test", "sent.test", None],
            "page_referrer": ["https://r.test/", None, "about:blank"],
            "referrer_host": ["sent.test", "sent.test", None],
        }
    )
    assert add_page(table).to_pylist() == [
        {
            "page_url": "https://a.test/x?q=1",
            "page_host": "a.test",
            "page_referrer": "https://r.test/",
            "referrer_host": "r.test",
            "page_path": "/x",
            "page_query": "q=1",
        },
        {
            "page_url": "/rel",
            "page_host": "sent.test",
            "page_referrer": None,
            "referrer_host": "sent.test",
            "page_path": "/rel",
            "page_query": None,
        },
        {
            "page_url": None,
            "page_host": None,
            "page_referrer": "about:blank",
            "referrer_host": None,
            "page_path": None,
            "page_query": None,
        },
    ]


@settings(deadline=None)
@given(st.text() | st.from_regex(r"https?://[^/]*/(%[0-9a-f]{2}|.)*"))
def test_any_text_is_taken(url: str) -> None:
    """No URL raises, and a path that was decoded stays as it is when decoded again."""
    path = split_url(url).path
    assert path is None or decode_path(path) == path


def test_escapes_in_very_many_places_stay() -> None:
    """Each place costs a call, and a request may hold thousands of such URLs."""
    path = "/" + "%41-" * (RUNS_MAX + 50)
    assert decode_path(path) == "/" + "A-" * RUNS_MAX + "%41-" * 50
    cost = counted(lambda: add_page(urls("https://shop.test" + path)))
    assert cost.calls["_unescape"] == RUNS_MAX  # the referrer's path is nobody's column


def urls(url: str) -> pa.Table:
    names = ("page_url", "page_referrer", "page_host", "referrer_host")
    values = {"page_url": url, "page_referrer": url}
    return pa.table({name: pa.array([values.get(name)], pa.string()) for name in names})


def test_a_long_run_of_escapes_that_stay_is_not_walked() -> None:
    """One look-up in C for each, not a call: 64 KiB of `%00` in each of many URLs."""
    path = "/" + "%00" * 20_000
    cost = counted(lambda: decode_path(path))
    assert cost.result == path
    assert cost.total < 100
