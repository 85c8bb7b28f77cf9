"""Sockets that servers listen on."""

from __future__ import annotations

import socket

from footfall.errors import Unavailable


def listen(host: str, port: int, cure: str) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Args:
        host: Name or address; of IPv6 without brackets.
        port: 0 to 65535.
        cure: What to do if it is taken, as an order: `set studio.port`.

    Raises:
        Unavailable: the address is taken, or not of this machine.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Unavailable(
            f"address cannot be used; {cure}: {authority(host, port)} {error}"
        ) from error
    return listening


def authority(host: str, port: int) -> str:
    """Host and port as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
