"""Where numbers of an earlier range are drawn, and which tiles are compared at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dashboards.comparing import moved, range_before
from footfall.explore.question.common import Compare
from footfall.explore.question.ranges import Calendar, Range, Span, compared_span, find_range

BERLIN = ZoneInfo("Europe/Berlin")


def spans(first: str, last: str, compare: Compare = "previous") -> tuple[Span, Span]:
    """A range of whole days, and the one before it."""
    calendar = Calendar(BERLIN)
    asked = Range(start=first, end=last)
    span = find_range(asked, calendar, 0)
    assert isinstance(span, Span)
    return span, compared_span(compare, span, asked, calendar)


def put(
    now: list[str], then: list[str], both: tuple[Span, Span], compare: Compare = "previous"
) -> object:
    return moved(now, then, both, BERLIN, compare)


def test_days_lie_upon_days_across_a_change_of_clocks() -> None:
    """The week in which clocks go back beside the week before: no day is lost or drawn twice."""
    both = spans("2024-10-24", "2024-10-30")
    now = [f"2024-10-{day}T00:00:00" for day in range(24, 31)]
    then = [f"2024-10-{day}T00:00:00" for day in range(17, 24)]
    assert put(now, then, both) == now
    assert put([day[:10] for day in now], [day[:10] for day in then], both) == [
        day[:10] for day in now
    ]


def test_months_lie_upon_months() -> None:
    """September has as many days less as its bar would stand beside December's."""
    both = _months(3)
    now = ["2024-10-01T00:00:00", "2024-11-01T00:00:00", "2024-12-01T00:00:00"]
    then = ["2024-07-01T00:00:00", "2024-08-01T00:00:00", "2024-09-01T00:00:00"]
    assert put(now, then, both) == now


def test_what_lies_beyond_the_end_is_left_out() -> None:
    """November has no 31st; October's is drawn nowhere."""
    both = _months(1, "2024-11-15")
    now = ["2024-11-01T00:00:00", "2024-11-02T00:00:00"]
    then = ["2024-10-01T00:00:00", "2024-10-30T00:00:00", "2024-10-31T00:00:00"]
    assert put(now, then, both) == ["2024-11-01T00:00:00", "2024-11-30T00:00:00", None]


def test_weeks_are_compared_only_where_they_meet() -> None:
    """28 days on is a Monday again; 30 days on is a Wednesday, and nothing is drawn."""
    now = ["2024-10-07T00:00:00", "2024-10-14T00:00:00"]
    weeks = ["2024-09-09T00:00:00", "2024-09-16T00:00:00"]
    assert put(now, weeks, spans("2024-10-03", "2024-10-30")) == now
    assert put(now, weeks, spans("2024-10-01", "2024-10-30")) is None


def test_a_year_before_has_the_same_dates() -> None:
    """Over a leap day, too; its weeks begin on other dates, so they are not drawn."""
    both = spans("2024-02-27", "2024-03-02", "year")
    now = ["2024-02-28T00:00:00", "2024-02-29T00:00:00", "2024-03-01T00:00:00"]
    then = ["2023-02-28T00:00:00", "2023-03-01T00:00:00"]
    assert put(now, then, both, "year") == ["2024-02-28T00:00:00", "2024-03-01T00:00:00"]
    mondays = (["2024-10-07T00:00:00"], ["2023-10-09T00:00:00"])
    assert put(*mondays, spans("2024-10-01", "2024-10-14", "year"), "year") is None


def test_instants_stay_instants() -> None:
    """A statement may answer with offsets; what is drawn is the same moment of the day."""
    both = spans("2024-10-30", "2024-10-30")
    assert put(
        ["2024-10-30T11:00:00Z"], ["2024-10-29T10:30:00Z", "2024-10-29T11:00:00Z"], both
    ) == [
        "2024-10-30T11:30:00+01:00",
        "2024-10-30T12:00:00+01:00",
    ]


@given(
    st.integers(0, 3_000),
    st.integers(1, 120),
    st.sets(st.integers(0, 119)),
    st.sets(st.integers(0, 119)),
)
def test_the_nth_day_lies_upon_the_nth_day(
    first: int, days: int, now: set[int], then: set[int]
) -> None:
    """Of any range of whole days: counted by hand, whatever the calendar does."""
    start = datetime(2019, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(days=first)
    last = start + timedelta(days=days - 1)
    both = spans(start.date().isoformat(), last.date().isoformat())

    def day(at: int, began: datetime) -> str:
        return (began + timedelta(days=at)).isoformat()

    here = [day(at, start) for at in sorted(now) if at < days]
    there = [at for at in sorted(then) if at < days]
    found = put(here, [day(at, start - timedelta(days=days)) for at in there], both)
    # Days that are one weekday, all of them, may be weeks; which then do not meet.
    weekdays = {(first + at) % 7 for at in now if at < days} | {
        (first - days + at) % 7 for at in there
    }
    assert found == [day(at, start) for at in there] or (found is None and len(weekdays) == 1)


def test_a_range_that_overlaps_what_it_is_compared_with_is_not() -> None:
    """More than a year beside the year before would count days twice."""
    both = spans("2023-01-01", "2024-06-30")
    said = range_before(Range(start="2023-01-01", end="2024-06-30"), both[0], "UTC", "year")
    assert isinstance(said, str)


def _months(count: int, day: str = "2024-12-15") -> tuple[Span, Span]:
    calendar = Calendar(BERLIN)
    now = calendar.midnight(datetime.fromisoformat(day).date())
    asked = Range(last=count, unit="month")
    span = find_range(asked, calendar, now)
    assert isinstance(span, Span)
    return span, compared_span("previous", span, asked, calendar)


@pytest.mark.parametrize("text", ["2024-10-04", "2024-10-04T00:00:00"])
def test_a_time_is_written_as_the_answer_writes_it(text: str) -> None:
    """A date stays one, so that lines meet."""
    assert put([text], [text.replace("04", "03")], spans("2024-10-04", "2024-10-04")) == [text]
