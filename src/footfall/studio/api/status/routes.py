"""Route of the status."""

from __future__ import annotations

from litestar import Router, get

from footfall.studio.api.status.status import Status, read_status
from footfall.studio.services import PROBLEMS, Use


@get("/", summary="Parts, lag and ledgers", sync_to_thread=True, responses=PROBLEMS)
def status(services: Use) -> Status:
    """Whether everything runs, how far it is, and whether the ledgers add up."""
    return read_status(
        services.home,
        services.project,
        services.clock,
        services.open_log,
        services.read_disk,
        services.metadata,
    )


def router() -> Router:
    """Everything under `/api/status`."""
    return Router("/api/status", route_handlers=[status], tags=["status"])
