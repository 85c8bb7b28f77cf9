"""Where metadata is: a SQLite file in the home, or a PostgreSQL database that machines share.

For those who must stay light this reads it as well, without SQLAlchemy: a few rows at a time.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlparse

import msgspec

from footfall.clock import Clock
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.secret import with_password
from footfall.settings import MetadataSettings

CONNECT_SECONDS: Final = 5
STATEMENT_MS_MAX: Final = 10_000
IDLE_MS_MAX: Final = 30_000
"""A process that stops within a transaction for longer has lost it: it holds up everybody."""
_BUSY_MS: Final = 500


class MetadataPlace(msgspec.Struct, frozen=True):
    """One installation's."""

    file: Path
    url: str = ""
    """`postgresql://user:password@host/database`; empty: the file."""

    @classmethod
    def of(cls, home: Home, settings: MetadataSettings | None = None) -> MetadataPlace:
        """Where the settings say; without any, in the home.

        Raises:
            Invalid: there is a password, but no user that it could be of.
        """
        if settings is None or not settings.url:
            return cls(home.metadata_file)
        url = with_password(
            settings.url, settings.password.shown, "metadata.password", "metadata.url"
        )
        return cls(home.metadata_file, url)

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return not self.url

    @property
    def shown(self) -> str:
        """For people: without the password."""
        if self.is_local:
            return str(self.file)
        address = urlparse(self.url)
        user = f"{address.username}@" if address.username else ""
        return address._replace(netloc=f"{user}{address.netloc.rpartition('@')[2]}").geturl()

    @property
    def options(self) -> dict[str, Any]:
        """Of the driver: how long anything may take, and that a commit is on stable storage."""
        given = (
            f"statement_timeout={STATEMENT_MS_MAX}",
            f"lock_timeout={STATEMENT_MS_MAX}",
            f"idle_in_transaction_session_timeout={IDLE_MS_MAX}",
            "synchronous_commit=on",
        )
        return {
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join(f"-c {option}" for option in given),
            "application_name": "footfall",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 2 * STATEMENT_MS_MAX,
        }

    def __repr__(self) -> str:
        return f"MetadataPlace({self.shown!r})"

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a query finds now; nothing before somebody made the tables.

        Args:
            query: One SELECT that both databases understand, with `?` for each value.
            values: Bound, never part of the text.

        Raises:
            Invalid: the driver is not installed.
            Unavailable: it cannot be read now.
        """
        return self._rows_of_file(query, values) if self.is_local else self._rows(query, values)

    @contextlib.contextmanager
    def transaction(self, clock: Clock) -> Iterator[Any]:
        """One transaction by SQLAlchemy, for those who keep tables of their own here.

        Raises:
            Unavailable: the database does not answer.
            Corrupt: it is damaged.
        """
        from footfall.metadata import Metadata

        with (
            contextlib.closing(Metadata.at(self, clock)) as metadata,
            metadata.transaction() as connection,
        ):
            yield connection

    def _rows_of_file(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if not self.file.exists():
            return []
        address = f"{self.file.absolute().as_uri()}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
                return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise self._unavailable(error) from error
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        psycopg = driver()
        try:
            with contextlib.closing(psycopg.connect(self.url, **self.options)) as connection:
                connection.read_only = True
                found: list[tuple[Any, ...]] = connection.execute(
                    query.replace("?", "%s"), values
                ).fetchall()
                return found
        except psycopg.errors.UndefinedTable:
            return []
        except psycopg.Error as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> Unavailable:
        return unavailable(self, error)


def unavailable(place: MetadataPlace, error: object) -> Unavailable:
    """What to do about a database that does not answer, in one sentence."""
    text = " ".join(str(error).split())[:160]
    return Unavailable(
        "metadata cannot be used now; nothing is lost, see that the database runs and that"
        f" metadata.url is right, and it goes on: place={place.shown} ({text})"
        if place.url
        else f"the metadata database cannot be read: {text} path={place.file}"
    )


def driver() -> Any:
    """PostgreSQL's, loaded only where it is used.

    Raises:
        Invalid: it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise Invalid(
            "metadata on PostgreSQL needs a package more; install it:"
            " pip install 'footfall[postgresql]'"
        ) from error
    return psycopg
