"""One-time links, and the sessions of pages that they open."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from footfall.clock import DAY, Clock, SystemClock, random_token
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.machine.process import is_alive, read_ready
from footfall.settings import Settings
from footfall.signin.file import AHEAD_MAX, SigninFile, hashed

LINKS_MAX: Final = 16
LINK_AGE_MAX: Final = 1 * DAY
SESSIONS_MAX: Final = 64
SESSION_AGE_MAX: Final = 7 * DAY
_ADD_LINK: Final = "INSERT OR IGNORE INTO links VALUES (?, ?)"
_BOUND_LINKS: Final = """
DELETE FROM links WHERE rowid NOT IN (SELECT rowid FROM links ORDER BY rowid DESC LIMIT ?)
"""
_USE_LINK: Final = "DELETE FROM links WHERE hash = ? AND made_at BETWEEN ? AND ?"
_ADD_SESSION: Final = "INSERT INTO sessions VALUES (?, ?)"
_BOUND_SESSIONS: Final = """
DELETE FROM sessions WHERE rowid NOT IN (SELECT rowid FROM sessions ORDER BY rowid DESC LIMIT ?)
"""
_IS_OPEN: Final = "SELECT 1 FROM sessions WHERE hash = ? AND opened_at BETWEEN ? AND ?"


class Sessions:
    """One-time links and sessions of one home. Bounded: the oldest give way."""

    def __init__(self, clock: Clock, file: Path) -> None:
        """Touch nothing yet: pages are served, and events taken, also when the disk is full."""
        self._clock = clock
        self._file = SigninFile(file)

    def add_link(self, token: str) -> None:
        """Let `token` open one session, for a day.

        Raises:
            Unavailable: it cannot be noted now; mend what the message says and try again.
        """
        with self._file.writing() as connection:
            connection.execute(_ADD_LINK, (hashed(token), self._clock.now_us()))
            connection.execute(_BOUND_LINKS, (LINKS_MAX,))

    def open(self, token: str) -> str | None:
        """Use up a link's token; the new session's secret, or `None` if no such link is left.

        The link is used up on disk before the secret is told.

        Raises:
            Unavailable: that cannot be noted now; the link goes on to count.
        """
        now = self._clock.now_us()
        secret = random_token()
        with self._file.writing() as connection:
            # Found by its hash, so the time it takes says nothing about any token.
            used = connection.execute(_USE_LINK, (hashed(token), *_ages(now, LINK_AGE_MAX)))
            if used.rowcount == 0:
                return None
            connection.execute(_ADD_SESSION, (hashed(secret), now))
            connection.execute(_BOUND_SESSIONS, (SESSIONS_MAX,))
        return secret

    def is_open(self, secret: str) -> bool:
        """Whether `secret` belongs to a session that is not too old.

        Raises:
            Unavailable: the file is locked for seconds, or cannot be read.
        """
        if not secret:
            return False
        ages = _ages(self._clock.now_us(), SESSION_AGE_MAX)
        return bool(self._file.select(_IS_OPEN, hashed(secret), *ages))


def fresh_link(home: Home, settings: Settings, clock: Clock | None = None) -> str:
    """Address that opens the pages once, within a day; works whether or not the studio runs.

    Raises:
        Invalid: there is no home.
        Unavailable: its address is not known (port 0 and nothing runs), or it cannot be noted now.
    """
    if not home.root.is_dir():
        raise Invalid(f"nothing is installed there: {home.root}")
    url = studio_url(home, settings)
    token = random_token(16)
    Sessions(clock or SystemClock(), home.studio_file).add_link(token)
    return link(url, token)


def link(url: str, token: str) -> str:
    """Address that uses up `token`; `url` is the studio's, without a slash at the end."""
    return f"{url}/open?token={token}"


def studio_url(home: Home, settings: Settings) -> str:
    """Where people reach it: behind a proxy, where it listens now, or where it will.

    Raises:
        Unavailable: that is not known: port 0, and nothing runs.
    """
    studio = settings.studio
    if studio.public_url:
        return studio.public_url
    ready = read_ready(home, "studio")
    if ready is not None and ready.url and is_alive(ready.pid):
        return ready.url
    if not studio.port:
        raise Unavailable("the studio does not run, and studio.port is 0: start it first")
    scheme = "https" if studio.tls_certificate else "http"
    host = f"[{studio.host}]" if ":" in studio.host else studio.host
    return f"{scheme}://{host}:{studio.port}"


def _ages(now: int, age_max: int) -> tuple[int, int]:
    """Earliest and latest beginning of what counts now."""
    return now - age_max, now + AHEAD_MAX
