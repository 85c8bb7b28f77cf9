"""Metadata is worked out once for what is staged, and is what PyIceberg's own transaction says."""

from __future__ import annotations

from pathlib import Path

from pyiceberg.table import Transaction

from footfall.lake import Lake
from footfall.lake._transaction import LakeTransaction
from footfall.testing.events import event_table


def test_metadata_follows_what_is_staged(tmp_path: Path) -> None:
    """After properties, after a snapshot, and after the table was read again."""
    lake = Lake(tmp_path / "lake", "default")
    table = lake.table("events")
    ours, theirs = LakeTransaction(table), Transaction(table)
    before = ours.table_metadata
    assert ours.table_metadata is before
    for transaction in (ours, theirs):
        transaction.set_properties({"a": "1"})
    assert ours.table_metadata.properties["a"] == "1"
    assert "a" not in before.properties
    assert ours.table_metadata.properties == theirs.table_metadata.properties

    with ours.update_snapshot().fast_append():
        pass
    staged = ours.table_metadata.current_snapshot_id
    assert staged not in (None, before.current_snapshot_id)
    assert ours.table_metadata.properties["a"] == "1"

    assert lake.commit("events", event_table([{}]), 1)
    other = LakeTransaction(table)
    old = other.table_metadata
    table.refresh()
    assert other.table_metadata.properties["footfall.epoch"] == "1"
    assert other.table_metadata is not old
