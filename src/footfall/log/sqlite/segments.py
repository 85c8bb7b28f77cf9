"""Segments: files of the log's directory, each a SQLite database that holds a run of offsets.

A segment is named after its first offset, so the list of names is the index, and the next segment
of one that ends at offset n is the file n. It gets its name by a rename after its empty schema was
synced: a file with a segment's name is always a database with the schema.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sqlite3
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

from footfall.errors import Corrupt, DiskFull, FootfallError, Unavailable
from footfall.home import bytes_of, sync_directory, sync_file

SCHEMA_VERSION: Final = 2
"""2: rows are compressed."""

_APPLICATION_ID: Final = 0x46464C47  # "FFLG"
_PAGE_BYTES: Final = 8192
_BUSY_MS: Final = 5000
_NAME: Final = re.compile(r"^(\d{20})\.db$")
_SIDE_FILE: Final = re.compile(r"^(\d{20})\.db-(wal|shm)$")
_UNFINISHED: Final = ".new"

CREATED_AT: Final = "SELECT created_at FROM segment"
INSERT_GROUP: Final = "INSERT INTO record_groups VALUES (?, ?, ?, ?)"

_SCHEMA: Final = f"""
PRAGMA synchronous = OFF;
PRAGMA journal_mode = MEMORY;
PRAGMA page_size = {_PAGE_BYTES};
BEGIN;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE segment (created_at INTEGER NOT NULL) STRICT;
CREATE TABLE record_groups (
    first_offset INTEGER PRIMARY KEY,
    records INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;
COMMIT;
"""
"""Unsynced: the finished file is synced once, before it gets its name."""


def segment_file(directory: Path, base: int) -> Path:
    """Where the segment that begins at offset `base` lies."""
    return directory / f"{base:020d}.db"


def list_bases(directory: Path) -> list[int]:
    """First offsets of all segments, ascending; empty when there is no directory yet."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for match in map(_NAME.match, names) if match)


def create_segment(directory: Path, base: int, created_at: int) -> None:
    """Make an empty segment and sync it and its name.

    Raises:
        sqlite3.Error, OSError: there is no segment; try again later.
    """
    build_segment(segment_file(directory, base), created_at, ())
    sync_directory(directory)


def build_segment(file: Path, created_at: int, rows: Iterable[tuple[int, int, int, bytes]]) -> None:
    """Make a segment that holds `rows`; it gets its name when it is whole and synced.

    The name itself is the caller's to sync.

    Raises:
        sqlite3.Error, OSError: there is no segment; try again later.
    """
    unfinished = file.with_suffix(_UNFINISHED)
    remove_database(unfinished)
    with contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        connection.execute("INSERT INTO segment VALUES (?)", (created_at,))
        connection.executemany(INSERT_GROUP, rows)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    sync_file(unfinished)
    unfinished.rename(file)


def checkpoint_pages(segment_bytes_max: int) -> int:
    """How long a write-ahead log gets before it is copied into its segment, in pages.

    A 64th of a segment, 64 KiB to 1 MiB: copying makes the appends that come meanwhile wait, so it
    is done little by little (ADR 11).
    """
    return min(128, max(8, segment_bytes_max // (64 * _PAGE_BYTES)))


def connect_writer(file: Path, checkpoint_pages: int = 0) -> sqlite3.Connection:
    """Open a segment to append to it, from any thread, one at a time.

    Args:
        file: The segment.
        checkpoint_pages: Copy the write-ahead log after the append that makes it that long; 0:
            never. Only the connection that appends may: SQLite before 3.51.3 can damage a database
            that one connection writes and another copies to at the same moment (its "WAL-reset
            bug").
    """
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA synchronous = FULL")
        # One that fails, on a full disk for example, fails no append: SQLite tries after the next.
        connection.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
        _check_version(connection, file)
    except (sqlite3.Error, Corrupt):
        connection.close()
        raise
    return connection


def connect_reader(file: Path, *, is_last: bool) -> sqlite3.Connection:
    """Open a segment to read it; sees each commit of the writer at its next statement.

    Args:
        file: The segment.
        is_last: No segment follows it. One that is followed and whose write-ahead log was copied
            never changes again: it is read without locks and side files, which a full disk would
            refuse.
    """
    wal = file.with_name(file.name + "-wal")
    is_final = not is_last and not bytes_of(wal)
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if is_final else ''}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        _check_version(connection, file)
    except (sqlite3.Error, Corrupt):
        connection.close()
        raise
    return connection


def end_of(connection: sqlite3.Connection, base: int) -> int:
    """Offset after the segment's last record."""
    row = connection.execute(
        "SELECT first_offset + records FROM record_groups ORDER BY first_offset DESC LIMIT 1"
    ).fetchone()
    return base if row is None else int(row[0])


def trim_segments(directory: Path, before: int) -> None:
    """Remove segments that end at or below `before`, oldest first, never the newest."""
    bases = list_bases(directory)
    for base, following in pairwise(bases):
        if following > before:
            return
        remove_database(segment_file(directory, base))


def offset_within(directory: Path, bytes_max: int) -> int:
    """First offset of the oldest segment that, with all newer ones, takes at most `bytes_max`."""
    bases = list_bases(directory)
    if not bases:
        return 0
    found, size = bases[-1], 0
    for base in reversed(bases):
        size += _bytes_of(segment_file(directory, base))
        if size > bytes_max:
            break
        found = base
    return found


def _bytes_of(file: Path) -> int:
    return sum(bytes_of(file.with_name(file.name + suffix)) for suffix in ("", "-wal"))


def remove_leftovers(directory: Path) -> None:
    """Remove what a crash left: segments without their name yet, side files of removed ones."""
    bases = set(list_bases(directory))
    for name in os.listdir(directory):
        side = _SIDE_FILE.match(name)
        if (side and int(side[1]) not in bases) or _UNFINISHED in name:
            (directory / name).unlink(missing_ok=True)


def write_error(error: sqlite3.Error | OSError, where: Path) -> FootfallError:
    """What the caller of `Log.append` should do about a failure below it."""
    if isinstance(error, OSError):
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    else:
        is_full = _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
    if is_full:
        return DiskFull(f"the log's disk takes no more bytes; free some: path={where} {error}")
    return _damaged(error, where) or Unavailable(
        f"log cannot be written now; try again: path={where} {error}"
    )


def read_error(error: sqlite3.Error, where: Path) -> FootfallError:
    """What the caller of `Log.read` should do about a failure below it."""
    return _damaged(error, where) or Unavailable(
        f"log cannot be read now; try again: path={where} {error}"
    )


def is_missing(error: sqlite3.Error) -> bool:
    """Whether a segment could not be opened because it is not there (any more)."""
    return _code(error) == sqlite3.SQLITE_CANTOPEN


def _code(error: BaseException) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _damaged(error: BaseException, where: Path) -> Corrupt | None:
    if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Corrupt(f"log segment is damaged; see footfall repair: path={where} {error}")
    return None


def _check_version(connection: sqlite3.Connection, file: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version != SCHEMA_VERSION:
        raise Corrupt(
            f"log segment has another format; open it with the version that wrote it: path={file}"
            f" format={version} known={SCHEMA_VERSION}"
        )


def remove_database(file: Path) -> None:
    """Remove a segment.

    The database first: without it the side files mean nothing, they would lack records.
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
