"""A lake that was copied or renamed: refused until its tables are registered where they lie now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.types import StringType

from footfall.errors import Corrupt, Invalid
from footfall.lake import TABLES, Lake
from footfall.lake.location import is_moved, table_locations
from footfall.lake.recovery import relocate as relocation
from footfall.lake.recovery.relocate import relocate
from footfall.session import REMOVED_SCHEMA
from footfall.testing.events import event_table

TABLE = "session_changes"


def _rows(epoch: int) -> pa.Table:
    row = {"session_id": bytes([epoch]) * 16, "app_id": "a", "visitor_id": "v", "epoch": epoch}
    return pa.Table.from_pylist([row], schema=REMOVED_SCHEMA)


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Path, Path]:
    """A lake with three epochs, and a copy of it."""
    old, new = tmp_path / "old" / "lake", tmp_path / "new" / "lake"
    lake = Lake(old, "default")
    for epoch in (1, 2, 3):
        assert lake.commit(TABLE, _rows(epoch), epoch)
    shutil.copytree(old, new)
    return old, new


def _epochs(lake: Lake) -> list[int]:
    return sorted(lake.read(TABLE).column("epoch").to_pylist())


def test_copy_is_refused_and_its_original_left_alone(moved: tuple[Path, Path]) -> None:
    """Opened as it is, a copy would commit into the lake that it was copied from."""
    old, new = moved
    assert not is_moved(old)
    with pytest.raises(Invalid, match="footfall upgrade --home"):
        Lake(new, "default")
    relocate(new)
    assert Lake(new, "default").commit(TABLE, _rows(4), 4)
    assert _epochs(Lake(old, "default")) == [1, 2, 3]
    assert _epochs(Lake(new, "default")) == [1, 2, 3, 4]


def test_rows_epoch_and_schema_are_kept(moved: tuple[Path, Path]) -> None:
    """An epoch that the table had is refused afterwards as before: nothing is there twice."""
    old, new = moved
    before = Lake(old, "default")
    columns = before._reload(TABLE).schema()
    properties = before._reload(TABLE).properties
    shutil.rmtree(old)  # nothing of the old place is needed
    assert relocate(new) == len(TABLES)
    assert not is_moved(new)
    lake = Lake(new, "default")
    assert _epochs(lake) == [1, 2, 3]
    assert lake._reload(TABLE).schema() == columns
    assert lake._reload(TABLE).properties == properties
    assert not lake.commit(TABLE, _rows(3), 3)
    plan = lake.plan(TABLE)
    assert plan.rows == 3
    assert all(Path(file).is_relative_to(new) for file in plan.files)


def test_renamed_lake_with_a_column_added_keeps_field_ids(tmp_path: Path) -> None:
    """Columns of a data file are found by id: ids given anew would read one as the other."""
    old, new = tmp_path / "old" / "lake", tmp_path / "new" / "lake"
    lake = Lake(old, "default")
    assert lake.commit("events", event_table([{}]), 1)
    table = lake._reload("events")
    with table.update_schema() as update:
        update.add_column("added_later", StringType())
    old_ids = {field.name: field.field_id for field in lake._reload("events").schema().fields}
    new.parent.mkdir()
    old.rename(new)
    relocate(new)
    table = Lake(new, "default")._reload("events")
    assert {field.name: field.field_id for field in table.schema().fields} == old_ids
    (row,) = table.scan().to_arrow().to_pylist()
    assert (row["event_name"], row["added_later"]) == ("page_view", None)


def test_interrupted_anywhere_it_is_done_again(
    moved: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the new catalog is whole, the old one says that the lake is moved."""
    _, new = moved
    real = relocation._register
    for survivors in range(5):
        calls = 0

        def register(*arguments: object, survivors: int = survivors) -> None:
            nonlocal calls
            calls += 1
            if calls > survivors:
                raise KeyboardInterrupt
            real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(relocation, "_register", register)
        with pytest.raises(KeyboardInterrupt):
            relocate(new)
        assert is_moved(new)
    monkeypatch.setattr(relocation, "_register", real)
    relocate(new)
    assert _epochs(Lake(new, "default")) == [1, 2, 3]
    assert len(table_locations(new)) == len(TABLES)


def test_missing_data_file_is_told_and_nothing_changed(moved: tuple[Path, Path]) -> None:
    """A table without some of its rows must not look whole."""
    _, new = moved
    next((new / "default" / TABLE / "data").rglob("*.parquet")).unlink()
    with pytest.raises(Corrupt, match="restore it"):
        relocate(new)
    assert is_moved(new)
