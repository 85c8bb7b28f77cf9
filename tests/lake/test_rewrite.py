"""The rewrite job: same rows, sorted, in bounded parts, whenever it died."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.clock import DAY
from footfall.event import EVENT_SCHEMA
from footfall.lake import Lake
from footfall.lake.commit import data_files as _data_files
from footfall.lake.commit.data_files import in_order
from footfall.lake.maintenance.compaction import Run, by_partition, due, is_over, runs_of
from footfall.lake.maintenance.rewrite import _STREAMED_PARTS, Rewriter
from footfall.lake.read import streams as _streams
from footfall.lake.read.ranges import FileRows
from footfall.lake.read.streams import stream_ranges
from footfall.lake.store.local import LocalStore
from footfall.lake.tables.schemas import to_lake
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled

LOCAL = LocalStore(Path("/"))

DAY_OF_NOON = NOON_US // DAY


def _events(epoch: int, visitors: list[str | None]) -> pa.Table:
    return event_table(
        {
            "epoch": epoch,
            "event_id": uuid_of(f"{epoch} {number}"),
            "visitor_id": visitor,
            "event_time": NOON_US + (number * 7_919 + epoch * 104_729) % 3_600_000_000,
            "log_offset": 1000 * epoch + number,
        }
        for number, visitor in enumerate(visitors)
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Twelve epochs; one visitor has half of all events, some have none."""
    lake = Lake(tmp_path / "lake", "default")
    for epoch in range(1, 13):
        names = ["big", f"v{epoch * 7 % 12}", "big", None, f"w{epoch}", "big"]
        lake.commit("events", _events(epoch, names * 4), epoch)
    return lake


def _note(tmp_path: Path) -> Path:
    return tmp_path / "job.json"


def _sorted_ids(rows: pa.Table) -> list[bytes]:
    return sorted(rows.column("event_id").to_pylist())


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    visitor = row["visitor_id"]
    return (row["app_id"], visitor is None, visitor, row["event_time"])


