"""Data files that another process writes, perhaps on another machine, for a lake's own to commit.

Who commits gives an *order*: all that a file of a table must be, as JSON, without a secret. Who has
it writes files with his own way to the store, and gives back what he wrote, as JSON: what a
manifest entry is made from. Before the commit each file is looked at again: its footer must have
the table's columns by id and the rows that were described, all of one epoch. A description alone
proves nothing, and what is committed is committed for ever.

    driver                         executor
    order = lake.write_order(…) ─▶ written = write_elsewhere(order, rows, place, name)
    lake.commit(…, written)     ◀─
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io import load_file_io
from pyiceberg.manifest import DataFile
from pyiceberg.table import StaticTable, Table
from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil
from pyiceberg.typedef import Record

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.lake.commit.data_files import ManifestEntries, file_schema, write_sorted
from footfall.lake.commit.stored_file import StoredFile
from footfall.lake.location import place_of
from footfall.lake.place import LakePlace
from footfall.lake.read.bounds import lower_bound, upper_bound
from footfall.lake.store.catalog import FILE_IO
from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.lake.tables.days import Days, day_of, days_from
from footfall.lake.tables.layout import FRESH
from footfall.lake.tables.specs import TABLES

_FIELD_ID: Final = b"PARQUET:field_id"
_HISTORY: Final = ("snapshots", "snapshot-log", "metadata-log", "refs", "current-snapshot-id")
_FILES_MAX: Final = 100_000


class WriteOrder(msgspec.Struct, frozen=True):
    """What the files of one table must be."""

    table: str
    """Its key in `TABLES`."""
    metadata: msgspec.Raw
    """Iceberg's table metadata, without its history."""
    first_day: int | None = None
    """First day (since 1970) that gets files of its own, see `footfall.lake.tables.days`; none:
    every day does."""

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self)


class WrittenFiles(msgspec.Struct, frozen=True):
    """What one process wrote."""

    table_uuid: str
    schema_id: int
    files: tuple[StoredFile, ...]

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> WrittenFiles:
        """Inverse of `encode`.

        Raises:
            Invalid: that is something else.
        """
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise Invalid(
                f"not a description of written files; write them again: {error}"
            ) from error


def order_of(table: Table, name: str, first_day: int | None) -> WriteOrder:
    """The order for files of `table` as it is now."""
    metadata = table.metadata.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept = {key: value for key, value in metadata.items() if key not in _HISTORY}
    return WriteOrder(name, msgspec.Raw(msgspec.json.encode(kept)), first_day)


def write_elsewhere(
    order: bytes, rows: pa.Table, place: LakePlace, name: uuid.UUID
) -> WrittenFiles:
    """Write `rows` as durable data files; the catalog is not asked.

    Args:
        order: `WriteOrder.encode`.
        rows: As the stages see them, of one epoch; any order.
        place: This process's way to the lake's files.
        name: Goes into the files' names; never the same twice, also for an attempt that is redone.

    Raises:
        Invalid: that is no order.
        Unavailable: the object store does not answer.
    """
    try:
        told = msgspec.json.decode(order, type=WriteOrder)
        metadata = TableMetadataUtil.parse_obj(msgspec.json.decode(told.metadata))
    except (msgspec.DecodeError, ValueError) as error:
        raise Invalid(f"not an order for data files; ask the lake for one: {error}") from error
    days: Days | None = None if told.first_day is None else days_from(told.first_day)
    with naming(metadata.location):
        files = write_sorted(_table(metadata, place), told.table, rows, FRESH, name, days)
    return described(metadata, files)


def described(metadata: TableMetadata, files: list[DataFile]) -> WrittenFiles:
    """What was written to the table of `metadata`."""
    stored = tuple(map(StoredFile.of, files))
    return WrittenFiles(str(metadata.table_uuid), metadata.current_schema_id, stored)


def _table(metadata: TableMetadata, place: LakePlace) -> Table:
    files = load_file_io({**FILE_IO, **place.file_properties()}, metadata.location)
    return StaticTable(("written", "elsewhere"), metadata, "", files, NoopCatalog("elsewhere"))


def checked(
    table: Table, name: str, written: Sequence[WrittenFiles], epoch: int, store: Store
) -> list[DataFile]:
    """The files, for a commit to name, once each was looked at.

    Raises:
        Invalid: one is of another table, schema or epoch, or is not what its description says.
        Corrupt: one is damaged or missing.
        Unavailable: the object store does not answer.
    """
    for part in written:
        if part.table_uuid != str(table.metadata.table_uuid):
            raise Invalid(f"files were written for another table; write them anew: table={name}")
        if part.schema_id != table.metadata.current_schema_id:
            raise Invalid(
                f"the table has other columns by now; ask for an order again: table={name}"
                f" schema={part.schema_id} now={table.metadata.current_schema_id}"
            )
    named = [stored for part in written for stored in part.files]
    if len(named) > _FILES_MAX:
        raise Invalid(f"too many files for one commit; write larger ones: most={_FILES_MAX}")
    files = [_checked_file(table, name, stored, epoch, store) for stored in named]
    if len({file.file_path for file in files}) < len(files):
        raise Invalid(f"a file is named twice; its rows are there once: table={name}")
    return files


def _checked_file(
    table: Table, name: str, stored: StoredFile, epoch: int, store: Store
) -> DataFile:
    path = place_of(stored.file_path)
    if not path.startswith(f"{place_of(table.location())}/data/") or "/../" in path:
        raise Invalid(f"a file lies outside of the table's data: {path=} table={name}")
    size = store.size(path) or 0
    with naming(path), store.parquet(path) as parquet:
        columns, footer = _columns(parquet.schema_arrow), parquet.metadata
    if columns != _columns(file_schema(table.schema())):
        raise Invalid(f"a file has other columns than the table: {path=} table={name}")
    partition = Record(*stored.partition)
    file = ManifestEntries(table.schema(), name).entry(stored.file_path, partition, size, footer)
    if StoredFile.of(file) != stored:
        raise Invalid(f"a file is not as it was described; write it again: {path=} table={name}")
    if _bounds(name, file, "epoch") != (epoch, epoch):
        raise Invalid(f"a file has rows of another epoch: {path=} table={name} {epoch=}")
    if not _is_of_its_day(name, file, len(table.spec().fields)):
        raise Invalid(f"a file has rows of another day than it says: {path=} table={name}")
    return file


def _is_of_its_day(name: str, file: DataFile, fields: int) -> bool:
    """Whether all its rows are of the day of its partition; one without a day has any."""
    if len(file.partition) not in (0, fields):
        return False
    day = day_of(file)
    if len(file.partition) == 0:
        return True
    return day is not None and all(
        bound // DAY == day for bound in _bounds(name, file, str(TABLES[name].day))
    )


def _bounds(name: str, file: DataFile, column: str) -> tuple[int, int]:
    return lower_bound(name, file, column), upper_bound(name, file, column)


def _columns(schema: pa.Schema) -> dict[int, tuple[str, pa.DataType]]:
    return {
        int((field.metadata or {}).get(_FIELD_ID, b"-1")): (field.name, _plain(field.type))
        for field in schema
    }


def _plain(kind: pa.DataType) -> pa.DataType:
    """A type without names and ids of what it is made of: files spell them as Parquet does."""
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
