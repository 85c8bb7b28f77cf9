"""Which log, by settings: the one place that knows what kinds of logs there are."""

from __future__ import annotations

from pathlib import Path

import msgspec

from footfall.clock import Clock
from footfall.home import Home
from footfall.log._contract import Log
from footfall.log.sqlite.log import SqliteLog
from footfall.settings import LogSettings


class LogSource(msgspec.Struct, frozen=True):
    """A project's log, not opened yet; a value that another process can be told as JSON.

    A new kind of log is a value of `log.kind` and a line in each of the two functions.
    """

    home: str
    project: str
    settings: LogSettings

    @classmethod
    def of(cls, home: Home, project: str, settings: LogSettings) -> LogSource:
        """The log of `project` in this installation."""
        return cls(str(home.root), project, settings)

    def reader(self) -> Log:
        """Open it to read and trim; any number of processes may."""
        return SqliteLog.reader(self._directory)

    def writer(self, clock: Clock | None = None) -> Log:
        """Open it to append.

        Raises:
            Conflict: another process has it open for appending.
            DiskFull, Unavailable: it cannot be opened now; try again.
            Corrupt: the newest segment is damaged; restore it.
        """
        return SqliteLog.writer(self._directory, self.settings, clock)

    @property
    def _directory(self) -> Path:
        return Home(Path(self.home)).log_dir(self.project)
