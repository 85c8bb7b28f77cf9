"""Rows of days past: in one file without a day, in bulk in files of theirs, always there once."""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from pathlib import Path
from unittest import mock

import msgspec
import polars as pl
import pyarrow as pa
import pytest

from footfall.clock import DAY, MINUTE, day_text
from footfall.lake import TABLES, Lake, Maintenance, days_from, take_back
from footfall.lake.commit.data_files import DataFileWriter, in_order
from footfall.lake.maintenance.waiting import fullest
from footfall.lake.recovery.relocate import relocate
from footfall.lake.tables.days import NO_DAYS, day_of, is_waiting
from footfall.lake.tables.layout import FileShape
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from footfall.testing.sim_clock import SimClock
from tests.scale import scaled

TODAY = NOON_US // DAY
LIVE = days_from(TODAY - 1)


@pytest.fixture
def clock() -> SimClock:
    return SimClock(NOON_US)


@pytest.fixture
def lake(tmp_path: Path, clock: SimClock) -> Lake:
    return Lake(tmp_path / "lake", "default", clock)


def _rows(epoch: int, days: int) -> pa.Table:
    """An event of each of some days back from today."""
    return event_table(
        {
            "epoch": epoch,
            "event_id": uuid_of(f"{epoch} {day}"),
            "event_time": NOON_US - day * DAY + epoch,
            "received_at": NOON_US + epoch,
            "log_offset": epoch * 10_000 + day,
        }
        for day in range(days)
    )


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by("log_offset").combine_chunks()


def _per_day(lake: Lake) -> Counter[int | None]:
    """Files of each day; `None`: those whose rows wait."""
    return Counter(map(day_of, lake.data_files("events")))


def _maintenance(tmp_path: Path, lake: Lake, clock: SimClock, **changes: object) -> Maintenance:
    (tmp_path / "tail").mkdir(exist_ok=True)
    settings = msgspec.structs.replace(load_settings().lake, **changes)
    return Maintenance(lake, tmp_path / "notes", tmp_path / "tail", settings, clock)


def test_old_days_are_one_file_and_every_reader_sees_them(tmp_path: Path, lake: Lake) -> None:
    """By cut, by another engine, by day and by all; and the next file still has its day."""
    parts = [_rows(epoch, 30) for epoch in (1, 2)]
    for epoch, rows in enumerate(parts, 1):
        lake.plan("events")  # so that the next is this one and what the commit adds
        assert lake.commit("events", rows, epoch, LIVE)
        assert not lake.commit("events", rows, epoch, LIVE)
    assert _per_day(lake) == {TODAY: 2, TODAY - 1: 2, None: 2}
    everything = pa.concat_tables(parts)
    assert _in_order(lake.read("events")) == _in_order(everything)
    plan = lake.plan("events")
    fresh = Lake(tmp_path / "lake", "default").plan("events")
    assert (set(plan.files), plan.rows, plan.snapshot_id) == (
        set(fresh.files),
        60,
        fresh.snapshot_id,
    )
    assert pl.scan_parquet(list(plan.files)).select(pl.len()).collect().item() == 60
    table = lake.table("events")
    for day in (0, 1, 2, 29, 30):
        first, after = (f"'{day_text(TODAY - day + more)}T00:00:00+00:00'" for more in (0, 1))
        found = table.scan(f"event_time >= {first} and event_time < {after}").to_arrow()
        assert found.num_rows == (2 if day < 30 else 0)
    today = f"event_time >= '{day_text(TODAY)}T00:00:00+00:00'"
    assert len(list(table.scan(today).plan_files())) == 2
    assert lake.commit("events", _rows(3, 3), 3)
    assert _per_day(lake) == {TODAY: 3, TODAY - 1: 3, TODAY - 2: 1, None: 2}


def test_two_writers_of_one_epoch_put_its_old_days_in_once(tmp_path: Path, lake: Lake) -> None:
    """The second finds the epoch there, though it had looked, and written its files, before."""
    other = Lake(tmp_path / "lake", "default")
    real = other.write_files

    def slowly(*arguments: object) -> object:
        files = real(*arguments)  # type: ignore[arg-type]
        assert lake.commit("events", _rows(1, 9), 1, LIVE)
        return files

    with mock.patch.object(other, "write_files", slowly):
        assert not other.commit("events", _rows(1, 9), 1, LIVE)
    assert lake.read("events").num_rows == 9


def test_rows_that_come_while_others_get_to_their_days_stay(tmp_path: Path, lake: Lake) -> None:
    """The swap loses the race, looks again, and is made on top: two snapshots of it or none."""
    lake.commit("events", _rows(1, 9), 1, LIVE)
    other = Lake(tmp_path / "lake", "default")
    old = [file for file in lake.data_files("events") if is_waiting("events", file)]
    new = lake.write_files("events", _rows(1, 9).slice(2), lake.new_id(), {TODAY - 3, TODAY - 5})
    assert len(new) == 3
    real, calls = lake._catalog.commit_table, []

    def late(*arguments: object, **named: object) -> object:
        calls.append(arguments)
        if len(calls) == 1:
            assert other.commit("events", _rows(2, 9), 2, LIVE)
        return real(*arguments, **named)  # type: ignore[arg-type]

    # Alone at the lock, as maintenance tries to be, it could not lose.
    with mock.patch.object(lake._catalog, "commit_table", late), lake.locks.committing():
        assert lake.replace("events", old, new, as_pipeline=True)
    assert len(calls) == 2
    assert not lake.replace("events", old, new)
    assert _in_order(lake.read("events")) == _in_order(pa.concat_tables([_rows(1, 9), _rows(2, 9)]))
    assert lake.plan("events").rows == 18


