"""The same window of past weeks, by the clock on the wall: 09:00 stays 09:00 when clocks change.

    Europe/Berlin, summer time ends on 2026-10-25      window of 1 h that starts at 09:00 local
    Monday 2026-10-26                                  08:00–09:00 UTC
    a week before                                      07:00–08:00 UTC: an hour earlier in UTC

A window belongs to its start. An hour that clocks skipped is no past week; of one that they had
twice, the first is, unless the offset is that of the window itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from footfall.alerts.rules.statements import Windows
from footfall.clock import DAY, SECOND

WEEK = 7 * DAY
PastEnd = Callable[[int, int], "int | None"]
"""End of the window so many weeks before the one that ends at a time; microseconds. None: clocks
skipped it."""


def weeks_of(zone: str, window_us: int) -> PastEnd:
    """For windows of a length, in a time zone (an IANA name)."""
    if zone == "UTC":
        return lambda end, weeks: end - weeks * WEEK
    local = ZoneInfo(zone)

    @lru_cache(maxsize=100_000)
    def offset(time_us: int) -> int:
        found = datetime.fromtimestamp(time_us // SECOND, UTC).astimezone(local).utcoffset()
        assert found is not None
        return round(found.total_seconds()) * SECOND

    def past(end: int, weeks: int) -> int | None:
        start = end - window_us
        on_the_wall = start + offset(start) - weeks * WEEK
        # Of the offsets that hold around there, each is tried: a time has it, or has it not.
        near = start - weeks * WEEK
        for tried in (offset(start), offset(near - DAY), offset(near + DAY)):
            if offset(on_the_wall - tried) == tried:
                return on_the_wall - tried + window_us
        return None

    return past


def in_runs(ends: Iterable[int], every: int) -> list[Windows]:
    """Ends as runs of windows, each `every` after the one before; no end is in two."""
    runs: list[Windows] = []
    for end in sorted(set(ends), key=lambda one: (one % every, one)):
        if runs and runs[-1].last + every == end:
            runs[-1] = Windows(runs[-1].first, end)
        else:
            runs.append(Windows(end, end))
    return runs
