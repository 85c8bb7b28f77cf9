"""A log looked at and mended as a whole, for `footfall doctor` and `footfall repair`."""

from __future__ import annotations

import os
from pathlib import Path

from footfall.clock import Clock
from footfall.log.sqlite.appender import take_lock
from footfall.log.sqlite.mend import SegmentHealth, finish_mending, inspect_segments, mend_segment


def inspect_log(directory: Path, known_end: int, newest: int | None = None) -> list[SegmentHealth]:
    """Read every record of the log, or of its newest segments; a server may run meanwhile.

    Args:
        directory: The log's.
        known_end: An offset that the log is known to have reached.
        newest: Look at that many of the newest segments only.
    """
    return list(inspect_segments(directory, known_end, newest))


def mend_log(directory: Path, known_end: int, clock: Clock) -> list[tuple[SegmentHealth, Path]]:
    """Replace damaged segments; each with where the damaged one is kept.

    What can be read stays at its offset, which may be everything; what is lost becomes a record
    that the pipeline turns into a failed event with the reason `lost`.

    Raises:
        Conflict: a collector writes this log; stop it first.
        DiskFull, Unavailable: nothing was replaced.
    """
    lock = take_lock(directory)
    try:
        finish_mending(directory)
        return [
            (health, mend_segment(directory, health, clock.now_us()))
            for health in inspect_segments(directory, known_end)
            if health.is_damaged
        ]
    finally:
        os.close(lock)
