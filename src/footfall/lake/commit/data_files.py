"""Writes rows as Iceberg data files: sorted, encoded as `tables.layout` says, durable when done.

PyIceberg's own writer has one encoding for all columns, no order, no checksums, and keeps Arrow's
schema in each file's footer, 15 KB of an epoch's file. What a file is to Iceberg is still made by
PyIceberg: statistics, partition record, location. A file that no commit names is an orphan, for
maintenance to remove: whoever writes and then dies leaves some.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import OutputFile, OutputStream
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.locations import load_location_provider
from pyiceberg.typedef import Record

from footfall.lake.tables.days import Days
from footfall.lake.tables.layout import (
    FileShape,
    compression_levels,
    dictionary_columns,
    metrics_modes,
    statistics_columns,
)
from footfall.lake.tables.schemas import check_known, small, to_lake
from footfall.lake.tables.specs import TABLES

_PAGE_BYTES: Final = 1 << 20
"""A page of most columns is then as long as its row group: shorter ones, which readers with a page
index could skip by, cost a byte an event."""
_HELD_GROUPS: Final = 4
"""Row groups' worth of rows that a writer holds, whatever the number of its open files."""


def write_sorted(
    table: Table,
    name: str,
    rows: pa.Table,
    shape: FileShape,
    write_id: uuid.UUID,
    days: Days | None = None,
) -> list[DataFile]:
    """Sort `rows`, all in memory, and write them as data files of `table`.

    One partition after the other, and within one in the table's order, so that the files of a
    partition hold ranges of visitors that meet in at most one. Takes about twice the rows' memory.

    Args:
        table: The Iceberg table; its current schema and partition spec are used.
        name: Its key in `TABLES`.
        rows: As the stages see them; any order.
        shape: `FRESH` for an epoch, `COMPACTED` for a rewrite.
        write_id: Goes into file names; a new one each time.
        days: As for `DataFileWriter`.
    """
    with DataFileWriter(table, name, shape, write_id, days) as writer:
        writer.write(in_order(name, rows))
    return writer.files


def in_order(name: str, rows: pa.Table) -> pa.Table:
    """`rows` in the order of table `name`'s files, days apart."""
    keys = [_sort_key(rows.column(column)) for column in TABLES[name].sort]
    order = pa.array(np.lexsort(keys[::-1]))
    # Column by column: beside `rows` and the result only one of them is held a third time.
    # Those without a value, 33 of a web event's 79, stay as they are.
    columns = [
        column if column.null_count == rows.num_rows else column.combine_chunks().take(order)
        for column in rows.itercolumns()
    ]
    return pa.Table.from_arrays(columns, schema=rows.schema)


