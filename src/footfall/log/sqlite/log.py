"""The default log: segments of SQLite files in one directory. Format: `docs/formats/log.md`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from footfall.clock import Clock, SystemClock
from footfall.errors import Closed, Invalid
from footfall.log.sqlite.appender import Appender
from footfall.log.sqlite.reader import SegmentReader
from footfall.log.sqlite.segments import offset_within, trim_segments
from footfall.positions import Place, Positions
from footfall.settings import LogSettings


class SqliteLog:
    """A `Log` of one partition in a directory; one writer at a time, any number of readers."""

    partitions = 1

    def __init__(self, directory: Path, appender: Appender | None) -> None:
        """Use `writer` or `reader` instead."""
        self._directory = directory
        self._appender = appender
        self._reader = SegmentReader(directory)
        self._is_closed = False

    @classmethod
    def writer(
        cls, directory: Path, settings: LogSettings, clock: Clock | None = None
    ) -> SqliteLog:
        """Open for appending and reading; makes the directory, recovers after a crash.

        Raises:
            Conflict: another process has it open for appending.
            DiskFull, Unavailable: it cannot be opened now; try again.
            Corrupt: the newest segment is damaged; restore it.
        """
        return cls(directory, Appender(directory, settings, clock or SystemClock()))

    @classmethod
    def reader(cls, directory: Path) -> SqliteLog:
        """Open for reading and trimming; the directory may not exist yet.

        Records appended by another process are seen at the next call.
        """
        return cls(directory, None)

    def append(self, records: Sequence[bytes], partition: int | None = None) -> Place:
        """See `Log.append`.

        Raises:
            Invalid: this log was opened for reading.
        """
        self._check_open(partition)
        if self._appender is None:
            raise Invalid("log was opened for reading; open it with SqliteLog.writer to append")
        return Place(0, self._appender.append(records))

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        """See `Log.read`."""
        self._check_open(partition)
        return self._reader.read(offset, records_max, bytes_max)

    def starts(self) -> Positions:
        """See `Log.starts`."""
        self._check_open()
        return Positions((self._reader.start_offset(),))

    def ends(self) -> Positions:
        """See `Log.ends`."""
        self._check_open()
        return Positions((self._reader.end_offset(),))

    def trim(self, before: Positions) -> None:
        """See `Log.trim`: whole segments, never the newest. A reader may trim too."""
        self._check_open()
        trim_segments(self._directory, before[0])

    def positions_within(self, bytes_max: int) -> Positions:
        """See `Log.positions_within`; sizes are those of the files."""
        self._check_open()
        return Positions((offset_within(self._directory, bytes_max),))

    def probe(self) -> None:
        """See `Log.probe`; where it was opened for reading, nothing is found out."""
        self._check_open()
        if self._appender is not None:
            self._appender.probe()

    def close(self) -> None:
        """See `Log.close`."""
        self._is_closed = True
        self._reader.close()
        if self._appender is not None:
            self._appender.close()

    def _check_open(self, partition: int | None = None) -> None:
        if self._is_closed:
            raise Closed("the log was closed")
        if partition:
            raise Invalid(f"this log has one partition, number 0: {partition=}")
