"""Ranges of a table's order: how rows that do not fit in memory are read in sorted parts.

A sample of the order's first columns gives split points; each part is then read by a filter that
Parquet's row-group statistics answer for sorted files. The key goes down to the time, so that a
visitor with a third of all events is split like everybody else. Nulls come last, as in the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.lake.store.damage import CHECKED, naming
from footfall.lake.store.store import Store
from footfall.lake.tables.schemas import check_known, file_schema, from_lake
from footfall.lake.tables.specs import TABLES

KeyValue = str | int | None
Key = tuple[KeyValue, ...]

_KEY_COLUMNS_MAX: Final = 3
_SAMPLE_ROWS: Final = 100_000
_BATCH_ROWS: Final = 1 << 15
_HEAD_ROWS: Final = 1 << 13


class FileRows:
    """Rows of some data files of one table, as the stages see them."""

    def __init__(self, table: str, paths: Sequence[str], schema: pa.Schema, store: Store) -> None:
        """Read nothing but names of columns yet; columns that older files lack are null.

        Args:
            table: One of `TABLES`.
            paths: Of its files.
            schema: `Lake.schema` of it, asked for after the files were.
            store: Where the files are.

        Raises:
            Corrupt: a file is damaged or missing.
            Invalid: a file has a column that `schema` does not have.
        """
        self._schema = schema
        self._key = key_columns(table)
        self._paths = paths
        self._store = store
        self._name = paths[0] if len(paths) == 1 else f"one of {len(paths)}, such as {paths[0]}"
        with naming(self._name):
            self._dataset = store.dataset(paths, file_schema(schema), CHECKED)
            for fragment in self._dataset.get_fragments():
                check_known(fragment.physical_schema.names, schema, fragment.path)

    def splits(self, bytes_max: int) -> list[Key]:
        """Keys at which to cut the rows in parts of about `bytes_max` of Arrow memory each.

        Reads the key columns once; holds a sample of them.

        Raises:
            Corrupt: a file is damaged or missing.
        """
        with naming(self._name):
            return self._splits(bytes_max)

    def _splits(self, bytes_max: int) -> list[Key]:
        rows = self._dataset.count_rows()
        parts = -(-rows * self._row_bytes() // bytes_max)
        if parts <= 1:
            return []
        every = max(1, rows // _SAMPLE_ROWS)
        sample = pl.concat(
            [
                pl.DataFrame(pl.from_arrow(batch)).gather_every(every)
                for batch in self._batches(list(self._key))
            ]
        ).sort(self._key, nulls_last=True)
        places = sorted({number * sample.height // parts for number in range(1, parts)} - {0})
        keys = [tuple(_plain(value) for value in sample.row(place)) for place in places]
        return list(dict.fromkeys(keys))

    def read(self, start: Key | None, stop: Key | None) -> pa.Table:
        """Rows whose key is at least `start` and less than `stop`; `None` for no bound.

        Raises:
            Corrupt: a file is damaged or missing.
        """
        types = [self._schema.field(name).type for name in self._key]
        bounds = []
        if start is not None:
            bounds.append(_at_least(self._key, types, start))
        if stop is not None:
            bounds.append(_less(self._key, types, stop))
        wanted = bounds[0] & bounds[1] if len(bounds) == 2 else (bounds or [None])[0]
        with naming(self._name):
            found = self._dataset.to_table(
                filter=wanted, batch_size=_BATCH_ROWS, batch_readahead=2, fragment_readahead=1
            )
        return from_lake(found, self._schema)

    def of_epochs(self, first: int, last: int, columns: Sequence[str]) -> pa.Table:
        """Rows of the epochs from `first` to `last`; others are passed over as they are read.

        Raises:
            Corrupt: a file is damaged or missing.
        """
        with naming(self._name):
            found = self._dataset.to_table(
                columns=list(columns),
                filter=(pc.field("epoch") >= first) & (pc.field("epoch") <= last),
                batch_size=_BATCH_ROWS,
                batch_readahead=2,
                fragment_readahead=1,
            )
        return from_lake(found, pa.schema([self._schema.field(name) for name in columns]))

    def _row_bytes(self) -> int:
        with self._store.parquet(self._paths[0]) as file:
            head = next(file.iter_batches(_HEAD_ROWS), None)
        return 1 if head is None else max(1, head.nbytes // head.num_rows)

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        scanner = self._dataset.scanner(
            columns=columns, batch_size=_BATCH_ROWS, batch_readahead=2, fragment_readahead=1
        )
        for batch in scanner.to_batches():
            yield pa.RecordBatch.from_arrays(list(map(plain_column, batch.columns)), names=columns)


def key_columns(table: str) -> tuple[str, ...]:
    """First columns of the table's order that a range can be of."""
    spec = TABLES[table]
    order = spec.sort[:_KEY_COLUMNS_MAX]
    return tuple(name for name in order if spec.schema.field(name).type != pa.binary(16))


def plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A key column as a `Key` has it: times are numbers."""
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _plain(value: object) -> KeyValue:
    assert value is None or isinstance(value, str | int)
    return value


def _at_least(names: Sequence[str], types: Sequence[pa.DataType], key: Key) -> pc.Expression:
    field, value = pc.field(names[0]), key[0]
    if value is None:
        same, beyond = field.is_null(), pc.scalar(False)
    else:
        bound = pa.scalar(value, types[0])
        same, beyond = field == bound, (field > bound) | field.is_null()
    if len(names) == 1:
        return same | beyond
    return beyond | (same & _at_least(names[1:], types[1:], key[1:]))


def _less(names: Sequence[str], types: Sequence[pa.DataType], key: Key) -> pc.Expression:
    field, value = pc.field(names[0]), key[0]
    if value is None:
        same, below = field.is_null(), field.is_valid()
    else:
        bound = pa.scalar(value, types[0])
        same, below = field == bound, field < bound
    if len(names) == 1:
        return below
    return below | (same & _less(names[1:], types[1:], key[1:]))
