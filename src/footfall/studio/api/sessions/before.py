"""What sessions were before late events changed them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.query import SqlRunner
from footfall.studio.api.sessions.definitions import DefinitionView

BEFORE_MAX: Final = 100
_COLUMNS: Final = (
    "CAST(session_id AS VARCHAR), revision, epoch_us(started_at), epoch_us(ended_at), events,"
    " duration_ms, is_bounced, epoch, replaced_in, is_withdrawn"
)


class SessionBefore(msgspec.Struct, frozen=True):
    """A session as it was written, and is no more; times are microseconds since 1970 UTC."""

    session_id: str
    """UUID; of a session that was only changed, it is the same still."""
    revision: int
    started_at: int
    ended_at: int
    events: int
    duration_ms: int
    is_bounced: bool
    epoch: int
    """That wrote it."""
    replaced_in: int
    """Epoch that wrote something else instead."""
    is_withdrawn: bool
    """Late events joined, renamed or split it: no session has this id now."""


async def read_before(
    sql: SqlRunner, definition: DefinitionView, app: str, visitor: str, during: tuple[int, int]
) -> tuple[SessionBefore, ...]:
    """Of one key, those that reach into a range of time, in the order in which they went.

    At most `BEFORE_MAX`, the newest changes. What maintenance has folded is forgotten.
    """
    answer = await sql.run(
        f"SELECT {_COLUMNS} FROM session_revisions"  # noqa: S608 (ours)
        " WHERE definition = ? AND app_id = ? AND visitor_id = ? AND replaced_in IS NOT NULL"
        " AND started_at <= make_timestamptz(CAST(? AS BIGINT))"
        " AND ended_at >= make_timestamptz(CAST(? AS BIGINT))"
        f" ORDER BY replaced_in DESC, started_at DESC LIMIT {BEFORE_MAX}",
        (definition.name, app, visitor, during[1], during[0]),
        rows_max=BEFORE_MAX,
    )
    rows = msgspec.json.decode(answer.body, type=list[list[Any]])
    return tuple(_before(row) for row in reversed(rows))


async def read_gone(sql: SqlRunner, definition: DefinitionView, session_id: str) -> tuple[str, ...]:
    """Ids of the sessions that have the time of one that was withdrawn; none: it never was."""
    answer = await sql.run(
        f"SELECT DISTINCT CAST(s.session_id AS VARCHAR) FROM {definition.view} s"  # noqa: S608 (ours)
        " JOIN session_revisions r ON s.app_id = r.app_id AND s.visitor_id = r.visitor_id"
        " AND s.started_at <= r.ended_at AND s.ended_at >= r.started_at"
        " WHERE r.definition = ? AND r.session_id = CAST(? AS UUID) ORDER BY 1 LIMIT 5",
        (definition.name, session_id),
        rows_max=5,
    )
    return tuple(row[0] for row in msgspec.json.decode(answer.body, type=list[list[str]]))


def _before(row: list[Any]) -> SessionBefore:
    names = SessionBefore.__struct_fields__
    return msgspec.convert(dict(zip(names, row, strict=True)), SessionBefore)
