"""Dashboards in Python, kept by a studio elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from footfall.dashboards.access import DashboardAccess
from footfall.dashboards.reading import check_name, read_dashboard
from footfall.dashboards.storage import DashboardLink, KeptDashboard, ListedDashboard
from footfall.explore import remote


class _Listing(msgspec.Struct):
    dashboards: tuple[ListedDashboard, ...]


class _Links(msgspec.Struct):
    links: tuple[DashboardLink, ...]


class _Made(msgspec.Struct):
    link: DashboardLink
    path: str


class RemoteProject(remote.RemoteProject):
    """A project behind a studio, with its dashboards."""

    @property
    def dashboards(self) -> DashboardAccess:
        """What the studio keeps of dashboards."""
        return DashboardAccess(_RemoteKeeper(self))


class _RemoteKeeper:
    """As `footfall.dashboards.storage.Dashboards`, over HTTP."""

    def __init__(self, project: RemoteProject) -> None:
        self._project = project

    def list(self) -> tuple[ListedDashboard, ...]:
        return self._project.ask("GET", "/api/dashboards", None, _Listing).dashboards

    def get(self, name: str) -> KeptDashboard:
        return self._project.ask("GET", _at(name), None, KeptDashboard)

    def save(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        return self._write(name, given, version, is_published=False)

    def apply(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        return self._write(name, given, version, is_published=True)

    def remove(self, name: str) -> None:
        self._project.ask("DELETE", _at(name), None, dict)

    def share(self, name: str) -> tuple[str, DashboardLink]:
        made = self._project.ask("POST", f"{_at(name)}/links", None, _Made)
        return made.path.partition("#")[2], made.link

    def unshare(self, name: str, link_id: str | None = None) -> int:
        found = self._project.ask("GET", f"{_at(name)}/links", None, _Links).links
        chosen = [one for one in found if link_id in (None, one.id)]
        for one in chosen:
            self._project.ask("DELETE", f"{_at(name)}/links/{one.id}", None, dict)
        return len(chosen)

    def _write(
        self, name: str, given: Any, version: int | None, *, is_published: bool
    ) -> KeptDashboard:
        body = {
            "definition": read_dashboard(given),
            "version": version,
            "is_published": is_published,
        }
        return self._project.ask("PUT", _at(name), body, KeptDashboard)


def _at(name: str) -> str:
    check_name(name)
    return f"/api/dashboards/{quote(name, safe='')}"
