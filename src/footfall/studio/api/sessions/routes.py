"""Routes of sessions."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath, FromQuery

from footfall.studio.api.scope import Asked as Whose
from footfall.studio.api.scope import During, asked_range, asked_scope
from footfall.studio.api.sessions.conditions import FIELDS, parse_conditions
from footfall.studio.api.sessions.defining import DEFINING
from footfall.studio.api.sessions.definitions import DefinitionView, definition_of
from footfall.studio.api.sessions.listed import LIMIT_DEFAULT, Asked, SessionPage, read_sessions
from footfall.studio.api.sessions.timeline import SessionTimeline, read_timeline
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use


class SessionField(msgspec.Struct, frozen=True):
    """A column that filters and sorting may name."""

    name: str
    kind: str
    """`text`, `number`, `boolean` or `time`: each has its operators."""


class Goal(msgspec.Struct, frozen=True):
    """A key event of an app, of the settings `sessions.goals`."""

    app_id: str
    event_name: str
    value: float
    """What one is worth that brings no value; 0 is nothing."""


class SessionsAbout(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sessions/about`."""

    definitions: tuple[DefinitionView, ...]
    """The default first."""
    fields: tuple[SessionField, ...]
    goals: tuple[Goal, ...]
    """In the order of the settings."""


_FIELDS: Final = tuple(SessionField(name, kind) for name, kind in FIELDS.items())


@get("/about", summary="Session definitions, and columns to filter by", responses=PROBLEMS)
async def about(services: Use) -> SessionsAbout:
    """What can be asked of sessions."""
    given = {} if services.settings is None else services.settings.sessions.goals
    goals = (Goal(app, name, value) for app, ofs in given.items() for name, value in ofs.items())
    found = await asyncio.to_thread(services.read_definitions)
    return SessionsAbout(found, _FIELDS, tuple(goals))


@get("/", summary="Sessions as a list", responses=PROBLEMS)
async def sessions(
    services: Use,
    request: AnyRequest,
    whose: Whose,
    during: During,
    definition: FromQuery[str] = "",
    f: FromQuery[list[str] | None] = None,
    sort: FromQuery[str] = "-started_at",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> SessionPage:
    """Those that began in the last 30 minutes, unless asked otherwise, and that all of `f` leave.

    A filter is `column:operator:value`, as `duration_ms:lt:20000`, `source:is_set` or
    `source:in:["a","b"]`. `sort` is a column, with `-` the largest first.
    """
    asked = Asked(
        await definition_of(services.read_definitions, definition),
        parse_conditions(f or ()),
        sort,
        limit,
        offset,
    )
    return await while_asked(request.receive, read_sessions(services.sql, asked, whose, during))


@get("/{session_id:str}", summary="One session as a timeline", responses=PROBLEMS)
async def session(
    services: Use,
    request: AnyRequest,
    session_id: FromPath[str],
    definition: FromQuery[str] = "",
) -> SessionTimeline:
    """The session and its events in order, and which of them came late."""
    one = await definition_of(services.read_definitions, definition)
    return await while_asked(request.receive, read_timeline(services.sql, one, session_id))


def router() -> Router:
    """Everything under `/api/sessions`."""
    return Router(
        "/api/sessions",
        route_handlers=[about, sessions, session, *DEFINING],
        dependencies={"whose": Provide(asked_scope), "during": Provide(asked_range)},
        tags=["sessions"],
    )
