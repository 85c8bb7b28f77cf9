"""Footfall: a self-hosted clickstream platform.

import footfall

shop = footfall.open("footfall-data")
shop.sql("SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC")
shop.funnel("page_view", "add_to_cart", "purchase", window="1d").to_polars()
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from footfall.dashboards.access import Project

__all__ = ["open"]


def open(home: str | PathLike[str], project: str = "default") -> Project:  # noqa: A001
    """Open an installation's data for reading; the server need not run.

    Args:
        home: Directory of the installation; or the link of a studio, as `footfall serve` and
            `footfall studio link` print it. What that gives answers `sql` and questions (`events`,
            `funnel`, `retention`) and keeps `dashboards`, `alerts`, `continuous` and `queries` just
            the same, within the studio's limits.
        project: One of its projects; a studio has one.

    Raises:
        Invalid: `project` is not a project's name, `footfall.toml` has mistakes, or the link was
            used before.
    """
    # DuckDB and Arrow cost a second; processes that only import a name from here do not pay it.
    if isinstance(home, str) and home.startswith(("http://", "https://")):
        from footfall.dashboards.access_remote import RemoteProject

        return cast("Project", RemoteProject(home))
    from footfall.dashboards.access import Project

    return Project(home, project)
