"""Dashboards in Python: `footfall.open("footfall-data").dashboards`."""

from __future__ import annotations

from os import PathLike
from typing import Any, Protocol

from footfall.clock import SystemClock
from footfall.dashboards.ready import ReadyDashboard, add_ready, ready_dashboards
from footfall.dashboards.storage import DashboardLink, Dashboards, KeptDashboard, ListedDashboard
from footfall.explore import access
from footfall.metadata.place import MetadataPlace
from footfall.project import DEFAULT_PROJECT, App
from footfall.settings import load_settings


class Keeper(Protocol):
    """Who keeps dashboards: the home, or a studio."""

    def list(self) -> tuple[ListedDashboard, ...]:
        """All of them."""
        ...

    def get(self, name: str) -> KeptDashboard:
        """One of them; its draft if it has one."""
        ...

    def save(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        """Keep a draft."""
        ...

    def apply(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        """Save and publish."""
        ...

    def remove(self, name: str) -> None:
        """Remove one."""
        ...

    def share(self, name: str) -> tuple[str, DashboardLink]:
        """Make a link."""
        ...

    def unshare(self, name: str, link_id: str | None = None) -> int:
        """End links."""
        ...


class DashboardAccess:
    """A project's dashboards.

    >>> project.dashboards.create("retail", {"title": "Retail", "sheets": [...]})
    """

    def __init__(self, keeper: Keeper) -> None:
        """Of a project; see `Project.dashboards`."""
        self._keeper = keeper

    def list(self) -> tuple[ListedDashboard, ...]:
        """All of them, by title."""
        return self._keeper.list()

    def get(self, name: str) -> KeptDashboard:
        """A dashboard with its `definition` and `version`; its draft if it has one.

        Raises:
            Invalid: there is none of this name.
        """
        return self._keeper.get(name)

    def create(self, name: str, definition: Any, *, is_draft: bool = False) -> KeptDashboard:
        """Make a dashboard that is not there yet.

        Args:
            name: Letters, digits, `_`, `.` and `-`; it stands in addresses.
            definition: A mapping, JSON, or a `Dashboard`; docs/use/dashboards.md.
            is_draft: Readers do not see it yet.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: there is one of this name; use `apply`.
        """
        return (self._keeper.save if is_draft else self._keeper.apply)(name, definition, 0)

    def apply(self, name: str, definition: Any, *, version: int | None = None) -> KeptDashboard:
        """Make or replace a dashboard, and publish it.

        Args:
            name: As for `create`.
            definition: As for `create`.
            version: The one that was changed; `None` replaces any.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: it was changed since that version; get it again and decide.
        """
        return self._keeper.apply(name, definition, version)

    def ready(self) -> tuple[ReadyDashboard, ...]:
        """Dashboards that come with Footfall, each with its `name`, `about` and `definition`."""
        return ready_dashboards()

    def add_ready(self, name: str, app: str = "", zone: str = "UTC") -> KeptDashboard:
        """Make one of those a dashboard of the project, published under its own name.

        Args:
            name: Of the ready-made one.
            app: Id of the only app that it is about; the dashboard is `<name>-<app>` then.
            zone: IANA name, with an app: days are cut in it.

        Raises:
            Invalid: there is no ready-made dashboard of this name.
            Conflict: the project has a dashboard of this name; change that, or delete it first.
        """
        only = App("", app, app, zone) if app else None
        return add_ready(self._keeper, name, only)

    def delete(self, name: str) -> None:
        """Remove a dashboard and its links. Raises `Invalid` if there is none."""
        self._keeper.remove(name)

    def share(self, name: str) -> str:
        """Path of a page that shows the dashboard to whoever has it, behind the studio's address.

        Raises:
            Invalid: there is no such dashboard, or it was not published.
        """
        token, _ = self._keeper.share(name)
        return f"/shared#{token}"

    def unshare(self, name: str) -> int:
        """End all links of a dashboard, at once; how many there were."""
        return self._keeper.unshare(name)

    def __repr__(self) -> str:
        return f"<dashboards: {', '.join(one.name for one in self.list()) or 'none'}>"


class Project(access.Project):
    """A project's data, questions and dashboards."""

    def __init__(
        self, home: str | PathLike[str], project: str = DEFAULT_PROJECT, **options: Any
    ) -> None:
        """As `footfall.explore.access.Project`."""
        super().__init__(home, project, **options)
        settings = load_settings(self._home.settings_file)
        self._metadata = MetadataPlace.of(self._home, settings.metadata)

    @property
    def dashboards(self) -> DashboardAccess:
        """What is kept of dashboards; the server need not run."""
        return DashboardAccess(Dashboards(self._metadata, self._project, SystemClock()))
