"""The studio's routes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from anyio import to_thread
from litestar import Litestar, MediaType, Request, Response, Router, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency, Provide
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Redirect, Stream

from footfall import process
from footfall.clock import SECOND, Clock
from footfall.disk import DiskStatus
from footfall.errors import FootfallError
from footfall.home import Home
from footfall.live import LiveSnapshot, TopList
from footfall.signin import SESSION_AGE_MAX, Sessions
from footfall.studio._apps import Apps, ReadApps
from footfall.studio._asker import while_asked
from footfall.studio._assets import Assets
from footfall.studio._event import EventDetail, read_event
from footfall.studio._guard import NONCE_KEY, SessionGuard, session_guard
from footfall.studio._live import LiveFeed
from footfall.studio._problem_page import answer_person
from footfall.studio._problems import (
    Forbidden,
    NotFound,
    Problem,
    answer_error,
)
from footfall.studio._request import StudioRequest
from footfall.studio._snippets import Snippets, fill_snippets
from footfall.studio._sql import SqlAnswerShape, SqlQuestion, SqlRunner, answer_of
from footfall.studio._status import LogReader, Status, read_status
from footfall.studio.recent import (
    Arrivals,
    FilteredCounts,
    Panel,
    Who,
    parse_filters,
    read_arrivals,
    read_counts,
    read_list,
)

API_VERSION: Final = "1"
BODY_BYTES_MAX: Final = 256 * 1024
LINK_IS_OVER: Final = (
    "this link was used before, is older than a day, or is of another server: ask for a fresh one"
    " where Footfall runs, with `footfall studio link`"
)


class Services(msgspec.Struct, frozen=True):
    """What the routes need; tests pass fakes."""

    home: Home
    project: str
    clock: Clock
    sessions: Sessions
    cookie: str
    """Name of the session's cookie; has the port, as cookies of one host are shared by all."""
    is_cookie_secure: bool
    """Browsers may send the cookie over TLS only."""
    live: LiveFeed
    sql: SqlRunner
    open_log: Callable[[], LogReader]
    read_apps: ReadApps
    collect_path: str
    """Where the collector takes the AWS Clickstream protocol."""
    read_disk: Callable[[], DiskStatus] | None
    assets: Assets


_PROBLEM: Final = ResponseSpec(
    Problem,
    generate_examples=False,
    media_type=MediaType.JSON,
    description="An error (RFC 9457), as application/problem+json.",
)
_SQL_ANSWER: Final = ResponseSpec(
    SqlAnswerShape, generate_examples=False, description="Columns and rows."
)
_PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 503), _PROBLEM)
AnyRequest = Request[object, object, State]
Use = NamedDependency[Services]
"""Injected by name, not part of the API."""


@get("/api/status", summary="Parts, lag and ledgers", sync_to_thread=True, responses=_PROBLEMS)
def status(services: Use) -> Status:
    """Whether everything runs, how far it is, and whether the ledgers add up."""
    return read_status(
        services.home,
        services.project,
        services.clock,
        services.open_log,
        services.read_disk,
    )


@get("/api/live", summary="Newest live snapshot", sync_to_thread=True, responses=_PROBLEMS)
def live(services: Use) -> LiveSnapshot:
    """The last 30 minutes. 503 `unavailable` until the pipeline has written the first."""
    return services.live.read()


