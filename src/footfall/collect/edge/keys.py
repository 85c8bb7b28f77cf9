"""Who sends a request: the first of a route's places that has a key."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from footfall.collect.edge.intake import Intake, Sender
from footfall.collect.http.asgi import Scope, Seen, parameter
from footfall.project import SERVER_KEY_PREFIX
from footfall.protocols import Authorization, Header, InBody, Key, Query

INFLATED_BYTES_MAX: Final = 1 << 20
"""Of a compressed body that is looked into for a key; behind it there is none."""

KEY_CHARACTERS_MAX: Final = 1024

_GZIP: Final = b"\x1f\x8b"
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zlib.error)

Find = Callable[[Scope, Seen], Sender | None]


class Keys:
    """Finds the senders of a route's requests."""

    def __init__(self, intake: Intake, keys: Iterable[Key]) -> None:
        """Look in these places, in order."""
        self._intake = intake
        keys = tuple(keys)
        self._finds = [_finder(intake, key) for key in keys if not isinstance(key, InBody)]
        self._in_query = [key.name.encode() for key in keys if isinstance(key, Query)]
        self._in_body = [_BodyKey(key) for key in keys if isinstance(key, InBody)]
        self.are_in_body = bool(self._in_body)

    def of_head(self, scope: Scope, seen: Seen) -> Sender | None:
        """The sender, by what stands before the body."""
        for find in self._finds:
            sender = find(scope, seen)
            if sender is not None:
                return sender
        return None

    def of_preflight(self, query: bytes) -> Sender | None:
        """The sender of what a preflight asks for: it shows no headers and no body."""
        for name in self._in_query:
            text = parameter(query, name)
            if text:
                return self._intake.by_write_id(text)
        return None

    def of_body(self, body: bytes) -> Sender | None:
        """The sender, by the body."""
        if body[:2] == _GZIP:
            body = _inflated(body)
        for key in self._in_body:
            text = key.find(body)
            if text:
                return self._intake.by_write_id(text)
        return None


def _finder(intake: Intake, key: Query | Header | Authorization) -> Find:
    if isinstance(key, Authorization):
        return lambda _scope, seen: _by_authorization(intake, seen)
    name = key.name.lower().encode()
    if isinstance(key, Header):
        return lambda scope, seen: _by_header(intake, scope, seen, name)
    name = key.name.encode()

    def find(scope: Scope, _seen: Seen) -> Sender | None:
        text = parameter(scope["query_string"], name)
        return intake.by_write_id(text) if text else None

    return find


def _by_header(intake: Intake, scope: Scope, seen: Seen, name: bytes) -> Sender | None:
    value = seen.used.get(name)
    if value is None:  # hardly any header that a key is in is not one of ours
        value = next((found for other, found in scope["headers"] if other == name), None)
    return intake.by_write_id(value.decode("latin-1").strip()) if value else None


def _by_authorization(intake: Intake, seen: Seen) -> Sender | None:
    """A server key counts before a write id."""
    authorization = seen.used.get(b"authorization")
    if authorization is None:
        return None
    for text in authorization_texts(authorization):
        if text.startswith(SERVER_KEY_PREFIX):
            return intake.by_server_key(text)
        if text:
            return intake.by_write_id(text)
    return None


def authorization_texts(header: bytes) -> list[str]:
    """What an `Authorization` header may hold a key in.

    The token of `Bearer`; password and user of `Basic`, a server key first.
    """
    scheme, _, rest = header.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return [rest.strip().decode("latin-1")]
    if scheme.lower() != b"basic":
        return []
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return []
    user, _, password = pair.partition(":")
    return sorted((user, password), key=lambda text: not text.startswith(SERVER_KEY_PREFIX))


class _BodyKey:
    """Reads one member of a body, and steps over all others without making anything of them."""

    def __init__(self, key: InBody) -> None:
        kind: Any = str | int
        for name in reversed(key.path):
            kind = msgspec.defstruct(
                "At", [("found", kind | None, None)], rename={"found": name}, gc=False
            )
        self._levels = len(key.path)
        self._one = msgspec.json.Decoder(kind)
        self._many = msgspec.json.Decoder(list[msgspec.Raw])

    def find(self, body: bytes) -> str | None:
        try:
            text: bytes | msgspec.Raw = body
            if body[:64].lstrip()[:1] == b"[":
                text = next(iter(self._many.decode(body)), b"null")
            found: Any = self._one.decode(text)
        except _BROKEN:
            return None
        for _ in range(self._levels):
            if found is None:
                return None
            found = found.found
        return None if found is None else str(found)[:KEY_CHARACTERS_MAX]


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, INFLATED_BYTES_MAX)
    except zlib.error:
        return b""
