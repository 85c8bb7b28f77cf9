"""Which segments are due: light, for the pipeline asks it every minute."""

from __future__ import annotations

from typing import Final, Literal
from zoneinfo import ZoneInfo

from footfall.clock import HOUR
from footfall.explore.question.ranges import Calendar
from footfall.explore.segments.kept import KeptSegment
from footfall.explore.segments.storage import Segments

RETRY_AFTER: Final = 1 * HOUR
"""A refresh that failed is tried again after it."""


def due(store: Segments, now: int) -> list[KeptSegment]:
    """Segments whose size was not noted in this hour, day or week of their zones, by name."""
    last = store.last_sizes(1)
    found = []
    for one in store.list():
        if one.every == "off" or (one.problem and now < one.tried_at + RETRY_AFTER):
            continue
        sizes = last.get(one.name)
        if not sizes or sizes[-1].version != one.version or _is_over(one, sizes[-1].at, now):
            found.append(one)
    return found


def _is_over(one: KeptSegment, at: int, now: int) -> bool:
    """Whether `at` lies in an earlier unit than `now`; a clock that went back makes none."""
    if one.every == "hour":
        return now // HOUR > at // HOUR
    calendar = Calendar(ZoneInfo(one.definition.zone), one.definition.week_start)
    unit: Literal["day", "week"] = "week" if one.every == "week" else "day"
    first, second = (calendar.unit_of(calendar.day_of(t), unit) for t in (at, now))
    return first < second
