"""The log: an ordered, durable, replayable record of requests, one per project.

An append returns when its records are on stable storage. A log has one or more partitions; in each,
offsets start at 0, have no gaps and are never given twice, whatever crashes. Records are opaque
bytes (`footfall.request`).

`LogSource` opens the log that settings name. `SqliteLog` keeps segments of SQLite files, one
partition; `footfall.log.kafka` keeps a topic of Apache Kafka, and is loaded only where settings say
so; `footfall.testing.MemoryLog` is the fake that passes the same behaviour suite; `GroupCommitter`
turns many small submissions into few appends.
"""

from __future__ import annotations

from footfall.log._contract import Log
from footfall.log._source import LogSource
from footfall.log.sqlite.log import SqliteLog
from footfall.log.sqlite.mend import SegmentHealth
from footfall.log.sqlite.repair import inspect_log, mend_log
from footfall.log.writer import GroupCommitter

__all__ = [
    "GroupCommitter",
    "Log",
    "LogSource",
    "SegmentHealth",
    "SqliteLog",
    "inspect_log",
    "mend_log",
]
