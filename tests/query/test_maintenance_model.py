"""No reader ever misses a file, and garbage goes in the end: commits, readers, maintenance, deaths.

Everything is real (tables, plan files, locks, cuts) but the clock. The model is a list of ids.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.home import Home
from footfall.lake import TABLES, Lake, RetentionBound, dropped_rows
from footfall.lake.commit.expiry import files_below, reachable
from footfall.lake.cut import Cut, planned_files
from footfall.lake.maintenance.maintenance import Maintenance
from footfall.lake.maintenance.retention import drop_days
from footfall.lake.shared_cut import SharedCut
from footfall.lake.store.local import LocalStore
from footfall.ledger import Ledger
from footfall.pipeline.preview.store_tail import StoreTail
from footfall.pipeline.preview.tail import Tail
from footfall.positions import Positions
from footfall.query.cuts.cut_files import CutFiles, CutReader
from footfall.query.cuts.cut_places import HomeCuts, StoreCuts
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from footfall.testing.sim_clock import SimClock
from tests.scale import scaled

LOCAL = LocalStore(Path("/"))

GRACE = 600 * SECOND


class Killed(Exception):  # noqa: N818
    """The process died here."""


class Reading(msgspec.Struct, eq=False):
    """A reader in the middle of its work."""

    held: contextlib.ExitStack
    made: CutFiles
    expected: list[bytes]
    since: float
    """Seconds of the clock that never goes back."""


def _ids_in(files: tuple[str, ...]) -> list[bytes]:
    tables = [pq.ParquetFile(file).read(["event_id"]).column(0).to_pylist() for file in files]
    return sorted(getattr(value, "bytes", value) for table in tables for value in table)


class MaintainedLake(RuleBasedStateMachine):
    readers = Bundle("readers")

    def __init__(self) -> None:
        super().__init__()
        self.home = Home(Path(tempfile.mkdtemp()))
        self.clock = SimClock(NOON_US)
        self.settings = msgspec.structs.replace(
            load_settings().lake, merge_runs=2, snapshots_max=2, file_grace=20 * MINUTE
        )
        self.ids: list[bytes] = []
        self.made = 0
        self.days: dict[bytes, int] = {}
        self.reading: list[Reading] = []
        self.epoch = 0
        self._start()
        self._publish()

    def teardown(self) -> None:
        for reading in self.reading:
            reading.held.close()
        shutil.rmtree(self.home.root)

    def _start(self) -> None:
        """The pipeline's process, anew."""
        self.lake = Lake(self.home.lake_dir, "default", self.clock)
        self.tail = self._tail()

    def _tail(self) -> Tail | StoreTail:
        directory, file = self.home.tail_dir("default"), self.home.cut_file("default")
        return Tail(directory, file, self.clock, GRACE)

    def _reader(self) -> CutReader:
        return CutReader(HomeCuts(self.home, "default"))

    def _plan_files(self) -> list[str]:
        return [file.name for file in self.home.tail_dir("default").glob("plan-*")]

    def _planned(self) -> set[str]:
        return planned_files(self.home.tail_dir("default"))

    def _publish(self) -> None:
        """As the publisher does after an epoch."""
        sequence = self.tail.next_sequence()
        with self.lake.locks.committing():
            plans = {"events": self.tail.write_plan(self.lake.plan("events"))}
        cut = Cut("default", sequence, 0, Positions(), self.epoch, 0, Ledger(), plans)
        self.tail.publish(cut)
        self.tail.sweep(cut)

    def _maintenance(self) -> Maintenance:
        """The child process."""
        return Maintenance(
            Lake(self.home.lake_dir, "default", self.clock),
            self.home.state_dir("default") / "maintenance",
            self.home.tail_dir("default"),
            self.settings,
            self.clock,
        )

    def _rows(self, days: list[int]) -> pa.Table:
        first = self.made
        self.made += len(days)
        return event_table(
            {
                "epoch": self.epoch + 1,
                "event_id": uuid_of(str(first + number)),
                "event_time": NOON_US + day * DAY,
                "visitor_id": f"v{number}",
            }
            for number, day in enumerate(days)
        )

    @rule(days=st.lists(st.integers(-1, 1), min_size=1, max_size=4))
    def epoch_is_committed(self, days: list[int]) -> None:
        rows = self._rows(days)
        self.epoch += 1
        assert self.lake.commit("events", rows, self.epoch)
        ids = rows.column("event_id").to_pylist()
        self.ids += ids
        self.days.update(zip(ids, days, strict=True))
        self._publish()

    @rule(days=st.lists(st.integers(-1, 1), min_size=1, max_size=2))
    def pipeline_dies_before_its_commit(self, days: list[int]) -> None:
        self.lake.write_files("events", self._rows(days), self.lake.new_id())
        self._start()

    @rule()
    def idle_cut(self) -> None:
        self._publish()

    @rule(target=readers)
    def reader_opens_the_newest_cut(self) -> Reading:
        held = contextlib.ExitStack()
        made = held.enter_context(self._reader().opened())
        reading = Reading(held, made, sorted(self.ids), self.clock.monotonic())
        self.reading.append(reading)
        return reading

    @rule(reading=consumes(readers))
    def reader_reads_all_and_ends(self, reading: Reading) -> None:
        if reading not in self.reading:
            return
        assert _ids_in(reading.made.files.get("events", ())) == reading.expected
        reading.held.close()
        self.reading.remove(reading)

    @rule(full=st.booleans())
    def maintenance_runs(self, full: bool) -> None:
        maintenance = self._maintenance()
        maintenance.resume()
        maintenance.compact(full=full)
        maintenance.expire()
        maintenance.sweep()

    @rule(die_at=st.integers(1, 12))
    def maintenance_dies(self, die_at: int) -> None:
        maintenance, count = self._maintenance(), [0]

        def dying(real: Any) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                count[0] += 1
                if count[0] == die_at:
                    raise Killed
                return real(*arguments, **named)

            return call

        lake, rewriter = maintenance.rewriter._lake, maintenance.rewriter
        with contextlib.ExitStack() as patches, contextlib.suppress(Killed):
            for owner, name in (
                (lake, "writer"),
                (lake, "replace"),
                (lake, "expire"),
                (rewriter, "_note"),
                (rewriter, "forget"),
                (maintenance._garbage, "_write"),
                (type(lake.store), "delete"),
            ):
                patches.enter_context(mock.patch.object(owner, name, dying(getattr(owner, name))))
            maintenance.resume()
            maintenance.compact(full=True)
            maintenance.expire()
            maintenance.sweep()

    @rule(day=st.integers(-1, 1))
    def old_days_go(self, day: int) -> None:
        """Those before `day`, under readers who may still need them."""
        bound = RetentionBound(1 << 40, 1 << 60, 1 << 60, 1 << 61, 0)
        drop_days(self.lake, NOON_US // DAY + day, bound)
        self.ids = [name for name in self.ids if self.days[name] >= day]
        lost = dropped_rows(self.lake, "events")
        self._publish()
        assert lost.rows == sum(lost.epochs.values()) == len(self.days) - len(self.ids)

    @rule()
    def pipeline_restarts(self) -> None:
        self._start()

    @rule(minutes=st.sampled_from([1, 11, 30]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes * MINUTE)

    @rule(hours=st.sampled_from([-30, -1, 1, 30]))
    def clock_is_set(self, hours: int) -> None:
        self.clock.jump(hours * HOUR)

    @invariant()
    def readers_have_all_their_files(self) -> None:
        for reading in self.reading:
            assert all(Path(file).exists() for file in reading.made.files.get("events", ()))

    @invariant()
    def newest_cut_holds_every_row_once(self) -> None:
        with self._reader().opened() as made:
            assert _ids_in(made.files.get("events", ())) == sorted(self.ids)

    def _named(self) -> set[str]:
        named = self._planned()
        return named.union(*(reachable(self.lake.table(table)) for table in TABLES))

    def _left(self) -> set[str]:
        tables = [self.lake.table(table) for table in TABLES]
        return {file.path for table in tables for file in files_below(table, LOCAL)}

    @rule()
    def garbage_goes_when_all_readers_have(self) -> None:
        for reading in self.reading:
            reading.held.close()
        self.reading.clear()
        # Merged, forgotten, plan dropped, plan removed, marked, removed; and a snapshot that comes
        # of age in the last of these rounds makes new garbage, which takes two more.
        for _ in range(10):
            self.maintenance_runs(full=False)
            self._publish()
            self.clock.advance(31 * MINUTE)
            named, left = self._named(), self._left()
            plans = self._plan_files()
            if left == named and len(plans) <= 2:
                break
        assert left == named
        assert len(plans) <= 2


TestMaintainedLake = pytest.mark.slow(MaintainedLake.TestCase)
TestMaintainedLake.settings = settings(
    max_examples=scaled(6, 100),
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take an hour
)


class ReadFromElsewhere(MaintainedLake):
    """Cuts beside the lake: no reader holds a lock, so each ends in time, as statements do."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = msgspec.structs.replace(self.settings, cuts="lake")

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home.lake_dir)

    def _tail(self) -> StoreTail:
        return StoreTail(self.store, "default", self.clock, GRACE)

    def _reader(self) -> CutReader:
        return CutReader(StoreCuts(self.store, "default"))

    def _plan_files(self) -> list[str]:
        return [name for name in SharedCut(self.store, "default").names() if name[:4] == "plan"]

    def _planned(self) -> set[str]:
        return SharedCut(self.store, "default").planned_files()

    @rule(minutes=st.sampled_from([1, 4, 11, 30]))
    def time_passes(self, minutes: int) -> None:
        super().time_passes(minutes)
        now = self.clock.monotonic()
        self.reading = [one for one in self.reading if now - one.since <= GRACE / SECOND / 2]


TestReadFromElsewhere = pytest.mark.slow(ReadFromElsewhere.TestCase)
TestReadFromElsewhere.settings = settings(
    TestMaintainedLake.settings, max_examples=scaled(4, 100), stateful_step_count=16
)
