"""Why a request is not taken. What is answered then is each protocol's own table.

`docs/formats/refusals.md` is the same in prose; a test compares the two.
"""

from __future__ import annotations

import enum
import json
from http import HTTPStatus
from typing import Final

from footfall.collect._http import Answer


class Refusal(enum.StrEnum):
    """Closed: these names are in metrics and in the bodies of answers."""

    BODY_TOO_LARGE = "body_too_large"
    QUERY_TOO_LONG = "query_too_long"
    NO_KEY = "no_key"
    """The request brought neither a write id nor a server key."""
    UNKNOWN_KEY = "unknown_key"
    """Nobody knows the write id, and it is not (or no more) quarantined; or the server key."""
    SECRET_AS_WRITE_ID = "secret_as_write_id"  # noqa: S105 (a name)
    """A server key where a write id belongs: in an address, a page, an app, for all to read."""
    REVOKED_KEY = "revoked_key"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    RATE = "rate"
    OVERLOADED = "overloaded"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    DISK_FULL = "disk_full"
    UNAVAILABLE = "unavailable"
    """The log failed in a way that space does not mend."""
    CLOSING = "closing"


DETAILS: Final = {
    Refusal.BODY_TOO_LARGE: "body is too large; send fewer events at a time",
    Refusal.QUERY_TOO_LONG: "query is too long; send events as the body of a POST",
    Refusal.NO_KEY: "send a write id (X-Write-Id or ?write_id=) or a server key (Authorization)",
    Refusal.UNKNOWN_KEY: "nobody knows this key; take one from `footfall key`",
    Refusal.SECRET_AS_WRITE_ID: (
        "this is a server key, a secret, sent as a write id; send the app's write id, and revoke"
        " the key: whoever saw this request can use it"
    ),
    Refusal.REVOKED_KEY: "this key was revoked; take another from `footfall key`",
    Refusal.ORIGIN_NOT_ALLOWED: "pages of this origin may not send for this app; add the origin",
    Refusal.RATE: "this app sends too many requests; come back later",
    Refusal.OVERLOADED: "too many requests wait for the disk; come back later",
    Refusal.TOO_MANY_CONNECTIONS: "too many connections are open; come back later",
    Refusal.DISK_FULL: "the disk is full; come back later",
    Refusal.UNAVAILABLE: "the log takes no requests now; come back later",
    Refusal.CLOSING: "the collector is stopping; come back in a moment",
}

RETRY_AFTER_SECONDS: Final = {
    Refusal.RATE: 1,
    Refusal.OVERLOADED: 5,
    Refusal.TOO_MANY_CONNECTIONS: 5,
    Refusal.DISK_FULL: 30,
    Refusal.UNAVAILABLE: 5,
    Refusal.CLOSING: 2,
}
"""Refusals that are over by themselves, and when to try again."""

_COMMON: Final = {
    Refusal.QUERY_TOO_LONG: 414,
    Refusal.UNKNOWN_KEY: 403,
    Refusal.SECRET_AS_WRITE_ID: 403,
    Refusal.REVOKED_KEY: 403,
    Refusal.ORIGIN_NOT_ALLOWED: 403,
    Refusal.OVERLOADED: 503,
    Refusal.TOO_MANY_CONNECTIONS: 503,
    Refusal.DISK_FULL: 503,
    Refusal.UNAVAILABLE: 503,
    Refusal.CLOSING: 503,
}

AWS_STATUS: Final = {**_COMMON, Refusal.RATE: 503}
"""AWS Clickstream SDKs keep a request on every status but 200, in order, up to 512 KiB, and send it
again until it is taken. So a refusal that will never be over for a request is a jam: a body over
the limit is not refused but kept cut, and an unknown id is quarantined (or 403, by setting)."""

EVENTS_STATUS: Final = {
    **_COMMON,
    Refusal.BODY_TOO_LARGE: 413,
    Refusal.NO_KEY: 401,
    Refusal.RATE: 429,
}
"""Our own clients retry on 429 and 5xx and give up on other 4xx, with the message."""

PIXEL_STATUS: Final = {**_COMMON, Refusal.NO_KEY: 401, Refusal.RATE: 429}
"""Nobody reads the answer to an image; the statuses are for people who debug."""


def text_answers(statuses: dict[Refusal, int]) -> dict[Refusal, Answer]:
    """Answers with the detail as plain text."""
    return {
        refusal: Answer.of(
            status, DETAILS[refusal].encode(), "text/plain; charset=utf-8", *_headers(refusal)
        )
        for refusal, status in statuses.items()
    }


def problem_answers(statuses: dict[Refusal, int]) -> dict[Refusal, Answer]:
    """Answers as RFC 9457 has them."""
    return {
        refusal: Answer.of(
            status,
            problem(status, refusal.value, DETAILS[refusal], retryable=_is_over_later(refusal)),
            "application/problem+json",
            *_headers(refusal, *_challenge(status)),
        )
        for refusal, status in statuses.items()
    }


def problem(status: int, code: str, detail: str, *, retryable: bool) -> bytes:
    """The body of an error: the same shape as the studio's."""
    return json.dumps(
        {
            "type": f"urn:footfall:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code,
            "detail": detail,
            "retryable": retryable,
        }
    ).encode()


def _is_over_later(refusal: Refusal) -> bool:
    return refusal in RETRY_AFTER_SECONDS


def _challenge(status: int) -> tuple[str, ...]:
    return ('www-authenticate: Bearer realm="footfall"',) if status == 401 else ()


def _headers(refusal: Refusal, *more: str) -> tuple[str, ...]:
    if not _is_over_later(refusal):
        return ("cache-control: no-store", *more)
    seconds = RETRY_AFTER_SECONDS[refusal]
    return ("cache-control: no-store", f"retry-after: {seconds}", *more)
