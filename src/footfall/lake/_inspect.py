"""Every file that the newest snapshots need: is it there, is it whole, what was in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile

from footfall.lake._lake import Lake
from footfall.lake._schemas import TABLES
from footfall.lake.location import local_path


class DamagedFile(msgspec.Struct, frozen=True):
    """A data file that cannot be read as it was written."""

    table: str
    path: str
    rows: int
    epochs: str
    """First and last epoch of its rows, as far as that is known."""
    problem: str


def inspect_data_files(lake: Lake, *, is_deep: bool) -> Iterator[DamagedFile | None]:
    """Each data file of the newest snapshot of every table; `None` for a whole one.

    Args:
        lake: Local files only; those of an object store count as whole.
        is_deep: Read every page against its checksum, not only look at sizes.

    Raises:
        Corrupt: a manifest or table metadata is damaged; the message names it.
    """
    for table in TABLES:
        for file in lake.data_files(table):
            path = local_path(file.file_path)
            problem = None if path is None else _problem(path, file, is_deep=is_deep)
            if problem is None:
                yield None
            else:
                yield DamagedFile(table, str(path), file.record_count, _epochs(path), problem)


def _problem(path: Path, file: DataFile, *, is_deep: bool) -> str | None:
    try:
        size = path.stat().st_size
        if size != file.file_size_in_bytes:
            return f"{size} bytes, not {file.file_size_in_bytes}"
        if is_deep:
            rows = 0
            with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
                for batch in parquet.iter_batches():
                    rows += batch.num_rows
            if rows != file.record_count:
                return f"{rows} rows, not {file.record_count}"
    except FileNotFoundError:
        return "missing"
    except (OSError, pa.ArrowException, ValueError) as error:
        return " ".join(str(error).split())[:160]
    return None


def _epochs(path: Path | None) -> str:
    """From the Parquet footer, if that can be read."""
    try:
        metadata = pq.read_metadata(path)
        column = metadata.schema.names.index("epoch")
        groups = [metadata.row_group(i).column(column) for i in range(metadata.num_row_groups)]
        low = min(group.statistics.min for group in groups)
        high = max(group.statistics.max for group in groups)
    except (OSError, pa.ArrowException, ValueError, AttributeError, TypeError):
        return "unknown"
    return str(low) if low == high else f"{low} to {high}"
