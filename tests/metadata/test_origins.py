"""Origins that people write are those that browsers send, or they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import Invalid
from footfall.metadata.keys.origins import normal_origin

# What `new URL(…).origin` gives in a browser.
BROWSER = {
    "https://SHOP.test": "https://shop.test",
    "HTTPS://shop.test/": "https://shop.test",
    " https://shop.test ": "https://shop.test",
    "https://shop.test:443": "https://shop.test",
    "http://shop.test:80/": "http://shop.test",
    "https://shop.test:0443": "https://shop.test",
    "https://shop.test:": "https://shop.test",
    "https://shop.test:8443": "https://shop.test:8443",
    "http://shop.test:443": "http://shop.test:443",
    "https://münchen.test": "https://xn--mnchen-3ya.test",
    "https://MÜNCHEN.test:443": "https://xn--mnchen-3ya.test",
    "https://straße.test": "https://xn--strae-oqa.test",
    "https://例え。テスト": "https://xn--r8jz45g.xn--zckzah",
    "https://xn--mnchen-3ya.test": "https://xn--mnchen-3ya.test",
    "http://[0:0:0:0:0:0:0:1]:3000": "http://[::1]:3000",
    "http://[2001:DB8::1]": "http://[2001:db8::1]",
    "http://127.0.0.1:7700": "http://127.0.0.1:7700",
    "https://my_shop.test": "https://my_shop.test",
    "capacitor://localhost": "capacitor://localhost",
    "chrome-extension://abcdef": "chrome-extension://abcdef",
    "*": "*",
    "https://*.SHOP.test:443": "https://*.shop.test",
    "https://*.Bücher.test:8443/": "https://*.xn--bcher-kva.test:8443",
}

NOBODY = (
    *("shop.test", "//shop.test", "https://", "https:///", "https://shop.test/path", "", "null"),
    *("https://user@shop.test", "https://shop.test?x", "https://shop.test#x", "https://sh op.test"),
    *("https://shop.test:port", "https://shop.test:70000", "https://*", "https://*shop.test"),
    *("https://www.*.test", "https://*.*.test", "http://127.1", "http://1.2.3.256", "http://[::1"),
    *(
        "http://[1.2.3.4]",
        "https://*.127.0.0.1",
        "https://shop..test",
        "https://a\\b",
        "https://ü..de",
    ),
    *("ht tp://shop.test", "https://shop.test,https://b.test", "http://0x7f.1"),
)


@pytest.mark.parametrize("text", BROWSER)
def test_what_people_write_is_what_browsers_send(text: str) -> None:
    assert normal_origin(text) == BROWSER[text]


@pytest.mark.parametrize("text", NOBODY)
def test_what_no_browser_sends_is_refused(text: str) -> None:
    """Taken, it would look set up and refuse every event."""
    with pytest.raises(Invalid, match="as a browser sends it"):
        normal_origin(text)


@given(st.text(max_size=30) | st.text("htps:/*.[]abÜ0123x ", max_size=30).map("https://".__add__))
def test_a_normal_origin_stays_as_it_is(text: str) -> None:
    """Whatever comes is refused or has one form."""
    try:
        found = normal_origin(text)
    except Invalid:
        return
    assert normal_origin(found) == found
    assert found.isascii()
    assert found == found.strip().lower()
