"""Events as a list: a few columns of each, newest first, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from footfall.live import StreamEvent
from footfall.query import SqlRunner
from footfall.studio.api.filters import EVENT_COLUMNS, Filter, narrowed
from footfall.studio.api.paging import Page, next_page
from footfall.studio.api.scope import Scope, TimeRange
from footfall.studio.api.sql.runner import SqlValue


class EventPage(msgspec.Struct, frozen=True):
    """Answer of `GET /api/events`."""

    events: tuple[StreamEvent, ...]
    next: str | None
    """`after` of the page that follows; `None`: there is none."""


async def read_events(
    sql: SqlRunner, filters: Sequence[Filter], scope: Scope, during: TimeRange, page: Page
) -> EventPage:
    """The events that `filters` leave, as they came, newest first.

    Raises:
        LimitReached: the statement needs more time or memory than the limits.
        Overloaded: too many statements wait.
        Unavailable: there is nothing to read yet.
    """
    start = narrowed(filters, scope, during)
    after: tuple[SqlValue, ...] = (None, None, None, None, None)
    if page.after is not None:
        after = (1, *page.after)
    found = await sql.run(start.ctes + _SELECT, (*start.parameters, *after, page.limit + 1))
    rows = msgspec.json.decode(found.body, type=list[list[Any]])
    names = StreamEvent.__struct_fields__
    events = tuple(
        msgspec.convert(dict(zip(names, row, strict=True)), StreamEvent)
        for row in rows[: page.limit]
    )
    has_more = len(rows) > page.limit
    last = events[-1] if has_more else None
    return EventPage(events, None if last is None else _after(last))


def _after(last: StreamEvent) -> str:
    return next_page(last.received_at, last.log_offset, last.request_index, last.request_id)


_SELECT = f"""
SELECT {EVENT_COLUMNS} FROM hits
WHERE CAST(? AS INTEGER) IS NULL
    OR (received_us, log_offset, request_index, request_id::VARCHAR)
        < (CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS INTEGER), CAST(? AS VARCHAR))
ORDER BY received_us DESC, log_offset DESC, request_index DESC, request_id DESC
LIMIT CAST(? AS BIGINT)
"""  # noqa: S608 (columns are ours; values are bound)
