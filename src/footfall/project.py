"""Projects, apps and the keys that requests bring.

Plain values; `footfall.metadata` stores them.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

DEFAULT_PROJECT: Final = "default"
ID_PATTERN: Final = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
"""Ids of projects, apps and write ids: safe as a file name, a URL segment and an Iceberg namespace.
"""

SERVER_KEY_PREFIX: Final = "fsk_"
WRITE_ID_PREFIX: Final = "fw_"


class App(msgspec.Struct, frozen=True):
    """A site or mobile app of a project."""

    project: str
    app_id: str
    name: str
    time_zone: str = "UTC"
    """IANA name; days of this app's reports are cut in it."""
    origins: tuple[str, ...] = ("*",)
    """Origins whose pages may send: exact (`https://shop.example`), one wildcard label
    (`https://*.shop.example`), or `*`."""


class WriteId(msgspec.Struct, frozen=True):
    """Public credential of web and mobile SDKs; names an app, proves nothing."""

    write_id: str
    app_id: str
    created_at: int
    revoked_at: int | None = None


class ServerKey(msgspec.Struct, frozen=True):
    """Secret credential of servers.

    Only the SHA-256 is kept: the key has 192 random bits, so a fast hash is enough.
    """

    key_hash: str
    prefix: str
    """First characters, shown to tell keys apart."""
    app_id: str
    created_at: int
    revoked_at: int | None = None


def hash_server_key(key: str) -> str:
    """SHA-256 of a server key, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_origin_allowed(origin: str, allowed: tuple[str, ...]) -> bool:
    """Whether pages of `origin` (`scheme://host[:port]`) may send, by an app's `origins`.

    `https://*.shop.example` allows every subdomain of any depth, not `https://shop.example` itself.
    """
    for pattern in allowed:
        if pattern in ("*", origin):
            return True
        scheme, wildcard, suffix = pattern.partition("://*.")
        if wildcard and origin.startswith(scheme + "://") and origin.endswith("." + suffix):
            return True
    return False
