"""Rows of one epoch, as it was committed, wherever maintenance has moved them.

Manifests say the first and last epoch of each data file, so a fresh epoch is a handful of files; in
compacted ones its rows are looked for. What changes rows or takes them away (folding, retention)
first sets `footfall.changed-epoch`, in the catalog: whoever looks at it *after* reading knows
whether what was read is as it was committed, however long reading took.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl
import pyarrow as pa
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from footfall.errors import Invalid
from footfall.lake.commit.lake import Lake
from footfall.lake.location import place_of
from footfall.lake.read.bounds import lower_bound, upper_bound
from footfall.lake.read.ranges import FileRows
from footfall.lake.store.damage import naming
from footfall.lake.tables.specs import TABLES

_LOG_ORDER: Final = ("log_partition", "log_offset", "request_index")

_Spans = tuple[tuple[str, int, int], ...]
"""Of each data file of a manifest: path, first and last epoch."""


class EpochRows:
    """Reads epochs of one lake; for one thread."""

    def __init__(self, lake: Lake) -> None:
        """Read nothing yet."""
        self._lake = lake
        self._spans: dict[str, dict[str, _Spans]] = {table: {} for table in TABLES}

    def changed_epoch(self) -> int:
        """As `Lake.changed_epoch`."""
        return self._lake.changed_epoch()

    def files(self, table: str, epoch: int) -> list[str]:
        """Data files of the newest snapshot that may have rows of `epoch`; paths, or addresses.

        Raises:
            Invalid: there is no such table.
        """
        return self._files(table, epoch, epoch)

    def read(self, table: str, epoch: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of `epoch` with the named columns, or all, in an order that follows from the rows.

        Raises:
            Invalid: there is no such table or column.
            Corrupt: a data file is damaged or missing.
        """
        return self.read_between(table, epoch, epoch, columns)

    def read_between(
        self, table: str, first: int, last: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """As `read`, of the epochs from `first` to `last`, one epoch after the other."""
        with self._lake.locks.reading():
            paths = self._files(table, first, last)
            schema = self._lake.schema(table)
            names = list(schema.names if columns is None else columns)
            unknown = [name for name in names if name not in schema.names]
            if unknown:
                raise Invalid(f"{table} has no such columns; see docs/tables.md: {unknown}")
            order = _LOG_ORDER if _LOG_ORDER[0] in schema.names else TABLES[table].sort
            wanted = list(dict.fromkeys([*names, "epoch", *order]))
            if not paths:
                return pa.schema([schema.field(name) for name in names]).empty_table()
            rows = FileRows(table, paths, schema, self._lake.store)
            found = rows.of_epochs(first, last, wanted)
        return found.sort_by([(name, "ascending") for name in ("epoch", *order)]).select(names)

    def spread(self, table: str, first: int, last: int) -> pl.DataFrame:
        """Which epochs from `first` to `last` have rows in a table, in order.

        Returns:
            `epoch`, `rows`, and `came_at`: when the first of its requests came, microseconds; null
            in tables that do not say.

        Raises:
            Corrupt: a data file is damaged or missing.
        """
        with self._lake.locks.reading():
            paths = self._files(table, first, last)
            schema = self._lake.schema(table)
            names = [name for name in ("epoch", "received_at") if name in schema.names]
            if not paths:
                return pl.DataFrame(schema=dict.fromkeys(("epoch", "rows", "came_at"), pl.Int64))
            few = pa.schema([schema.field(name) for name in names])
            came = pl.col("received_at").min().dt.epoch("us") if len(names) > 1 else pl.lit(None)
            with naming(f"one of {len(paths)} data files"):
                return (
                    self._lake.store.scan(paths, few)
                    .filter(pl.col("epoch").is_between(first, last))
                    .group_by("epoch")
                    .agg(
                        pl.len().cast(pl.Int64).alias("rows"), came.cast(pl.Int64).alias("came_at")
                    )
                    .sort("epoch")
                    .collect()
                )

    def _files(self, table: str, first: int, last: int) -> list[str]:
        if table not in TABLES:
            raise Invalid(f"there is no such table; name one of {', '.join(TABLES)}: {table!r}")
        spans = self._known(table, self._lake.table(table))
        return sorted(path for path, low, high in spans if low <= last and first <= high)

    def _known(self, table: str, current: Table) -> list[tuple[str, int, int]]:
        """Of every data file; manifests never change, so each is read once."""
        snapshot = current.current_snapshot()
        if snapshot is None:
            return []
        with naming(snapshot.manifest_list):
            manifests = snapshot.manifests(current.io)
        before, known = self._spans[table], {}
        for manifest in manifests:
            path = manifest.manifest_path
            known[path] = before.get(path) or _spans(table, current, manifest)
        self._spans[table] = known
        return [span for spans in known.values() for span in spans]


def _spans(table: str, current: Table, manifest: ManifestFile) -> _Spans:
    with naming(manifest.manifest_path):
        entries = manifest.fetch_manifest_entry(current.io, discard_deleted=True)
        files = [entry.data_file for entry in entries]
    return tuple(
        (
            place_of(file.file_path),
            lower_bound(table, file, "epoch"),
            upper_bound(table, file, "epoch"),
        )
        for file in files
    )
