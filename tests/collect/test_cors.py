"""Headers for pages of other origins, whatever an origin holds."""

from __future__ import annotations

from footfall.collect.http import cors
from footfall.collect.http.cors import answer_headers, answer_lines


def test_lines_say_what_headers_say() -> None:
    """Answers are written both ways."""
    origin = b"https://www.shop.test"
    assert answer_headers(origin)[0] == (b"access-control-allow-origin", origin)
    lines = answer_lines(origin).split(b"\r\n")
    assert lines == [*(b": ".join(header) for header in answer_headers(origin)), b""]
    assert (answer_headers(None), answer_lines(None)) == ([], b"")


def test_no_origin_makes_a_header_of_its_own() -> None:
    """Lines are written as they are, past the check of the server."""
    for origin in (b"https://a\r\nset-cookie: x", b"https://a\n", b"\x00", b"a\x7f"):
        assert (answer_headers(origin), answer_lines(origin)) == ([], b"")


def test_memory_of_origins_is_bounded() -> None:
    """In number and in size: anybody can send any."""
    long = b"https://" + b"a" * 60_000
    assert long in answer_lines(long)
    assert long not in cors._answers
    for number in range(3000):
        answer_headers(b"https://%d.test" % number)
    assert len(cors._answers) <= 1024
