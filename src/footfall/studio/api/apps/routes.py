"""Routes of apps."""

from __future__ import annotations

from litestar import Router, get
from litestar.params import FromQuery

from footfall.home import Home
from footfall.machine import process
from footfall.studio.api.apps.apps import Apps, known
from footfall.studio.api.apps.snippets import Snippets, fill_snippets
from footfall.studio.services import PROBLEMS, Use


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


def _collector_url(home: Home) -> str | None:
    """Where SDKs send to; `None` when the collector does not run."""
    collector = process.read_ready(home, "collector")
    if collector is None or not process.is_alive(collector.pid):
        return None
    return collector.url


def router() -> Router:
    """`/api/apps` and `/api/snippets`."""
    return Router("/api", route_handlers=[apps, snippets], tags=["apps"])
