"""Whose connections count together."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_PREFIX: Final = 64
"""One subscriber has at least this much of IPv6: single addresses of it mean nothing."""

PROXIES_HERE: Final = ("127.0.0.1/32", "::1/128")
"""Where a reverse proxy on this machine connects from, and brings everybody's requests. Programs of
this machine count as nobody's, too: those who run them can do worse than open connections."""


class AddressGroups:
    """Puts addresses into groups, each of which may take a bounded share."""

    def __init__(self, exempt: Iterable[str] = ()) -> None:
        """`exempt` are networks (CIDR) besides `PROXIES_HERE`: those of proxies."""
        self._exempt = [ipaddress.ip_network(network) for network in (*PROXIES_HERE, *exempt)]

    def find(self, address: str) -> str | None:
        """The group of an address.

        203.0.113.7, ::ffff:203.0.113.7                  →   203.0.113.7
        2001:db8:1:2:3:4:5:6, 2001:db8:1:2::1            →   2001:db8:1:2::/64
        127.0.0.1, ::1, addresses of proxies, no address →   None: in no group, not bounded
        """
        found = as_address(address)
        if found is None or any(found in network for network in self._exempt):
            return None
        if isinstance(found, ipaddress.IPv4Address):
            return str(found)
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))


def as_address(text: str) -> Address | None:
    """An address, with or without a port; IPv4 in IPv6 as IPv4. `None` if it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
