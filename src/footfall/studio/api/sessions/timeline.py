"""One session as a timeline: its events in order, and which came late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from footfall.query import SqlRunner
from footfall.studio.api.events.event import UUID_PATTERN
from footfall.studio.api.sessions.before import SessionBefore, read_before, read_gone
from footfall.studio.api.sessions.definitions import DefinitionView
from footfall.studio.api.sessions.listed import COLUMNS, SessionRow, row_of
from footfall.studio.api.sql.runner import SqlValue
from footfall.studio.edge.problems import NotFound

EVENTS_MAX: Final = 1_000


class TimelineEvent(msgspec.Struct, frozen=True):
    """An event of the session; times are microseconds since 1970 UTC."""

    request_id: str
    """UUID."""
    request_index: int
    log_offset: int
    event_time: int
    received_at: int
    event_name: str
    page: str | None
    """Address of the page, or name of the screen."""
    page_title: str | None
    is_late: bool
    """Older than the watermark when it was read: what it changed was repaired."""
    epoch: int
    """That committed it; 0 for none yet."""


class SessionTimeline(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sessions/{id}`."""

    session: SessionRow
    events: tuple[TimelineEvent, ...]
    """In the order of their time, the first `EVENTS_MAX`."""
    is_cut_off: bool
    """It has more events."""
    before: tuple[SessionBefore, ...]
    """What was written of this time before late events changed it, in the order in which it went;
    for as long as maintenance has not folded it."""


async def read_timeline(
    sql: SqlRunner, definition: DefinitionView, session_id: str
) -> SessionTimeline:
    """Look up a session and its events.

    Raises:
        NotFound: there is no such session of the definition; a late event may have renamed it.
        LimitReached, Overloaded, Unavailable: as every statement.
    """
    if not UUID_PATTERN.match(session_id):
        raise NotFound(f"a session's address has its id (UUID): {session_id[:40]!r}")
    rows = await _rows(
        sql,
        f"SELECT {COLUMNS} FROM {definition.view}"  # noqa: S608 (names are ours)
        " WHERE session_id = CAST(? AS UUID) LIMIT 1",
        (session_id,),
    )
    if not rows:
        raise await _not_found(sql, definition, session_id)
    session = row_of(rows[0])
    events = await _events(sql, definition, session)
    during = (session.started_at, session.ended_at)
    before: tuple[SessionBefore, ...] = ()
    if session.revision > 1 or any(event.is_late for event in events):
        before = await read_before(sql, definition, session.app_id, session.visitor_id, during)
    return SessionTimeline(session, events[:EVENTS_MAX], len(events) > EVENTS_MAX, before)


async def _not_found(sql: SqlRunner, definition: DefinitionView, session_id: str) -> NotFound:
    instead = await read_gone(sql, definition, session_id)
    if instead:
        return NotFound(
            "late events joined, renamed or split this session; its time is now in"
            f" {', '.join(instead)} (was session_id={session_id})"
        )
    return NotFound(
        "there is no such session; a late event may have joined or renamed it, look for the"
        f" visitor: session_id={session_id} definition={definition.name}"
    )


async def _events(
    sql: SqlRunner, definition: DefinitionView, session: SessionRow
) -> tuple[TimelineEvent, ...]:
    """Those of the key in the session's time: sessions of one key never overlap."""
    conditions, values = whose(definition.key, session.visitor_id)
    found = await _rows(
        sql,
        _EVENTS.format(whose=conditions),
        (session.app_id, session.started_at, session.ended_at, *values),
    )
    return tuple(map(event_of, found))


def event_of(values: Sequence[Any]) -> TimelineEvent:
    """A row of `EVENT_COLUMNS`."""
    names = TimelineEvent.__struct_fields__
    return msgspec.convert(dict(zip(names, values, strict=True)), TimelineEvent)


def whose(key: Sequence[str], text: str) -> tuple[str, list[SqlValue]]:
    """Conditions on events whose key is `text`: one column's text, or a JSON object of several.

    Raises:
        NotFound: a key of several columns has another form.
    """
    try:
        parts = {key[0]: text} if len(key) == 1 else msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        raise NotFound(f"the key of these sessions is a JSON object of {', '.join(key)}") from None
    if parts.keys() != set(key):
        raise NotFound(f"the key of these sessions is a JSON object of {', '.join(key)}")
    conditions, values = "", list[SqlValue]()
    for name, value in parts.items():
        _, dot, own = name.partition(".")
        if dot:
            conditions += " AND json_extract_string(properties, ?) = ?"
            values += [f'$."{own}"', value]
        else:
            conditions += f" AND CAST({name} AS VARCHAR) = ?"
            values.append(value)
    return conditions, values


async def _rows(sql: SqlRunner, statement: str, parameters: Sequence[SqlValue]) -> list[list[Any]]:
    answer = await sql.run(statement, parameters, rows_max=EVENTS_MAX + 1)
    return msgspec.json.decode(answer.body, type=list[list[Any]])


EVENT_COLUMNS: Final = """CAST(request_id AS VARCHAR), request_index, log_offset,
    epoch_us(event_time) AS happened, epoch_us(received_at) AS received, event_name,
    left(coalesce(page_url, screen_name), 500), left(page_title, 500), is_late, coalesce(epoch, 0)
"""
"""Of a SELECT over events whose rows `event_of` takes."""
_EVENTS: Final = f"""
SELECT {EVENT_COLUMNS} FROM events
WHERE app_id = ? AND event_time >= make_timestamptz(CAST(? AS BIGINT))
    AND event_time <= make_timestamptz(CAST(? AS BIGINT)){{whose}}
ORDER BY event_time, received_at, request_id, request_index LIMIT {EVENTS_MAX + 1}
"""  # noqa: S608 (names are ours; values are bound)
