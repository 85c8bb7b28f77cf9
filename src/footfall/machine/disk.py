"""How much disk a home takes, how fast that grows, and when the disk is full.

Sizes are what the file system says. Growth follows from the epochs of the last days: requests a day
times the bytes that one takes, in the log and in the lake. The log grows until it holds what
`log.keep_age_min` and `log.bytes_max` let it, the lake for ever:

    free 100 GiB, lake 2 GiB a day, log 5 GiB a day with 30 GiB left to its bound

        day  0 …  6     7 GiB a day     42 GiB taken, the log is at its bound
        day  6 … 35     2 GiB a day     58 GiB taken: full after 35 days

Whether there is no space at all is not read but tried: a quota may be used up, or the file system
out of inodes, while gigabytes are free.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import DAY, HOUR, Clock
from footfall.errors import DiskFull
from footfall.home import Home
from footfall.settings import Settings

LOOK_BACK: Final = 7 * DAY
SPAN_MIN: Final = 1 * HOUR
"""Growth of less time says nothing about a day."""

REQUESTS_MIN: Final = 1000
_BUSY_MS: Final = 500
_FULL_NUMBERS: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_WORDS: Final = ("database or disk is full", "No space left on device", "Disk quota exceeded")
"""As SQLite says it, and libraries that lose the number on the way."""
_PROBE_BYTES: Final = 64 * 1024
_SPAN: Final = """
SELECT min(committed_at),
    min((SELECT coalesce(sum(value), 0) FROM json_each(log_from, '$.offsets'))),
    max((SELECT coalesce(sum(value), 0) FROM json_each(log_to, '$.offsets')))
FROM epochs WHERE project = ? AND committed_at >= ?
"""


class DiskStatus(msgspec.Struct, frozen=True):
    """What a project takes, and what is to come."""

    free_bytes: int
    total_bytes: int
    log_bytes: int
    tail_bytes: int
    lake_bytes: int
    state_bytes: int
    metadata_bytes: int
    growth_bytes_per_day: int | None
    """Of log and lake now; `None` until there is enough to say."""
    days_until_full: float | None
    """`None`: not known yet, or never at this rate."""
    alarms: tuple[str, ...]
    """What to do something about, one sentence each."""


class Growth(msgspec.Struct, frozen=True):
    """One part's."""

    bytes_per_day: float
    room_bytes: float = float("inf")
    """Until it is at its bound and grows no more."""


class DiskMeter:
    """Measures at most once in `interval` microseconds: a large lake has many files."""

    def __init__(
        self, home: Home, project: str, settings: Settings, clock: Clock, interval: int
    ) -> None:
        """Measure nothing yet."""
        self._arguments = (home, project, settings, clock)
        self._clock = clock
        self._interval = interval
        self._measured_at = 0
        self._found: DiskStatus | None = None

    def __call__(self) -> DiskStatus:
        """The newest measurement."""
        now = self._clock.now_us()
        if self._found is None or not 0 <= now - self._measured_at < self._interval:
            self._found = measure(*self._arguments)
            self._measured_at = now
        return self._found


def measure(home: Home, project: str, settings: Settings, clock: Clock) -> DiskStatus:
    """Look at every file of the project once; files that go away meanwhile count or not."""
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    disk = shutil.disk_usage(existing)
    log_bytes = _bytes_below(home.log_dir(project))
    lake_bytes = _bytes_below(home.lake_dir / project)
    growth = _growth(home, project, settings, clock, log_bytes, lake_bytes)
    days = None if growth is None else days_until_full(disk.free, growth)
    return DiskStatus(
        free_bytes=disk.free,
        total_bytes=disk.total,
        log_bytes=log_bytes,
        tail_bytes=_bytes_below(home.tail_dir(project)),
        lake_bytes=lake_bytes,
        state_bytes=_bytes_below(home.state_dir(project)),
        metadata_bytes=sum(_size(file) for file in home.root.glob("metadata.db*")),
        growth_bytes_per_day=None if growth is None else _now(growth),
        days_until_full=days,
        alarms=tuple(_alarms(settings, disk.free, days, log_bytes)),
    )


