"""Whose connections count together."""

from __future__ import annotations

import pytest

from footfall.connections import AddressGroups


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.8", "203.0.113.8"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("127.0.0.2", "127.0.0.2"),
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("10.1.2.3", None),
        ("2001:db8:ff::9", None),
        ("testclient", None),
        ("", None),
    ],
)
def test_groups(address: str, group: str | None) -> None:
    """A subscriber is one whatever of its addresses it uses, and a proxy is not one client."""
    assert AddressGroups(("10.0.0.0/8", "2001:db8:ff::/48")).find(address) == group
