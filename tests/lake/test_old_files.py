"""Files from before a column was there, beside newer ones: found, folded, taken back, repaired."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from footfall.clock import SECOND
from footfall.event import EVENT_SCHEMA, TIMESTAMP
from footfall.lake import (
    TABLES,
    DamagedFile,
    EpochsUpTo,
    Lake,
    LakeHistory,
    readable_rows,
    recent_events,
    rows_by_epoch,
    take_back,
)
from footfall.lake.maintenance.maintenance import Maintenance
from footfall.lake.maintenance.waiting import rows_by_day
from footfall.lake.store.local import LocalStore
from footfall.session import OVERRIDE_SCHEMA
from footfall.sessionize import REPAIR_SCHEMA
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from footfall.testing.sim_clock import SimClock

LOCAL = LocalStore(Path("/"))

NEW = "geo_country"
"""Stands for a column that came later. Sessions are made from it: every way of reading has it."""
EXPECTED = [None, None, "NO", "NO"]


def _rows(epoch: int, country: str | None = None) -> pa.Table:
    return event_table(
        {
            "epoch": epoch,
            "event_id": uuid_of(f"{epoch} {number}"),
            "request_id": uuid_of(f"request {epoch} {number}"),
            "visitor_id": f"v{number}",
            "log_offset": 10 * epoch + number,
            "event_time": NOON_US + (10 * epoch + number) * SECOND,
            "session_id": uuid_of("session"),
            NEW: country,
        }
        for number in range(2)
    )


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Epoch 1 is of a version without the column, epoch 2 of this one."""
    spec = TABLES["events"]
    before = tuple(column for column in spec.columns if column.name != NEW)
    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "events", msgspec.structs.replace(spec, columns=before))
        old = Lake(tmp_path / "lake", "default")
        assert NEW not in old.schema("events").names
        assert old.commit("events", _rows(1).drop_columns([NEW]), 1)
    lake = Lake(tmp_path / "lake", "default", SimClock(NOON_US))
    assert lake.evolve() == ["events"]
    assert lake.commit("events", _rows(2, "NO"), 2)
    return lake


def _countries(rows: pa.Table) -> list[str | None]:
    found: list[str | None] = rows.sort_by("event_time").column(NEW).to_pylist()
    return found


def _work(lake: Lake, tmp_path: Path) -> Maintenance:
    settings = load_settings().lake
    return Maintenance(lake, tmp_path / "notes", tmp_path / "tail", settings, SimClock(NOON_US))


def test_look_ups_find_rows_of_both(lake: Lake) -> None:
    """A repair, a lost state and live counters read old files for years."""
    times = [pa.array([at] * 2, pa.int64()).cast(TIMESTAMP) for at in (0, 2 * NOON_US)]
    ranges = pa.Table.from_arrays(
        [pa.array(["shop"] * 2), pa.array(["v0", "v1"]), *times], schema=REPAIR_SCHEMA
    )
    assert _countries(LakeHistory(lake, 3).events(ranges)) == EXPECTED
    assert _countries(EpochsUpTo(lake, 2).open_chains(0, 1)) == EXPECTED
    assert _countries(recent_events(lake, 0, 100, ("event_time", NEW))) == EXPECTED
    files = lake.plan("events").files
    assert rows_by_epoch(files, LOCAL) == {1: 2, 2: 2}
    assert sum(rows_by_day("events", lake.data_files("events"), LOCAL).values()) == 4
    assert [one.num_rows for one in EpochsUpTo(lake, 2).ids(0)] == [2, 2]


def test_folding_keeps_the_column(lake: Lake, tmp_path: Path) -> None:
    """It rewrites rows of both with another session id, and nothing else of them."""
    row = {
        "app_id": "shop",
        "visitor_id": "v0",
        "from_time": 0,
        "to_time": 2 * NOON_US,
        "session_id": uuid_of("another"),
        "epoch": 3,
    }
    arrays = [
        pa.array([row[field.name]], pa.int64()).cast(field.type)
        if field.type == TIMESTAMP
        else pa.array([row[field.name]], field.type)
        for field in OVERRIDE_SCHEMA
    ]
    note = pa.Table.from_arrays(arrays, schema=OVERRIDE_SCHEMA)
    assert lake.commit("session_overrides", note, 3)
    before = lake.plan("events").files
    assert _work(lake, tmp_path).folding.fold(3)
    assert set(before).isdisjoint(lake.plan("events").files)
    rows = lake.read("events").sort_by("log_offset")
    assert _countries(rows) == EXPECTED
    moved = [one == uuid_of("another") for one in rows.column("session_id").to_pylist()]
    assert moved == [True, False, True, False]


def test_taking_back_keeps_the_column(lake: Lake, tmp_path: Path) -> None:
    """What is left of a file that has rows of several epochs is written anew."""
    assert lake.commit("events", _rows(3, "SE"), 3)
    assert _work(lake, tmp_path).compact(full=True).rows == 6
    assert take_back(lake, 3)
    assert _countries(lake.read("events")) == EXPECTED


def test_what_can_be_read_of_damaged_files_has_it(lake: Lake) -> None:
    """Old files lack it, new ones have it; both go into files of now."""
    found = []
    for path in lake.plan("events").files:
        file = DamagedFile("events", path, 2, None, 1, 2, "")
        found += list(readable_rows(file, lake.schema("events"), LOCAL))
    assert _countries(pa.concat_tables(found)) == EXPECTED
    assert all(rows.schema == lake.schema("events") for rows in found)
    assert {*EVENT_SCHEMA.names} == {*lake.schema("events").names}
