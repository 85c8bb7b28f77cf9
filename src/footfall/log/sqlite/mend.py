"""Damaged segments: what can still be read of them, and a segment that can be read in their place.

A mended segment has the same offsets: a record that is lost is replaced by `LOST_RECORD`, which the
pipeline turns into a failed event, so that ledgers state it. Nothing is ever left out in silence.

Theory of operation. The damaged database and its write-ahead log are only read, and copied aside
for a person to look at. The new one is built beside them, synced, and named `<base>.mended`. From
then on the old one is of no use: `finish_mending`, which every writer calls when it starts, removes
its write-ahead log and gives its name to the new one. So a crash at any point leaves the old files,
or a whole new one that only has to be renamed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from footfall.errors import Corrupt
from footfall.home import sync_directory
from footfall.log.sqlite.groups import RowCodec, checksum, chunks
from footfall.log.sqlite.segments import (
    CREATED_AT,
    build_segment,
    connect_reader,
    end_of,
    list_bases,
    segment_file,
)
from footfall.request import LOST_RECORD

DAMAGED: Final = "damaged-"
_MENDED: Final = ".mended"
_CHUNK: Final = 10_000

_NEXT: Final = """
SELECT first_offset, records, checksum, data FROM record_groups
WHERE first_offset >= ? ORDER BY first_offset LIMIT 1
"""
_AT: Final = (
    "SELECT first_offset, records, checksum, data FROM record_groups WHERE first_offset = ?"
)


class SegmentHealth(msgspec.Struct, frozen=True):
    """What a look at every record of a segment found."""

    file: Path
    base: int
    end: int
    """Offset after the last record that it is known to have had."""
    lost: tuple[tuple[int, int], ...]
    """Ranges of offsets [from, to) whose records cannot be read; empty if all can."""
    is_sound: bool
    """Whether nothing else of the file is damaged: a page that no record needs may keep SQLite from
    appending to it."""

    @property
    def is_damaged(self) -> bool:
        """Whether it is to be mended."""
        return bool(self.lost) or not self.is_sound

    @property
    def lost_records(self) -> int:
        """How many records cannot be read."""
        return sum(end - start for start, end in self.lost)


class _Group(NamedTuple):
    first: int
    records: int
    checksum: int
    data: bytes

    @property
    def is_whole(self) -> bool:
        return (
            checksum(self.first, self.records, self.data) == self.checksum
            and RowCodec().unpack(self.data, self.records) is not None
        )


def inspect_segments(
    directory: Path, known_end: int, newest: int | None = None
) -> Iterator[SegmentHealth]:
    """Read every record of each segment, oldest first; changes none.

    Args:
        directory: The log's.
        known_end: An offset that the log is known to have reached: what the newest segment lacks
            below it is lost. What was appended beyond it and is gone without a trace cannot be
            known.
        newest: Look at that many of the newest segments only.
    """
    bases = list_bases(directory)
    wanted = bases if newest is None else bases[-newest:]
    for base in wanted:
        following = next((other for other in bases if other > base), None)
        file = segment_file(directory, base)
        groups = [(group.first, group.first + group.records) for group in _whole(file, base)]
        end = following or max([known_end, base, *(end for _, end in groups)])
        yield SegmentHealth(file, base, end, _gaps(base, end, groups), _is_sound(file))


def mend_segment(directory: Path, health: SegmentHealth, created_at: int) -> Path:
    """Put a segment that can be read in the place of a damaged one; where that is kept.

    Nobody else may write the log meanwhile.

    Args:
        directory: The log's.
        health: Of that segment, as `inspect_segments` found it.
        created_at: Microseconds; what the new segment's age counts from.
    """
    kept = _keep_aside(directory, health.base)
    build_segment(directory / f"{health.base:020d}{_MENDED}", created_at, _filled(health))
    sync_directory(directory)
    finish_mending(directory)
    return kept


def finish_mending(directory: Path) -> None:
    """Put mended segments in their places; what a crash may have left undone."""
    for mended in sorted(directory.glob(f"*{_MENDED}")):
        file = mended.with_suffix(".db")
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        sync_directory(directory)
        mended.rename(file)
        sync_directory(directory)


def _filled(health: SegmentHealth) -> Iterator[tuple[int, int, int, bytes]]:
    """Rows of the new segment: what can be read, and stand-ins for what cannot."""
    place = health.base
    for group in _whole(health.file, health.base):
        yield from _stand_ins(place, group.first)
        yield group
        place = group.first + group.records
    yield from _stand_ins(place, health.end)


def _stand_ins(start: int, end: int) -> Iterator[tuple[int, int, int, bytes]]:
    while start < end:
        for chunk in chunks([LOST_RECORD] * min(end - start, _CHUNK)):
            data = RowCodec().pack(chunk)
            yield start, len(chunk), checksum(start, len(chunk), data), data
            start += len(chunk)


def _gaps(base: int, end: int, groups: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    gaps, place = [], base
    for first, after in groups:
        if first > place:
            gaps.append((place, first))
        place = after
    if place < end:
        gaps.append((place, end))
    return tuple(gaps)


def _is_sound(file: Path) -> bool:
    """What SQLite itself finds, and the one row that a writer needs."""
    if not file.stat().st_size:
        return True  # its name outlived its bytes; the next writer makes it anew
    try:
        with contextlib.closing(connect_reader(file, is_last=True)) as connection:
            created_at = connection.execute(CREATED_AT).fetchone()
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, Corrupt):
        return False
    return created_at is not None and isinstance(created_at[0], int) and found == "ok"


def _whole(file: Path, base: int) -> Iterator[_Group]:
    """Groups whose checksum fits, in order, none overlapping."""
    try:
        connection = connect_reader(file, is_last=True)
    except (sqlite3.Error, Corrupt):
        return
    with contextlib.closing(connection):
        place = base
        while (group := _group_from(connection, place)) is not None:
            if group.first >= place and group.is_whole:
                yield group
                place = group.first + group.records
            else:
                place = max(place, group.first) + 1


def _group_from(connection: sqlite3.Connection, place: int) -> _Group | None:
    """The next group that SQLite can read at or after `place`."""
    try:
        row = connection.execute(_NEXT, (place,)).fetchone()
        return None if row is None else _Group(*row)
    except sqlite3.Error:
        pass
    # A page on the way is damaged. Others may be whole: ask for each offset there can be.
    try:
        last = end_of(connection, place)
    except sqlite3.Error:
        last = place + _CHUNK
    for offset in range(place + 1, last):
        with contextlib.suppress(sqlite3.Error):
            row = connection.execute(_AT, (offset,)).fetchone()
            if row is not None:
                return _Group(*row)
    return None


def _keep_aside(directory: Path, base: int) -> Path:
    source = segment_file(directory, base)
    kept = directory / f"{DAMAGED}{source.name}"
    for suffix in ("", "-wal"):
        file, target = (path.with_name(path.name + suffix) for path in (source, kept))
        if file.exists():
            shutil.copyfile(file, target)
            _sync(target)
    sync_directory(directory)
    return kept


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
