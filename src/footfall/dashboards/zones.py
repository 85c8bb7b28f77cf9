"""The clock of a zone as arithmetic.

DuckDB asks ICU for each instant's local time, which takes most of a chart over time (seven times
as long as all else of it). Within a range a zone has few offsets, so they are looked up here once
and added.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from footfall.clock import DAY, SECOND
from footfall.explore.question.ranges import Span

DAYS_MAX: Final = 20 * 366
"""Of a range; a longer one is left to the engine."""


def offsets(zone: str, span: Span) -> list[tuple[int, int]] | None:
    """From which instant on which offset holds, both in microseconds; the first is of the start.

    `None` where the range is too long to be looked through.

        Europe/Berlin, 2024-10-26 to 2024-10-28    [(2024-10-26, 2 h), (2024-10-27T01:00Z, 1 h)]
    """
    if span.end - span.start > DAYS_MAX * DAY:
        return None
    place = ZoneInfo(zone)
    found = [(span.start, _offset(place, span.start))]
    at = span.start
    while at < span.end:
        # No zone has changed its clock twice within a day.
        following = min(at + DAY, span.end)
        if _offset(place, following) != found[-1][1]:
            change = _change(place, at, following)
            found.append((change, _offset(place, change)))
        at = following
    return found


def _change(place: ZoneInfo, before: int, after: int) -> int:
    """The first whole second with the offset of `after`."""
    wanted = _offset(place, after)
    low, high = before // SECOND, -(-after // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(place, middle * SECOND) == wanted else (middle, high)
    return high * SECOND


def _offset(place: ZoneInfo, at: int) -> int:
    moment = datetime.fromtimestamp(at // SECOND, UTC).astimezone(place)
    return (moment.utcoffset() or timedelta()) // timedelta(microseconds=1)
