"""The open segment's write-ahead log is copied little by little, whoever reads meanwhile."""

from __future__ import annotations

import contextlib
from pathlib import Path

from footfall.log import SqliteLog
from footfall.log.sqlite.segments import connect_reader, segment_file
from footfall.settings import load_settings
from footfall.testing import SimClock
from tests.log.sqlite.test_sqlite_log import ALL, records

SIZE = 100_000


def _files(directory: Path) -> tuple[Path, Path]:
    """The first segment and its write-ahead log."""
    segment = segment_file(directory / "log", 0)
    return segment, segment.with_name(segment.name + "-wal")


def test_write_ahead_log_stays_short(clock: SimClock, tmp_path: Path) -> None:
    """It is copied into the segment while that is appended to, and its room used again.

    So what is left to copy when the segment is finished, which makes appends wait, is little.
    """
    settings, stored = load_settings().log, records(0, 80, SIZE)
    with contextlib.closing(SqliteLog.writer(tmp_path / "log", settings, clock)) as log:
        for record in stored:
            log.append([record])
        segment, wal = _files(tmp_path)
        assert segment.stat().st_size > 6_500_000
        assert wal.stat().st_size < 1_500_000
        assert log.read(0, **ALL) == list(enumerate(stored))


def test_write_ahead_log_begins_anew_once_no_reader_needs_it(
    clock: SimClock, tmp_path: Path
) -> None:
    """It grows for as long as one reads: neither waits for the other."""
    settings, stored = load_settings().log, records(0, 60, SIZE)
    with contextlib.closing(SqliteLog.writer(tmp_path / "log", settings, clock)) as log:
        segment, wal = _files(tmp_path)
        log.append(stored[:1])
        with contextlib.closing(connect_reader(segment, is_last=True)) as reader:
            reader.execute("BEGIN")
            seen = "SELECT count(*) FROM record_groups"
            assert reader.execute(seen).fetchone() == (1,)
            for record in stored[1:40]:
                log.append([record])
            assert wal.stat().st_size > 3_500_000
            assert reader.execute(seen).fetchone() == (1,)
            reader.execute("ROLLBACK")
        log.append(stored[40:41])
        size = wal.stat().st_size
        for record in stored[41:]:
            log.append([record])
        assert wal.stat().st_size == size
        assert log.read(0, **ALL) == list(enumerate(stored))
