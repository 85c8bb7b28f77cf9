"""An epoch that only some tables have is taken back: its rows go and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from footfall.errors import LeaseLost
from footfall.lake import TABLES, Lake, take_back
from footfall.testing.events import event_table, uuid_of


def _events(epoch: int) -> pa.Table:
    return event_table(
        {"epoch": epoch, "event_id": uuid_of(f"{epoch} {number}"), "log_offset": number}
        for number in range(2)
    )


def _epochs(lake: Lake) -> list[int]:
    return sorted(lake.read("events", ("epoch",)).column("epoch").to_pylist())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three epochs of events; the other tables have none."""
    lake = Lake(tmp_path / "lake", "default")
    for epoch in (1, 2, 3):
        lake.commit("events", _events(epoch), epoch)
    return lake


def test_the_last_epoch_goes_and_can_come_again(lake: Lake, tmp_path: Path) -> None:
    """Readers see what they saw before it, and the table takes it a second time."""
    before = set(lake.plan("events").files)
    assert take_back(lake, 3)
    assert (_epochs(lake), lake.epoch("events")) == ([1, 1, 2, 2], 2)
    assert set(lake.plan("events").files) < before
    assert Lake(tmp_path / "lake", "default").plan("events") == lake.plan("events")
    assert lake.commit("events", _events(3), 3)
    assert _epochs(lake) == [1, 1, 2, 2, 3, 3]


def test_an_epoch_that_no_table_has_costs_nothing(lake: Lake) -> None:
    """Not even a snapshot."""
    snapshots = [lake.table(table).metadata.current_snapshot_id for table in TABLES]
    assert not take_back(lake, 4)
    assert [lake.table(table).metadata.current_snapshot_id for table in TABLES] == snapshots


def test_rows_of_other_epochs_in_the_same_file_stay(lake: Lake) -> None:
    """Maintenance may have merged the epoch with those before it."""
    rows = lake.read("events")
    merged = lake.write_files("events", rows, lake.new_id())
    assert lake.replace("events", lake.data_files("events"), merged)
    assert take_back(lake, 3)
    assert _epochs(lake) == [1, 1, 2, 2]
    kept = rows.filter(pa.compute.less(rows.column("epoch"), 3)).sort_by("event_id")
    assert lake.read("events").sort_by("event_id").equals(kept)


def test_who_lost_the_lease_takes_nothing_back(lake: Lake, tmp_path: Path) -> None:
    """The epoch is another pipeline's then."""
    other = Lake(tmp_path / "lake", "default")
    other.write_as(2)
    other.fence()
    lake.write_as(1)
    with pytest.raises(LeaseLost):
        take_back(lake, 3)
    assert _epochs(other) == [1, 1, 2, 2, 3, 3]
