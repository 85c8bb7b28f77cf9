"""Routes of the Live page."""

from __future__ import annotations

import asyncio

from litestar import Router, get
from litestar.di import Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from footfall.live import LiveSnapshot, TopList
from footfall.studio.api.filters import Panel, parse_filters
from footfall.studio.api.live.counts import FilteredCounts, read_counts
from footfall.studio.api.live.failures import Arrivals, read_arrivals
from footfall.studio.api.live.lists import read_list
from footfall.studio.api.scope import Asked, During, asked_range, asked_scope
from footfall.studio.api.sessions.conditions import Condition, parse_conditions
from footfall.studio.api.sessions.definitions import definition_of
from footfall.studio.api.sessions.listed import LIMIT_MAX, SessionPage, read_sessions
from footfall.studio.api.sessions.listed import Asked as AskedSessions
from footfall.studio.edge.asker import while_asked
from footfall.studio.services import PROBLEMS, AnyRequest, Use


@get("/", summary="Newest live snapshot", sync_to_thread=True, responses=PROBLEMS)
def live(services: Use) -> LiveSnapshot:
    """The last 30 minutes. 503 `unavailable` until the pipeline has written the first."""
    return services.live.read()


@get("/stream", summary="Live snapshots as server-sent events", responses=PROBLEMS)
async def stream(services: Use) -> Stream:
    """Events `snapshot` (data as in `GET /api/live`) and `waiting` (there is none yet)."""
    return Stream(
        services.live.subscribe(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@get("/filtered", summary="Live counters of what filters leave", responses=PROBLEMS)
async def filtered(
    services: Use, request: AnyRequest, whose: Asked, f: FromQuery[list[str] | None] = None
) -> FilteredCounts:
    """As in a snapshot, of events and visitors with all of `f`: `pages:/cart`, `sources` (none)."""
    now = services.clock.now_us()
    return await while_asked(
        request.receive, read_counts(services.sql, parse_filters(f or ()), whose, now)
    )


@get("/lists/{panel:str}", summary="All values of a panel", responses=PROBLEMS)
async def values(
    services: Use,
    request: AnyRequest,
    whose: Asked,
    during: During,
    panel: FromPath[Panel],
    f: FromQuery[list[str] | None] = None,
    search: FromQuery[str] = "",
) -> TopList:
    """Up to 1000 values that contain `search`, most frequent first; of the last 30 minutes."""
    return await while_asked(
        request.receive,
        read_list(services.sql, panel, search, parse_filters(f or ()), whose, during),
    )


@get("/failures", summary="What failed, by reason", responses=PROBLEMS)
async def failures(services: Use, request: AnyRequest, whose: Asked, during: During) -> Arrivals:
    """Events and requests that came in and could not become events, by reason and write id.

    Of the last 30 minutes, unless another time is asked for.
    """
    apps = await asyncio.to_thread(services.read_apps)
    write_ids = tuple(write_id for view in apps for write_id in view.write_ids)
    return await while_asked(request.receive, read_arrivals(services.sql, write_ids, whose, during))


@get("/sessions", summary="Open sessions", responses=PROBLEMS)
async def open_sessions(
    services: Use,
    request: AnyRequest,
    whose: Asked,
    definition: FromQuery[str] = "",
    f: FromQuery[list[str] | None] = None,
    limit: FromQuery[int] = LIMIT_MAX,
) -> SessionPage:
    """Sessions that are not over, those with the newest event first; `total` says how many.

    Filters are those of `GET /api/sessions`.
    """
    conditions = (Condition("status", "is", ("open",)), *parse_conditions(f or ()))
    one = await definition_of(services.read_definitions, definition)
    asked = AskedSessions(one, conditions, "-ended_at", limit)
    return await while_asked(request.receive, read_sessions(services.sql, asked, whose, None))


def router() -> Router:
    """Everything under `/api/live`."""
    return Router(
        "/api/live",
        route_handlers=[live, stream, filtered, values, failures, open_sessions],
        dependencies={"whose": Provide(asked_scope), "during": Provide(asked_range)},
        tags=["live"],
    )
