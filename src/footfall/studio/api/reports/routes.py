"""Routes of saved reports."""

from __future__ import annotations

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from footfall.explore.reports import Report, Reports, ReportToSave
from footfall.metadata.place import MetadataPlace
from footfall.studio.services import PROBLEMS, Services, Use


class SavedReports(msgspec.Struct, frozen=True):
    """Answer of `GET /api/reports`."""

    reports: tuple[Report, ...]
    """Those with a star first, then by title."""


def _reports(services: Services) -> Reports:
    place = services.metadata or MetadataPlace.of(services.home)
    return Reports(place, services.project, services.clock)


@get("/", summary="Saved reports", sync_to_thread=True, responses=PROBLEMS)
def reports(services: Use) -> SavedReports:
    """Of all people of the project."""
    return SavedReports(_reports(services).list())


@post("/", summary="Save a report", status_code=200, sync_to_thread=True, responses=PROBLEMS)
def save(services: Use, data: JSONBody[ReportToSave]) -> Report:
    """Keep a question under a title, for all people of the project."""
    return _reports(services).save(data)


@put("/{report_id:str}", summary="Change a report", sync_to_thread=True, responses=PROBLEMS)
def change(services: Use, report_id: FromPath[str], data: JSONBody[ReportToSave]) -> Report:
    """Its title, question or star."""
    return _reports(services).save(data, report_id)


@delete("/{report_id:str}", summary="Forget a report", sync_to_thread=True, responses=PROBLEMS)
def remove(services: Use, report_id: FromPath[str]) -> None:
    """For all people of the project; dashboards that have it keep their copy."""
    _reports(services).remove(report_id)


def router() -> Router:
    """Everything under `/api/reports`."""
    return Router("/api/reports", route_handlers=[reports, save, change, remove], tags=["reports"])
