"""Which data files a snapshot has, without reading what was read before.

Planning through PyIceberg costs about a millisecond a file, again for each snapshot. But manifests
never change, and most of a snapshot's are those of the one before: what each names is remembered.
"""

from __future__ import annotations

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from footfall.lake.store.damage import naming

_Named = tuple[tuple[str, int], ...]


class SnapshotFiles:
    """Locations and row counts by snapshot; of one table."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._manifests: dict[str, _Named] = {}

    def named(self, table: Table) -> dict[str, int]:
        """Location → rows of each data file of the newest snapshot; forgets older manifests."""
        snapshot = table.current_snapshot()
        if snapshot is None:
            return {}
        with naming(snapshot.manifest_list):
            manifests = snapshot.manifests(table.io)
        known = {}
        for manifest in manifests:
            path = manifest.manifest_path
            named = self._manifests.get(path)
            if named is None:
                with naming(path):
                    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                    files = [entry.data_file for entry in entries]
                named = tuple((file.file_path, file.record_count) for file in files)
            known[path] = named
        self._manifests = known
        return {path: rows for named in known.values() for path, rows in named}


def data_files(table: Table, snapshot: Snapshot | None) -> list[DataFile]:
    """All that Iceberg knows of each data file of `snapshot`; tens of kilobytes in memory each."""
    if snapshot is None:
        return []
    with naming(snapshot.manifest_list):
        manifests = snapshot.manifests(table.io)
    found = []
    for manifest in manifests:
        with naming(manifest.manifest_path):
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found += [entry.data_file for entry in entries]
    return found
