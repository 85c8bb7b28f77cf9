"""Routes of one visitor."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from footfall.studio.api.sessions.definitions import definition_of
from footfall.studio.api.visitors.visitor import (
    LIMIT_DEFAULT,
    AskedVisitor,
    Visitor,
    VisitorEvents,
    VisitorSessions,
    read_events_of,
    read_sessions_of,
    read_visitor,
)
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use


async def asked_visitor(
    services: Use,
    app: FromQuery[str],
    visitor: FromQuery[str],
    definition: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> AskedVisitor:
    """Of the query. `visitor` is the key's text, as the column `visitor_id` of sessions has it.

    Raises:
        Invalid: there is no such definition, or no such page.
    """
    one = await definition_of(services.read_definitions, definition)
    return AskedVisitor(one, app, visitor, limit, offset)


Asked = NamedDependency[AskedVisitor]


@get("/", summary="Who a visitor is", responses=PROBLEMS)
async def visitor(services: Use, request: AnyRequest, asked: Asked) -> Visitor:
    """When it was here, how often, and as which users."""
    return await while_asked(request.receive, read_visitor(services.sql, asked))


@get("/sessions", summary="Sessions of a visitor", responses=PROBLEMS)
async def sessions(services: Use, request: AnyRequest, asked: Asked) -> VisitorSessions:
    """All that there are, newest first, in pages."""
    return await while_asked(request.receive, read_sessions_of(services.sql, asked))


@get("/events", summary="Events of a visitor", responses=PROBLEMS)
async def events(services: Use, request: AnyRequest, asked: Asked) -> VisitorEvents:
    """All that there are, newest first, in pages."""
    return await while_asked(request.receive, read_events_of(services.sql, asked))


def router() -> Router:
    """Everything under `/api/visitors`."""
    return Router(
        "/api/visitors",
        route_handlers=[visitor, sessions, events],
        dependencies={"asked": Provide(asked_visitor)},
        tags=["visitors"],
    )
