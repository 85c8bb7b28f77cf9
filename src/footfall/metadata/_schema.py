"""Opening the database: durable connections, and the schema brought to this version's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError, OperationalError

from footfall.errors import Corrupt, Invalid, Unavailable
from footfall.home import make_directory, sync_directory

HEAD: Final = "0003"
"""Newest migration; a test compares it with the files."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_MS: Final = 10_000


def open_engine(file: Path) -> Engine:
    """Connect to the database at `file`, made or migrated if need be.

    Raises:
        Invalid: a newer version of the program wrote it.
        Corrupt: it is no database.
        Unavailable: it cannot be opened now.
    """
    try:
        make_directory(file.parent)
        engine = create_engine(URL.create("sqlite", database=str(file)))
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        with engine.begin() as connection:
            _migrate(connection, file)
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
    """Leave transactions to `_begin`; sync each commit."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first could not get it later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(connection: Connection, file: Path) -> None:
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
            f" path={file} schema={current} known={HEAD}"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
