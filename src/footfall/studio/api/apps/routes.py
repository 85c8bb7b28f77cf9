"""Routes of apps."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import FromQuery

from footfall.errors import Unavailable
from footfall.home import Home
from footfall.machine import process
from footfall.studio.api.apps.apps import Apps, known
from footfall.studio.api.apps.snippets import Snippets, fill_snippets
from footfall.studio.api.apps.trying import EventTaken, send_test_event
from footfall.studio.services import PROBLEMS, Services, Use


@get("/apps", summary="Apps of the project", sync_to_thread=True, responses=PROBLEMS)
def apps(services: Use) -> Apps:
    """Apps, and where their SDKs send to."""
    return Apps(
        project=services.project,
        apps=services.read_apps(),
        collector_url=_collector_url(services.home),
    )


@get("/snippets", summary="Code that sends", sync_to_thread=True, responses=PROBLEMS)
def snippets(services: Use, app_id: FromQuery[str] = "") -> Snippets:
    """For each way to send, text that works as it stands; of the first app, or of `app_id`."""
    views = services.read_apps()
    if app_id:
        views = (known(views, app_id),)
    write_id = next((view.write_id for view in views if view.write_id is not None), None)
    return fill_snippets(_collector_url(services.home), write_id, services.collect_path)


@post("/test-event", summary="Send a test event", status_code=200, responses=PROBLEMS)
async def try_out(services: Use, app_id: FromQuery[str] = "") -> EventTaken:
    """One event named `test_event`, of the first app or of `app_id`; once the collector has it."""
    return await asyncio.to_thread(_send, services, app_id)


def _send(services: Services, app_id: str) -> EventTaken:
    views = services.read_apps()
    wanted = (known(views, app_id),) if app_id else views
    view = next((one for one in wanted if one.write_id is not None), None)
    if view is None or view.write_id is None:
        raise Unavailable("no app has a write id; make one: footfall key create shop_web")
    url = _collector_url(services.home)
    if url is None:
        raise Unavailable("the collector does not run here; start it with footfall serve")
    return send_test_event(url, view.app.app_id, view.write_id)


def _collector_url(home: Home) -> str | None:
    """Where SDKs send to; `None` when the collector does not run."""
    collector = process.read_ready(home, "collector")
    if collector is None or not process.is_alive(collector.pid):
        return None
    return collector.url


def router() -> Router:
    """`/api/apps`, `/api/snippets` and `/api/test-event`."""
    return Router("/api", route_handlers=[apps, snippets, try_out], tags=["apps"])
