"""Register a lake's tables anew after its directory was moved, copied or restored.

Theory of operation. Every Iceberg file names others by absolute location: the catalog its metadata,
that its manifest lists, those their manifests, those the data files. Data files name nothing, so
they stay. For each table the newest metadata is written again without its snapshots (schemas, field
ids, partitions and properties, `footfall.epoch` among them, are kept), registered in a *new*
catalog, and one commit there names all data files of the newest snapshot. When every table is in
it, the new catalog takes the place of the old one by rename:

    crash before the rename: the old catalog is as it was, the next start begins again
    crash after it: done

Older snapshots are not carried over. What the first attempt wrote is named by nothing and goes with
other orphans.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io import InputFile
from pyiceberg.manifest import DataFile
from pyiceberg.table import StaticTable
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.snapshots import Snapshot

from footfall.clock import SystemClock, uuid7
from footfall.errors import Corrupt
from footfall.home import sync_directory, sync_file
from footfall.lake.location import CATALOG, local_path, table_locations
from footfall.lake.read.planning import data_files
from footfall.lake.store.catalog import open_catalog
from footfall.lake.store.files import SyncedFileIO
from footfall.lake.tables.days import append

_NEW_CATALOG: Final = "catalog.new.db"
_DROPPED: Final = (
    "current-snapshot-id",
    "snapshots",
    "snapshot-log",
    "metadata-log",
    "refs",
    "statistics",
    "partition-statistics",
)
"""Fields of table metadata that name files, or snapshots that do."""

_FILE_PATH: Final = 1
"""Place of `file_path` in a `DataFile`, which has no other way to set it."""


def relocate(directory: Path) -> int:
    """Make the catalog of the lake at `directory` name the files there; how many tables it has.

    Nobody else may use the lake meanwhile. Safe to call again, whatever became of a call before.

    Raises:
        Corrupt: a file that the newest snapshot of a table needs is not there.
    """
    new = directory / _NEW_CATALOG
    new.unlink(missing_ok=True)
    catalog = open_catalog(directory, _NEW_CATALOG)
    tables = table_locations(directory)
    try:
        for namespace in sorted({namespace for namespace, _ in tables}):
            catalog.create_namespace(namespace)
        for identifier, location in tables.items():
            _register(catalog, directory, identifier, location)
    except FileNotFoundError as error:
        raise Corrupt(
            f"the lake lacks a file that its newest snapshot names; restore it: {error}"
        ) from error
    finally:
        catalog.engine.dispose()
    sync_file(new)
    new.replace(directory / CATALOG)
    sync_directory(directory)
    return len(tables)


def _register(
    catalog: SqlCatalog, directory: Path, identifier: tuple[str, str], location: str
) -> None:
    """Enter one table, with the data files of its newest snapshot."""
    namespace, name = identifier
    root = f"file://{directory}/{namespace}/{name}"
    old_file = directory / namespace / name / "metadata" / location.rpartition("/")[2]
    metadata: dict[str, Any] = json.loads(old_file.read_bytes())
    files = _data_files(metadata, root)
    kept = {key: value for key, value in metadata.items() if key not in _DROPPED}
    file = f"{root}/metadata/00000-{uuid.UUID(bytes=uuid7(SystemClock().now_us()))}.metadata.json"
    with SyncedFileIO().new_output(file).create() as stream:
        stream.write(json.dumps({**kept, "location": root}).encode())
    table = catalog.register_table(identifier, file)
    if not files:
        return
    with table.transaction() as transaction:
        append(transaction, name, files)


def _data_files(metadata: dict[str, Any], root: str) -> list[DataFile]:
    """Data files of the newest snapshot, with their locations below `root`."""
    moved = _Moved(str(metadata["location"]), root)
    files = []
    for file in data_files(*_snapshot(metadata, moved)):
        file[_FILE_PATH] = moved(file.file_path)
        path = local_path(file.file_path)
        if path is None or not path.exists():
            raise FileNotFoundError(file.file_path)
        files.append(file)
    return files


def table_files(directory: Path, identifier: tuple[str, str], location: str) -> list[Path]:
    """Every file that the newest snapshot of one table needs, relative to the lake's `directory`.

    In the order that a copy should take them: metadata first, which later commits remove.

    Args:
        directory: Where the lake lies.
        identifier: Namespace and name.
        location: Of its newest metadata, as the catalog says.

    Raises:
        FileNotFoundError: one was removed meanwhile; ask the catalog again.
    """
    namespace, name = identifier
    folder = directory / namespace / name
    file = folder / "metadata" / location.rpartition("/")[2]
    metadata: dict[str, Any] = json.loads(file.read_bytes())
    moved = _Moved(str(metadata["location"]), f"file://{folder}")
    table, snapshot = _snapshot(metadata, moved)
    found = [str(file)]
    if snapshot is not None:
        manifests = [manifest.manifest_path for manifest in snapshot.manifests(table.io)]
        data = [file.file_path for file in data_files(table, snapshot)]
        found += map(moved, [snapshot.manifest_list, *manifests, *data])
    paths = (local_path(location) for location in found)
    return [path.relative_to(directory) for path in paths if path is not None]


def _snapshot(metadata: dict[str, Any], moved: _Moved) -> tuple[StaticTable, Snapshot | None]:
    table = StaticTable(
        identifier=("moved",),
        metadata=TableMetadataUtil.parse_obj(metadata),
        metadata_location="",
        io=_MovedFileIO(moved),
        catalog=NoopCatalog("moved"),
    )
    return table, table.current_snapshot()


class _Moved:
    """Where a file of a moved table lies now."""

    def __init__(self, old_root: str, new_root: str) -> None:
        self._old = f"{old_root.rstrip('/')}/"
        self._new = f"{new_root}/"

    def __call__(self, location: str) -> str:
        if not location.startswith(self._old):
            raise Corrupt(f"a table names a file outside of the lake; restore it: {location}")
        return self._new + location.removeprefix(self._old)


class _MovedFileIO(SyncedFileIO):
    """Reads files of the old place at the new one."""

    def __init__(self, moved: _Moved) -> None:
        super().__init__()
        self._moved = moved

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]
        return super().new_input(self._moved(location))