def test_rewrite_makes_one_sorted_run_of_bounded_parts(lake: Lake, tmp_path: Path) -> None:
    """A day that does not fit in memory: parts in order, a large visitor cut by time."""
    before = lake.read("events")
    rewriter = Rewriter(lake, _note(tmp_path), before.nbytes // 10, stretch_bytes=1)
    assert rewriter.rewrite("events", lake.data_files("events")) == "done"
    after = lake.read("events")
    assert _sorted_ids(after) == _sorted_ids(before)
    (run,) = runs_of(lake.data_files("events"))
    parts = [
        pq.ParquetFile(path).read(["app_id", "visitor_id", "event_time"]).to_pylist()
        for path in lake.plan("events").files
    ]
    assert len(parts) > 5
    assert max(map(len, parts)) < before.num_rows / 4
    parts.sort(key=lambda part: _key(part[0]))
    rows = [row for part in parts for row in part]
    assert rows == sorted(rows, key=_key)
    assert run.rows == before.num_rows
    assert not _note(tmp_path).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's scheduler")
def test_rows_are_rewritten_when_nobody_else_works_and_committed_at_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under full load a rewrite takes what is left over; the pipeline waits for its commit."""
    policies: dict[str, set[int]] = {"transform": set(), "replace": set()}

    def transform(rows: pa.Table) -> pa.Table:
        policies["transform"].add(os.sched_getscheduler(0))
        return rows

    def replace(*arguments: Any) -> bool:
        policies["replace"].add(os.sched_getscheduler(0))
        return Lake.replace(lake, *arguments)

    monkeypatch.setattr(lake, "replace", replace)
    rewriter = Rewriter(lake, _note(tmp_path), lake.read("events").nbytes)
    assert rewriter.rewrite("events", lake.data_files("events"), transform) == "done"
    assert policies == {"transform": {os.SCHED_IDLE}, "replace": {os.SCHED_OTHER}}


class _Died(Exception):  # noqa: N818
    pass


def _dying(effects: list[int], die_at: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, dying before or after the call whose number comes up."""

    def call(*arguments: Any, **named: Any) -> Any:
        for step in ("before", "after"):
            effects[0] += 1
            if effects[0] == die_at:
                raise _Died(step)
            if step == "before":
                result = real(*arguments, **named)
        return result

    return call


@pytest.mark.slow
def test_death_at_every_effect_loses_and_doubles_nothing(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before and after each file, note and commit, the job goes on and ends the same.

    In `make test` at every third of these moments.
    """
    expected = _sorted_ids(lake.read("events"))
    bytes_max = _STREAMED_PARTS * lake.read("events").nbytes // 3
    die_at = 0
    while True:
        die_at += scaled(3, 1)
        effects = [0]
        rewriter = Rewriter(lake, _note(tmp_path), bytes_max, stretch_bytes=1)
        with monkeypatch.context() as patch:
            for owner, name in (
                (lake, "writer"),
                (lake, "replace"),
                (rewriter, "_note"),
                (rewriter, "forget"),
            ):
                patch.setattr(owner, name, _dying(effects, die_at, getattr(owner, name)))
            try:
                rewriter.rewrite("events", lake.data_files("events"))
                break
            except _Died:
                pass
        assert _sorted_ids(lake.read("events")) == expected
        again = Rewriter(lake, _note(tmp_path), bytes_max)
        job = again.pending()
        if job is not None:
            assert again.resume(job) in ("done", "overtaken")
        assert _sorted_ids(lake.read("events")) == expected
        assert again.pending() is None
    assert die_at > 12
    assert len(runs_of(lake.data_files("events"))) == 1


def test_resumed_job_does_not_repeat_what_its_note_has(lake: Lake, tmp_path: Path) -> None:
    """An hour's work is not lost to a restart."""
    seen: list[int] = []

    def count(rows: pa.Table) -> pa.Table:
        seen.append(rows.num_rows)
        return rows

    bytes_max = lake.read("events").nbytes // 5
    stopping = Rewriter(lake, _note(tmp_path), bytes_max, lambda: len(seen) == 2)
    assert stopping.rewrite("events", lake.data_files("events"), count) == "stopped"
    again = Rewriter(lake, _note(tmp_path), bytes_max)
    job = again.pending()
    assert job is not None
    assert again.resume(job, count) == "done"
    assert sum(seen) == lake.plan("events").rows
    assert len(seen) == len(job.splits) + 1


def test_overtaken_job_is_dropped(lake: Lake, tmp_path: Path) -> None:
    """Its old files are gone, so its new ones hold rows that are elsewhere already."""
    files, bytes_max = lake.data_files("events"), lake.read("events").nbytes // 3
    stopped = Rewriter(lake, _note(tmp_path), bytes_max, lambda: True)
    assert stopped.rewrite("events", files) == "stopped"
    other = Rewriter(lake, tmp_path / "other.json", bytes_max)
    assert other.rewrite("events", files) == "done"
    before = lake.plan("events")
    job = stopped.pending()
    assert job is not None
    assert stopped.resume(job) == "overtaken"
    assert lake.plan("events") == before
    assert stopped.pending() is None


def test_transform_changes_and_drops_rows(lake: Lake, tmp_path: Path) -> None:
    """What folding, erasing and re-marking are made of; a partition may end up empty."""
    files = lake.data_files("events")

    def without_big(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.fill_null(pc.not_equal(rows.column("visitor_id"), "big"), True))

    rewriter = Rewriter(lake, _note(tmp_path), lake.read("events").nbytes // 6)
    assert rewriter.rewrite("events", files, without_big) == "done"
    assert "big" not in lake.read("events").column("visitor_id").to_pylist()
    assert lake.plan("events").rows == 12 * 12
    files = lake.data_files("events")
    assert rewriter.rewrite("events", files, lambda rows: rows.slice(0, 0)) == "done"
    assert lake.plan("events").files == ()


@settings(
    max_examples=scaled(20, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    visitors=st.lists(st.one_of(st.none(), st.sampled_from("abcü\U0001f600")), min_size=1),
    parts=st.integers(1, 9),
)
def test_ranges_hold_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, visitors: list[str | None], parts: int
) -> None:
    """Whatever the keys: ties, nulls, text beyond ASCII."""
    rows = _events(1, list(visitors))
    file = tmp_path_factory.mktemp("ranges") / "events.parquet"
    pq.write_table(to_lake(rows), file)
    files = FileRows("events", [str(file)], EVENT_SCHEMA, LOCAL)
    splits = files.splits(max(1, rows.nbytes // parts))
    bounds = [None, *splits, None]
    read = [files.read(bounds[i], bounds[i + 1]) for i in range(len(splits) + 1)]
    _check_ranges(read, rows)


def _check_ranges(read: list[pa.Table], rows: pa.Table) -> None:
    assert _sorted_ids(pa.concat_tables(read)) == _sorted_ids(rows)
    keys = [sorted(map(_key, part.to_pylist())) for part in read if part.num_rows]
    assert all(low[-1] < high[0] for low, high in itertools.pairwise(keys))


def _write_file(directory: Path, rows: pa.Table) -> str:
    """A sorted data file with row groups of a few rows."""
    file = directory / f"{next(_NUMBERS)}.parquet"
    pq.write_table(to_lake(in_order("events", rows)), file, row_group_size=3)
    return str(file)


_NUMBERS = itertools.count()
_VISITORS = st.lists(st.one_of(st.none(), st.sampled_from("abcü\U0001f600")), min_size=1)


@settings(
    max_examples=scaled(20, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    epochs=st.lists(_VISITORS, min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 9), max_size=3),
    parts=st.integers(1, 9),
    batch=st.integers(1, 5),
    data=st.data(),
)
def test_streams_give_the_ranges_that_reading_each_gives(
    tmp_path_factory: pytest.TempPathFactory,
    epochs: list[list[str | None]],
    cuts: list[int],
    parts: int,
    batch: int,
    data: st.DataObject,
) -> None:
    """Several runs, one of several files; also from a later range on, as a resumed job reads."""
    directory = tmp_path_factory.mktemp("streams")
    tables = [_events(epoch, visitors) for epoch, visitors in enumerate(epochs, 1)]
    runs = [[_write_file(directory, rows)] for rows in tables]
    large = in_order("events", tables[0])
    bounds = [0, *sorted(min(cut, large.num_rows) for cut in cuts), large.num_rows]
    slices = [large.slice(low, high - low) for low, high in itertools.pairwise(bounds)]
    runs[0] = [_write_file(directory, part) for part in reversed(slices)]
    rows = pa.concat_tables(tables)
    splits = FileRows("events", [one for run in runs for one in run], EVENT_SCHEMA, LOCAL).splits(
        rows.nbytes // parts
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_streams, "_BATCH_ROWS", batch)
        whole = list(stream_ranges("events", runs, splits, 0, EVENT_SCHEMA, LOCAL))
        first = data.draw(st.integers(0, len(splits)))
        later = list(stream_ranges("events", runs, splits, first, EVENT_SCHEMA, LOCAL))
    assert len(whole) == len(splits) + 1
    assert [_sorted_ids(one) for one in later] == [_sorted_ids(one) for one in whole[first:]]
    assert whole[0].schema == rows.schema
    _check_ranges(whole, rows)


def test_streams_read_each_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they are for: by itself each range reads whole row groups."""
    tables = [_events(epoch, [f"v{number:03}" for number in range(90)]) for epoch in range(1, 5)]
    runs = [[_write_file(tmp_path, rows)] for rows in tables]
    splits = FileRows("events", [one for run in runs for one in run], EVENT_SCHEMA, LOCAL).splits(
        tables[0].nbytes // 3
    )
    read: list[int] = []
    real = pq.ParquetFile.iter_batches

    def counting(*arguments: Any, **named: Any) -> Any:
        for batch in real(*arguments, **named):
            read.append(len(batch))
            yield batch

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counting)
    found = list(stream_ranges("events", runs, splits, 0, EVENT_SCHEMA, LOCAL))
    assert len(found) > 8
    assert sum(read) == sum(part.num_rows for part in found) == 4 * 90


@pytest.mark.parametrize("is_resumed", [False, True])
def test_file_of_another_order_is_rewritten_as_well(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_resumed: bool
) -> None:
    """Another engine wrote it: its first visitors come last, when other ranges were written."""
    rows = in_order("events", _events(13, ["w1", "big", None, "big", "a", "w9"] * 9))
    rows = pa.concat_tables([rows.slice(20), rows.slice(0, 20)])
    with monkeypatch.context() as patch:
        patch.setattr(_data_files, "in_order", lambda _name, rows: rows)
        lake.commit("events", rows, 13)
    before = lake.read("events")
    monkeypatch.setattr(_streams, "_BATCH_ROWS", 2)
    rewriter = Rewriter(lake, _note(tmp_path), before.nbytes // 2, lambda: is_resumed)
    outcome = rewriter.rewrite("events", lake.data_files("events"))
    assert outcome == ("stopped" if is_resumed else "done")
    if is_resumed:
        again = Rewriter(lake, _note(tmp_path), before.nbytes // 2)
        job = again.pending()
        assert job is not None
        assert (job.done, job.is_streamed) == (1, True)
        assert again.resume(job) == "done"
    assert _sorted_ids(lake.read("events")) == _sorted_ids(before)
    (file,) = lake.plan("events").files
    keys = pq.ParquetFile(file).read(["app_id", "visitor_id", "event_time"]).to_pylist()
    assert keys == sorted(keys, key=_key)


def test_file_without_a_newer_column_is_streamed(tmp_path: Path) -> None:
    """Columns are added over the years; what was before has none of them."""
    rows = in_order("events", _events(1, ["a", "b", None]))
    file = tmp_path / "old.parquet"
    pq.write_table(to_lake(rows.drop_columns(["geo_country", "is_late"])), file)
    (found,) = stream_ranges("events", [[str(file)]], [], 0, EVENT_SCHEMA, LOCAL)
    assert found.column("geo_country").null_count == found.column("is_late").null_count == 3
    assert found.drop_columns(["geo_country", "is_late"]).equals(
        rows.drop_columns(["geo_country", "is_late"])
    )


def test_fresh_day_has_few_runs_and_rewrites_each_row_few_times() -> None:
    """5,760 commits, a look every 20: neither many files nor the day rewritten again and again."""
    runs: list[Run] = []
    written = most = 0
    for epoch in range(5_760):
        runs.append(Run(3_000 + epoch % 997, ()))
        if epoch % 20 == 19:
            runs.sort(key=lambda run: run.rows)
            merged = due(runs, 8, is_over=False)
            if merged:
                runs = [run for run in runs if not any(run is one for one in merged)]
                runs.append(Run(sum(run.rows for run in merged), ()))
                written += runs[-1].rows
            most = max(most, len(runs))
    total = sum(run.rows for run in runs)
    assert total == sum(3_000 + epoch % 997 for epoch in range(5_760))
    assert most <= 7 * 5
    assert written <= 4 * total


def test_day_that_is_over_becomes_one_run() -> None:
    """And is left alone until stragglers are worth it."""
    large, small = Run(16_000, ()), Run(900, ())
    assert due([large], 8, is_over=True) == []
    assert due([small, large], 8, is_over=True) == []
    assert due([Run(1_000, ()), large], 8, is_over=True) == [Run(1_000, ()), large]
    few = [Run(1, ())] * 7
    assert due([*few, large], 8, is_over=True) == [*few, large]
    assert due([*few, large], 8, is_over=False) == []
    assert not is_over((20_000,), 20_001 * DAY + 9, 10)
    assert is_over((20_000,), 20_001 * DAY + 10, 10)
    assert not is_over((), 20_001 * DAY, 10)


def test_partitions_are_looked_at_apart(lake: Lake) -> None:
    """A rewrite stays within a day, and newest days come first."""
    rows = event_table({"epoch": 13, "event_time": NOON_US + day * DAY} for day in (-2, 1))
    lake.commit("events", rows, 13)
    found = by_partition(lake.data_files("events"))
    assert list(found) == [(DAY_OF_NOON + 1,), (DAY_OF_NOON,), (DAY_OF_NOON - 2,)]
    assert [len(files) for files in found.values()] == [1, 12, 1]
