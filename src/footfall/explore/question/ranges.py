"""When: ranges of a calendar, and the grid of buckets that they are cut into.

Instants are whole microseconds since 1970 UTC; a range has its start and not its end. Buckets begin
where the calendar of the zone says, so a day has 23 to 25 hours; the calendar is asked here, once,
and statements compare instants only: every engine cuts at the same places.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from footfall.clock import HOUR, SECOND

Unit = Literal["hour", "day", "week", "month"]
WeekStart = Literal["monday", "sunday"]

YEARS_MAX: Final = 10
BUCKETS_MAX: Final = 2_000
"""Of one range: 83 days by hour, five years by day."""
_FIRST_YEAR, _LAST_YEAR = 1971, 2199


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either the last so many units of the calendar, this one included, or from `start` to `end`.

    `{"last": 7, "unit": "day"}` is today and the six days before it, in the question's zone.
    `{"start": "2024-10-01", "end": "2024-10-31"}` has both days, whole. With a time of day, `end`
    is the first instant that is not meant any more; a time without an offset is one of the zone.
    """

    last: int | None = None
    """How many units, from 1."""
    unit: Unit = "day"
    """Of `last`."""
    start: str | None = None
    """ISO 8601: a date, or a date and time."""
    end: str | None = None
    """The same; a date is meant whole."""


class Span(msgspec.Struct, frozen=True):
    """From `start` up to but without `end`, microseconds since 1970 UTC."""

    start: int
    end: int


class Calendar(msgspec.Struct, frozen=True):
    """A zone, and the day that its weeks begin with."""

    zone: ZoneInfo
    week_start: WeekStart = "monday"

    def day_of(self, instant: int) -> date:
        """The local date of an instant."""
        return self._local(instant).date()

    def text_of(self, instant: int) -> str:
        """ISO 8601 with the offset that holds there."""
        return self._local(instant).isoformat()

    def year_before(self, instant: int) -> int:
        """What the clocks of the zone showed a year before."""
        local = self._local(instant)
        day = 28 if (local.month, local.day) == (2, 29) else local.day
        return _instant(local.replace(year=local.year - 1, day=day))

    def midnight(self, day: date) -> int:
        """The first instant of a local date."""
        return _instant(datetime(day.year, day.month, day.day, tzinfo=self.zone))

    def unit_of(self, day: date, unit: Unit) -> date:
        """First day of the unit that `day` is in; an hour's is the day."""
        if unit == "week":
            weekday = day.weekday() if self.week_start == "monday" else day.isoweekday() % 7
            return day - timedelta(days=weekday)
        return day.replace(day=1) if unit == "month" else day

    def later(self, day: date, unit: Unit, count: int) -> date:
        """First day of the unit so many units after (or before) the one that begins with `day`."""
        if unit != "month":
            return day + timedelta(days=count * (7 if unit == "week" else 1))
        months = day.year * 12 + day.month - 1 + count
        return date(months // 12, months % 12 + 1, 1)

    def starts(self, unit: Unit, span: Span) -> Iterator[int]:
        """Where units begin: from the one that `span.start` is in to the first beyond its end."""
        day = self.unit_of(self.day_of(span.start), unit)
        while True:
            following = self.later(day, unit, 1)
            if unit == "hour":
                yield from (
                    start
                    for start in range(self.midnight(day), self.midnight(following), HOUR)
                    if start > span.start - HOUR
                )
            else:
                yield self.midnight(day)
            if self.midnight(day) >= span.end:
                return
            day = following

    def _local(self, instant: int) -> datetime:
        seconds, micros = divmod(instant, SECOND)
        return datetime.fromtimestamp(seconds, self.zone).replace(microsecond=micros)


class Grid(msgspec.Struct, frozen=True):
    """Buckets one after another: the i-th is from `bounds[i]` up to `bounds[i + 1]`."""

    bounds: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def segments(self) -> list[tuple[int, int, int]]:
        """Runs of buckets of equal length: where each begins, its buckets' length, first index.

        So an index is a division within one of a few runs, whatever the calendar does: most
        grids are one run, and a change of clocks or of the month's length begins another.
        """
        found: list[tuple[int, int, int]] = []
        for index, (start, end) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)):
            if not found or found[-1][1] != end - start:
                found.append((start, end - start, index))
        return found

    def index_of(self, instant: int) -> int:
        """Index of the bucket that an instant is in."""
        return bisect.bisect_right(self.bounds, instant) - 1


