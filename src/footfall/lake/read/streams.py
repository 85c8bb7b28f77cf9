"""Rows of sorted runs, range by range, each file read once from its start to its end.

A range is a small part of each run, far less than the row groups it touches: to read every range
by itself (`_ranges`) decodes the same row groups again and again, seven times over for the epochs
of a busy minute. Here each run, a file or several with disjoint ranges one after the other, is a
stream; a range takes of it what is below the range's end, and the rest waits for the next.

Only right for files in the table's order. Ours are, but any engine may write to an open table, so
the order is checked as it goes: `Unsorted` says that all that came of the streams is to be thrown
away.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl
import pyarrow as pa

from footfall.lake.read.ranges import Key, key_columns, plain_column
from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.lake.tables.schemas import from_lake

RUNS_MAX: Final = 16
"""Runs that are read side by side: each holds a page of every column, 20 MB of wide events, and the
rows of a batch."""

_BATCH_ROWS: Final = 4_096

_Comparable = tuple[tuple[bool, str | int], ...]


class Unsorted(Exception):  # noqa: N818 (a fact about a file, not an error)
    """A file is not in the table's order."""


def stream_ranges(
    table: str,
    runs: Sequence[Sequence[str]],
    splits: Sequence[Key],
    first: int,
    schema: pa.Schema,
    store: Store,
) -> Iterator[pa.Table]:
    """The rows of each range in turn, in no order within it, as the stages see them.

    Args:
        table: Whose files.
        runs: Files of each run, at most `RUNS_MAX` runs; columns that older files lack are null.
        splits: Keys at which ranges begin, ascending; there is one range more.
        first: The first range that is wanted.
        schema: `Lake.schema` of the table, asked for after the files were.
        store: Where the files are.

    Raises:
        Invalid: a file has a column that `schema` does not have.
        Unsorted: a file is not sorted; what was yielded before is worth nothing.
        Corrupt: a file is damaged or missing.
    """
    streams = [_Stream(table, paths, schema, store) for paths in runs]
    if first > 0:
        for stream in streams:  # from the start: only so is it known that the rest is sorted
            for _ in stream.below(splits[first - 1]):
                pass
    for split in [*splits[first:], None]:
        parts = [part for stream in streams for part in stream.below(split)]
        yield pa.concat_tables(parts) if parts else schema.empty_table()


class _Stream:
    """One run."""

    def __init__(self, table: str, paths: Sequence[str], schema: pa.Schema, store: Store) -> None:
        self._store = store
        self._schema = schema
        self._key = list(key_columns(table))
        self._paths = iter(paths if len(paths) == 1 else sorted(paths, key=self._first_key))
        self._path = next(self._paths)
        self._batches = self._open()
        self._waiting = self._schema.empty_table()
        self._last: pl.DataFrame | None = None

    def below(self, split: Key | None) -> Iterator[pa.Table]:
        """The next rows whose key is less than `split`; `None`: all that are left."""
        bound = None if split is None else _comparable(split)
        while self._waiting.num_rows or self._read():
            rows = self._waiting
            count = rows.num_rows if bound is None else self._count_below(bound)
            self._waiting = rows.slice(count)
            if count:
                yield rows.slice(0, count)
            if count < rows.num_rows:
                return

    def _read(self) -> bool:
        """Read on; whether there was more."""
        with naming(self._path):
            batch = next(self._batches, None)
            if batch is None:
                return self._read_next_file()
            self._waiting = from_lake(pa.Table.from_batches([batch]), self._schema)
        keys = pl.DataFrame(dict(zip(self._key, self._plain(self._waiting), strict=True)))
        if not _is_ascending(keys if self._last is None else pl.concat([self._last, keys])):
            raise Unsorted(self._path)
        self._last = keys.tail(1)
        return True

    def _read_next_file(self) -> bool:
        path = next(self._paths, None)
        if path is None:
            return False
        self._path = path
        self._batches = self._open()
        return self._read()

    def _open(self) -> Iterator[pa.RecordBatch]:
        with naming(self._path):
            file = self._store.parquet(self._path, is_checked=True)
            batches: Iterator[pa.RecordBatch] = file.iter_batches(_BATCH_ROWS)
        return batches

    def _first_key(self, path: str) -> _Comparable:
        with naming(path), self._store.parquet(path, is_checked=True) as file:
            batch = next(file.iter_batches(1, columns=self._key), None)
        return () if batch is None else _key_at(self._plain(batch), 0)

    def _count_below(self, bound: _Comparable) -> int:
        columns = self._plain(self._waiting)
        places = range(self._waiting.num_rows)
        return bisect_left(places, bound, key=lambda place: _key_at(columns, place))

    def _plain(self, rows: pa.Table | pa.RecordBatch) -> list[pa.ChunkedArray]:
        return [plain_column(rows.column(name)) for name in self._key]


def _key_at(columns: Sequence[pa.ChunkedArray], place: int) -> _Comparable:
    return _comparable(tuple(column[place].as_py() for column in columns))


def _comparable(key: Key) -> _Comparable:
    """What sorts as the files do: nulls last."""
    return tuple((value is None, 0 if value is None else value) for value in key)


def _is_ascending(keys: pl.DataFrame) -> bool:
    """Whether no row's key is less than that of the row before; nulls are greater than all."""
    found = pl.lit(value=False)
    for name in reversed(keys.columns):
        before, here = pl.col(name).shift(1), pl.col(name)
        is_less = (here < before).fill_null(before.is_null() & here.is_not_null())
        found = is_less | (here.eq_missing(before) & found)
    # The first row's "before" is null by `shift`, not by its key.
    return not keys.select(found.slice(1).any()).item()
