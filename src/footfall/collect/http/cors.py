"""CORS as the SDKs need it: reflect the origin, allow credentials and whatever header is asked.

Pages add headers to all their requests: tracing and monitoring do, some SDKs when they send again.
The collector ignores them, and not to allow one means that the browser sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from footfall.collect.http.asgi import Headers, HttpAnswer, header_lines

ALLOWED_HEADERS: Final = (
    # The reference server's list.
    "dnt",
    "x-customheader",
    "keep-alive",
    "user-agent",
    "x-requested-with",
    "if-modified-since",
    "cache-control",
    "content-type",
    # Ours, and what other SDKs add, some of them only when they try again.
    "content-encoding",
    "authorization",
    "x-write-id",
    "x-write-key",
    "x-retry-count",
)

PREFLIGHT: Final = HttpAnswer.of(204)
_MAX_AGE_SECONDS: Final = 7200  # the most that Chromium honours
_ORIGINS_MAX: Final = 1024
_ORIGIN_BYTES_MAX: Final = 512
"""A longer one, which no page has, is answered and not remembered."""

ASKED_MAX: Final = 100
ASKED_BYTES_MAX: Final = 4096
"""What is asked for beyond one of these is not allowed."""

_ASKED: Final = b"access-control-request-headers"
_TOKEN: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_MAX_AGE: Final = (b"access-control-max-age", b"%d" % _MAX_AGE_SECONDS)

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_answers: dict[bytes, tuple[Headers, bytes]] = {}


def answer_headers(origin: bytes | None) -> Headers:
    """Headers of an answer that pages of `origin` may read; `*` would not do with credentials."""
    return [] if origin is None else _answer(origin)[0]


def answer_lines(origin: bytes | None) -> bytes:
    """The same as lines."""
    return b"" if origin is None else _answer(origin)[1]


def _answer(origin: bytes) -> tuple[Headers, bytes]:
    found = _answers.get(origin)
    if found is not None:
        return found
    headers: Headers = []
    if not _CONTROL.search(origin):  # the server's parser lets none through; lines are trusted
        headers = [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"Retry-After, X-Request-ID"),
            (b"vary", b"Origin"),
        ]
    made = headers, header_lines(headers)
    if len(origin) <= _ORIGIN_BYTES_MAX:
        if len(_answers) >= _ORIGINS_MAX:
            _answers.clear()
        _answers[origin] = made
    return made


def preflight_headers(
    origin: bytes | None, headers: Iterable[tuple[bytes, bytes]], allow: str
) -> Headers:
    """Headers that let pages of `origin` send.

    Args:
        origin: Of the page; `None`: of none, or of one that may not send.
        headers: The preflight's; each that it asks for is allowed.
        allow: Methods, `"POST, OPTIONS"`.
    """
    if origin is None:
        return [(b"allow", allow.encode())]
    return [
        *answer_headers(origin),
        (b"access-control-allow-methods", allow.encode()),
        (b"access-control-allow-headers", b", ".join(_allowed_headers(headers))),
        _MAX_AGE,
    ]


def _allowed_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The usual names, and those that are asked for; what is no name is left out."""
    allowed = dict.fromkeys(name.encode() for name in ALLOWED_HEADERS)
    asked = b",".join(value for name, value in headers if name == _ASKED)[:ASKED_BYTES_MAX]
    names = (name.strip().lower() for name in asked.split(b",")[:ASKED_MAX])
    allowed |= dict.fromkeys(name for name in names if _TOKEN.match(name))
    return list(allowed)
