"""The log: an ordered, durable, replayable record of requests, one per project.

An append returns when its records are on stable storage; offsets start at 0, have no gaps and are
never given twice, whatever crashes. Records are opaque bytes (`footfall.request`).

`SqliteLog` keeps segments of SQLite files; `footfall.testing.MemoryLog` is the fake that passes the
same behaviour suite; `GroupCommitter` turns many small submissions into few appends.
"""

from __future__ import annotations

from footfall.log._contract import Log
from footfall.log._mend import SegmentHealth
from footfall.log._repair import inspect_log, mend_log
from footfall.log._sqlite import SqliteLog
from footfall.log.writer import GroupCommitter

__all__ = ["GroupCommitter", "Log", "SegmentHealth", "SqliteLog", "inspect_log", "mend_log"]
