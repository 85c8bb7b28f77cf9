"""Logs to test: the real one and the fake, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from footfall.clock import HOUR
from footfall.log import Log, SqliteLog
from footfall.settings import LogSettings
from footfall.testing import MemoryLog, SimClock
from tests.log.kafka.topics import new_log


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def settings() -> LogSettings:
    """Small segments, so that every test crosses their bounds."""
    return LogSettings(
        segment_bytes_max=200, segment_age_max=HOUR, group_requests_max=100, keep_age_min=HOUR
    )


@pytest.fixture
def open_writer(
    tmp_path: Path, settings: LogSettings, clock: SimClock
) -> Iterator[Callable[[], SqliteLog]]:
    """Opens the log in the test's directory; all are closed at the end."""
    opened: list[SqliteLog] = []

    def open_one() -> SqliteLog:
        opened.append(SqliteLog.writer(tmp_path / "log", settings, clock))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture(params=["memory", "memory of three", "sqlite", "kafka", "kafka of three"])
def log(request: pytest.FixtureRequest, open_writer: Callable[[], SqliteLog]) -> Iterator[Log]:
    """Any log, open for appending."""
    name, _, several = request.param.partition(" of ")
    partitions = 3 if several else 1
    if name == "sqlite":
        yield open_writer()
    elif name == "kafka":
        broker = request.getfixturevalue("kafka_broker")
        with closing(new_log(broker.address, partitions)) as found:
            yield found
    else:
        yield MemoryLog(partitions=partitions)


@pytest.fixture
def partition(log: Log) -> int:
    """The last of the log's partitions."""
    return log.partitions - 1