def test_an_epoch_taken_back_leaves_what_waited_before_it(lake: Lake) -> None:
    """Rows of earlier epochs in the same file go on waiting: not a file for each of their days."""
    for epoch in (1, 2):
        lake.commit("events", _rows(epoch, 20), epoch, LIVE)
    merged = lake.write_files("events", lake.read("events"), lake.new_id(), NO_DAYS)
    assert lake.replace("events", lake.data_files("events"), merged)
    assert _per_day(lake) == {None: 1}
    assert take_back(lake, 2)
    assert _per_day(lake) == {None: 1}
    assert _in_order(lake.read("events")) == _in_order(_rows(1, 20))


def test_what_waits_is_moved_with_the_lake(tmp_path: Path, lake: Lake) -> None:
    """A restored copy has both kinds of files, and goes on adding both."""
    lake.commit("events", _rows(1, 9), 1, LIVE)
    shutil.copytree(tmp_path / "lake", tmp_path / "copy")
    relocate(tmp_path / "copy")
    copy = Lake(tmp_path / "copy", "default")
    assert _per_day(copy) == {TODAY: 1, TODAY - 1: 1, None: 1}
    assert copy.commit("events", _rows(2, 9), 2, LIVE)
    assert _per_day(copy) == {TODAY: 2, TODAY - 1: 2, None: 2}
    assert copy.read("events").num_rows == 18


def test_files_that_wait_are_merged_and_wait_on(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """A question about a day reads them all, so there are few; their rows are not due yet."""
    work = _maintenance(tmp_path, lake, clock)
    work.compact()  # nothing waits: nothing is placed, and no note says so
    lake.commit("events", _rows(1, 9), 1, LIVE)
    assert work.compact().jobs == 1  # the first is due at once, and then an hour later
    for epoch in range(2, 2 + 8):
        lake.commit("events", _rows(epoch, 9), epoch, LIVE)
    assert _per_day(lake)[None] == 8
    clock.advance(59 * MINUTE)
    work.compact()
    assert _per_day(lake)[None] == 1
    clock.advance(MINUTE)
    work.compact()
    assert _per_day(lake)[None] == 0
    assert _per_day(lake)[TODAY - 8] == 1  # with what was there
    assert lake.read("events").num_rows == 81


def test_many_rows_do_not_wait_for_the_hour(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """They go until fewer than the setting wait; the days with most rows first."""
    work = _maintenance(tmp_path, lake, clock, waiting_rows=20, bulk_days_max=4)
    lake.commit("events", _rows(1, 4), 1, LIVE)
    work.compact()
    for epoch, days in ((2, 40), (3, 10), (4, 12)):
        lake.commit("events", _rows(epoch, days), epoch, LIVE)
    assert (
        sum(file.record_count for file in lake.data_files("events") if day_of(file) is None) == 56
    )
    work.compact()
    left = [file for file in lake.data_files("events") if is_waiting("events", file)]
    assert sum(file.record_count for file in left) < 20
    assert _per_day(lake)[TODAY - 9] == 1
    assert _per_day(lake)[TODAY - 39] == 0
    assert lake.read("events").num_rows == 66
    work.compact(full=True)
    assert _per_day(lake)[None] == 0
    assert lake.read("events").num_rows == 66


def test_the_fullest_days_go_first() -> None:
    """And the newest of equal ones."""
    assert fullest({1: 5, 2: 9, 3: 5, 4: 1}, 3) == [2, 3, 1]


@pytest.mark.slow
def test_a_thousand_small_days_are_compacted_in_bounded_runs(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """Each day costs a rewrite and a commit: a run makes some, and reads the table once for all."""
    days, most = scaled(30, 1_000), scaled(7, 100)
    for epoch in (1, 2):
        lake.commit("events", _rows(epoch, days), epoch)
    work = _maintenance(tmp_path, lake, clock, rewrites_max=most)
    runs, left = 0, days - 1  # today is not over
    while left:
        with mock.patch.object(lake, "data_files", wraps=lake.data_files) as read:
            done = work.compact()
        assert done.jobs == min(most, left)
        assert read.call_count <= 2 * sum(spec.day is not None for spec in TABLES.values()) + 2
        left -= done.jobs
        runs += 1
        newest = sorted(_per_day(lake).items(), reverse=True)[: 1 + min(most * runs, days - 1)]
        assert [files for _, files in newest] == [2] + [1] * (len(newest) - 1)
    assert work.compact().jobs == 0
    assert _in_order(lake.read("events")) == _in_order(
        pa.concat_tables([_rows(epoch, days) for epoch in (1, 2)])
    )


def test_a_writer_of_many_days_holds_few_rows(lake: Lake) -> None:
    """A row group of each of a thousand days would be gigabytes."""
    shape = FileShape(row_group_rows=10, file_bytes=1 << 28, level=1)
    rows = pa.concat_tables([_rows(epoch, 40) for epoch in range(1, 13)])
    held = []
    with DataFileWriter(lake.table("events"), "events", shape, uuid.UUID(int=8)) as writer:
        for start in range(0, rows.num_rows, 40):
            writer.write(in_order("events", rows.slice(start, 40)))
            held.append(sum(file.held for file in writer._open.values()))
    assert max(held) <= 4 * 10
    assert lake.replace("events", (), writer.files)
    assert _in_order(lake.read("events")) == _in_order(rows)
