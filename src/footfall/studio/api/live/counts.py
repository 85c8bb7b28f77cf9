"""The Live page's counters for what its filters leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.clock import MINUTE, SECOND
from footfall.live import (
    STREAM_EVENTS,
    TOP_ROWS,
    LiveCounts,
    MinuteSeries,
    SecondSeries,
    StreamEvent,
    TopList,
    TopRow,
)
from footfall.query import SqlRunner
from footfall.studio.api.events.listed import read_events
from footfall.studio.api.filters import EVENT_FIELDS, VISITOR_FIELDS, Filter, narrowed
from footfall.studio.api.paging import Page
from footfall.studio.api.scope import MINUTES, Scope, TimeRange, live_range

SECONDS: Final = 300
ACTIVE_US: Final = 5 * MINUTE


class FilteredCounts(msgspec.Struct, frozen=True):
    """Answer of `GET /api/live/filtered`."""

    at: int
    """When it was asked, microseconds since 1970 UTC."""
    counts: LiveCounts


async def read_counts(
    sql: SqlRunner, filters: Sequence[Filter], scope: Scope, now_us: int
) -> FilteredCounts:
    """Count what `filters` leave of the last 30 minutes, as the live snapshot counts everything.

    Raises:
        LimitReached: the statement needs more time or memory than the limits.
        Overloaded: too many statements wait.
        Unavailable: there is nothing to read yet.
    """
    during = live_range(now_us)
    start = narrowed(filters, scope, during)
    numbers = await sql.run(start.ctes + _NUMBERS, start.parameters)
    newest = await read_events(sql, filters, scope, during, Page(STREAM_EVENTS))
    rows = msgspec.json.decode(numbers.body, type=list[tuple[str, str | None, int, int, int]])
    return FilteredCounts(now_us, _counts(rows, newest.events, during))


_LISTS: Final = " UNION ALL ".join(
    [
        *(
            f"SELECT '{panel}' AS part, {field} AS value, count(*) AS n FROM hits"  # noqa: S608
            f" WHERE {'is_view AND ' if panel == 'pages' else ''}{field} IS NOT NULL GROUP BY ALL"
            for panel, field in EVENT_FIELDS.items()
        ),
        *(
            f"SELECT '{panel}', {field}, count(*) FROM seen GROUP BY ALL"  # noqa: S608
            for panel, field in VISITOR_FIELDS.items()
        ),
    ]
)
_NUMBERS: Final = f"""
, lists AS ({_LISTS}), ranked AS (
    SELECT part, value, n, sum(n) OVER (PARTITION BY part) AS total,
        row_number() OVER (PARTITION BY part ORDER BY n DESC, value DESC NULLS LAST) AS rank
    FROM lists
)
SELECT part, value, n::BIGINT, total::BIGINT, rank::BIGINT FROM ranked WHERE rank <= {TOP_ROWS}
UNION ALL
SELECT 'minute', NULL, happened_us // {MINUTE}, count(*), count(*) FILTER (is_view)
FROM hits GROUP BY ALL
UNION ALL
SELECT 'visitors', NULL, minute, count(*), 0 FROM (
    SELECT DISTINCT happened_us // {MINUTE} AS minute, app_id, visitor_id, is_bot
    FROM hits WHERE visitor_id IS NOT NULL
) GROUP BY ALL
UNION ALL
SELECT 'second', NULL, received_us // {SECOND}, count(*), 0 FROM hits GROUP BY ALL
UNION ALL
SELECT 'last', NULL, last_us, count(*), 0 FROM seen GROUP BY ALL
UNION ALL
SELECT 'open', NULL, count(DISTINCT session_id), 0, 0 FROM hits
WHERE session_id IN (SELECT session_id FROM sessions WHERE status = 'open')
"""  # noqa: S608


def _counts(
    rows: Sequence[tuple[str, str | None, int, int, int]],
    stream: tuple[StreamEvent, ...],
    during: TimeRange,
) -> LiveCounts:
    now_us = during.to_us
    first_minute = during.from_us // MINUTE
    first_second = now_us // SECOND - SECONDS + 1
    events, views, visitors = [0] * MINUTES, [0] * MINUTES, [0] * MINUTES
    seconds = [0] * SECONDS
    lists: dict[str, list[tuple[int, TopRow, int]]] = {}
    active = everyone = open_sessions = 0
    for part, value, first, second, third in rows:
        match part:
            case "minute":
                events[first - first_minute] = second
                views[first - first_minute] = third
            case "visitors":
                visitors[first - first_minute] = second
            case "second":
                if 0 <= first - first_second < SECONDS:
                    seconds[first - first_second] = second
            case "last":
                everyone += second
                active += second if first >= now_us - ACTIVE_US else 0
            case "open":
                open_sessions = first
            case _:
                lists.setdefault(part, []).append((third, TopRow(value, first), second))
    tops = {name: _top(lists.get(name, [])) for name in (*EVENT_FIELDS, *VISITOR_FIELDS)}
    return LiveCounts(
        open_sessions=open_sessions,
        visitors_5m=active,
        visitors_30m=everyone,
        visitors_are_exact=True,
        events_30m=sum(events),
        views_30m=sum(views),
        seconds=SecondSeries(first_second * SECOND, tuple(seconds)),
        minutes=MinuteSeries(first_minute * MINUTE, tuple(events), tuple(views), tuple(visitors)),
        **tops,
        stream=stream,
    )


def _top(rows: list[tuple[int, TopRow, int]]) -> TopList:
    """Rows of (rank, row, total of the whole list) as a list."""
    ordered = tuple(row for _, row, _ in sorted(rows, key=lambda found: found[0]))
    total = rows[0][2] if rows else 0
    return TopList(ordered, total - sum(row.count for row in ordered))
