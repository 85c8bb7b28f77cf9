"""What only the log on disk must do: segments, recovery, full disks, readers of other processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from footfall.clock import HOUR
from footfall.errors import Conflict, Corrupt, DiskFull, Invalid, Unavailable
from footfall.log import SqliteLog
from footfall.log.sqlite import appender
from footfall.log.sqlite.segments import list_bases, segment_file
from footfall.positions import Positions
from footfall.settings import LogSettings
from footfall.testing import SimClock

ALL = {"records_max": 10_000, "bytes_max": 1 << 30}
Open = Callable[[], SqliteLog]


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes: writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def records(first: int, count: int, size: int = 40) -> list[bytes]:
    """Different ones that no compression makes smaller."""
    numbers = range(first, first + count)
    return [hashlib.shake_128(number.to_bytes(8, "big")).digest(size) for number in numbers]


def test_segments_are_named_after_their_first_offset(open_writer: Open, tmp_path: Path) -> None:
    """Names are the index: no other file says which offsets lie where."""
    log = open_writer()
    for first in range(0, 20, 2):
        log.append(records(first, 2))
    assert list_bases(tmp_path / "log") == [0, 6, 12, 18]
    assert segment_file(tmp_path / "log", 6).name == "00000000000000000006.db"


def test_segment_is_closed_by_age(open_writer: Open, tmp_path: Path, clock: SimClock) -> None:
    """A slow log is trimmed too, so segments end by age; an empty one never does."""
    log = open_writer()
    clock.advance(2 * HOUR)
    log.append([b"a"])
    clock.advance(2 * HOUR)
    log.append([b"b"])
    clock.jump(-9 * HOUR)
    log.append([b"c"])
    assert list_bases(tmp_path / "log") == [0, 1]
    assert log.read(0, **ALL) == [(0, b"a"), (1, b"b"), (2, b"c")]


def test_finished_segments_are_plain_databases(open_writer: Open, tmp_path: Path) -> None:
    """After close each record is in a database file that any SQLite opens; no side file is left."""
    log = open_writer()
    for first in range(0, 20, 2):
        log.append(records(first, 2))
    log.close()
    names = sorted(os.listdir(tmp_path / "log"))
    assert names == [f"{base:020d}.db" for base in (0, 6, 12, 18)] + ["lock"]
    with contextlib.closing(sqlite3.connect(tmp_path / "log" / names[0])) as connection:
        rows = connection.execute("SELECT first_offset, records FROM record_groups").fetchall()
    assert rows == [(0, 2), (2, 2), (4, 2)]


def test_like_records_take_a_fraction_of_their_bytes(open_writer: Open, tmp_path: Path) -> None:
    """Events of a visit are nearly the same, and the disk is what a busy log costs most."""
    log = open_writer()
    event = json.dumps({"event_name": "page_view", "page_url": "https://shop.test/a"}).encode()
    log.append([event * 10] * 100)
    log.close()
    with contextlib.closing(sqlite3.connect(segment_file(tmp_path / "log", 0))) as connection:
        query = "SELECT sum(length(data)) FROM record_groups"
        assert connection.execute(query).fetchone()[0] < len(event) * 10 * 100 / 20


def test_trim_removes_whole_files_but_the_newest(open_writer: Open, tmp_path: Path) -> None:
    """Disk space comes back; the newest segment stays, it knows the next offset."""
    log = open_writer()
    for first in range(0, 20, 2):
        log.append(records(first, 2))
    log.trim(Positions((17,)))
    assert list_bases(tmp_path / "log") == [12, 18]
    log.trim(Positions((99,)))
    assert list_bases(tmp_path / "log") == [18]
    assert not [
        name for name in os.listdir(tmp_path / "log") if name.startswith("00000000000000000000")
    ]


def test_second_writer_is_refused(open_writer: Open) -> None:
    """Two writers would give the same offsets twice; the lock ends with its holder."""
    first = open_writer()
    with pytest.raises(Conflict, match="another process writes this log"):
        open_writer()
    first.close()
    open_writer().append([b"x"])


def test_reader_may_not_append(open_writer: Open, tmp_path: Path) -> None:
    """Appending needs the lock, so a reader says how to get it."""
    open_writer()
    with contextlib.closing(SqliteLog.reader(tmp_path / "log")) as reader, pytest.raises(Invalid):
        reader.append([b"x"])


def test_reader_follows_the_writer(open_writer: Open, tmp_path: Path) -> None:
    """A reader that was there first sees each append at its next read, over all rotations."""
    with contextlib.closing(SqliteLog.reader(tmp_path / "log")) as reader:
        assert (reader.read(0, **ALL), reader.ends()[0], reader.starts()[0]) == ([], 0, 0)
        log = open_writer()
        found: list[tuple[int, bytes]] = []
        for first in range(0, 60, 3):
            log.append(records(first, 3))
            found += reader.read(len(found), **ALL)
            assert len(found) == first + 3 == reader.ends()[0]
        assert found == list(enumerate(records(0, 60)))


def test_reader_that_fell_behind_finds_its_place(open_writer: Open, tmp_path: Path) -> None:
    """A reader whose list of segments is old still finds an offset many segments later."""
    log = open_writer()
    log.append(records(0, 1))
    with contextlib.closing(SqliteLog.reader(tmp_path / "log")) as reader:
        assert reader.read(0, **ALL) == [(0, records(0, 1)[0])]
        for first in range(1, 40):
            log.append(records(first, 1))
        assert reader.read(33, **ALL) == [(33 + n, r) for n, r in enumerate(records(33, 7))]


def test_reader_survives_a_segment_trimmed_under_it(open_writer: Open, tmp_path: Path) -> None:
    """Trimming and reading need no coordination: the reader goes on with the oldest kept."""
    log = open_writer()
    for first in range(60):
        log.append(records(first, 1))
    with contextlib.closing(SqliteLog.reader(tmp_path / "log")) as reader:
        assert reader.read(0, records_max=2, bytes_max=1 << 20)[-1][0] == 1
        log.trim(Positions((40,)))
        read_on = reader.read(20, **ALL)
        start = log.starts()[0]
        assert read_on == [(n, records(n, 1)[0]) for n in range(start, 60)]
        reader.trim(Positions((50,)))
        assert log.starts()[0] == reader.starts()[0] > start


def test_reader_keeps_few_files_open(open_writer: Open, tmp_path: Path) -> None:
    """A rebuild reads hundreds of segments without running out of file descriptors."""
    log = open_writer()
    for first in range(0, 100, 2):
        log.append(records(first, 2, 200))
    with contextlib.closing(SqliteLog.reader(tmp_path / "log")) as reader:
        before = len(os.listdir("/proc/self/fd"))
        assert len(reader.read(0, **ALL)) == 100
        assert len(os.listdir("/proc/self/fd")) - before <= 4 * 3


def test_reader_in_another_process_sees_appends(open_writer: Open, tmp_path: Path) -> None:
    """The pipeline is another process: what is acknowledged is there at its next poll."""
    log = open_writer()
    script = (
        "import sys; from pathlib import Path; from footfall.log import SqliteLog\n"
        "log = SqliteLog.reader(Path(sys.argv[1]))\n"
        "for line in sys.stdin:\n"
        "    found = log.read(int(line), records_max=9, bytes_max=99)\n"
        "    print(found, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(12):
            log.append([b"%d" % number])
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"[({number}, b'{number}')]\n"
        process.stdin.close()
        assert process.wait(60) == 0


def test_killed_writer_left_everything_it_acknowledged(open_writer: Open, tmp_path: Path) -> None:
    """After kill -9 the next writer has each acknowledged record and counts on from there."""
    script = (
        "import sys; from pathlib import Path; from footfall.log import SqliteLog\n"
        "from footfall.settings import load_settings\n"
        "from tests.log.sqlite.test_sqlite_log import records\n"
        "settings = load_settings(overrides=['log.segment_bytes_max=2KiB']).log\n"
        "log = SqliteLog.writer(Path(sys.argv[1]), settings)\n"
        "number = 0\n"
        "while True:\n"
        "    print(log.append(records(number, 5)).offset, flush=True)\n"
        "    number += 5\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(30)]
        process.kill()
        acknowledged += [int(line) for line in process.stdout]
    assert acknowledged == list(range(0, 5 * len(acknowledged), 5))
    log = open_writer()
    end = log.ends()[0]
    assert end % 5 == 0
    assert acknowledged[-1] + 5 <= end <= acknowledged[-1] + 10
    assert log.append([b"next"]).offset == end
    assert log.read(0, **ALL) == [*enumerate(records(0, end)), (end, b"next")]


def test_unnamed_and_empty_newest_segments_are_made_again(
    open_writer: Open, tmp_path: Path
) -> None:
    """A crash while a segment was made leaves no trace: offsets go on."""
    log = open_writer()
    log.append(records(0, 3))
    log.close()
    segment_file(tmp_path / "log", 3).touch()
    (tmp_path / "log" / f"{9:020d}.new").write_bytes(b"half")
    (tmp_path / "log" / f"{1:020d}.db-wal").write_bytes(b"of a trimmed segment")
    log = open_writer()
    assert log.append([b"next"]).offset == 3
    assert log.read(0, **ALL) == [*enumerate(records(0, 3)), (3, b"next")]
    assert sorted(name for name in os.listdir(tmp_path / "log") if "-" not in name) == [
        f"{0:020d}.db",
        f"{3:020d}.db",
        "lock",
    ]


def test_torn_tail_of_the_newest_segment_is_ignored(open_writer: Open, tmp_path: Path) -> None:
    """Bytes of an append that was never acknowledged do not harm what was."""
    log = open_writer()
    log.append(records(0, 3))
    shutil.copytree(tmp_path / "log", tmp_path / "crashed")
    wal = tmp_path / "crashed" / f"{0:020d}.db-wal"
    complete = wal.stat().st_size
    log.append(records(3, 1))
    torn = (tmp_path / "log" / wal.name).read_bytes()[complete:-100]
    with wal.open("ab") as stream:
        stream.write(torn)
    log.close()
    (tmp_path / "crashed" / f"{0:020d}.db-shm").unlink()
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "crashed").rename(tmp_path / "log")
    log = open_writer()
    assert log.read(0, **ALL) == list(enumerate(records(0, 3)))
    assert log.append([b"next"]).offset == 3


@pytest.mark.parametrize("count", [1, 40])
def test_full_disk_stores_nothing_and_works_again_later(
    open_writer: Open, tmp_path: Path, settings: LogSettings, count: int
) -> None:
    """A group that does not fit is refused whole; the log takes it once there is space."""
    log = open_writer()
    log.append(records(0, 3))
    group = records(3, count, 20_000)
    with largest_file(30_000 + 8_192):
        for _ in range(2):
            with pytest.raises(DiskFull):
                log.append([*group, *records(99, 1, 40_000)])
        assert log.ends()[0] == 3
        assert log.read(0, **ALL) == list(enumerate(records(0, 3)))
    assert log.append(group).offset == 3
    assert log.read(3, **ALL) == [(3 + index, record) for index, record in enumerate(group)]


def test_full_disk_while_rotating_is_taken_up_again(
    open_writer: Open, tmp_path: Path, clock: SimClock
) -> None:
    """No new segment can be made: refused, nothing lost, and the next try makes it."""
    log = open_writer()
    log.append(records(0, 8))
    with largest_file(8192), pytest.raises(DiskFull):
        log.append([b"x"])
    clock.jump(-HOUR)
    assert log.append([b"x"]).offset == 8
    assert list_bases(tmp_path / "log") == [0, 8]
    assert log.read(7, **ALL) == [(7, records(7, 1)[0]), (8, b"x")]


class FaultyConnection:
    """A connection that fails once, at a statement, before or after doing it."""

    def __init__(self, connection: sqlite3.Connection, statement: str, *, is_done: bool) -> None:
        self._connection = connection
        self._statement: str | None = statement
        self._is_done = is_done

    def execute(self, sql: str, *arguments: Any) -> Any:
        if self._statement is not None and sql.startswith(self._statement):
            self._statement = None
            if self._is_done:
                self._connection.execute(sql, *arguments)
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(sql, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize(("count", "statement"), [(1, "INSERT"), (40, "COMMIT"), (40, "BEGIN")])
def test_append_that_failed_in_doubt_leaves_no_gap_and_no_overlap(
    open_writer: Open, count: int, statement: str, is_done: bool
) -> None:
    """An error may come after the commit: the file says where to go on, not what we remember."""
    log = open_writer()
    log.append([b"before"])
    group = [b"x" * 20_000] * count
    segment = log._appender._segment  # type: ignore[union-attr]
    segment.connection = FaultyConnection(  # type: ignore[assignment]
        segment.connection, statement, is_done=is_done
    )
    with pytest.raises(Unavailable):
        log.append(group)
    stored = [b"before", *group] if is_done and statement != "BEGIN" else [b"before"]
    for _ in range(2):
        assert log.append([b"after"]).offset == len(stored)
        stored.append(b"after")
    log.close()
    log = open_writer()
    assert log.read(0, **ALL) == list(enumerate(stored))


def test_rotation_that_failed_half_way_is_finished(
    open_writer: Open, clock: SimClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the next segment's file is there, nothing may go into the old one any more."""
    log = open_writer()
    log.append([b"a"])
    clock.advance(HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(appender, "_Segment", Mock(side_effect=sqlite3.OperationalError))
        with pytest.raises(Unavailable):
            log.append([b"b"])
    clock.jump(-HOUR)
    assert [log.append([b"b"]).offset, log.append([b"c"]).offset] == [1, 2]
    log.close()
    log = open_writer()
    assert log.read(0, **ALL) == [(0, b"a"), (1, b"b"), (2, b"c")]


def test_full_file_system(settings: LogSettings, clock: SimClock, tmp_path: Path) -> None:
    """The same on a real file system of 2 MiB, until it is full and after some is freed."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "footfall-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    # One segment: none is finished in the background, which would free some space at any moment.
    settings = msgspec.structs.replace(settings, segment_bytes_max=1 << 30)
    try:
        _fill_and_free(mount, settings, clock)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def _fill(log: SqliteLog, group: list[bytes]) -> list[bytes]:
    """Append `group` until the disk is full; what was stored."""
    stored: list[bytes] = []
    with contextlib.suppress(DiskFull):
        while len(stored) < 10_000:
            log.append(group)
            stored += group
    return stored


def _fill_file(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as stream:
        while stream.write(bytes(4096)):
            pass


def _fill_and_free(mount: Path, settings: LogSettings, clock: SimClock) -> None:
    (mount / "other").write_bytes(bytes(1 << 20))
    with contextlib.closing(SqliteLog.writer(mount / "log", settings, clock)) as log:
        stored = _fill(log, records(0, 10, 1000))
        stored += _fill(log, records(0, 1, 10))
        _fill_file(mount / "more")
        assert log.read(0, **ALL) == list(enumerate(stored))
        with pytest.raises(DiskFull):
            log.probe()
        (mount / "other").unlink()
        log.probe()
        assert log.append([b"next"]).offset == len(stored) > 100
    with contextlib.closing(SqliteLog.writer(mount / "log", settings, clock)) as log:
        assert log.read(0, **ALL) == list(enumerate([*stored, b"next"]))


def test_damaged_record_is_reported_not_returned(open_writer: Open, tmp_path: Path) -> None:
    """SQLite has no checksums: a flipped bit on the disk must not become an event."""
    log = open_writer()
    (record,) = records(0, 1)
    log.append([record])
    log.close()
    file = segment_file(tmp_path / "log", 0)
    damaged = record[:-1] + bytes([record[-1] ^ 8])
    assert record in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(record, damaged))
    reader = SqliteLog.reader(tmp_path / "log")
    with contextlib.closing(reader), pytest.raises(Corrupt, match="offset=0"):
        reader.read(0, **ALL)


def test_rows_that_changed_places_are_reported(open_writer: Open, tmp_path: Path) -> None:
    """Whole rows in the wrong place would give records the offsets of others."""
    log = open_writer()
    log.append(records(0, 1))
    log.append(records(1, 1))
    log.close()
    with contextlib.closing(sqlite3.connect(segment_file(tmp_path / "log", 0))) as database:
        rows = database.execute("SELECT checksum, data FROM record_groups").fetchall()
        for offset, row in enumerate(reversed(rows)):
            database.execute(
                "UPDATE record_groups SET checksum = ?, data = ? WHERE first_offset = ?",
                (*row, offset),
            )
        database.commit()
    reader = SqliteLog.reader(tmp_path / "log")
    with contextlib.closing(reader), pytest.raises(Corrupt, match="offset=0"):
        reader.read(0, **ALL)


def test_missing_segment_is_reported(open_writer: Open, tmp_path: Path) -> None:
    """A hole in the middle is damage, not a trimmed log."""
    log = open_writer()
    for first in range(0, 30, 2):
        log.append(records(first, 2))
    log.close()
    assert list_bases(tmp_path / "log")[:3] == [0, 6, 12]
    segment_file(tmp_path / "log", 6).unlink()
    reader = SqliteLog.reader(tmp_path / "log")
    with contextlib.closing(reader):
        assert [offset for offset, _ in reader.read(0, **ALL)] == [0, 1, 2, 3, 4, 5]
        with pytest.raises(Corrupt, match="lacks records"):
            reader.read(6, **ALL)


def test_file_that_is_no_segment_is_reported(open_writer: Open, tmp_path: Path) -> None:
    """Neither overwritten nor passed over: a person decides what it was."""
    log = open_writer()
    log.append([b"x"])
    log.close()
    segment_file(tmp_path / "log", 0).write_bytes(b"something else" * 1000)
    with pytest.raises(Corrupt, match="damaged"):
        open_writer()
