"""CORS as the SDKs need it: reflect the origin, allow credentials and every header a retry adds."""

from __future__ import annotations

import re
from typing import Final

from footfall.collect._http import Answer, Headers, header_lines

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

PREFLIGHT: Final = Answer.of(204)
_MAX_AGE_SECONDS: Final = 7200  # the most that Chromium honours
_ORIGINS_MAX: Final = 1024
_ORIGIN_BYTES_MAX: Final = 512
"""A longer one, which no page has, is answered and not remembered."""

_PREFLIGHT_HEADERS: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", ", ".join(ALLOWED_HEADERS).encode()),
    (b"access-control-max-age", b"%d" % _MAX_AGE_SECONDS),
]

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


def preflight_headers(origin: bytes | None) -> Headers:
    """Headers that let pages of `origin` send."""
    if origin is None:
        return [(b"allow", b"GET, POST, OPTIONS")]
    return [*answer_headers(origin), *_PREFLIGHT_HEADERS]
