"""Why a request is not taken. What is answered then is each route's own table."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import Final


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
    """The log failed in a way that space does not mend; or keys cannot be looked up now."""
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
    Refusal.UNAVAILABLE: "the log, or the database of keys, takes no requests now; come back later",
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

USUAL_STATUSES: Final = MappingProxyType(
    {
        Refusal.BODY_TOO_LARGE: 413,
        Refusal.QUERY_TOO_LONG: 414,
        Refusal.NO_KEY: 401,
        Refusal.UNKNOWN_KEY: 403,
        Refusal.SECRET_AS_WRITE_ID: 403,
        Refusal.REVOKED_KEY: 403,
        Refusal.ORIGIN_NOT_ALLOWED: 403,
        Refusal.RATE: 429,
        Refusal.OVERLOADED: 503,
        Refusal.TOO_MANY_CONNECTIONS: 503,
        Refusal.DISK_FULL: 503,
        Refusal.UNAVAILABLE: 503,
        Refusal.CLOSING: 503,
    }
)
"""For clients that send again on 429 and 5xx, and give up on every other status."""


def is_over_later(refusal: Refusal) -> bool:
    """Whether the same request may be taken later."""
    return refusal in RETRY_AFTER_SECONDS
