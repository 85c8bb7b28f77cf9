"""Routes of events."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath, FromQuery

from footfall.studio.api.events.event import EventDetail, read_event
from footfall.studio.api.events.listed import EventPage, read_events
from footfall.studio.api.filters import parse_filters
from footfall.studio.api.paging import Paged, asked_page
from footfall.studio.api.scope import Asked, During, asked_range, asked_scope
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use


@get("/", summary="Events, newest first", responses=PROBLEMS)
async def events(
    services: Use,
    request: AnyRequest,
    whose: Asked,
    during: During,
    page: Paged,
    f: FromQuery[list[str] | None] = None,
) -> EventPage:
    """A page of the events that all of `f` leave; of the last 30 minutes, unless asked otherwise.

    Filters are those of `GET /api/live/filtered`.
    """
    return await while_asked(
        request.receive,
        read_events(services.sql, parse_filters(f or ()), whose, during, page),
    )


@get(
    "/{request_id:str}/{request_index:int}",
    summary="One event and its request",
    responses=PROBLEMS,
)
async def event(
    services: Use,
    request: AnyRequest,
    request_id: FromPath[str],
    request_index: FromPath[int],
    log_offset: FromQuery[int | None] = None,
) -> EventDetail:
    """Every column, and the raw request; `log_offset` finds the request without the columns."""
    return await while_asked(
        request.receive,
        read_event(services.sql, services.open_log, request_id, request_index, log_offset),
    )


def router() -> Router:
    """Everything under `/api/events`."""
    return Router(
        "/api/events",
        route_handlers=[events, event],
        dependencies={
            "whose": Provide(asked_scope),
            "during": Provide(asked_range),
            "page": Provide(asked_page),
        },
        tags=["events"],
    )