def _sort_key(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Numbers that sort as the column's values do, nulls last.

    Texts and ids by the rank of each distinct one: a visitor's is compared once, not for each of
    its events against each of another's.
    """
    values = column.combine_chunks()
    if not _is_text(values.type):
        numbers = pc.fill_null(values.cast(pa.int64()), np.iinfo(np.int64).max)
        found: npt.NDArray[np.int64] = numbers.to_numpy(zero_copy_only=False)
        return found
    encoded = values.dictionary_encode()
    count = len(encoded.dictionary)
    ranks = np.empty(count + 1, np.int64)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(count)
    ranks[count] = count
    ranked: npt.NDArray[np.int64] = ranks[
        pc.fill_null(encoded.indices, count).to_numpy(zero_copy_only=False)
    ]
    return ranked


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_fixed_size_binary(kind))


class DataFileWriter:
    """Writes rows that come in order, however many, and ends files at partitions and sizes.

    Holds at most a row group of each partition that is open, and of all together `_HELD_GROUPS`.
    Leave its context without an error to have `files`; after an error what was written stays behind
    unnamed.
    """

    def __init__(
        self,
        table: Table,
        name: str,
        shape: FileShape,
        write_id: uuid.UUID,
        days: Days | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            table: The Iceberg table; its current schema and partition spec are used.
            name: Its key in `TABLES`.
            shape: How large files and their parts are.
            write_id: Goes into file names; a new one each time.
            days: Days that get files of their own; rows of other days go to files without a day.
                `None`: every day.
        """
        self._target = _Target(table, name, shape, write_id, days)
        self._open: dict[tuple[object, ...], _OpenFile] = {}
        self.files: list[DataFile] = []
        """Complete, durable files, for a commit to name."""

    def write(self, rows: pa.Table) -> None:
        """Take more rows, in the table's order within each partition.

        Raises:
            Invalid: the table lacks a column of `rows`, which would be lost; nothing is written.
        """
        check_known(rows.column_names, self._target.arrow, self._target.table.name()[-1])
        group = self._target.shape.row_group_rows
        for partition, part in self._target.by_partition(rows):
            for start in range(0, part.num_rows, group):
                self._write(partition, part.slice(start, group))
                self._bound_held()

    def _write(self, partition: tuple[object, ...], rows: pa.Table) -> None:
        file = self._open.get(partition)
        if file is None:
            file = self._open[partition] = _OpenFile(self._target, partition)
        if file.write(rows):
            rest = file.take_waiting()
            self.files.append(self._open.pop(partition).close())
            if rest.num_rows:
                self._write(partition, rest)

    def _bound_held(self) -> None:
        """Rows of many days at once do not wait for row groups that they will not fill."""
        while sum(file.held for file in self._open.values()) > (
            _HELD_GROUPS * self._target.shape.row_group_rows
        ):
            max(self._open.values(), key=lambda file: file.held).flush()

    @property
    def open_bytes(self) -> int:
        """How large the open files are, without rows that no row group has yet."""
        return sum(file.size for file in self._open.values())

    def close(self) -> None:
        """End all open files."""
        for partition in list(self._open):
            self.files.append(self._open.pop(partition).close())

    def __enter__(self) -> DataFileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        for file in self._open.values():
            file.abandon()


class _Target:
    """What all files of one write have in common."""

    def __init__(
        self, table: Table, name: str, shape: FileShape, write_id: uuid.UUID, days: Days | None
    ) -> None:
        self.table = table
        self._days = days
        self.shape = shape
        self.schema = table.schema()
        self.spec = table.spec()
        self.arrow = file_schema(self.schema)
        self.entries = ManifestEntries(self.schema, name)
        self._write_id = write_id
        self._count = 0
        self._locations = load_location_provider(table.location(), table.properties)

    def by_partition(self, rows: pa.Table) -> Iterator[tuple[tuple[object, ...], pa.Table]]:
        """Rows of each partition, in the order they came; days ascend, then rows without one."""
        if rows.num_rows == 0:
            return
        if self.spec.is_unpartitioned():
            yield (), rows
            return
        (field,) = self.spec.fields
        source = self.schema.find_field(field.source_id)
        transform = field.transform.pyarrow_transform(source.field_type)
        values = transform(rows.column(source.name)).cast(pa.int32()).to_numpy()
        is_left = np.ones(len(values), np.bool_)
        for value in np.unique(values):
            if self._days is None or int(value) in self._days:
                mine = values == value
                is_left &= ~mine
                yield (int(value),), rows if mine.all() else rows.filter(pa.array(mine))
        if is_left.any():
            yield (), rows if is_left.all() else rows.filter(pa.array(is_left))

    def partition_key(self, partition: tuple[object, ...]) -> PartitionKey | None:
        """As PyIceberg wants it; `None` for rows without a day."""
        if not partition:
            return None
        values = [
            PartitionFieldValue(field, value)
            for field, value in zip(self.spec.fields, partition, strict=True)
        ]
        return PartitionKey(values, self.spec, self.schema)

    def new_file(self, key: PartitionKey | None) -> OutputFile:
        """The next file's place; nothing is made yet."""
        name = f"00000-{self._count}-{self._write_id}.parquet"
        self._count += 1
        return self.table.io.new_output(self._locations.new_data_location(name, key))

    def conform(self, rows: pa.Table) -> pa.Table:
        """`rows` with the file's columns and types; optional ones it lacks are null."""
        given = to_lake(rows)
        columns = [
            given.column(field.name).cast(field.type)
            if field.name in given.column_names
            else pa.chunked_array([pa.nulls(rows.num_rows, field.type)])
            for field in self.arrow
        ]
        return pa.Table.from_arrays(columns, schema=self.arrow)

    def parquet_writer(self, stream: OutputStream) -> pq.ParquetWriter:
        """Of one file."""
        return pq.ParquetWriter(
            stream,
            self.arrow,
            compression="zstd",
            compression_level=compression_levels(self.arrow, self.shape.level),
            use_dictionary=dictionary_columns(self.arrow),
            write_statistics=statistics_columns(self.arrow),
            data_page_size=_PAGE_BYTES,
            max_rows_per_page=self.shape.row_group_rows,
            write_page_index=True,
            write_page_checksum=True,
            store_schema=False,
            store_decimal_as_integer=True,
        )


class _OpenFile:
    """A data file that is being written."""

    def __init__(self, target: _Target, partition: tuple[object, ...]) -> None:
        self._target = target
        self._key = target.partition_key(partition)
        self._output = target.new_file(self._key)
        self._stream = self._output.create()
        self._writer = target.parquet_writer(self._stream)
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._stream.tell()

    @property
    def held(self) -> int:
        """Rows that no row group has yet."""
        return self._waiting_rows

    def flush(self) -> None:
        """Make a row group of what is held."""
        self._flush(self._waiting_rows)

    def write(self, rows: pa.Table) -> bool:
        """Take at most a row group of rows; whether the file is large enough now."""
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        if self._waiting_rows < self._target.shape.row_group_rows:
            return False
        self._flush(self._target.shape.row_group_rows)
        return self._stream.tell() >= self._target.shape.file_bytes

    def take_waiting(self) -> pa.Table:
        """Rows that no row group has yet, for another file to write."""
        rows = pa.concat_tables(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        return rows

    def close(self) -> DataFile:
        """Write what is waiting; the file is durable then."""
        if self._waiting_rows:
            self.flush()
        with self._stream:
            self._writer.close()
        return self._target.entries.entry(
            self._output.location,
            Record() if self._key is None else self._key.partition,
            len(self._output),
            self._writer.writer.metadata,
        )

    def abandon(self) -> None:
        """Let go of a file that nothing will name."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()  # Arrow's does it when collected, and then the stream is gone
        self._stream.close()

    def _flush(self, count: int) -> None:
        rows = self.take_waiting()
        group = self._target.conform(rows.slice(0, count))
        self._writer.write_table(group, row_group_size=self._target.shape.row_group_rows)
        self._waiting = [rows.slice(count)]
        self._waiting_rows = rows.num_rows - count


class ManifestEntries:
    """What manifests hold of a table's files, as their footers say."""

    def __init__(self, schema: Schema, name: str) -> None:
        """Take the table's schema, and its key in `TABLES`."""
        self._metrics = compute_statistics_plan(schema, metrics_modes(name, file_schema(schema)))
        self._field_ids = parquet_path_to_id_mapping(schema)

    def entry(
        self, location: str, partition: Record, size_bytes: int, footer: pq.FileMetaData
    ) -> DataFile:
        """Of one file."""
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=footer,
            stats_columns=self._metrics,
            parquet_column_mapping=self._field_ids,
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=location,
            file_format=FileFormat.PARQUET,
            partition=partition,
            file_size_in_bytes=size_bytes,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )


def file_schema(schema: Schema) -> pa.Schema:
    """PyIceberg's Arrow schema of a table, with field ids, in the stages' types.

    Its "large" types of text are the same in a file and would have to be converted to.
    """
    arrow = schema_to_pyarrow(schema)
    return pa.schema(
        [field.with_type(small(field.type)) for field in arrow], metadata=arrow.metadata
    )
