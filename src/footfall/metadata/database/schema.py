"""Opening the database: durable connections, and the schema brought to this version's."""

from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from footfall.errors import Corrupt, Invalid, Unavailable
from footfall.home import make_directory, sync_directory
from footfall.metadata.place import MetadataPlace, driver, unavailable

HEAD: Final = "0015"
"""Newest migration; a test compares it with the files."""

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
_BUSY_MS: Final = 10_000
_LOCK: Final = 0x666F6F7466616C6C
"""Of PostgreSQL's advisory locks; the bytes of our name, so that nobody else takes it by chance."""
_WAL_BYTES_MAX: Final = 4 << 20
"""Size of the write-ahead log from which on the next transaction copies it into the database."""


def open_engine(place: MetadataPlace) -> Engine:
    """Connect to the database, made or migrated if need be.

    Raises:
        Invalid: a newer version of the program wrote it, or its driver is not installed.
        Corrupt: it is no database.
        Unavailable: it cannot be opened now.
    """
    return _open_file(place.file) if place.is_local else _open_postgresql(place)


def _open_postgresql(place: MetadataPlace) -> Engine:
    driver()
    url = make_url(place.url).set(drivername="postgresql+psycopg")
    # A connection for each transaction: there are a few a second, and none is left over, nor found
    # dead after the database was started anew.
    engine = create_engine(url, connect_args=place.options, poolclass=NullPool)
    event.listen(engine, "begin", _begin_alone)
    try:
        with engine.begin() as connection:
            _migrate(connection, place.shown)
    except DBAPIError as error:
        raise unavailable(place, error.orig) from error
    return engine


def _begin_alone(connection: Connection) -> None:
    """One transaction after the other, as SQLite has it: each sees all that came before.

    The lock is of the database, ends with the transaction, and is the first statement: what is read
    after it is what the one before left.
    """
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _open_file(file: Path) -> Engine:
    try:
        make_directory(file.parent)
        engine = create_engine(URL.create("sqlite", database=str(file)))
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", partial(_begin, file=file))
        with engine.begin() as connection:
            _migrate(connection, str(file))
        sync_directory(file.parent)
    except OperationalError as error:
        raise Unavailable(
            f"metadata cannot be opened now; try again: path={file} {error}"
        ) from error
    except OSError as error:
        raise Unavailable(f"metadata cannot be opened: path={file} {error}") from error
    except DatabaseError as error:
        raise Corrupt(f"metadata is damaged; restore it: path={file} {error}") from error
    return engine


def _prepare(connection: Any, _: object) -> None:
    """Leave transactions and copying of the write-ahead log to `_begin`; sync each commit."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        "journal_size_limit = 0",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection, *, file: Path) -> None:
    """Take the write lock at once: a transaction that reads first could not get it later.

    Under a write lock, too, the write-ahead log is copied when it is long, in a transaction that
    writes nothing, so that the next one finds all of it copied and begins it anew. Any other moment
    might be that in which another process commits, and then SQLite before 3.51.3 can lose what was
    committed (its "WAL-reset bug", https://www.sqlite.org/wal.html#walresetbug).
    """
    with contextlib.suppress(FileNotFoundError):
        if file.with_name(file.name + "-wal").stat().st_size >= _WAL_BYTES_MAX:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _copy_write_ahead_log(file)
            connection.exec_driver_sql("ROLLBACK")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _copy_write_ahead_log(file: Path) -> None:
    """On a connection of its own, because SQLite does not copy within a transaction.

    What fails, on a full disk for example, is tried again by the next transaction.
    """
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _migrate(connection: Connection, place: str) -> None:
    current = None
    if inspect(connection).has_table("alembic_version"):
        current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if current == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if current is not None and current not in known:
        raise Invalid(
            "metadata was written by a newer version of Footfall; upgrade the program:"
            f" place={place} schema={current} known={HEAD}"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
