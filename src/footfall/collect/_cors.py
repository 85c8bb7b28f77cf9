"""CORS as the SDKs need it: reflect the origin, allow credentials and every header a retry adds."""

from __future__ import annotations

from typing import Final

from footfall.collect._http import Answer, Headers

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

_PREFLIGHT_HEADERS: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-allow-headers", ", ".join(ALLOWED_HEADERS).encode()),
    (b"access-control-max-age", b"%d" % _MAX_AGE_SECONDS),
]

_answer_headers: dict[bytes, Headers] = {}


def answer_headers(origin: bytes | None) -> Headers:
    """Headers of an answer that pages of `origin` may read; `*` would not do with credentials."""
    if origin is None:
        return []
    headers = _answer_headers.get(origin)
    if headers is None:
        if len(_answer_headers) >= _ORIGINS_MAX:
            _answer_headers.clear()
        headers = _answer_headers[origin] = [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"Retry-After, X-Request-ID"),
            (b"vary", b"Origin"),
        ]
    return headers


def preflight_headers(origin: bytes | None) -> Headers:
    """Headers that let pages of `origin` send."""
    if origin is None:
        return [(b"allow", b"GET, POST, OPTIONS")]
    return [*answer_headers(origin), *_PREFLIGHT_HEADERS]
