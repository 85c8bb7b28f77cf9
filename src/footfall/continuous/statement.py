"""The statement that asks a query of its windows: what people wrote, with `"window"` before it.

A range of event time is asked in a statement of its own, its ends bound as `$window_start` and
`$window_end`. Sessions that closed together are asked in one statement, each by itself (a lateral
join): thousands may close with an epoch. The whole text is guarded as every statement is, so what
is written between the brackets can name nothing that it could not name alone.
"""

# ruff: noqa: S608 (our own text, and a statement that the guard looks at as a whole)

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.settings import QueryDefinition, Window

WINDOW_COLUMNS: Final = ("_window_id", "_window_start", "_window_end")
"""Before the columns of the answer."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WindowRef(msgspec.Struct, frozen=True):
    """One window of a query; times are microseconds since 1970 UTC."""

    id: str
    """Of a session its id; else the start."""
    start: int
    end: int


class Statement(msgspec.Struct, frozen=True):
    """What a worker is asked."""

    sql: str
    values: dict[str, Any]


def moment(at_us: int) -> datetime:
    """Microseconds since 1970 UTC as an aware time."""
    return _EPOCH + timedelta(microseconds=at_us)


def window_id(start_us: int) -> str:
    """Id of a range of time that starts then."""
    return moment(start_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def of_time(query: QueryDefinition, window: WindowRef) -> Statement:
    """Asks for one range of event time: the answer's columns alone.

    Sessions are those that are closed and started in it.
    """
    return Statement(
        _with_window(query, _rows_of_time(query)),
        {
            "window_start": moment(window.start),
            "window_end": moment(window.end),
            **({"app": query.app} if query.app else {}),
        },
    )


def of_sessions(query: QueryDefinition, windows: Sequence[WindowRef], default: str) -> Statement:
    """Asks for closed sessions: `WINDOW_COLUMNS`, then the answer's columns.

    A session that is no more has no rows.

    Args:
        query: Over the closing of a definition.
        windows: At least one.
        default: Name of the definition that `events.session_id` follows.

    Raises:
        Invalid: events of another definition are asked for; they name no session of it.
    """
    closing = Window.of(query.window).session
    view = "sessions" if closing == default else f"sessions_{closing}"
    if query.over == "events" and closing != default:
        raise Invalid(
            "events name the sessions of the default definition alone; ask over sessions, or in"
            f" windows of session {default}: window={query.window!r}"
        )
    of_app = " AND app_id = $app" if query.app else ""
    closed = (
        "SELECT CAST(session_id AS VARCHAR) AS _window_id, session_id AS _session_id,"
        f" started_at AS _window_start, ended_at AS _window_end FROM {view}"
        f" WHERE status = 'closed' AND started_at BETWEEN $first AND $last{of_app}"
        " AND session_id IN (SELECT CAST(unnest($ids) AS UUID))"
    )
    rows, when = view, "started_at BETWEEN $first AND $last"
    if query.over == "events":
        rows, when = "events", "event_time >= $first"
    of_one = (
        "SELECT *, closed._window_start AS window_start, closed._window_end AS window_end"
        f" FROM {rows} AS r WHERE r.session_id = closed._session_id AND r.{when}"
    )
    sql = (
        f"SELECT {', '.join('closed.' + name for name in WINDOW_COLUMNS)}, result.*"
        f" FROM ({closed}) AS closed, LATERAL (\n{_with_window(query, of_one)}\n) AS result"
    )
    values = {
        "ids": [window.id for window in windows],
        "first": moment(min(window.start for window in windows)),
        "last": moment(max(window.start for window in windows)),
        **({"app": query.app} if query.app else {}),
    }
    return Statement(sql, values)


def described(query: QueryDefinition, default: str) -> Statement:
    """Asks for names and types of the answer's columns; reads no rows."""
    whole = WindowRef("", 0, 0)
    if Window.of(query.window).session:
        found = of_sessions(query, [whole], default)
    else:
        found = of_time(query, whole)
    return Statement(f"{found.sql}\nLIMIT 0", found.values)


def _rows_of_time(query: QueryDefinition) -> str:
    at = "event_time" if query.over == "events" else "started_at"
    closed = " AND status = 'closed'" if query.over == "sessions" else ""
    of_app = " AND app_id = $app" if query.app else ""
    return (
        "SELECT *, CAST($window_start AS TIMESTAMP WITH TIME ZONE) AS window_start,"
        " CAST($window_end AS TIMESTAMP WITH TIME ZONE) AS window_end"
        f" FROM {query.over} WHERE {at} >= $window_start AND {at} < $window_end{closed}{of_app}"
    )


def _with_window(query: QueryDefinition, rows: str) -> str:
    asked = query.sql.strip().rstrip(";")
    return f'WITH "window" AS ({rows}) SELECT * FROM (\n{asked}\n) AS result'