def grid(calendar: Calendar, unit: Unit, span: Span) -> Grid:
    """Buckets of a range; the first and the last are cut where the range begins and ends."""
    starts = [start for start in calendar.starts(unit, span) if span.start < start < span.end]
    return Grid((span.start, *starts, span.end))


def find_range(asked: Range, calendar: Calendar, now: int) -> Span | str:
    """The instants that are meant, or what is wrong with the range.

    Args:
        asked: As a person wrote it.
        calendar: Whose days are meant.
        now: End of the last unit is the end of the unit that this instant is in.
    """
    if asked.last is not None:
        if asked.start is not None or asked.end is not None:
            return "range: say either last, or start and end"
        return _last(asked.last, asked.unit, calendar, now)
    if asked.start is None:
        return "range: say last (how many units), or start and perhaps end"
    start = moment_of(asked.start, calendar)
    end = now + 1 if asked.end is None else moment_of(asked.end, calendar, is_end=True)
    for name, found in (("start", start), ("end", end)):
        if isinstance(found, str):
            return f"range.{name}: {found}"
    assert isinstance(start, int)
    assert isinstance(end, int)
    if start >= end:
        return "range: start is not before end; swap or change them"
    return _bounded(Span(start, end))


def compared_span(compare: str, span: Span, asked: Range, calendar: Calendar) -> Span:
    """The range that `span` is compared with: the one just before, or a year before."""
    return _year_before(span, calendar) if compare == "year" else _previous(span, asked, calendar)


def _year_before(span: Span, calendar: Calendar) -> Span:
    """The same dates and times on the clocks of the zone; of 29 February the 28th."""
    return Span(*(calendar.year_before(one) for one in (span.start, span.end)))


def _previous(span: Span, asked: Range, calendar: Calendar) -> Span:
    """The range of the same length just before: units of the calendar where such were asked for."""
    days = calendar.day_of(span.start), calendar.day_of(span.end)
    is_whole = (calendar.midnight(days[0]), calendar.midnight(days[1])) == (span.start, span.end)
    if asked.last is not None and asked.unit != "hour":
        start = calendar.later(days[0], asked.unit, -asked.last)
        return Span(calendar.midnight(start), span.start)
    if is_whole:
        return Span(calendar.midnight(days[0] - (days[1] - days[0])), span.start)
    return Span(span.start - (span.end - span.start), span.start)


def _last(count: int, unit: Unit, calendar: Calendar, now: int) -> Span | str:
    if count < 1:
        return "range.last: at least 1"
    if count > YEARS_MAX * 366 * 24:
        return f"range: at most {YEARS_MAX} years"
    if unit == "hour":
        start = max(start for start in calendar.starts("hour", Span(now, now + 1)) if start <= now)
        return _bounded(Span(start - (count - 1) * HOUR, start + HOUR))
    first = calendar.unit_of(calendar.day_of(now), unit)
    try:
        began = calendar.later(first, unit, 1 - count)
    except (ValueError, OverflowError):
        return f"range: at most {YEARS_MAX} years"
    return _bounded(
        Span(calendar.midnight(began), calendar.midnight(calendar.later(first, unit, 1)))
    )


def _bounded(span: Span) -> Span | str:
    is_long = span.end - span.start > YEARS_MAX * 366 * 24 * HOUR
    return f"range: at most {YEARS_MAX} years" if is_long else span


def moment_of(text: str, calendar: Calendar, *, is_end: bool = False) -> int | str:
    """The instant that a text means, or what is wrong with it; a date alone is its first or last.

    Args:
        text: ISO 8601, a date or a date and time.
        calendar: Of what has no offset.
        is_end: A date means the first instant after it.
    """
    try:
        if len(text) <= len("2024-10-04"):
            day = date.fromisoformat(text)
            if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
                return f"the year is from {_FIRST_YEAR} to {_LAST_YEAR}"
            return calendar.midnight(day + timedelta(days=1) if is_end else day)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "write a date, 2024-10-04, or a time, 2024-10-04T12:00 or 2024-10-04T12:00:00+02:00"
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return f"the year is from {_FIRST_YEAR} to {_LAST_YEAR}"
    return _instant(moment if moment.tzinfo is not None else moment.replace(tzinfo=calendar.zone))


def _instant(moment: datetime) -> int:
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds
