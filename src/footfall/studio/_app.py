"""The studio as an ASGI app: the areas of the API, and the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from litestar import Litestar, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from footfall.studio.api.alerts.routes import router as alerts
from footfall.studio.api.apps.routes import router as apps
from footfall.studio.api.catalog.routes import router as catalog
from footfall.studio.api.continuous.routes import router as continuous
from footfall.studio.api.dashboards.routes import router as dashboards
from footfall.studio.api.dashboards.shared import router as shared
from footfall.studio.api.deliveries.routes import router as deliveries
from footfall.studio.api.events.routes import router as events
from footfall.studio.api.explore.routes import router as explore
from footfall.studio.api.live.routes import router as live
from footfall.studio.api.queries.routes import router as queries
from footfall.studio.api.reports.routes import router as reports
from footfall.studio.api.segments.routes import router as segments
from footfall.studio.api.sessions.routes import router as sessions
from footfall.studio.api.sql.routes import router as sql
from footfall.studio.api.status.routes import router as status
from footfall.studio.api.visitors.routes import router as visitors
from footfall.studio.edge.guard import SessionGuard, link_guard, session_guard
from footfall.studio.edge.health import health, ready
from footfall.studio.edge.pages import open_link, page
from footfall.studio.edge.problems import answer_error
from footfall.studio.edge.request import StudioRequest
from footfall.studio.services import AnyRequest, Services

API_VERSION: Final = "1"
BODY_BYTES_MAX: Final = 256 * 1024
AREAS: Final = (
    live,
    events,
    sessions,
    visitors,
    explore,
    reports,
    sql,
    status,
    apps,
    alerts,
    continuous,
    deliveries,
    queries,
    catalog,
    dashboards,
    segments,
)
"""A router each; a new area is a folder of `api` and its line here."""
OPEN_AREAS: Final = (shared,)
"""Those that need no session, but a link of their own."""


@get("/api/openapi.json", include_in_schema=False)
async def openapi(request: AnyRequest) -> dict[str, object]:
    """This API, as OpenAPI has it."""
    return request.app.openapi_schema.to_schema()


def make_app(
    services: Services, on_shutdown: Sequence[Callable[[], Awaitable[None]]] = ()
) -> Litestar:
    """The ASGI app. Wrap it in `Guard` before it meets a network.

    Everything under `/api` needs a session or a token, but for the areas that are open by a link.

    Args:
        services: What the routes need.
        on_shutdown: Awaited when the server stops.
    """
    guard = session_guard(services.sessions, services.tokens, services.cookie)
    api = Router("/", route_handlers=[*(area() for area in AREAS), openapi], guards=[guard])
    by_link = Router("/", route_handlers=[area() for area in OPEN_AREAS], guards=[link_guard])
    return Litestar(
        [api, by_link, health, ready, open_link, page],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers={Exception: answer_error},
        openapi_config=_openapi_config([guard]),
        on_shutdown=list(on_shutdown),
        request_class=StudioRequest,
        request_max_body_size=BODY_BYTES_MAX,
        logging_config=None,
    )


def describe() -> dict[str, object]:
    """The API as OpenAPI has it, without anything behind it."""
    app = Litestar(
        [area() for area in (*AREAS, *OPEN_AREAS)],
        dependencies={"services": Provide(lambda: None, sync_to_thread=False)},
        openapi_config=_openapi_config([]),
    )
    return app.openapi_schema.to_schema()


def _openapi_config(guards: list[SessionGuard]) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Footfall studio",
        version=API_VERSION,
        # Litestar's own pages about it live here; the description itself is /api/openapi.json.
        openapi_router=Router(
            "/api/openapi", route_handlers=[], guards=guards, include_in_schema=False
        ),
        render_plugins=[JsonRenderPlugin()],
    )