def days_until_full(free_bytes: float, growth: Sequence[Growth]) -> float | None:
    """Days until parts that grow like this have taken `free_bytes`; `None` for never.

    See the module's text for an example.
    """
    days, left = 0.0, free_bytes
    growing = [part for part in growth if part.bytes_per_day > 0 and part.room_bytes > 0]
    while growing:
        rate = sum(part.bytes_per_day for part in growing)
        step = min(part.room_bytes / part.bytes_per_day for part in growing)
        if rate * step >= left:
            return days + left / rate
        days, left = days + step, left - rate * step
        grown = [
            Growth(part.bytes_per_day, part.room_bytes - part.bytes_per_day * step)
            for part in growing
        ]
        growing = [part for part in grown if part.room_bytes > 1]
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether a full disk, or a used-up quota, is behind `error`, however it was wrapped.

    It passes by itself, or by an operator's hand: wait, lose nothing.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, DiskFull):
            return True
        if isinstance(cause, OSError) and cause.errno in _FULL_NUMBERS:
            return True
        if any(words in str(cause) for words in _FULL_WORDS):
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False


def full_places(home: Home, project: str) -> list[Path]:
    """Directories of the project that take no more bytes now; each may be a file system of its own.

    Found out by writing some to a file without a name, so nothing is left, whatever ends this.
    """
    places = (
        home.root,
        home.log_dir(project),
        home.tail_dir(project),
        home.state_dir(project),
        home.lake_dir,
    )
    return [place for place in places if place.is_dir() and not _takes_bytes(place)]


def _takes_bytes(directory: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as stream:
            stream.write(bytes(_PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error.errno not in _FULL_NUMBERS
    return True


def _growth(
    home: Home, project: str, settings: Settings, clock: Clock, log_bytes: int, lake_bytes: int
) -> list[Growth] | None:
    """Of log and lake; `None` when too little was taken yet to say."""
    now = clock.now_us()
    since, log_from, log_to = _epochs(home, project, now - LOOK_BACK)
    if now - since < SPAN_MIN or log_to - log_from < REQUESTS_MIN:
        return None
    per_day = (log_to - log_from) * DAY / (now - since)
    segments = [file.stem for file in home.log_dir(project).glob("[0-9]*.db")]
    kept = max(log_to - min(map(int, segments), default=log_to), 1)
    log_rate = per_day * log_bytes / kept
    log_bound = log_rate * settings.log.keep_age_min / DAY
    if settings.log.bytes_max is not None:
        log_bound = min(log_bound, settings.log.bytes_max)
    return [
        Growth(per_day * lake_bytes / log_to),
        Growth(log_rate, max(log_bound - log_bytes, 0)),
    ]


def _now(growth: Sequence[Growth]) -> int:
    return round(sum(part.bytes_per_day for part in growth if part.room_bytes > 0))


def _epochs(home: Home, project: str, since: int) -> tuple[int, int, int]:
    """When the first epoch since then was committed; how many requests were before it, and are now.

    Over all partitions of the log; zeros for none.
    """
    file = home.metadata_file
    with contextlib.suppress(sqlite3.Error):
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            row = connection.execute(_SPAN, (project, since)).fetchone()
        if row[0] is not None:
            return (int(row[0]), int(row[1]), int(row[2]))
    return (0, 0, 0)


def _alarms(settings: Settings, free_bytes: int, days: float | None, log_bytes: int) -> list[str]:
    found = []
    if free_bytes < settings.disk.free_min:
        found.append(
            f"less than disk.free_min is free, {free_bytes >> 20:,} MiB; make room: the collector"
            " refuses events when none is left"
        )
    if days is not None and days * DAY < settings.disk.alarm_before:
        found.append(f"the disk is full in {days:.1f} days at this rate; make room before")
    bound = settings.log.bytes_max
    if bound is not None and log_bytes > bound + settings.log.segment_bytes_max:
        found.append(
            f"the log is larger than log.bytes_max, {log_bytes >> 20:,} MiB, and nothing of it can"
            " go: the lake or a checkpoint needs it; is the worker behind?"
        )
    return found


def _bytes_below(directory: Path) -> int:
    total = 0
    stack = [directory]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(Path(entry.path))
                    else:
                        total += _size(Path(entry.path))
        except FileNotFoundError:
            continue
    return total


def _size(file: Path) -> int:
    try:
        return file.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0
