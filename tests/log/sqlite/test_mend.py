"""Damaged segments: what can be read is kept, what cannot is stated, offsets stay."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.errors import Conflict, Corrupt
from footfall.log import SqliteLog, inspect_log, mend_log
from footfall.request import LOST_RECORD
from footfall.settings import LogSettings, load_settings
from footfall.testing.sim_clock import SimClock
from tests.scale import scaled

SETTINGS: LogSettings = load_settings(overrides=["log.segment_bytes_max=40KiB"]).log


def _record(offset: int) -> bytes:
    return b"%d:" % offset + random.Random(offset).randbytes(300 + offset % 700)  # noqa: S311


def _filled(directory: Path, records: int) -> None:
    log = SqliteLog.writer(directory, SETTINGS, SimClock())
    chance = random.Random(records)  # noqa: S311
    end = 0
    while end < records:
        count = min(chance.randint(1, 6), records - end)
        log.append([_record(end + number) for number in range(count)])
        end += count
    log.close()


def _all(directory: Path) -> dict[int, bytes]:
    log = SqliteLog.reader(directory)
    found: dict[int, bytes] = {}
    offset = log.starts()[0]
    while batch := log.read(offset, records_max=50, bytes_max=1 << 20):
        found.update(batch)
        offset = batch[-1][0] + 1
    log.close()
    return found


def _flip(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(chance.randint(1, 4)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def _zero_page(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    page = chance.randrange(len(data) // 4096)
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    file.write_bytes(data)


def _truncate(file: Path, chance: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data))])


def _remove(file: Path, _: random.Random) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [_flip, _zero_page, _truncate, _remove])
@pytest.mark.parametrize("seed", range(scaled(6, 60)))
def test_what_can_be_read_stays_and_the_rest_is_stated(
    damage: Callable[[Path, random.Random], None], seed: int, tmp_path: Path
) -> None:
    """Every record is itself or stands as lost, at its offset; and the log goes on behind it."""
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    _filled(tmp_path, 300)
    segments = sorted(tmp_path.glob("*.db"))
    assert len(segments) > 3
    victim = chance.choice(segments[1:])
    damage(victim, chance)
    damaged = [health for health in inspect_log(tmp_path, 300) if health.is_damaged]
    stated = {
        offset for health in damaged for start, end in health.lost for offset in range(start, end)
    }
    mended = mend_log(tmp_path, 300, SimClock())
    found = _all(tmp_path)
    assert sorted(found) == list(range(300)), f"{seed=}"
    lost = {offset for offset, record in found.items() if record == LOST_RECORD}
    assert lost == stated
    assert all(found[offset] == _record(offset) for offset in found.keys() - lost), f"{seed=}"
    assert [health for health, _ in mended] == damaged
    assert damaged or not lost
    assert mend_log(tmp_path, 300, SimClock()) == []
    log = SqliteLog.writer(tmp_path, SETTINGS, SimClock())
    assert log.append([b"next"]).offset == 300
    log.close()


def test_a_page_that_no_record_needs_may_keep_the_writer_out(tmp_path: Path) -> None:
    """When the segment was made stands alone on its page: without it no record is lost."""
    _filled(tmp_path, 100)
    newest = sorted(tmp_path.glob("*.db"))[-1]
    connection = sqlite3.connect(newest)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    query = "SELECT rootpage FROM sqlite_schema WHERE name = 'segment'"
    (page,) = connection.execute(query).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data = bytearray(newest.read_bytes())
    data[page * size - 100 : page * size] = bytes(100)
    newest.write_bytes(data)
    with pytest.raises(Corrupt, match="see footfall repair"):
        SqliteLog.writer(tmp_path, SETTINGS, SimClock())
    ((health, _),) = mend_log(tmp_path, 100, SimClock())
    assert health.lost == ()
    assert _all(tmp_path) == {offset: _record(offset) for offset in range(100)}
    SqliteLog.writer(tmp_path, SETTINGS, SimClock()).close()


def test_a_newest_segment_without_bytes_is_the_writers_to_make_anew(tmp_path: Path) -> None:
    """A power cut may leave its name alone; nothing was acknowledged in it: nothing is broken."""
    SqliteLog.writer(tmp_path, SETTINGS, SimClock()).close()
    (only,) = tmp_path.glob("*.db")
    only.write_bytes(b"")
    assert [health.is_damaged for health in inspect_log(tmp_path, 0)] == [False]
    assert [health.is_damaged for health in inspect_log(tmp_path, 1)] == [True]
    SqliteLog.writer(tmp_path, SETTINGS, SimClock()).close()


def test_a_damaged_group_loses_that_group_only(tmp_path: Path) -> None:
    """One flipped bit in one record: its group is lost, all others are read, also before it."""
    _filled(tmp_path, 100)
    victim = sorted(tmp_path.glob("*.db"))[0]
    data = bytearray(victim.read_bytes())
    data[data.index(_record(20)[:40])] ^= 1
    victim.write_bytes(data)
    log = SqliteLog.reader(tmp_path)
    read = log.read(0, records_max=1000, bytes_max=1 << 30)
    assert read == [(offset, _record(offset)) for offset in range(len(read))]
    assert 14 <= len(read) <= 20
    with pytest.raises(Corrupt, match=r"see footfall repair: path=.* offset="):
        log.read(len(read), records_max=1000, bytes_max=1 << 30)
    log.close()
    ((health, kept),) = mend_log(tmp_path, 100, SimClock())
    ((start, end),) = health.lost
    assert start == len(read)
    assert start <= 20 < end <= start + 6
    assert kept.read_bytes() == data


def test_mending_needs_the_log_for_itself(tmp_path: Path) -> None:
    """A collector that appends meanwhile would lose what it acknowledges."""
    log = SqliteLog.writer(tmp_path, SETTINGS, SimClock())
    with pytest.raises(Conflict, match="stop it first"):
        mend_log(tmp_path, 0, SimClock())
    log.close()


def test_what_a_crash_left_undone_is_finished_by_the_next_writer(tmp_path: Path) -> None:
    """The mended segment is whole; the old write-ahead log must not be played onto it."""
    _filled(tmp_path, 100)
    first = sorted(tmp_path.glob("*.db"))[0]
    whole = first.read_bytes()
    first.with_suffix(".mended").write_bytes(whole)
    first.write_bytes(b"damaged")
    first.with_name(first.name + "-wal").write_bytes(b"of the damaged one")
    SqliteLog.writer(tmp_path, SETTINGS, SimClock()).close()
    assert _all(tmp_path) == {offset: _record(offset) for offset in range(100)}
    assert not list(tmp_path.glob("*.mended"))
