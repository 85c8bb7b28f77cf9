"""Which log, by settings: the one place that knows what kinds of logs there are."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from footfall.clock import Clock, SystemClock
from footfall.errors import Invalid
from footfall.home import Home
from footfall.log._contract import Log
from footfall.log.sqlite.log import SqliteLog
from footfall.settings import LogSettings
from footfall.settings.kafka import KafkaSettings

if TYPE_CHECKING:
    from footfall.log.kafka.log import KafkaLog


class LogSource(msgspec.Struct, frozen=True):
    """A project's log, not opened yet; a value that another process can be told as JSON.

    A new kind of log is a value of `log.kind` and a line in each of the two functions. Its settings
    may hold a password, so JSON of it is made with `footfall.secret.reveal`, and never for a file.
    """

    home: str
    project: str
    settings: LogSettings

    @classmethod
    def of(cls, home: Home, project: str, settings: LogSettings) -> LogSource:
        """The log of `project` in this installation."""
        return cls(str(home.root), project, settings)

    def reader(self) -> Log:
        """Open it to read and trim; any number of processes may.

        Raises:
            Invalid: settings, rights or packages do not serve.
            Unavailable: it is on other machines, and they do not answer.
        """
        if self.settings.kind == "kafka":
            return _kafka_log().reader(self._kafka, self.project, SystemClock())
        return SqliteLog.reader(self._segments)

    def writer(self, clock: Clock | None = None) -> Log:
        """Open it to append.

        Raises:
            Conflict: another process has it open for appending, where only one may.
            DiskFull, Unavailable: it cannot be opened now; try again.
            Corrupt: the newest segment is damaged; restore it.
            Invalid: settings, rights or packages do not serve.
        """
        if self.settings.kind == "kafka":
            return _kafka_log().writer(self._kafka, self.project, clock or SystemClock())
        return SqliteLog.writer(self._segments, self.settings, clock)

    @property
    def directory(self) -> Path | None:
        """Where its files lie in the home; `None` if it is on other machines, who keep it whole."""
        return self._segments if self.settings.kind == "sqlite" else None

    def cautions(self) -> list[str]:
        """What of the place where it lies deserves a person's attention, one sentence each.

        Raises:
            Invalid: it does not serve as a log.
            Unavailable: it is on other machines, and they do not answer.
        """
        if self.settings.kind == "sqlite":
            return []
        with closing(_kafka_log().reader(self._kafka, self.project, SystemClock())) as log:
            return log.cautions()

    @property
    def _segments(self) -> Path:
        return Home(Path(self.home)).log_dir(self.project)

    @property
    def _kafka(self) -> KafkaSettings:
        if self.settings.kafka is None:
            raise Invalid("log.kind is kafka; set log.kafka.bootstrap_servers")
        return self.settings.kafka


def _kafka_log() -> type[KafkaLog]:
    """Loaded here alone: a log of SQLite files needs no package and no memory for it."""
    try:
        from footfall.log.kafka.log import KafkaLog
    except ModuleNotFoundError as error:
        if error.name != "confluent_kafka":
            raise
        raise Invalid(
            "log.kind is kafka, which needs a package more: pip install 'footfall[kafka]'"
        ) from error
    return KafkaLog
