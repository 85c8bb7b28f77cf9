"""Route of the deliveries."""

from __future__ import annotations

import msgspec
from litestar import Router, get

from footfall.deliver.report import DeliveryReport, delivery_reports
from footfall.studio.services import PROBLEMS, Use


class Deliveries(msgspec.Struct, frozen=True):
    """Answer of `GET /api/deliveries`."""

    at: int
    """The server's clock, microseconds since 1970 UTC."""
    deliveries: tuple[DeliveryReport, ...]
    """In order of names."""


@get("/", summary="Files that are written", sync_to_thread=True, responses=PROBLEMS)
def deliveries(services: Use) -> Deliveries:
    """Every destination of files with its last file, its lag and its last error."""
    now = services.clock.now_us()
    return Deliveries(now, tuple(delivery_reports(services.home, services.project, now)))


def router() -> Router:
    """Everything under `/api/deliveries`."""
    return Router("/api/deliveries", route_handlers=[deliveries], tags=["deliveries"])
