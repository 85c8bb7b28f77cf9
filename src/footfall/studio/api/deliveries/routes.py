"""Routes of the deliveries."""

from __future__ import annotations

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath

from footfall.deliver.operating.access import Deliveries as Destinations
from footfall.deliver.operating.report import DeliveryReport
from footfall.settings import load_settings
from footfall.studio.services import PROBLEMS, Services, Use


class Deliveries(msgspec.Struct, frozen=True):
    """Answer of `GET /api/deliveries`."""

    at: int
    """The server's clock, microseconds since 1970 UTC."""
    deliveries: tuple[DeliveryReport, ...]
    """In order of names."""


class Paused(msgspec.Struct, frozen=True):
    """Answer of what pauses and resumes."""

    paused_at: int
    """Since when the destination is paused, microseconds since 1970 UTC; 0: it is not."""


@get("/", summary="Files that are written", sync_to_thread=True, responses=PROBLEMS)
def deliveries(services: Use) -> Deliveries:
    """Every destination of files with its last file, its lag and its last error."""
    return Deliveries(services.clock.now_us(), tuple(_destinations(services).list()))


@post(
    "/{name:str}/pause",
    summary="Write no files to a destination for a while",
    status_code=200,
    sync_to_thread=True,
    responses=PROBLEMS,
)
def pause(services: Use, name: FromPath[str]) -> Paused:
    """What comes waits as long as for a store that is away; it stays paused over restarts."""
    return Paused(_destinations(services).pause(name))


@post(
    "/{name:str}/resume",
    summary="Go on with a destination that is paused",
    status_code=200,
    sync_to_thread=True,
    responses=PROBLEMS,
)
def resume(services: Use, name: FromPath[str]) -> Paused:
    """What waits is written, each record once."""
    _destinations(services).resume(name)
    return Paused(0)


def _destinations(services: Services) -> Destinations:
    settings = services.settings or load_settings()
    return Destinations(services.home, services.project, settings, services.clock)


def router() -> Router:
    """Everything under `/api/deliveries`."""
    return Router(
        "/api/deliveries", route_handlers=[deliveries, pause, resume], tags=["deliveries"]
    )