@get("/api/live/stream", summary="Live snapshots as server-sent events", responses=_PROBLEMS)
async def live_stream(services: Use) -> Stream:
    """Events `snapshot` (data as in `GET /api/live`) and `waiting` (there is none yet)."""
    return Stream(
        services.live.subscribe(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@get("/api/live/filtered", summary="Live counters of what filters leave", responses=_PROBLEMS)
async def live_filtered(
    services: Use,
    request: AnyRequest,
    f: FromQuery[list[str] | None] = None,
    who: FromQuery[Who] = "people",
) -> FilteredCounts:
    """As in a snapshot, of events and visitors with all of `f`: `pages:/cart`, `sources` (none)."""
    now = services.clock.now_us()
    return await while_asked(
        request.receive, read_counts(services.sql, parse_filters(f or ()), who, now)
    )


@get("/api/live/lists/{panel:str}", summary="All values of a panel", responses=_PROBLEMS)
async def live_list(
    services: Use,
    request: AnyRequest,
    panel: FromPath[Panel],
    f: FromQuery[list[str] | None] = None,
    who: FromQuery[Who] = "people",
    search: FromQuery[str] = "",
) -> TopList:
    """Up to 1000 values of the last 30 minutes that contain `search`, most frequent first."""
    now = services.clock.now_us()
    return await while_asked(
        request.receive,
        read_list(services.sql, panel, search, parse_filters(f or ()), who, now),
    )


@get("/api/live/failures", summary="What failed in the last 30 minutes", responses=_PROBLEMS)
async def live_failures(services: Use, request: AnyRequest) -> Arrivals:
    """Events and requests that came in and could not become events, by reason and write id."""
    known = await asyncio.to_thread(services.read_apps)
    write_ids = tuple(write_id for view in known for write_id in view.write_ids)
    return await while_asked(
        request.receive, read_arrivals(services.sql, write_ids, services.clock.now_us())
    )


@get(
    "/api/events/{request_id:str}/{request_index:int}",
    summary="One event and its request",
    responses=_PROBLEMS,
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


@post("/api/sql", summary="Ask in SQL", status_code=200, responses={**_PROBLEMS, 200: _SQL_ANSWER})
async def sql(services: Use, request: AnyRequest, data: JSONBody[SqlQuestion]) -> Response[bytes]:
    """One SELECT over the project's views, within limits of time, memory and rows.

    It ends with the asker's connection.
    """
    found = await while_asked(request.receive, services.sql.run(data.sql, data.params))
    answer = answer_of(found)
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


@get("/api/apps", summary="Apps of the project", sync_to_thread=True, responses=_PROBLEMS)
def apps(services: Use) -> Apps:
    """Apps, and where their SDKs send to."""
    return Apps(
        project=services.project,
        apps=services.read_apps(),
        collector_url=_collector_url(services.home),
    )


def _collector_url(home: Home) -> str | None:
    """Where SDKs send to; `None` when the collector does not run."""
    collector = process.read_ready(home, "collector")
    if collector is None or not process.is_alive(collector.pid):
        return None
    return collector.url


@get("/api/snippets", summary="Code that sends", sync_to_thread=True, responses=_PROBLEMS)
def snippets(services: Use, app_id: FromQuery[str] = "") -> Snippets:
    """For each way to send, text that works as it stands; of the first app, or of `app_id`."""
    views = [view for view in services.read_apps() if app_id in ("", view.app.app_id)]
    if app_id and not views:
        raise NotFound(f"there is no such app in the project: app_id={app_id}")
    write_id = next((view.write_id for view in views if view.write_id is not None), None)
    return fill_snippets(_collector_url(services.home), write_id, services.collect_path)


@get("/open", include_in_schema=False)
async def open_link(
    services: Use, request: AnyRequest, token: FromQuery[str] = ""
) -> Redirect | Response[bytes]:
    """Use up a one-time link: start a session and go to the pages."""
    try:
        secret = await to_thread.run_sync(_open_session, services, request, token)
    except FootfallError as error:
        return answer_person(request, error, str(request.scope["state"][NONCE_KEY]))
    if secret is None:
        return Redirect("/", status_code=303)
    cookie = Cookie(
        key=services.cookie,
        value=secret,
        httponly=True,
        secure=services.is_cookie_secure,
        samesite="strict",
        path="/",
        max_age=SESSION_AGE_MAX // SECOND,
    )
    return Redirect("/", status_code=303, cookies=[cookie])


def _open_session(services: Services, request: AnyRequest, token: str) -> str | None:
    """The new session's secret; `None` if the browser has an open one."""
    if services.sessions.is_open(request.cookies.get(services.cookie, "")):
        return None
    secret = services.sessions.open(token)
    if secret is None:
        raise Forbidden(LINK_IS_OVER)
    return secret


@get(["/", "/{path:path}"], include_in_schema=False)
async def page(services: Use, request: AnyRequest, path: FromPath[str] = "") -> Response[bytes]:
    """A file of the front end, else the page itself: its router knows the other addresses."""
    name = path.strip("/")
    asset = services.assets.get(name)
    if asset is not None and name != "index.html":
        if request.headers.get("if-none-match") == asset.etag:
            return Response(b"", status_code=304, headers={"etag": asset.etag})
        headers = {"cache-control": asset.cache_control, "etag": asset.etag}
        return Response(asset.content, media_type=asset.media_type, headers=headers)
    if name.startswith(("api/", "assets/")) or name == "api" or "." in name.rpartition("/")[2]:
        raise NotFound(f"there is nothing at this address: path=/{name}")
    return Response(
        services.assets.page(str(request.scope["state"][NONCE_KEY])),
        media_type="text/html",
        headers={"cache-control": "no-store"},
    )


@get("/api/openapi.json", include_in_schema=False)
async def openapi(request: AnyRequest) -> dict[str, object]:
    """This API, as OpenAPI has it."""
    return request.app.openapi_schema.to_schema()


ROUTES: Final = (
    *(status, live, live_stream, live_filtered, live_list, live_failures),
    *(event, sql, apps, snippets, openapi),
)
"""Everything under `/api`; needs a session."""


def make_app(
    services: Services, on_shutdown: Sequence[Callable[[], Awaitable[None]]] = ()
) -> Litestar:
    """The ASGI app. Wrap it in `Guard` before it meets a network.

    Args:
        services: What the routes need.
        on_shutdown: Awaited when the server stops.
    """
    guard = session_guard(services.sessions, services.cookie)
    return Litestar(
        [Router("/", route_handlers=ROUTES, guards=[guard]), open_link, page],
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
        [*ROUTES],
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
