"""Where channels may connect to: hosts by name, and no private network unless it is allowed.

A name is looked up once, every address that it has is judged, and the connection goes to one that
was: a name that answers otherwise a moment later leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from footfall.errors import Invalid, Unavailable


class Reach(msgspec.Struct, frozen=True):
    """What the settings allow."""

    hosts: tuple[str, ...] = ("*",)
    schemes: tuple[str, ...] = ()
    is_private_allowed: bool = False

    def check_host(self, host: str) -> None:
        """Raises `Invalid` if its name is not allowed."""
        name = host.lower().rstrip(".")
        if not any(fnmatchcase(name, pattern.lower()) for pattern in self.hosts):
            raise Invalid(f"channels may not connect there; see alerts.hosts_allowed: host={host}")

    def check_address(self, address: str) -> None:
        """Raises `Invalid` if it is of this machine or of a private network."""
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
        if not self.is_private_allowed and not all(
            one.is_global and not one.is_multicast for one in (found, mapped or found)
        ):
            raise Invalid(
                "channels may not connect to this machine or private networks; see"
                f" alerts.private_addresses: address={address}"
            )

    def check_scheme(self, scheme: str) -> None:
        """Raises `Invalid` if Apprise may not be told to use it."""
        if scheme not in self.schemes:
            raise Invalid(
                f"this service is not allowed; see alerts.schemes_allowed: scheme={scheme}"
            )

    def addresses(self, host: str, port: int) -> list[str]:
        """All of a host, each allowed.

        Raises:
            Invalid: the host or one of its addresses is not allowed.
            Unavailable: the name cannot be looked up now.
        """
        self.check_host(host)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"the name of the host is not known: host={host}: {error}") from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        self._check_all(addresses)
        return addresses

    def _check_all(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self.check_address(address)
