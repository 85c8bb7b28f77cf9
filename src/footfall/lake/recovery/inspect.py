"""Every file that the newest snapshots need: is it there, is it whole, what was in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec
import pyarrow as pa
from pyiceberg.manifest import DataFile

from footfall.clock import day_text
from footfall.lake.commit.lake import Lake
from footfall.lake.location import place_of
from footfall.lake.read.bounds import NO_BOUND, lower_bound, upper_bound
from footfall.lake.store.damage import CHECKED
from footfall.lake.store.store import Store
from footfall.lake.tables.days import day_of
from footfall.lake.tables.schemas import file_schema, from_lake
from footfall.lake.tables.specs import TABLES


class DamagedFile(msgspec.Struct, frozen=True):
    """A data file that cannot be read as it was written."""

    table: str
    path: str
    rows: int
    day: int | None
    """Of all its rows, days since 1970; none in a table without days, or if they wait."""
    first_epoch: int
    last_epoch: int
    """Of its rows, as its manifest entry says; without that, any there can be."""
    problem: str

    def __str__(self) -> str:
        """For a person."""
        day = "" if self.day is None else f" day={day_text(self.day)}"
        known = self.last_epoch < NO_BOUND
        epochs = f"{self.first_epoch} to {self.last_epoch}" if known else "unknown"
        return (
            f"{self.path} table={self.table}{day} rows={self.rows} epochs={epochs}: {self.problem}"
        )


def inspect_data_files(lake: Lake, *, is_deep: bool) -> Iterator[DamagedFile | None]:
    """Each data file of the newest snapshot of every table; `None` for a whole one.

    Args:
        lake: Whose files.
        is_deep: Read every page against its checksum, not only look at sizes.

    Raises:
        Corrupt: a manifest or table metadata is damaged; the message names it.
    """
    for table in TABLES:
        for file in lake.data_files(table):
            path = place_of(file.file_path)
            problem = _problem(lake.store, path, file, is_deep=is_deep)
            if problem is None:
                yield None
            else:
                yield DamagedFile(
                    table,
                    path,
                    file.record_count,
                    day_of(file),
                    max(lower_bound(table, file, "epoch"), 0),
                    upper_bound(table, file, "epoch"),
                    problem,
                )


def readable_rows(file: DamagedFile, schema: pa.Schema, store: Store) -> Iterator[pa.Table]:
    """What can be read of a damaged file, one row group at a time, as the stages see it.

    Every page is checked against its checksum. Of a file whose footer is damaged nothing is left.

    Args:
        file: As `inspect_data_files` names it.
        schema: `Lake.schema` of its table.
        store: Where it is.
    """
    nullable = file_schema(schema)
    try:
        fragments = list(store.dataset([file.path], nullable, CHECKED).get_fragments())
        groups = [group for fragment in fragments for group in fragment.split_by_row_group()]
    except (OSError, pa.ArrowException, ValueError):
        return
    for group in groups:
        with contextlib.suppress(OSError, pa.ArrowException, ValueError):
            rows = group.to_table(schema=nullable)
            if rows.num_rows == sum(part.num_rows for part in group.row_groups):
                yield from_lake(rows, schema)


def _problem(store: Store, path: str, file: DataFile, *, is_deep: bool) -> str | None:
    try:
        size = store.size(path)
        if size is None:
            return "missing"
        if size != file.file_size_in_bytes:
            return f"{size} bytes, not {file.file_size_in_bytes}"
        if is_deep:
            rows = 0
            with store.parquet(path, is_checked=True) as parquet:
                for batch in parquet.iter_batches():
                    rows += batch.num_rows
            if rows != file.record_count:
                return f"{rows} rows, not {file.record_count}"
    except FileNotFoundError:
        return "missing"
    except (OSError, pa.ArrowException, ValueError) as error:
        return " ".join(str(error).split())[:160]
    return None
