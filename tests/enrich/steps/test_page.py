"""Parts of URLs, which come from devices and may be anything."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.enrich.step import NoSettings
from footfall.enrich.steps.page import PATH_BYTES_MAX, RUNS_MAX, add_page, decode_path, split_url
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
        ("https:///x", "x", "/", None),
        ("file:///C:/a", None, "/C:/a", None),
        ("android-app://com.google.android.gm/", "com.google.android.gm", "/", None),
        ("about:blank", None, None, None),
        ("data:text/html,<p>?", None, None, None),
        ("", None, None, None),
        ("https://[broken/x", None, None, None),
        ("https://sh op.test/a b", None, None, None),
        ("https://shop.test:99999/", None, None, None),
        ("https://shop.test/a b", "shop.test", "/a b", None),
        ("https://shop.test\\@evil.test/x", "shop.test", "/@evil.test/x", None),
        ("https://shop.test/a/../b/./c", "shop.test", "/b/c", None),
        ("https://shop.test/a%2e%2E/b", "shop.test", "/a../b", None),
        ("http://0x7f.1/", "127.0.0.1", "/", None),
        ("https:shop.test/x", "shop.test", "/x", None),
        # Blanks around, and what the standard leaves out within.
        ("https://shop.test ", "shop.test", "/", None),
        ("https://shop.test/x\n", "shop.test", "/x", None),
        ("\t\x00 https://shop.test/x?a=b \r\n", "shop.test", "/x", "a=b"),
        ("https://shop.test/a\tb?c\nd", "shop.test", "/ab", "cd"),
        # International names have one spelling.
        ("https://münchen.test/ü", "xn--mnchen-3ya.test", "/ü", None),
        ("https://xn--mnchen-3ya.test/ü", "xn--mnchen-3ya.test", "/ü", None),
        ("https://MÜNCHEN.test/%C3%BC", "xn--mnchen-3ya.test", "/ü", None),
        ("https://bücher.shop.test:8443/", "xn--bcher-kva.shop.test", "/", None),
        ("https://日本。jp/", "xn--wgv71a.jp", "/", None),
        # Without a scheme.
        ("shop.test", "shop.test", "/", None),
        ("shop.test/x?utm_source=news#top", "shop.test", "/x", "utm_source=news"),
        ("Shop.Test?a=b", "shop.test", "/", "a=b"),
        ("shop.test:8080/x", "shop.test", "/x", None),
        ("localhost:3000/x", "localhost", "/x", None),
        ("127.0.0.1/x", "127.0.0.1", "/x", None),
        ("münchen.test/x", "xn--mnchen-3ya.test", "/x", None),
        (" za.pinterest.com ", "za.pinterest.com", "/", None),
        ("index.html", None, None, None),
        ("products/shoes", None, None, None),
        ("cart.php?id=1", None, None, None),
        ("somebody@shop.test", None, None, None),
        ("(direct)", None, None, None),
        ("1.25", None, None, None),
        ("Hello. World", None, None, None),
        ("tel:123", None, None, None),
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
    found = add_page(table, NoSettings())
    assert pa.table(found).to_pylist() == [
        {
            "page_host": "a.test",
            "page_path": "/x",
            "page_query": "q=1",
            "referrer_host": "sent.test",
        },
        {
            "page_host": "sent.test",
            "page_path": "/rel",
            "page_query": None,
            "referrer_host": "sent.test",
        },
        {"page_host": None, "page_path": None, "page_query": None, "referrer_host": None},
    ]


@pytest.mark.parametrize(
    ("sent", "referrer", "expected"),
    [
        ("www.google.com", "https://shop.test/a", "www.google.com"),
        ("shop.test", "https://news.test/", "news.test"),
        ("shop.test", None, "shop.test"),
        (None, "https://www.news.test/", "www.news.test"),
        ("WWW.Google.com:443", "https://shop.test/a", "www.google.com"),
        ("xn--mnchen-3ya.test", "https://shop.test/a", "xn--mnchen-3ya.test"),
    ],
)
def test_the_host_that_led_here(sent: str | None, referrer: str | None, expected: str) -> None:
    """An SDK that knows where the visit began says so beside the page before, which is its own."""
    table = pa.table(
        {
            "page_url": ["https://www.shop.test/"],
            "page_host": pa.array([None], pa.string()),
            "page_referrer": pa.array([referrer], pa.string()),
            "referrer_host": pa.array([sent], pa.string()),
        }
    )
    assert add_page(table, NoSettings())["referrer_host"].to_pylist() == [expected]


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
    cost = counted(lambda: add_page(urls("https://shop.test" + path), NoSettings()))
    assert cost.calls["_unescape"] == RUNS_MAX  # the referrer's path is nobody's column


def urls(url: str) -> pa.Table:
    names = ("page_url", "page_referrer", "page_host", "referrer_host")
    values = {"page_url": url, "page_referrer": url}
    return pa.table({name: pa.array([values.get(name)], pa.string()) for name in names})


def test_a_path_is_no_longer_than_a_text_may_be() -> None:
    """Escaped anew it may be three times as long as it was sent."""
    path = split_url("https://shop.test/" + "é-" * 20_000).path
    assert path is not None
    assert path.startswith("/é-é-")
    assert len(path.encode()) == PATH_BYTES_MAX


def test_a_long_run_of_escapes_that_stay_is_not_walked() -> None:
    """One look-up in C for each, not a call: 64 KiB of `%00` in each of many URLs."""
    path = "/" + "%00" * 20_000
    cost = counted(lambda: decode_path(path))
    assert cost.result == path
    assert cost.total < 100
