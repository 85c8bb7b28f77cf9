"""The plan of a table's newest snapshot: found once, extended by each commit of ours."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from footfall.lake.cut import Plan, PlannedColumn
from footfall.lake.location import place_of
from footfall.lake.read.planning import SnapshotFiles
from footfall.lake.tables.days import commits_of


class TablePlan:
    """What is known of the data files of one table."""

    def __init__(self, table: str, files: SnapshotFiles) -> None:
        """Know nothing yet; `files` reads manifests, each once."""
        self._table = table
        self._files = files
        self.known: Plan | None = None
        """Of the snapshot that was looked at last."""

    def of(self, current: Table) -> Plan:
        """The plan of `current`, read from its manifests unless it is known."""
        snapshot = current.current_snapshot()
        snapshot_id = None if snapshot is None else snapshot.snapshot_id
        known, columns = self.known, _columns(current)
        if known is not None and (known.snapshot_id, known.columns) == (snapshot_id, columns):
            return known
        named = self._files.named(current)
        files = tuple(sorted(map(place_of, named)))
        self.known = Plan(self._table, snapshot_id, files, sum(named.values()), columns)
        return self.known

    def extend(self, committed: Table, before: Plan | None, files: Sequence[DataFile]) -> None:
        """Add the files of a commit of ours, without reading a manifest.

        Args:
            committed: The table with the commit.
            before: What was known when it was begun.
            files: What it appended. If anybody else committed in between, all is forgotten.
        """
        snapshot = committed.current_snapshot()
        parent = snapshot
        for _ in range(commits_of(self._table, files)):
            number = None if parent is None else parent.parent_snapshot_id
            parent = None if number is None else committed.snapshot_by_id(number)
        if before is None or snapshot is None or number != before.snapshot_id:
            self.known = None
            return
        paths = tuple(place_of(file.file_path) for file in files)
        rows = before.rows + sum(file.record_count for file in files)
        self.known = Plan(
            self._table, snapshot.snapshot_id, before.files + paths, rows, _columns(committed)
        )


def _columns(table: Table) -> tuple[PlannedColumn, ...]:
    return tuple(
        PlannedColumn(field.field_id, field.name, str(field.field_type))
        for field in table.schema().fields
    )
