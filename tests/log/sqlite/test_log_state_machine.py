"""The log against a list, through crashes, trims and late readers."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from footfall.clock import HOUR, MINUTE
from footfall.log import SqliteLog
from footfall.positions import Positions
from footfall.settings import LogSettings
from footfall.testing import SimClock
from tests.scale import scaled

SETTINGS = LogSettings(
    segment_bytes_max=64, segment_age_max=HOUR, group_requests_max=100, keep_age_min=HOUR
)
RECORDS = st.lists(st.binary(max_size=40), max_size=6)


def _copy_at_once(source: Path, target: Path) -> None:
    """The directory as it is at one moment: a copy during which a file changed is thrown away.

    Segments are finished in the background: a database copied before, and its write-ahead log after
    that, is a disk that never was.
    """
    while True:
        before = _seen(source)
        with contextlib.suppress(shutil.Error):
            shutil.copytree(source, target)
            if _seen(source) == before:
                return
        shutil.rmtree(target)


def _seen(directory: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for file in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[file.name] = file.stat().st_size, file.stat().st_mtime_ns
    return found


class LogMachine(RuleBasedStateMachine):
    """Model: a list of all records ever appended, and how many of them trimming may have taken."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.generation = 0
        self.clock = SimClock()
        self.records: list[bytes] = []
        self.allowed = 0
        self._open()

    def _open(self) -> None:
        directory = self.root / str(self.generation)
        self.log = SqliteLog.writer(directory, SETTINGS, self.clock)
        self.reader = SqliteLog.reader(directory)

    @rule(records=RECORDS)
    def append(self, records: list[bytes]) -> None:
        assert self.log.append(records).offset == len(self.records)
        self.records += records

    @rule(data=st.data())
    def trim(self, data: st.DataObject) -> None:
        before = data.draw(st.integers(0, len(self.records) + 3))
        log = data.draw(st.sampled_from([self.log, self.reader]))
        log.trim(Positions((before,)))
        self.allowed = max(self.allowed, before)

    @rule(minutes=st.integers(-30, 90))
    def pass_time(self, minutes: int) -> None:
        self.clock.jump(minutes * MINUTE)

    @rule()
    def close_and_reopen(self) -> None:
        self.reader.close()
        self.log.close()
        self._open()

    @rule(garbage=st.binary(max_size=300), side_files=st.booleans())
    def crash_and_reopen(self, garbage: bytes, side_files: bool) -> None:
        """What kill -9 leaves is what the files hold; the last write may be half there."""
        crashed = self.root / str(self.generation + 1)
        _copy_at_once(self.root / str(self.generation), crashed)
        for wal in sorted(crashed.glob("*.db-wal"))[-1:]:
            with wal.open("ab") as stream:
                stream.write(garbage)
        for shm in crashed.glob("*.db-shm"):
            if not side_files:
                shm.unlink()
        self.reader.close()
        self.log.close()
        self.generation += 1
        self._open()

    @rule(offset=st.integers(0, 60), records_max=st.integers(1, 9), bytes_max=st.integers(1, 90))
    def read_some(self, offset: int, records_max: int, bytes_max: int) -> None:
        found = self.reader.read(offset, records_max=records_max, bytes_max=bytes_max)
        first = max(offset, self.log.starts()[0])
        assert found == list(enumerate(self.records))[first : first + len(found)]
        if first < len(self.records):
            assert found
            full = sum(len(record) for _, record in found) >= bytes_max
            assert full or len(found) == min(records_max, len(self.records) - first)

    @invariant()
    def log_equals_the_list(self) -> None:
        for log in (self.log, self.reader):
            start = log.starts()[0]
            assert start <= self.allowed
            assert log.ends()[0] == len(self.records)
            found = log.read(0, records_max=9999, bytes_max=1 << 30)
            assert found == list(enumerate(self.records))[start:]

    def teardown(self) -> None:
        self.reader.close()
        self.log.close()
        shutil.rmtree(self.root)


LogMachine.TestCase.settings = hypothesis_settings(
    max_examples=scaled(15, 250),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLogMachine = LogMachine.TestCase
