"""The little of ASGI that the collector needs: headers in one pass, bounded bodies, answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from footfall.project import SERVER_KEY_BEGINS, mask_in_address
from footfall.request import KEPT_HEADERS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

HEADER_CHARS_MAX: Final = 8 * 1024
"""A kept header is cut here, so that a record is bounded by the body's limit."""

_USED: Final = (
    b"content-length",
    b"authorization",
    b"x-write-id",
    b"x-write-key",
    b"x-forwarded-for",
)
_WANTED: Final = dict.fromkeys(_USED, "") | {name.encode(): name for name in KEPT_HEADERS}
"""What a header is called in the record; empty if it is only used."""


class Seen(NamedTuple):
    """What the collector uses of a request's headers."""

    kept: tuple[tuple[str, str], ...]
    """For the record."""
    origin: bytes | None
    used: dict[bytes, bytes]
    """For the checks; of several with one name the last, but X-Forwarded-For joined."""

    @property
    def content_length(self) -> int | None:
        """Declared size of the body."""
        text = self.used.get(b"content-length", b"")
        return int(text) if text.isdigit() and len(text) < 19 else None


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> Seen:
    """Sort a request's headers in one pass; names are lower case by ASGI."""
    kept: list[tuple[str, str]] = []
    used: dict[bytes, bytes] = {}
    origin: bytes | None = None
    for name, value in headers:
        text = _WANTED.get(name)
        if text is None:
            continue
        if text:
            shown = value[:HEADER_CHARS_MAX]
            if SERVER_KEY_BEGINS in shown or b"%" in shown:  # hardly any
                shown = mask_in_address(shown)
            kept.append((text, shown.decode("latin-1")))
            if text == "origin":
                origin = value
        else:
            is_continued = name == b"x-forwarded-for" and name in used
            used[name] = used[name] + b"," + value if is_continued else value
    return Seen(tuple(kept), origin, used)


def parameter(query: bytes, name: bytes) -> str | None:
    """Value of the first parameter called `name` in a raw query string.

    Percent-decoded; what is not UTF-8 becomes the replacement character, so it matches no key.
    """
    start = len(name) + 1
    if not query.startswith(name + b"="):
        before = query.find(b"&" + name + b"=")
        if before < 0:
            return None
        start += before + 1
    end = query.find(b"&", start)
    value = query[start:] if end < 0 else query[start:end]
    if b"%" in value or b"+" in value:
        value = unquote_to_bytes(value.replace(b"+", b" "))
    return value.decode("utf-8", "replace")


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are sent, each with its line break."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


class HttpAnswer(NamedTuple):
    """A response without what depends on the request."""

    status: int
    headers: Headers
    body: bytes
    lines: bytes
    """Status and headers as they are sent, each with its line break."""

    @classmethod
    def of(cls, status: int, body: bytes = b"", content_type: str = "", *more: str) -> HttpAnswer:
        """An answer with its length and type; `more` are further headers, `"name: value"`."""
        headers = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
        if content_type:
            headers.append((b"content-type", content_type.encode()))
        for line in more:
            name, _, value = line.partition(": ")
            headers.append((name.encode(), value.encode()))
        first = b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())
        return cls(status, headers, body, first + header_lines(headers))


async def send_answer(send: Send, answer: HttpAnswer, more: Headers) -> None:
    """Send an answer, with the headers that this request adds."""
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [*answer.headers, *more],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})
