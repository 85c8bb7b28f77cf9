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
SERVER_KEY_SHOWN: Final = len(SERVER_KEY_PREFIX) + 8
"""Characters of a server key that are kept to tell keys apart."""
WRITE_ID_PREFIX: Final = "fw_"
SERVER_KEY_BEGINS: Final = SERVER_KEY_PREFIX.encode()
_KEY: Final = re.compile(rb"(fsk_[0-9A-Fa-f]{8})([0-9A-Fa-f]{1,40})")
_ENCODED_LETTER: Final = re.compile(rb"%(?:66|73|6[Bb]|5[Ff]|[346][0-9])")
_ENCODED_DIGIT: Final = rb"(?:[0-9A-Fa-f]|%3[0-9]|%[46][1-6])"
_ENCODED_KEY: Final = re.compile(
    rb"((?:f|%66)(?:s|%73)(?:k|%6[Bb])(?:_|%5[Ff])" + _ENCODED_DIGIT + rb"{8})"
    rb"(" + _ENCODED_DIGIT + rb"{1,40})"
)


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


def mask_server_keys(text: bytes) -> bytes:
    """`text` with asterisks in place of what is secret of the server keys in it; as long as before.

    Also of keys that are cut off at the end. Text that is compressed or encoded shows none.
    """
    return _KEY.sub(_masked, text) if SERVER_KEY_BEGINS in text else text


def mask_in_address(text: bytes) -> bytes:
    """As `mask_server_keys`, for a path, a query or a header: also keys that are percent-encoded.

    Each encoded character becomes as many asterisks as it takes.
    """
    if b"%" in text and _ENCODED_LETTER.search(text):
        text = _ENCODED_KEY.sub(_masked, text)
    return mask_server_keys(text)


def _masked(key: re.Match[bytes]) -> bytes:
    return key[1] + b"*" * len(key[2])


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
