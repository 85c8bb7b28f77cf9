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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.io import FileIO
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableRequirement, TableUpdate
from pyiceberg.typedef import EMPTY_DICT, Identifier, Properties
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from footfall.lake.location import CATALOG, damaged_catalog, local_path
from footfall.lake.store.files import SyncedFileIO
from footfall.lake.store.shared import share_parts
from footfall.lake.store.store import Store

_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
METADATA_FILE: Final = re.compile(r"(\d+)-.*\.metadata\.json")
"""Name of a table's metadata file; they are counted from 0."""

FILE_IO: Final = {"py-io-impl": f"{SyncedFileIO.__module__}.{SyncedFileIO.__name__}"}
"""Property of every catalog of ours."""


class LakeCatalog(SqlCatalog):
    """PyIceberg's, of tables whose metadata is cheap to change, and is read once.

    A commit loads the table three times, and every look at a table once more. Each would read and
    check the metadata anew, in an object store by a new client: metadata files never change, so the
    last one of each table is kept.
    """

    def __init__(self, name: str, **properties: str) -> None:
        """See PyIceberg."""
        self._fetched: dict[Identifier, tuple[str, TableMetadata]] = {}
        self._remote_files: FileIO | None = None
        super().__init__(name, **properties)

    def load_table(self, identifier: str | Identifier) -> Table:
        """See PyIceberg."""
        table = super().load_table(identifier)
        table.metadata = share_parts(table.metadata)
        return table

    def commit_table(
        self,
        table: Table,
        requirements: tuple[TableRequirement, ...],
        updates: tuple[TableUpdate, ...],
    ) -> CommitTableResponse:
        """See PyIceberg. What was committed is what the file says: it is not read back."""
        done = super().commit_table(table, requirements, updates)
        self._fetched[table.name()] = (done.metadata_location, done.metadata)
        return done

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        location = orm_table.metadata_location
        if location is None:
            return super()._convert_orm_to_iceberg(orm_table)
        name = (*self.identifier_to_tuple(orm_table.table_namespace), orm_table.table_name)
        known = self._fetched.get(name)
        if known is None or known[0] != location:
            files = self._load_file_io(location=location)
            metadata = FromInputFile.table_metadata(files.new_input(location))
            known = self._fetched[name] = (location, metadata)
        files = self._load_file_io(known[1].properties, location)
        return Table(name, known[1], location, files, self)

    def _load_file_io(
        self, properties: Properties = EMPTY_DICT, location: str | None = None
    ) -> FileIO:
        if location is None or local_path(location) is not None:
            return super()._load_file_io(properties, location)
        if self._remote_files is None:
            self._remote_files = super()._load_file_io(location=location)
        return self._remote_files


def open_catalog(
    directory: Path,
    name: str = CATALOG,
    *,
    warehouse: str | None = None,
    files: Mapping[str, str] | None = None,
) -> LakeCatalog:
    """The catalog of the lake below `directory`, made if need be; its commits survive a power cut.

    Every writer of ours opens it here: how much is synced is not a property of the file.

    Args:
        directory: Where the SQLite file lies.
        name: Its name.
        warehouse: Where tables lie, if not there.
        files: Properties of PyIceberg's file layer.
    """
    catalog = LakeCatalog(
        "footfall",
        uri=f"sqlite:///{directory / name}",
        warehouse=warehouse or f"file://{directory}",
        **FILE_IO,
        **(files or {}),
    )
    event.listen(catalog.engine, "connect", _sync_commits)
    catalog.engine.dispose()  # connections made before the line above
    return catalog


def _sync_commits(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = EXTRA").close()


def has_commits(store: Store, project: str, table: str) -> bool:
    """Whether files say that the table was ever committed to, whatever the catalog says.

    The first metadata file, number 0, is written before the catalog knows the table.
    """
    files = store.list(f"{store.root}/{project}/{table}/metadata")
    found = (METADATA_FILE.fullmatch(file.path.rpartition("/")[2]) for file in files)
    return any(int(match[1]) > 0 for match in found if match)


@contextlib.contextmanager
def reading_catalog(directory: Path) -> Iterator[None]:
    """Raise `Corrupt` where the block finds the catalog damaged."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF not in _CORRUPT:
            raise
        raise damaged_catalog(directory / CATALOG, error.orig) from error
