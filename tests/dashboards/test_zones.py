"""The clock of a zone as arithmetic: what the engine and the standard library say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import DAY, HOUR
from footfall.dashboards.columns import TableColumns
from footfall.dashboards.zones import DAYS_MAX, offsets
from footfall.errors import Unavailable
from footfall.explore.question.ranges import Span

ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland", "Asia/Kathmandu", "Australia/Lord_Howe")
START = 1_700_000_000_000_000


@given(st.sampled_from(ZONES), st.integers(0, 500), st.integers(100, 400), st.integers(0, DAY))
def test_as_the_standard_library_says(zone: str, day: int, days: int, more: int) -> None:
    """Of any instant within the range, the hours when clocks change included."""
    span = Span(START + day * DAY + more, START + (day + days) * DAY + more // 2)
    known = offsets(zone, span)
    assert known is not None
    assert known == sorted(known)
    edges = [at + step for at, _ in known for step in (-1, 0, 1, HOUR)]
    within = [at for at in edges if span.start <= at < span.end]
    for at in (*within, *range(span.start, span.end, 5 * DAY + more // 3)):
        offset = next(one for begun, one in reversed(known) if begun <= at)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
        assert moment.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(microseconds=offset)


def test_a_range_without_end_is_the_engine_s() -> None:
    """Rather than looked through day by day."""
    assert offsets("Europe/Berlin", Span(0, DAYS_MAX * DAY + 1)) is None


def test_columns_are_asked_for_once_a_cut() -> None:
    """However many tiles want them; a view each time; a failure is nobody's answer but its own."""
    asked: list[str] = []

    async def ask() -> dict[str, str]:
        asked.append("asked")
        await asyncio.sleep(0)
        return {"event_time": "TIMESTAMP WITH TIME ZONE"}

    async def fail() -> dict[str, str]:
        raise Unavailable("not now")

    async def main() -> None:
        columns = TableColumns()
        with pytest.raises(Unavailable):
            await columns.of("events", 1, fail)
        first = asyncio.ensure_future(columns.of("events", 1, ask))
        others = [asyncio.ensure_future(columns.of("events", 1, ask)) for _ in range(7)]
        await asyncio.sleep(0)
        first.cancel()  # who began it has gone; the others still wait for the same
        assert await asyncio.gather(*others) == [{"event_time": "TIMESTAMP WITH TIME ZONE"}] * 7
        assert len(asked) == 1
        for name, cut in (("events", 2), ("my_view", 2), ("my_view", 2), ("events", None)):
            await columns.of(name, cut, ask)
        assert len(asked) == 5

    asyncio.run(main())
