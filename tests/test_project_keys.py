"""Server keys in text are masked: whole, cut off, encoded; and nothing else is touched."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.project import mask_in_address, mask_server_keys

KEY = b"fsk_0123456789abcdef0123456789abcdef0123456789abcdef"


@given(before=st.binary(max_size=40), after=st.binary(max_size=40), length=st.integers(13, 52))
def test_what_is_secret_is_gone(before: bytes, after: bytes, length: int) -> None:
    """Wherever it stands, also cut off; the text stays as long as it was."""
    text = before + KEY[:length] + b"|" + after
    masked = mask_server_keys(text)
    assert len(masked) == len(text)
    assert KEY[:length] not in masked
    assert KEY[:12] + b"*" * (length - 12) + b"|" in masked


@given(text=st.binary().filter(lambda text: b"fsk" not in text and b"%" not in text))
def test_other_text_is_untouched(text: bytes) -> None:
    """What visitors send is kept byte for byte."""
    assert mask_server_keys(text) == text
    assert mask_in_address(text) == text


@given(places=st.sets(st.integers(0, len(KEY) - 1)), upper=st.booleans())
def test_percent_encoded_keys(places: set[int], upper: bool) -> None:
    """Any of its characters may be encoded, with digits of either case."""
    encoded = b"".join(
        (b"%%%02X" if upper else b"%%%02x") % byte if index in places else bytes([byte])
        for index, byte in enumerate(KEY)
    )
    masked = mask_in_address(b"a=1&k=" + encoded + b"&b=2")
    assert masked.startswith(b"a=1&k=")
    assert masked.endswith(b"*&b=2")
    assert len(masked) == len(encoded) + 10
    assert masked.count(b"*") >= 40


@pytest.mark.parametrize("text", [b"fsk_", b"fsk_shop", b"my_fsk_01234567", quote("süß").encode()])
def test_what_only_looks_like_a_key_stays(text: bytes) -> None:
    """Short of a secret's first character there is nothing to hide."""
    assert mask_in_address(text) == text
