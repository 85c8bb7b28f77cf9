"""The lake's catalog: one SQLite database that says which metadata file a table is at.

PyIceberg opens it with SQLite's defaults, and those lose commits: a transaction is over when its
journal is removed, and that removal is not synced. After a power cut the journal is there again and
takes the last commit back, although the epoch was marked committed and the state after it kept.
`synchronous=EXTRA` syncs the removal. A write-ahead log would need fewer syncs, but a catalog that
is copied or replaced must not find another one's.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyiceberg.typedef import Identifier
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from footfall.errors import Corrupt
from footfall.home import sync_directory
from footfall.lake.location import CATALOG, damaged_catalog, table_locations
from footfall.lake.store.damage import naming
from footfall.lake.store.files import SyncedFileIO
from footfall.lake.store.shared import share_parts

_RESTORED: Final = "catalog.restored.db"
_DAMAGED: Final = "damaged-"
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_METADATA: Final = re.compile(r"(\d+)-.*\.metadata\.json")


class LakeCatalog(SqlCatalog):
    """PyIceberg's, of tables whose metadata is cheap to change."""

    def load_table(self, identifier: str | Identifier) -> Table:
        """See PyIceberg."""
        table = super().load_table(identifier)
        table.metadata = share_parts(table.metadata)
        return table


def open_catalog(directory: Path, name: str = CATALOG) -> LakeCatalog:
    """The catalog of the lake below `directory`, made if need be; its commits survive a power cut.

    Every writer of ours opens it here: how much is synced is not a property of the file.
    """
    catalog = LakeCatalog(
        "footfall",
        uri=f"sqlite:///{directory / name}",
        warehouse=f"file://{directory}",
        **{"py-io-impl": f"{SyncedFileIO.__module__}.{SyncedFileIO.__name__}"},
    )
    event.listen(catalog.engine, "connect", _sync_commits)
    catalog.engine.dispose()  # connections made before the line above
    return catalog


def _sync_commits(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = EXTRA").close()


def has_commits(directory: Path, project: str, table: str) -> bool:
    """Whether files say that the table was ever committed to, whatever the catalog says.

    The first metadata file, number 0, is written before the catalog knows the table.
    """
    return any(number > 0 for number, _ in _metadata_files(directory / project / table))


def catalog_problem(directory: Path) -> str | None:
    """What is wrong with the catalog of the lake below `directory`; `None` for a whole one."""
    try:
        known = table_locations(directory)
        _check(directory / CATALOG)
    except Corrupt as error:
        return str(error)
    for project, table in _tables(directory):
        if (project, table) not in known and has_commits(directory, project, table):
            return f"the lake's catalog lacks table {table} of project {project}"
    return None


@contextlib.contextmanager
def reading_catalog(directory: Path) -> Iterator[None]:
    """Raise `Corrupt` where the block finds the catalog damaged."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF not in _CORRUPT:
            raise
        raise damaged_catalog(directory / CATALOG, error.orig) from error


def _check(file: Path) -> None:
    if not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as opened:
            verdict = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise damaged_catalog(file, error) from error
    if verdict != "ok":
        raise damaged_catalog(file, verdict)


def restore_catalog(directory: Path) -> dict[str, Path]:
    """Make the catalog anew: each table at its newest metadata file; table → that file.

    Only after `catalog_problem`, and while nobody uses the lake. What was there is kept under a
    name that begins with `damaged-`. The newest file is that of the last commit, or of one that was
    interrupted just before the catalog took it: that commit is taken then, and its epoch, being in
    the table's properties, is not taken again.

    Raises:
        Corrupt: the newest metadata file of a table cannot be read.
    """
    (directory / _RESTORED).unlink(missing_ok=True)
    catalog = open_catalog(directory, _RESTORED)
    found = {}
    for project, table in _tables(directory):
        _, file = max(_metadata_files(directory / project / table))
        catalog.create_namespace_if_not_exists(project)
        with naming(str(file)):
            catalog.register_table((project, table), f"file://{file}")
        found[f"{project}.{table}"] = file
    catalog.engine.dispose()
    for suffix in ("", "-journal", "-wal", "-shm"):
        old = directory / f"{CATALOG}{suffix}"
        if old.exists():
            old.rename(directory / f"{_DAMAGED}{old.name}")
    (directory / _RESTORED).rename(directory / CATALOG)
    sync_directory(directory)
    return found


def _tables(directory: Path) -> list[tuple[str, str]]:
    found = sorted(path.parent for path in directory.glob("*/*/metadata"))
    return [(path.parent.name, path.name) for path in found if _metadata_files(path)]


def _metadata_files(table: Path) -> list[tuple[int, Path]]:
    found = ((_METADATA.fullmatch(file.name), file) for file in (table / "metadata").glob("*.json"))
    return [(int(match[1]), file) for match, file in found if match]
