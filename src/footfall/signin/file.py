"""The file that links, sessions and tokens are in: made when it is first written, by its owner."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from footfall.clock import HOUR
from footfall.errors import Unavailable
from footfall.home import make_directory

AHEAD_MAX: Final = 1 * HOUR
"""A clock may be set back by this much; what began later than that is not trusted."""
_BUSY_SECONDS: Final = 5.0
_OWNER_ONLY: Final = 0o600
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS links (hash BLOB PRIMARY KEY, made_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (hash BLOB PRIMARY KEY, opened_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    name TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    used_at INTEGER
);
"""


class SigninFile:
    """`studio.db` of one home. Each use is a connection of its own, so any thread may ask."""

    def __init__(self, file: Path) -> None:
        """Touch nothing yet: pages are served, and events taken, also when the disk is full."""
        self._file = file

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; without its commit nothing changes.

        Raises:
            Unavailable: that cannot be noted now; mend what the message says and try again.
        """
        try:
            self._prepare()
            with contextlib.closing(self._connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def select(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows; none where nothing was ever written, or it is damaged: writing makes it anew.

        Raises:
            Unavailable: the file is locked for seconds, or cannot be read.
        """
        if not self._file.exists():
            return []
        try:
            with contextlib.closing(self._connect()) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such table"):
                return []  # written before there were such rows
            raise self._unavailable(error) from error
        except sqlite3.DatabaseError:
            return []

    def _prepare(self) -> None:
        """Make the file, or make it anew if it is damaged: then everybody signs in again."""
        make_directory(self._file.parent)
        self._file.touch(_OWNER_ONLY)
        try:
            self._make_tables()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._file.unlink()
            self._file.touch(_OWNER_ONLY)
            self._make_tables()

    def _make_tables(self) -> None:
        with contextlib.closing(self._connect()) as connection:
            if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
            connection.executescript(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"links and sessions cannot be read or kept now; mend it: {self._file} {error}"
        )


def hashed(secret: str) -> bytes:
    """What is kept of a secret: it has 128 random bits or more, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()
