"""Whose address a request has: a visitor must not be able to choose it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footfall.collect.edge.client_ip import ClientAddresses

PROXIES = ("10.0.0.0/8", "2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "6.6.6.6", "192.0.2.1"),
        ("10.0.0.9", None, "10.0.0.9"),
        ("10.0.0.9", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.9", "6.6.6.6, 203.0.113.7, 10.0.0.8", "203.0.113.7"),
        ("10.0.0.9", "6.6.6.6,203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.9", "[2001:DB9::1]:443", "2001:db9::1"),
        ("2001:db8::5", "2001:db9::1", "2001:db9::1"),
        ("::ffff:10.0.0.9", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.9", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.9", "6.6.6.6, unknown", "10.0.0.9"),
        ("10.0.0.9", "6.6.6.6, unknown, 10.0.0.8", "10.0.0.8"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("", "203.0.113.7", ""),
    ],
)
def test_address_is_the_nearest_that_is_no_proxy(
    peer: str, forwarded: str | None, expected: str
) -> None:
    """Read from the right and no further than our own proxies vouch for."""
    addresses = ClientAddresses(PROXIES)
    header = None if forwarded is None else forwarded.encode()
    assert [addresses.find(peer, header) for _ in range(2)] == [expected, expected]


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=50))
def test_header_of_a_stranger_changes_nothing(text: str) -> None:
    """Without a trusted proxy between, the header is anybody's invention."""
    header = text.encode("latin-1", "replace")
    assert ClientAddresses(()).find("10.0.0.9", header) == "10.0.0.9"
    assert ClientAddresses(PROXIES).find("192.0.2.1", header) == "192.0.2.1"
