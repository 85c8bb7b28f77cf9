"""Which snapshots are forgotten, and which files no snapshot that is kept needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from footfall.clock import US_PER_MS
from footfall.lake.location import place_of
from footfall.lake.store.store import Listed, Store


def expired(
    snapshots: Sequence[Snapshot], head: int | None, now_us: int, count_max: int, age_max: int
) -> list[int]:
    """Ids of snapshots beyond the newest `count_max`, or older than `age_max` (microseconds).

    Never the head: it is the table. A clock that was set back makes snapshots look new, one that
    was set forward makes them look old; neither touches files that a reader of ours uses.
    """
    newest = sorted(snapshots, key=lambda snapshot: snapshot.sequence_number or 0, reverse=True)
    oldest_ms = (now_us - age_max) // US_PER_MS
    return [
        snapshot.snapshot_id
        for place, snapshot in enumerate(newest)
        if snapshot.snapshot_id != head
        and (place >= count_max or snapshot.timestamp_ms < oldest_ms)
    ]


def reachable(table: Table) -> set[str]:
    """Every file that the table's metadata, as loaded, leads to: its own, manifests, data."""
    metadata = table.metadata
    locations = {table.metadata_location}
    locations.update(entry.metadata_file for entry in metadata.metadata_log)
    seen: set[str] = set()
    for snapshot in metadata.snapshots:
        locations.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in seen:
                seen.add(manifest.manifest_path)
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
                locations.update(entry.data_file.file_path for entry in entries)
    return set(map(place_of, locations | seen))


def files_below(table: Table, store: Store) -> Iterator[Listed]:
    """Every file where the table lies."""
    return store.list(place_of(table.location()))
