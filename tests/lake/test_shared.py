"""Commits through a catalog whose metadata shares its parts are PyIceberg's own commits."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.serializers import FromInputFile
from pyiceberg.table.update.snapshot import ExpireSnapshots

from footfall.lake import Lake
from footfall.lake.store import catalog as _catalog
from footfall.testing.events import event_table

FILES = ("location", "manifest-list", "metadata-file")
PARTS = ("schemas", "partition_specs", "sort_orders", "snapshots", "snapshot_log", "metadata_log")


def test_deep_copies_share_what_cannot_change(tmp_path: Path) -> None:
    """Of the metadata as loaded, and as it is after our own commit: no part is copied."""
    lake = Lake(tmp_path / "lake", "default")
    assert lake.commit("events", event_table([{}]), 1)
    table = lake.table("events")
    loaded = table.metadata
    with table.transaction() as transaction, transaction.update_snapshot().fast_append():
        pass
    for metadata in (loaded, table.metadata):
        copied = metadata.model_copy(deep=True)
        assert copied == metadata
        assert copied.properties is not metadata.properties
        for name in PARTS:
            assert getattr(metadata, name)
            for mine, theirs in zip(getattr(copied, name), getattr(metadata, name), strict=True):
                assert mine is theirs


def test_staging_leaves_the_metadata_before_it_alone(tmp_path: Path) -> None:
    """What shares its parts with others must not change them: neither lists nor what is in them."""
    lake = Lake(tmp_path / "lake", "default")
    for epoch in (1, 2, 3):
        assert lake.commit("events", event_table([{}]), epoch)
    table = lake.table("events")
    held, before = table.metadata, table.metadata.model_dump()
    with table.transaction() as transaction:
        with transaction.update_snapshot().fast_append():
            pass
        transaction.set_properties({"a": "1"})
    with table.transaction() as transaction:
        ExpireSnapshots(transaction).by_ids([held.snapshots[0].snapshot_id]).commit()
    assert len(table.metadata.snapshots) == len(held.snapshots) == 3
    assert held.model_dump() == before


def test_metadata_is_read_when_another_wrote_it(tmp_path: Path) -> None:
    """Not at every look: that was most of the work of an epoch. And what is kept is the file's."""
    mine, other = (Lake(tmp_path / "lake", "default") for _ in range(2))
    really = FromInputFile.table_metadata
    with patch.object(FromInputFile, "table_metadata", side_effect=really) as reads:
        assert mine.commit("events", event_table([{}]), 1)
        assert mine.plan("events").rows == mine.read("events").num_rows == 1
        assert reads.call_count == 0
        assert other.epoch("events") == 1
        assert other.commit("events", event_table([{}]), 2)
        assert reads.call_count == 1
        assert mine.plan("events").rows == mine.read("events").num_rows == 2
        assert reads.call_count == 2
    for lake in (mine, other):
        table = lake.table("events")
        file = table.io.new_input(table.metadata_location)
        assert really(file).model_dump() == table.metadata.model_dump()


def test_commits_are_those_of_the_library(tmp_path: Path) -> None:
    """Appended, replaced and forgotten through ours and through PyIceberg's catalog: the same."""
    ours = _metadata_of(tmp_path / "ours")
    with patch.object(_catalog, "LakeCatalog", SqlCatalog):
        theirs = _metadata_of(tmp_path / "theirs")
    assert ours == theirs


def _metadata_of(directory: Path) -> dict[str, Any]:
    """What a table's metadata is after some commits, names and times aside."""
    lake = Lake(directory, "default")
    for epoch in range(1, 7):
        assert lake.commit("events", event_table([{}] * epoch), epoch)
    (first, *_) = lake.data_files("events")
    assert lake.replace("events", [first], [], {"note": "x"})
    assert lake.expire("events", 4, 10**15) == 3
    assert lake.commit("events", event_table([{}]), 7)
    metadata = Lake(directory, "default").table("events").metadata.model_dump(mode="json")
    numbers = itertools.count()
    known: dict[Any, int] = {}

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: plain(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner, name) for inner in value]
        if name.endswith(("-ms", "size", "table-uuid")):
            return None
        if value is not None and ("snapshot-id" in name or name in FILES):
            return known.setdefault(value, next(numbers))
        return value

    found: dict[str, Any] = plain(metadata)
    return found
