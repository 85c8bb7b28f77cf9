"""Writing side of the SQLite log: one process, one open segment.

Theory of operation. An append is one transaction of the newest segment, synced by SQLite before it
returns (`synchronous=FULL`), so a crash leaves whole groups only. What was appended is in the
write-ahead log; each time that is `checkpoint_pages` long, SQLite copies it into the database file,
syncs that, and begins the write-ahead log anew. A segment that is full or old is succeeded by a new
one, named after the next offset; the old one is *finished* in the background: what is left in its
write-ahead log is copied. Until then readers see the same records through the write-ahead log, so a
crash or a full disk while copying loses nothing, and the next start finishes it.

After a failure, what is not committed is rolled back before the next append, and the end of the
segment read again, because the file and not this object knows what was stored.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from footfall.clock import Clock
from footfall.errors import Closed, Conflict, Corrupt, FootfallError
from footfall.home import bytes_of, make_directory
from footfall.log.sqlite.groups import RowCodec, checksum, chunks
from footfall.log.sqlite.mend import finish_mending
from footfall.log.sqlite.segments import (
    CREATED_AT,
    INSERT_GROUP,
    checkpoint_pages,
    connect_writer,
    create_segment,
    end_of,
    list_bases,
    remove_leftovers,
    segment_file,
    write_error,
)
from footfall.settings import LogSettings

UNFINISHED_MAX: Final = 3
"""Segments that may wait to be finished; beyond it appends wait for the oldest."""

_PROBE_BYTES: Final = 64 * 1024


class _Segment:
    """The open segment."""

    def __init__(self, directory: Path, base: int, settings: LogSettings) -> None:
        file = segment_file(directory, base)
        self.base = base
        self.connection = connect_writer(file, checkpoint_pages(settings.segment_bytes_max))
        try:
            created_at = self.connection.execute(CREATED_AT).fetchone()
            size = self.connection.execute(
                "SELECT coalesce(sum(length(data)), 0) FROM record_groups"
            ).fetchone()
            if created_at is None or not isinstance(created_at[0], int):
                raise Corrupt(f"log segment is damaged; see footfall repair: path={file}")
        except (sqlite3.Error, Corrupt):
            self.connection.close()
            raise
        self.created_at: int = created_at[0]
        self.bytes = int(size[0])


class Appender:
    """The only writer of a log's directory."""

    def __init__(self, directory: Path, settings: LogSettings, clock: Clock) -> None:
        """Take the directory's lock and recover what a crash left.

        Raises:
            Conflict: another writer has the directory.
            DiskFull, Unavailable: it cannot be opened now.
            Corrupt: the newest segment is damaged.
        """
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._lock = take_lock(directory)
        self._rows = RowCodec()
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="log-finish")
        self._finishing: list[Future[None]] = []
        self._is_end_known = True
        self._is_rotating = False
        try:
            self._segment = self._recover()
            self._end = end_of(self._segment.connection, self._segment.base)
        except (sqlite3.Error, OSError) as error:
            self._release()
            raise write_error(error, directory) from error
        except FootfallError:
            self._release()
            raise

    def append(self, records: Sequence[bytes]) -> int:
        """Offset of the first; see `Log.append`."""
        if self._lock < 0:
            raise Closed("the log was closed")
        if not records:
            return self._end
        try:
            if not self._is_end_known:
                self._learn_end()
            if self._is_rotation_due():
                self._rotate()
            self._insert(records)
        except (sqlite3.Error, OSError) as error:
            self._is_end_known = False
            raise write_error(error, self._directory) from error
        first = self._end
        self._end += len(records)
        return first

    def probe(self) -> None:
        """Find out whether the disk takes bytes, by writing some: see `SqliteLog.probe`."""
        file = self._directory / "probe.new"
        try:
            with file.open("wb") as stream:
                stream.write(bytes(_PROBE_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise write_error(error, self._directory) from error
        finally:
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Finish all segments and let go of the lock; safe to call twice."""
        if self._lock >= 0:
            self._finish(self._segment.connection)
            self._release()

    def _release(self) -> None:
        self._finisher.shutdown()
        os.close(self._lock)
        self._lock = -1

    def _recover(self) -> _Segment:
        """Open the newest segment; hand older ones that were not finished to the finisher."""
        remove_leftovers(self._directory)
        finish_mending(self._directory)
        bases = list_bases(self._directory) or [0]
        newest = segment_file(self._directory, bases[-1])
        if newest.exists() and not newest.stat().st_size:
            newest.unlink()  # its name outlived its bytes: nothing was ever acknowledged in it
            remove_leftovers(self._directory)
        if not newest.exists():
            create_segment(self._directory, bases[-1], self._clock.now_us())
        for base in bases[:-1]:
            file = segment_file(self._directory, base)
            wal = file.with_name(file.name + "-wal")
            if bytes_of(wal):
                self._finish(connect_writer(file))
        return _Segment(self._directory, bases[-1], self._settings)

    def _is_rotation_due(self) -> bool:
        if self._is_rotating:
            return True
        if self._end == self._segment.base:
            return False
        age = self._clock.now_us() - self._segment.created_at
        return (
            self._segment.bytes >= self._settings.segment_bytes_max
            or age >= self._settings.segment_age_max
        )

    def _rotate(self) -> None:
        """Go on in a new segment.

        Once its file exists nothing may be appended to the old one, so an attempt that failed half
        way is taken up again by the next append, whatever size and age say then.
        """
        self._is_rotating = True
        if not segment_file(self._directory, self._end).exists():
            create_segment(self._directory, self._end, self._clock.now_us())
        finished = self._segment.connection
        self._segment = _Segment(self._directory, self._end, self._settings)
        self._is_rotating = False
        self._finish(finished)

    def _insert(self, records: Sequence[bytes]) -> None:
        rows = []
        offset = self._end
        for chunk in chunks(records):
            data = self._rows.pack(chunk)
            rows.append((offset, len(chunk), checksum(offset, len(chunk), data), data))
            offset += len(chunk)
        if len(rows) == 1:
            self._segment.connection.execute(
                INSERT_GROUP, rows[0]
            )  # a transaction of its own, in one step
        else:
            self._insert_all(rows)
        # An insert within a transaction that a failure left open would be acknowledged and lost.
        assert not self._segment.connection.in_transaction
        self._segment.bytes += sum(len(row[3]) for row in rows)

    def _insert_all(self, rows: list[tuple[int, int, int, bytes]]) -> None:
        connection = self._segment.connection
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT_GROUP, rows)
        connection.execute("COMMIT")

    def _learn_end(self) -> None:
        """After a failure: give up what is not committed, and see what is."""
        connection = self._segment.connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        self._end = end_of(connection, self._segment.base)
        self._is_end_known = True

    def _finish(self, connection: sqlite3.Connection) -> None:
        self._finishing = [future for future in self._finishing if not future.done()]
        if len(self._finishing) >= UNFINISHED_MAX:
            self._finishing.pop(0).result()
        self._finishing.append(self._finisher.submit(_copy_and_close, connection))


def _copy_and_close(connection: sqlite3.Connection) -> None:
    """Copy the write-ahead log into the database file.

    A disk without room for it leaves both as they are, readable; the next start tries again.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connection):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def take_lock(directory: Path) -> int:
    """Descriptor of the locked file `lock`: who holds it is the log's only writer.

    `flock` belongs to the open file, so a second writer in the same process is kept out as well,
    and the lock ends with the process however it ends.
    """
    try:
        make_directory(directory)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise write_error(error, directory) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(
            f"another process writes this log; stop it first: path={directory}"
        ) from error
    return descriptor
