"""Tokens: what programs ask the studio with, made and ended in a terminal.

Named, so that people know which is which; the token itself is told once. `Authorization: Bearer`
and a token do what a question in Python needs and nothing else (`footfall.studio.edge.guard`).
"""

from __future__ import annotations

import builtins
import contextlib
import hmac
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from footfall.clock import DAY, MINUTE, Clock, random_token
from footfall.errors import Conflict, Invalid, Unavailable
from footfall.signin.file import AHEAD_MAX, SigninFile, hashed

TOKEN_PREFIX: Final = "ff_"  # noqa: S105 (not a token)
TOKENS_MAX: Final = 64
DAYS_MAX: Final = 3_660
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_USE_STEP: Final = 1 * MINUTE
"""How exact the time of the last use is: one write a minute, not one a request."""

_ALL: Final = "SELECT name, made_at, used_at, ends_at, hash FROM tokens ORDER BY name"
_ADD: Final = "INSERT OR IGNORE INTO tokens (name, hash, made_at, ends_at) VALUES (?, ?, ?, ?)"
_TRIM: Final = "DELETE FROM tokens WHERE ends_at <= ?"
_COUNT: Final = "SELECT count(*) FROM tokens"
_END: Final = "DELETE FROM tokens WHERE name = ?"
_USED: Final = "UPDATE tokens SET used_at = ? WHERE name = ?"


class Token(msgspec.Struct, frozen=True):
    """What is known of a token; times are microseconds since 1970 UTC."""

    name: str
    made_at: int
    used_at: int | None
    """Last, to the minute; null: never."""
    ends_at: int


class Tokens:
    """Tokens of one home: at most 64, each until it ends or is revoked."""

    def __init__(self, clock: Clock, file: Path) -> None:
        """Touch nothing yet."""
        self._clock = clock
        self._file = SigninFile(file)

    def create(self, name: str, days: int) -> tuple[str, Token]:
        """A new token, told only here, and what is known of it. Ended ones make room.

        Args:
            name: Letters, digits, `_`, `.` and `-`.
            days: How long it opens, from 1 to 3,660.

        Raises:
            Invalid: the name or the days are none.
            Conflict: there is one of this name, or there are 64.
            Unavailable: it cannot be noted now.
        """
        if not _NAME.fullmatch(name):
            raise Invalid(f"a token's name has up to 64 letters, digits, _ . and -: {name!r}")
        if not 1 <= days <= DAYS_MAX:
            raise Invalid(f"a token counts from 1 to {DAYS_MAX} days")
        now = self._clock.now_us()
        secret = TOKEN_PREFIX + random_token()
        made = Token(name, now, None, now + days * DAY)
        with self._file.writing() as connection:
            connection.execute(_TRIM, (now,))
            if connection.execute(_COUNT).fetchone()[0] >= TOKENS_MAX:
                raise Conflict(f"there are {TOKENS_MAX} tokens, the most; revoke one first")
            row = (name, hashed(secret), made.made_at, made.ends_at)
            if connection.execute(_ADD, row).rowcount == 0:
                raise Conflict(f"there is a token of this name; revoke it first: {name}")
        return secret, made

    def list(self) -> list[Token]:
        """All that are kept, by name; those that ended until the next is made.

        Raises:
            Unavailable: they cannot be read now.
        """
        return [Token(*row[:4]) for row in self._rows()]

    def revoke(self, name: str) -> None:
        """It opens nothing from now on.

        Raises:
            Invalid: there is none of this name.
            Unavailable: that cannot be noted now; it goes on to count.
        """
        with self._file.writing() as connection:
            if connection.execute(_END, (name,)).rowcount == 0:
                known = ", ".join(row[0] for row in connection.execute(_ALL)) or "none"
                raise Invalid(f"no such token: {name!r}; there are: {known}")

    def name_of(self, secret: str) -> str | None:
        """The name of a token that counts now, noting its use; `None`: it opens nothing.

        Every hash is compared, each in constant time: how long it takes tells nothing.

        Raises:
            Unavailable: they cannot be read now.
        """
        now = self._clock.now_us()
        given, found = hashed(secret), None
        for *known, kept in self._rows():
            token = Token(*known)
            is_now = token.made_at - AHEAD_MAX <= now < token.ends_at
            if hmac.compare_digest(kept, given) and is_now:
                found = token
        if found is None:
            return None
        if found.used_at is None or now - found.used_at >= _USE_STEP:
            self._note_use(found.name, now)
        return found.name

    def _rows(self) -> builtins.list[Any]:
        return self._file.select(_ALL)

    def _note_use(self, name: str, now: int) -> None:
        """When it was last used; on a full disk an older time stands, and the question is asked."""
        with contextlib.suppress(Unavailable), self._file.writing() as connection:
            connection.execute(_USED, (now, name))
