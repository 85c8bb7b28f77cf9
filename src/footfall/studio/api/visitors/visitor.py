"""One visitor, or another key of a definition: its sessions and events, oldest first, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.query import SqlRunner
from footfall.studio.api.sessions.before import SessionBefore, read_before
from footfall.studio.api.sessions.definitions import DefinitionView
from footfall.studio.api.sessions.listed import COLUMNS, OFFSET_MAX, SessionRow, row_of
from footfall.studio.api.sessions.timeline import EVENT_COLUMNS, TimelineEvent, event_of, whose
from footfall.studio.api.sql.runner import SqlValue
from footfall.studio.edge.problems import NotFound

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
KEY_CHARS_MAX: Final = 10_000
"""Of a key's text; longer ones are of no visitor."""


_VISITOR: Final = """
SELECT count(*), epoch_us(min(event_time)), epoch_us(max(event_time)),
    list_sort(list(DISTINCT user_id) FILTER (user_id IS NOT NULL))[:20],
    (SELECT count(*) FROM {view} WHERE app_id = ? AND visitor_id = ?)
FROM events WHERE {where}
"""


class Visitor(msgspec.Struct, frozen=True):
    """Answer of `GET /api/visitors`; times are microseconds since 1970 UTC."""

    app_id: str
    visitor_id: str
    """The key's text."""
    first_seen: int
    last_seen: int
    users: tuple[str, ...]
    """User ids that events brought, at most 20."""
    events: int
    sessions: int
    """By the definition that was asked for."""


class VisitorSessions(msgspec.Struct, frozen=True):
    """Answer of `GET /api/visitors/sessions`."""

    sessions: tuple[SessionRow, ...]
    """Newest first."""
    before: tuple[SessionBefore, ...]
    """What was written of the time of this page's sessions before late events changed it; for as
    long as maintenance has not folded it."""
    next: int | None
    """`offset` of the page that follows; `None`: there is none, or it is too far."""


class VisitorEvents(msgspec.Struct, frozen=True):
    """Answer of `GET /api/visitors/events`."""

    events: tuple[TimelineEvent, ...]
    """Newest first."""
    next: int | None
    """As of sessions."""


class AskedVisitor(msgspec.Struct, frozen=True):
    """Whose, by which definition, and which page."""

    definition: DefinitionView
    app: str
    visitor: str
    limit: int = LIMIT_DEFAULT
    offset: int = 0

    def __post_init__(self) -> None:
        """Refuse what no page has.

        Raises:
            Invalid: it says what is allowed.
        """
        if not self.app or not self.visitor:
            raise Invalid("say app and visitor: whose events and sessions")
        if len(self.visitor) > KEY_CHARS_MAX:
            raise Invalid(f"visitor has at most {KEY_CHARS_MAX} characters")
        if not 1 <= self.limit <= LIMIT_MAX:
            raise Invalid(f"limit is from 1 to {LIMIT_MAX}")
        if not 0 <= self.offset <= OFFSET_MAX:
            raise Invalid(f"offset is from 0 to {OFFSET_MAX}; SQL has the rest")

    def events(self) -> tuple[str, list[SqlValue]]:
        """Condition on events of this key, and its values."""
        text, values = whose(self.definition.key, self.visitor)
        return f"app_id = ?{text}", [self.app, *values]


async def read_visitor(sql: SqlRunner, asked: AskedVisitor) -> Visitor:
    """Who it is.

    Raises:
        NotFound: there are no events of such a one.
        LimitReached, Overloaded, Unavailable: as every statement.
    """
    where, values = asked.events()
    found = await _rows(
        sql,
        _VISITOR.format(view=asked.definition.view, where=where),
        (asked.app, asked.visitor, *values),
        1,
    )
    events, first, last, users, sessions = found[0]
    if not events:
        raise NotFound(f"no event is of this visitor: app={asked.app} {asked.visitor[:100]!r}")
    return Visitor(asked.app, asked.visitor, first, last, tuple(users or ()), events, sessions)


async def read_sessions_of(sql: SqlRunner, asked: AskedVisitor) -> VisitorSessions:
    """A page of sessions; raises as every statement."""
    rows = await _rows(
        sql,
        f"SELECT {COLUMNS} FROM {asked.definition.view} WHERE app_id = ? AND visitor_id = ?"  # noqa: S608
        " ORDER BY started_at DESC, session_id LIMIT CAST(? AS BIGINT) OFFSET CAST(? AS BIGINT)",
        (asked.app, asked.visitor, asked.limit + 1, asked.offset),
        asked.limit + 1,
    )
    found = tuple(row_of(row) for row in rows[: asked.limit])
    before: tuple[SessionBefore, ...] = ()
    if found:
        during = (found[-1].started_at, max(row.ended_at for row in found))
        before = await read_before(sql, asked.definition, asked.app, asked.visitor, during)
    return VisitorSessions(found, before, _next(asked, len(rows)))


async def read_events_of(sql: SqlRunner, asked: AskedVisitor) -> VisitorEvents:
    """A page of events; raises as every statement."""
    where, values = asked.events()
    rows = await _rows(
        sql,
        f"SELECT {EVENT_COLUMNS} FROM events WHERE {where}"  # noqa: S608 (ours)
        " ORDER BY event_time DESC, received_at DESC, request_id DESC, request_index DESC"
        " LIMIT CAST(? AS BIGINT) OFFSET CAST(? AS BIGINT)",
        (*values, asked.limit + 1, asked.offset),
        asked.limit + 1,
    )
    return VisitorEvents(tuple(map(event_of, rows[: asked.limit])), _next(asked, len(rows)))


def _next(asked: AskedVisitor, found: int) -> int | None:
    after = asked.offset + asked.limit
    return after if found > asked.limit and after <= OFFSET_MAX else None


async def _rows(
    sql: SqlRunner, statement: str, parameters: Sequence[SqlValue], rows_max: int
) -> list[list[Any]]:
    answer = await sql.run(statement, parameters, rows_max=rows_max)
    return msgspec.json.decode(answer.body, type=list[list[Any]])
