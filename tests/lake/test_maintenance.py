"""Old snapshots and files go; what a commit under way, a plan or a rewrite needs stays."""

from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from pyiceberg.manifest import DataFile

from footfall.clock import DAY, HOUR, MINUTE
from footfall.errors import Corrupt
from footfall.lake import TABLES, Lake, Maintenance
from footfall.lake.commit.expiry import files_below, reachable
from footfall.lake.cut import HeldPlan, Plan, remove_plan
from footfall.lake.maintenance import maintenance as _maintenance_module
from footfall.lake.maintenance.garbage import Garbage
from footfall.lake.store.local import LocalStore
from footfall.settings import LakeSettings, load_settings
from footfall.testing.events import NOON_US, event_table
from footfall.testing.sim_clock import SimClock
from tests.vanish import vanishing

LOCAL = LocalStore(Path("/"))


@pytest.fixture
def clock() -> SimClock:
    return SimClock(NOON_US)


@pytest.fixture
def lake(tmp_path: Path, clock: SimClock) -> Lake:
    return Lake(tmp_path / "lake", "default", clock)


def _settings(**changes: object) -> LakeSettings:
    small = {"snapshots_max": 3, "file_grace": 0, **changes}
    return msgspec.structs.replace(load_settings().lake, **small)


def _maintenance(tmp_path: Path, lake: Lake, clock: SimClock, **changes: object) -> Maintenance:
    (tmp_path / "tail").mkdir(exist_ok=True)
    settings = _settings(**changes)
    return Maintenance(lake, tmp_path / "notes", tmp_path / "tail", settings, clock)


def _commit(lake: Lake, epochs: range) -> None:
    for epoch in epochs:
        row = {"epoch": epoch, "log_offset": epoch, "event_time": NOON_US + epoch}
        lake.commit("events", event_table([row]), epoch)


