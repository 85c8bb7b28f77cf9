"""Requests in files: what is written comes back, whatever bytes the body has."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import Invalid
from footfall.recipes.traffic import TimedRequest, decode_line, encode_line, merge


def request(send_at_us: int = 1, body: bytes = b"[]") -> TimedRequest:
    return TimedRequest(send_at_us, "POST", "/collect", "a=b", (("x", "ü"),), body, 1)


@given(st.binary(max_size=200))
def test_every_body_survives_the_file(body: bytes) -> None:
    """Broken bodies are part of the traffic: a file that mends them would test nothing."""
    line = encode_line(request(body=body))
    assert line.count(b"\n") == 1
    assert decode_line(line) == request(body=body)


def test_text_bodies_are_readable() -> None:
    """People look into these files."""
    assert json.loads(encode_line(request(body='[1,"ä"]'.encode())))["body"] == '[1,"ä"]'


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"send_at_us": "x"}'])
def test_a_foreign_line_is_refused(line: bytes) -> None:
    """Another file under that name would be sent as nonsense."""
    with pytest.raises(Invalid, match="not a line that footfall generate wrote"):
        decode_line(line)


def test_merge_keeps_the_order_of_time() -> None:
    """Past and present of the demo are two streams of one sender."""
    early, late = [request(1), request(5)], [request(2), request(9)]
    assert [item.send_at_us for item in merge(early, late)] == [1, 2, 5, 9]
