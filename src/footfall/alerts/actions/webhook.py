"""A signed webhook: one POST of JSON, to an address that was judged, without redirects.

    footfall-timestamp: 1790000000                    seconds, of this try
    footfall-signature: sha256=<hex>                  HMAC-SHA256 over "<timestamp>.<body>"
    footfall-delivery: <id>                           of the first firing in the body

A receiver computes the same HMAC with its copy of the secret, compares in constant time, and
refuses timestamps that are minutes away: nobody else can send, and nobody can send again.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from footfall.alerts.actions import Refused
from footfall.alerts.actions.addresses import Reach
from footfall.errors import Unavailable
from footfall.settings import ChannelSettings

ANSWER_BYTES_MAX: Final = 4096
NOT_ABOUT_FIRINGS: Final = frozenset({401, 407, 408, 421, 425, 429})
"""Answers of 4xx that the same request gets however few firings it has: the key, or the time."""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Hex of HMAC-SHA256 over timestamp, a dot and body."""
    return hmac.new(secret.encode(), b"%d.%s" % (timestamp, body), hashlib.sha256).hexdigest()


def send(
    channel: ChannelSettings,
    body: bytes,
    delivery_id: str,
    timestamp: int,
    reach: Reach,
    seconds: float,
) -> None:
    """POST it, once.

    Args:
        channel: Of kind `webhook`.
        body: JSON.
        delivery_id: Of the first firing.
        timestamp: Seconds since 1970 UTC.
        reach: Where it may connect to.
        seconds: Longest wait for a connection, and for each part of the answer.

    Raises:
        Invalid: it may not connect there.
        Refused: it was answered 4xx: something in it is not liked, or all of it.
        Unavailable: nothing took it: no connection, or another answer than 2xx.
    """
    parts = urlsplit(channel.url.shown)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    addresses = reach.addresses(host, port)
    kind = _TlsConnection if is_tls else _Connection
    connection = kind(host, port, timeout=seconds)
    connection.addresses = addresses
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "content-type": "application/json",
        "user-agent": "footfall",
        "footfall-delivery": delivery_id,
        "footfall-timestamp": str(timestamp),
        "footfall-signature": f"sha256={signature(channel.secret.shown, timestamp, body)}",
    }
    try:
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException, ValueError) as error:
        text = str(error) or type(error).__name__
        raise Unavailable(f"the receiver does not answer: host={host}: {text}") from error
    finally:
        connection.close()
    if 200 <= answer.status < 300:
        return
    is_refused = 400 <= answer.status < 500 and answer.status not in NOT_ABOUT_FIRINGS
    kind_of = Refused if is_refused else Unavailable
    raise kind_of(f"the receiver did not take it: host={host} status={answer.status}")


class _Connection(http.client.HTTPConnection):
    """To one of the addresses that were judged, whatever the name means by now."""

    addresses: list[str]

    def connect(self) -> None:
        self.sock = _connected(self.addresses, self.port, self.timeout)


class _TlsConnection(http.client.HTTPSConnection):
    addresses: list[str]

    def connect(self) -> None:
        plain = _connected(self.addresses, self.port, self.timeout)
        context = ssl.create_default_context()
        try:
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _connected(addresses: list[str], port: int, seconds: float | None) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), seconds)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), seconds)