def test_metadata_stays_small_and_rows_stay(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """Snapshots, their log, manifests and files are bounded however many epochs there were."""
    sizes = []
    work = _maintenance(tmp_path, lake, clock)
    for first in range(1, 61, 20):
        _commit(lake, range(first, first + 20))
        work.compact()
        work.expire()
        work.sweep()
        table = lake.table("events")
        assert len(table.metadata.snapshots) == len(table.metadata.snapshot_log) == 3
        assert len(lake.plan("events").files) <= 14
        sizes.append(sum(file.size for file in files_below(table, LOCAL)))
    assert lake.plan("events").rows == 60
    assert lake.read("events").num_rows == 60
    assert {file.path for file in files_below(table, LOCAL)} == reachable(table)
    assert sizes[2] < 1.5 * sizes[1]


def test_snapshots_go_by_age_but_never_the_head(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """A table that nobody writes to for a month still is its newest snapshot."""
    _commit(lake, range(1, 4))
    stamps = [snapshot.timestamp_ms for snapshot in lake.table("events").metadata.snapshots]
    clock.jump(stamps[-1] * 1000 - clock.now_us() + 30 * DAY)
    assert _maintenance(tmp_path, lake, clock, snapshots_max=100).expire() == 2
    assert lake.plan("events").rows == 3
    assert _maintenance(tmp_path, lake, clock, snapshots_max=100).expire() == 0


def test_older_tables_get_our_properties(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """A table made by an earlier version conflicts with itself, or grows, by other defaults."""
    name = "commit.manifest.target-size-bytes"
    with lake.table("events").transaction() as transaction:
        transaction.remove_properties(name, "write.delete.isolation-level")
    _maintenance(tmp_path, lake, clock).expire()
    properties = lake.table("events").properties
    assert (properties[name], properties["write.delete.isolation-level"]) == ("131072", "snapshot")


def test_files_of_a_commit_under_way_are_not_garbage(
    tmp_path: Path, lake: Lake, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written, not named yet, and no grace at all: nothing is garbage while someone writes.

    By age alone a clock that jumps would take rows that the commit is about to name.
    """
    written, go_on = threading.Event(), threading.Event()
    writer = Lake(tmp_path / "lake", "default", clock)
    real = writer.write_files

    def write_files(*arguments: object) -> object:
        files = real(*arguments)  # type: ignore[arg-type]
        written.set()
        assert go_on.wait(30)
        return files

    monkeypatch.setattr(writer, "write_files", write_files)
    committing = threading.Thread(target=_commit, args=(writer, range(1, 2)))
    committing.start()
    assert written.wait(30)
    below = [Path(file.path) for file in files_below(lake.table("events"), LOCAL)]
    (pending,) = [file for file in below if file.suffix == ".parquet"]
    work = _maintenance(tmp_path, lake, clock)
    assert work.sweep().removed == 0
    go_on.set()
    committing.join(30)
    work.sweep()
    assert pending.exists()
    assert lake.read("events").num_rows == 1


def test_garbage_is_written_down_first_and_removed_after_its_grace(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """Other engines hold no lock; a mark from the future counts from now."""
    orphan = lake.write_files("events", event_table([{}]), lake.new_id())[0]
    path = Path(orphan.file_path.removeprefix("file://"))
    work = _maintenance(tmp_path, lake, clock, file_grace=HOUR)
    assert work.sweep().waiting == 1
    clock.jump(-DAY)
    assert work.sweep().removed == 0
    clock.advance(59 * MINUTE)
    assert work.sweep().removed == 0
    clock.advance(MINUTE)
    assert path.exists()
    assert (work.sweep().removed, path.exists()) == (1, False)


def test_garbage_that_another_engine_removes_at_that_moment(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """Spark's own removal of orphans may run beside ours, which goes on to the next file."""
    orphans = [lake.write_files("events", event_table([{}]), lake.new_id())[0] for _ in range(2)]
    paths = [Path(orphan.file_path.removeprefix("file://")) for orphan in orphans]
    work = _maintenance(tmp_path, lake, clock, file_grace=HOUR)
    assert work.sweep().waiting == 2
    clock.advance(HOUR)
    with vanishing(paths[0]):
        assert work.sweep().removed == 2
    assert not any(path.exists() for path in paths)


def test_nothing_is_removed_while_somebody_reads_without_a_plan(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """A repair in the pipeline looks up events by the newest snapshot, not by a cut."""
    lake.write_files("events", event_table([{}]), lake.new_id())
    work = _maintenance(tmp_path, lake, clock)
    with lake.locks.reading():
        assert (work.sweep().removed, work.sweep().waiting) == (0, 1)
    assert work.sweep().removed == 1


def test_no_more_runs_are_merged_at_a_time_than_are_read_side_by_side(
    tmp_path: Path, lake: Lake, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory; and one job of more would read its files again and again."""
    _commit(lake, range(1, 12))
    work = _maintenance(tmp_path, lake, clock)
    merged: list[int] = []
    real = work.rewriter.rewrite

    def rewrite(table: str, files: list[DataFile], **more: object) -> object:
        merged.append(len(files))
        return real(table, files, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(_maintenance_module, "RUNS_MAX", 4)
    monkeypatch.setattr(work.rewriter, "rewrite", rewrite)
    assert work.compact(full=True).jobs == len(merged) > 3
    assert max(merged) == 4
    assert len(lake.plan("events").files) == 1
    assert lake.plan("events").rows == 11


def test_files_of_a_plan_and_of_an_unfinished_rewrite_stay(
    tmp_path: Path, lake: Lake, clock: SimClock
) -> None:
    """The first for readers of older cuts; the second are hours of work."""
    _commit(lake, range(1, 9))
    old = lake.plan("events")
    (tmp_path / "tail").mkdir()
    (tmp_path / "tail" / "plan-events-1.json").write_bytes(msgspec.json.encode(old))
    work = _maintenance(tmp_path, lake, clock, snapshots_max=1, rewrite_bytes_max=1)
    work.rewriter._should_stop = lambda: True
    work.compact(full=True)
    job = work.rewriter.pending()
    assert job is not None
    work.sweep()
    added = [Path(file.file_path.removeprefix("file://")) for file in job.added]
    assert added
    assert all(file.exists() for file in added)
    work.rewriter._should_stop = lambda: False
    work.resume()
    work.expire()
    work.sweep()
    assert all(Path(file).exists() for file in (*old.files, *map(str, added)))
    (tmp_path / "tail" / "plan-events-1.json").unlink()
    work.sweep()
    assert not any(Path(file).exists() for file in old.files)
    assert lake.read("events").num_rows == 8


def test_damaged_plan_removes_nothing(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """What it named is not known; it is told, and the server writes another."""
    orphan = lake.write_files("events", event_table([{}]), lake.new_id())[0]
    (tmp_path / "tail").mkdir()
    (tmp_path / "tail" / "plan-events-1.json").write_bytes(b"{")
    with pytest.raises(Corrupt, match="plan-events-1"):
        _maintenance(tmp_path, lake, clock).sweep()
    assert Path(orphan.file_path.removeprefix("file://")).exists()


def test_lost_or_damaged_notes_only_cost_time(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """Marks begin anew, and the files of a forgotten job are garbage."""
    _commit(lake, range(1, 3))
    lake.write_files("events", event_table([{}]), lake.new_id())
    work = _maintenance(tmp_path, lake, clock, file_grace=HOUR)
    work.sweep()
    for name in ("garbage.json", "job.json"):
        (tmp_path / "notes" / name).write_bytes(b"\x00")
    clock.advance(HOUR)
    work.resume()
    assert (work.sweep().removed, work.sweep().waiting) == (0, 1)
    clock.advance(HOUR)
    assert work.sweep().removed == 1
    assert lake.read("events").num_rows == 2


def test_plan_file_in_use_is_not_removed_and_a_removed_one_not_used(tmp_path: Path) -> None:
    """A reader has the plan or learns that there is a newer cut; nothing between."""
    file = tmp_path / "plan-events-1.json"
    file.write_bytes(msgspec.json.encode(Plan("events", 1, ("a",), 1)))
    held, again = HeldPlan(file), HeldPlan(file)
    assert not remove_plan(file)
    held.release()
    assert not remove_plan(file)
    assert again.read().files == ("a",)
    again.release()
    assert remove_plan(file)
    assert not file.exists()
    with pytest.raises(FileNotFoundError):
        HeldPlan(file)
    assert remove_plan(file)


def test_every_table_is_swept(tmp_path: Path, lake: Lake, clock: SimClock) -> None:
    """The small ones have as many metadata files as the large."""
    work = _maintenance(tmp_path, lake, clock)
    for table in TABLES:
        stray = Path(lake.table(table).location().removeprefix("file://")) / "metadata" / "x.avro"
        stray.write_bytes(b"x")
    assert (work.sweep().removed, work.sweep().removed) == (len(TABLES), 0)
    assert isinstance(work._garbage, Garbage)
