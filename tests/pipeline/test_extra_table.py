"""A new table is one entry in `TABLES`, and whoever writes its rows: nothing else knows of it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

import footfall
from footfall.backup import back_up, finish_restore, restore
from footfall.cli.asking import tables as tables_verb
from footfall.clock import DAY
from footfall.columns import optional, required
from footfall.home import Home
from footfall.lake import (
    TABLES,
    Lake,
    RetentionBound,
    TableSpec,
    inspect_data_files,
    planned_tables,
)
from footfall.lake.cut import read_cut
from footfall.lake.maintenance.maintenance import Maintenance
from footfall.lake.maintenance.retention import drop_days, dropped_rows
from footfall.pipeline.epoch import commit
from footfall.pipeline.epoch.epoch import EpochResult
from footfall.settings import load_settings
from tests.pipeline.harness import START_US, Bench, event, request
from tests.test_tidy import ROOT

NAME = "page_speeds"
SPEC = TableSpec(
    name=NAME,
    row_is="a page view whose speed was measured",
    columns=(
        required(1, "app_id", "string", "App of the page."),
        required(2, "measured_at", "timestamptz", "When it was measured."),
        optional(3, "speed_ms", "long", "How long the page took, in milliseconds."),
        required(4, "epoch", "long", "Epoch that wrote the row."),
    ),
    sort=("app_id", "measured_at"),
    bounded=frozenset({"app_id", "measured_at", "epoch"}),
    day="measured_at",
    loses_days=True,
    is_read=True,
)


def _with_speeds(result: EpochResult) -> EpochResult:
    """The table's writer: a row for each event of the epoch, on the event's day."""
    events = result.rows["events"]
    rows = pa.Table.from_arrays(
        [
            events.column("app_id"),
            events.column("event_time"),
            pa.chunked_array([pa.array(range(events.num_rows), pa.int64())]),
            events.column("epoch"),
        ],
        schema=SPEC.schema,
    )
    return msgspec.structs.replace(result, rows={**result.rows, NAME: rows})


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Four epochs of a pipeline that writes the table: two on one day, two on the next."""
    monkeypatch.setitem(TABLES, NAME, SPEC)
    real = commit.finish
    monkeypatch.setattr(commit, "finish", lambda *arguments: _with_speeds(real(*arguments)))
    bench = Bench(tmp_path / "home", "pipeline.checkpoint_epochs=1")
    pipeline = bench.pipeline()
    for number, day in enumerate((0, 0, 1, 1)):
        now = START_US + day * DAY
        bench.clock.advance(now - bench.clock.now_us())
        bench.append([request(number, [event("v", now, number)], now)])
        pipeline.step()
        pipeline.close_epoch()
    pipeline.finish()
    pipeline.close()
    return bench


def test_everything_that_is_done_to_a_table_is_done_to_a_new_one(
    bench: Bench, tmp_path: Path
) -> None:
    """Made, committed, asked, checked, compacted, retained, backed up, and described."""
    lake = Lake(bench.home.lake_dir, "default", bench.clock)
    assert lake.epoch(NAME) == 4
    assert _asked(bench.home) == (4, 0)
    assert len(lake.plan(NAME).files) == 4
    assert None in {*inspect_data_files(lake, is_deep=True)}
    _back_up_and_restore(bench.home, tmp_path)

    work = Maintenance(
        lake,
        bench.home.maintenance_dir("default"),
        bench.home.tail_dir("default"),
        load_settings().lake,
        bench.clock,
    )
    work.compact(full=True)
    assert len(lake.plan(NAME).files) == 2
    first = min(day for day in _days(lake))
    bound = RetentionBound(
        epoch=4, now=START_US + DAY, floor=START_US + DAY, received=START_US + DAY, known_from=1
    )
    drop_days(lake, first + 1, bound)
    assert (dropped_rows(lake, NAME).rows, lake.plan(NAME).rows) == (2, 2)
    _described()


def _asked(home: Home) -> tuple[int, int]:
    with footfall.open(home.root) as opened:
        assert NAME in [row["name"] for row in opened.sql("SHOW TABLES").rows()]
        (row,) = opened.sql("SELECT count(*) AS n, max(speed_ms) AS most FROM page_speeds").rows()
        described = [row["column_name"] for row in opened.sql("DESCRIBE page_speeds").rows()]
        assert described == [column.name for column in SPEC.columns]
        return row["n"], row["most"]


def _days(lake: Lake) -> list[int]:
    found: list[int] = [file.partition[0] for file in lake.data_files(NAME)]
    return found


def _back_up_and_restore(home: Home, tmp_path: Path) -> None:
    """The table's files are in a backup, and registered where they are restored."""
    back_up(home, tmp_path / "backup")
    again = Home(tmp_path / "again")
    restore(tmp_path / "backup", again)
    finish_restore(again)
    assert Lake(again.lake_dir, "default").read(NAME).num_rows == 4
    shutil.rmtree(again.root)


def _described() -> None:
    """By `footfall tables`, and by the page about tables."""
    assert tables_verb._views()[NAME] == SPEC.row_is
    assert f"FROM {NAME}" in tables_verb._counts([NAME])
    file = ROOT / "tools" / "write_reference.py"
    module_spec = importlib.util.spec_from_file_location("tried_for_a_new_table", file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module: Any = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    page = list(module.tables_page())
    assert f"## {NAME}" in page
    assert "| `speed_ms` | BIGINT | How long the page took, in milliseconds. |" in page


def test_a_table_that_nobody_reads_is_in_no_cut(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its plan would hold files for readers who never come, and a statement finds no view."""
    monkeypatch.setitem(TABLES, NAME, msgspec.structs.replace(SPEC, is_read=False))
    bench.pipeline().close()
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    assert set(cut.plans) == {spec.name for spec in planned_tables()} - {NAME}
    with footfall.open(bench.home.root) as opened:
        assert NAME not in [row["name"] for row in opened.sql("SHOW TABLES").rows()]
