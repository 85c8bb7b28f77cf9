"""Who may see the pages: one-time links and the sessions they open, in memory."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from footfall.clock import DAY, Clock, random_token

LINKS_MAX: Final = 16
SESSIONS_MAX: Final = 64
SESSION_AGE_MAX: Final = 7 * DAY


class Sessions:
    """One-time links and sessions. Both are kept as hashes, and bounded: the oldest give way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._links: list[bytes] = []
        self._opened: dict[bytes, int] = {}

    def add_link(self, token: str) -> None:
        """Let `token` open one session."""
        self._links = [*self._links, _hash(token)][-LINKS_MAX:]

    def open(self, token: str) -> str | None:
        """Use up a link's token; the new session's secret, or `None` if no such link is left."""
        offered = _hash(token)
        # All are compared, in constant time each: the time taken says nothing about any of them.
        matches = [hmac.compare_digest(offered, link) for link in self._links]
        if not any(matches):
            return None
        self._links = [
            link for link, is_match in zip(self._links, matches, strict=True) if not is_match
        ]
        secret = random_token()
        while len(self._opened) >= SESSIONS_MAX:
            del self._opened[next(iter(self._opened))]
        self._opened[_hash(secret)] = self._clock.now_us()
        return secret

    def is_open(self, secret: str) -> bool:
        """Whether `secret` belongs to a session that is not too old."""
        key = _hash(secret)
        opened_at = self._opened.get(key)
        if opened_at is None:
            return False
        if self._clock.now_us() - opened_at > SESSION_AGE_MAX:
            del self._opened[key]
            return False
        return True


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
