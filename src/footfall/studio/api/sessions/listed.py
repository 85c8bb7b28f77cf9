"""Sessions as a list: filtered, sorted, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.query import SqlRunner
from footfall.studio.api.scope import Scope, TimeRange
from footfall.studio.api.sessions.conditions import FIELDS, Condition
from footfall.studio.api.sessions.definitions import DefinitionView
from footfall.studio.api.sql.runner import SqlValue

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
OFFSET_MAX: Final = 10_000
TEXT_LENGTH_MAX: Final = 500
"""Characters of a text in a list; the whole is in SQL."""


class SessionRow(msgspec.Struct, frozen=True):
    """One session; times are microseconds since 1970 UTC."""

    session_id: str
    """UUID."""
    revision: int
    """How often it was written or will have been: more than 1 when late events changed it."""
    app_id: str
    visitor_id: str
    user_id: str | None
    started_at: int
    ended_at: int
    duration_ms: int
    events: int
    views: int
    engagement_ms: int
    is_engaged: bool
    is_bounced: bool
    is_bot: bool
    first_event_name: str
    last_event_name: str
    entry_page: str | None
    exit_page: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    referrer_host: str | None
    platform: str | None
    browser: str | None
    os: str | None
    device_category: str | None
    language: str | None
    geo_country: str | None
    value: str | None
    """Decimal, as text."""
    session_number: int | None
    epoch: int
    """That wrote this revision; 0 for none yet."""
    status: str
    """`open` or `closed`."""


class SessionPage(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sessions`."""

    sessions: tuple[SessionRow, ...]
    total: int
    """How many the filters leave, over all pages."""
    next: int | None
    """`offset` of the page that follows; `None`: there is none, or it is too far."""


class Asked(msgspec.Struct, frozen=True):
    """Which sessions, and how many of them."""

    definition: DefinitionView
    conditions: tuple[Condition, ...] = ()
    sort: str = "-started_at"
    """A column; with `-` before it the largest first. Ties by id."""
    limit: int = LIMIT_DEFAULT
    offset: int = 0

    def __post_init__(self) -> None:
        """Refuse what no list has.

        Raises:
            Invalid: it says what is allowed.
        """
        if self.sort.removeprefix("-") not in FIELDS:
            raise Invalid(f"sort by a column of sessions, as in -started_at: {self.sort[:40]!r}")
        if not 1 <= self.limit <= LIMIT_MAX:
            raise Invalid(f"limit is from 1 to {LIMIT_MAX}")
        if not 0 <= self.offset <= OFFSET_MAX:
            raise Invalid(f"offset is from 0 to {OFFSET_MAX}; narrow the list with filters")


async def read_sessions(
    sql: SqlRunner, asked: Asked, scope: Scope, during: TimeRange | None
) -> SessionPage:
    """Sessions that began in `during` (`None`: whenever) and that all conditions leave.

    Raises:
        LimitReached: the statement needs more time or memory than the limits.
        Overloaded: too many statements wait.
        Unavailable: there is nothing to read yet.
    """
    whose, values = scope.conditions()
    parameters: list[SqlValue] = []
    where = "TRUE"
    if during is not None:
        where = (
            "started_at >= make_timestamptz(CAST(? AS BIGINT))"
            " AND started_at <= make_timestamptz(CAST(? AS BIGINT))"
        )
        parameters += [during.from_us, during.to_us]
    parameters += values
    where += whose
    for one in asked.conditions:
        text, bound = one.sql()
        where += f" AND {text}"
        parameters += bound
    column = asked.sort.removeprefix("-")
    order = f"{column} {'DESC' if asked.sort.startswith('-') else 'ASC'} NULLS LAST, session_id"
    found = await sql.run(
        f"SELECT {COLUMNS}, count(*) OVER () FROM {asked.definition.view}"  # noqa: S608 (ours)
        f" WHERE {where} ORDER BY {order} LIMIT CAST(? AS BIGINT) OFFSET CAST(? AS BIGINT)",
        (*parameters, asked.limit, asked.offset),
        rows_max=asked.limit,
    )
    rows = msgspec.json.decode(found.body, type=list[list[Any]])
    sessions = tuple(row_of(row[:-1]) for row in rows)
    total = int(rows[0][-1]) if rows else 0
    after = asked.offset + len(sessions)
    has_more = bool(sessions) and after < total and after <= OFFSET_MAX
    return SessionPage(sessions, total, after if has_more else None)


def row_of(values: Sequence[Any]) -> SessionRow:
    """A row of `COLUMNS`."""
    names = SessionRow.__struct_fields__
    return msgspec.convert(dict(zip(names, values, strict=True)), SessionRow)


def _shown(name: str) -> str:
    if name in ("started_at", "ended_at"):
        return f"epoch_us({name}) AS {name}_us"
    if name in ("session_id", "value"):
        return f"CAST({name} AS VARCHAR)"
    if FIELDS[name] == "text" and name not in ("app_id", "visitor_id", "user_id"):
        return f"left({name}, {TEXT_LENGTH_MAX})"
    return name


COLUMNS: Final = ", ".join(map(_shown, SessionRow.__struct_fields__))
"""Of a SELECT whose rows `row_of` takes."""
