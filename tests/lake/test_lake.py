"""The lake takes each epoch once, whoever else writes, and any engine reads it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from footfall.lake import TABLES, Lake
from footfall.testing.events import event_table


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "default")


def _events(count: int, epoch: int) -> pa.Table:
    return event_table({"epoch": epoch} for _ in range(count))


def _plain_catalog(tmp_path: Path) -> SqlCatalog:
    return SqlCatalog("footfall", uri=f"sqlite:///{tmp_path / 'lake' / 'catalog.db'}")


def test_epoch_lands_once(lake: Lake) -> None:
    """A redone epoch is refused: the rows of a crash between commit and note are not doubled."""
    assert lake.commit("events", _events(3, 1), 1)
    assert not lake.commit("events", _events(3, 1), 1)
    assert lake.commit("events", _events(2, 2), 2)
    assert not lake.commit("events", _events(9, 1), 1)
    assert (lake.plan("events").rows, lake.epoch("events")) == (5, 2)


def test_plan_is_not_extended_over_another_writers_commit(tmp_path: Path, lake: Lake) -> None:
    """A plan that lacked the other's files would show readers fewer rows."""
    other = Lake(tmp_path / "lake", "default")
    assert lake.commit("events", _events(1, 1), 1)
    assert lake.plan("events").rows == 1
    assert other.commit("events", _events(2, 2), 2)
    assert lake.commit("events", _events(3, 3), 3)
    assert lake.plan("events") == Lake(tmp_path / "lake", "default").plan("events")
    assert lake.plan("events").rows == 6


def test_two_writers_of_one_epoch_land_it_once(tmp_path: Path) -> None:
    """Two pipelines that redo one epoch at once: one wins, the other sees it and stops."""
    lakes = [Lake(tmp_path / "lake", "default") for _ in range(2)]
    for epoch in range(1, 6):
        start = threading.Barrier(2)
        landed: list[bool] = []

        def write(lake: Lake, epoch: int = epoch, start: threading.Barrier = start) -> None:
            rows = _events(4, epoch)
            start.wait()
            landed.append(lake.commit("events", rows, epoch))  # noqa: B023 (joined below)

        threads = [threading.Thread(target=write, args=(lake,)) for lake in lakes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(landed) == [False, True]
    assert Lake(tmp_path / "lake", "default").plan("events").rows == 20


@pytest.mark.parametrize("attempt", range(10))
def test_several_make_the_tables_at_once(tmp_path: Path, attempt: int) -> None:
    """Pipelines, a doctor and maintenance may all be the first to open a home, of any project."""
    projects = [f"p{attempt % 2}", "p1", "p1", "p2"]
    start = threading.Barrier(len(projects))

    def open_one(project: str) -> int:
        start.wait()
        return Lake(tmp_path / "lake", project).epoch("events")

    with ThreadPoolExecutor(len(projects)) as pool:
        assert list(pool.map(open_one, projects)) == [0] * len(projects)


def test_plan_after_commits_equals_plan_made_anew(lake: Lake, tmp_path: Path) -> None:
    """The plan that grows with our own commits is the one that planning from scratch gives."""
    lake.plan("events")
    for epoch in (1, 2, 3):
        lake.commit("events", _events(epoch, epoch), epoch)
        lake.plan("events")
    grown, fresh = lake.plan("events"), Lake(tmp_path / "lake", "default").plan("events")
    assert (set(grown.files), grown.rows, grown.snapshot_id) == (
        set(fresh.files),
        fresh.rows,
        fresh.snapshot_id,
    )


def test_plain_engines_read_the_tables(lake: Lake, tmp_path: Path) -> None:
    """Open means open: PyIceberg and DuckDB without a line of ours see the same rows."""
    rows = _events(5, 1)
    lake.commit("events", rows, 1)
    plain = _plain_catalog(tmp_path).load_table(("default", "events"))
    by_iceberg = plain.scan(selected_fields=("event_id", "event_name")).to_arrow()
    files = [task.file.file_path for task in plain.scan().plan_files()]
    by_duckdb = duckdb.execute(
        "SELECT event_id::VARCHAR FROM read_parquet($1) ORDER BY log_offset", [files]
    ).fetchall()
    ids = [value.hex() for value in rows.column("event_id").to_pylist()]
    assert ids == [value.replace("-", "") for (value,) in by_duckdb]
    assert sorted(ids) == sorted(value.hex for value in by_iceberg.column("event_id").to_pylist())


def test_every_table_takes_every_column_type(lake: Lake) -> None:
    """Schemas of all tables can be written: empty strings, lists, decimals, ids, nulls."""
    for name in TABLES:
        row = sample_row(name)
        assert lake.commit(name, row, 1)
        assert lake.read(name).equals(row)


def sample_row(table: str) -> pa.Table:
    """The least that a table takes."""
    schema = TABLES[table].schema
    return pa.Table.from_arrays([_sample(field) for field in schema], schema=schema)


def _sample(field: pa.Field) -> pa.Array:
    if field.nullable:
        return pa.nulls(1, field.type)
    if field.type == pa.binary(16):
        return pa.array([b"0123456789abcdef"], field.type)
    if pa.types.is_timestamp(field.type):
        return pa.array([1_700_000_000_000_000], pa.int64()).cast(field.type)
    if pa.types.is_boolean(field.type):
        return pa.array([True], field.type)
    return pa.array(["" if pa.types.is_string(field.type) else 1], field.type)
