"""The client's address: the peer's, or what proxies that we trust say in X-Forwarded-For."""

from __future__ import annotations

import ipaddress
from typing import Final

from footfall.connections import as_address

_CACHED_MAX: Final = 4096


class ClientAddresses:
    """Finds the address of a request's client."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        """`trusted_proxies` are networks (CIDR)."""
        self._trusted = [ipaddress.ip_network(network) for network in trusted_proxies]
        self._cached: dict[tuple[str, bytes], str] = {}

    def find(self, peer: str, forwarded_for: bytes | None) -> str:
        """The nearest address, from the right, that is not one of our proxies.

        A client can write anything to the left of what the first of our proxies adds, so nothing
        beyond the first address that we do not trust is read. With 10.0.0.0/8 trusted:

            peer 10.0.0.9, X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.8   →   203.0.113.7
            peer 192.0.2.1, X-Forwarded-For: 6.6.6.6                         →   192.0.2.1
        """
        if forwarded_for is None or not self._trusted:
            return peer
        key = (peer, forwarded_for)
        found = self._cached.get(key)
        if found is None:
            if len(self._cached) >= _CACHED_MAX:
                self._cached.clear()
            found = self._cached[key] = self._walk(peer, forwarded_for)
        return found

    def _walk(self, peer: str, forwarded_for: bytes) -> str:
        client = peer
        for hop in (peer, *_reversed_hops(forwarded_for)):
            address = as_address(hop)
            if address is None:
                break
            client = str(address)
            if not any(address in network for network in self._trusted):
                break
        return client


def _reversed_hops(forwarded_for: bytes) -> list[str]:
    return [hop.strip() for hop in reversed(forwarded_for.decode("latin-1").split(","))]
