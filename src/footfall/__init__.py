"""Footfall: a self-hosted clickstream platform.

import footfall

shop = footfall.open("footfall-data")
shop.sql("SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC")
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footfall.query.access import Lake

__all__ = ["open"]


def open(home: str | PathLike[str], project: str = "default") -> Lake:  # noqa: A001
    """Open an installation's data for reading; the server need not run.

    Args:
        home: Directory of the installation.
        project: One of its projects.

    Raises:
        Invalid: `project` is not a project's name, or `footfall.toml` has mistakes.
    """
    # DuckDB and Arrow cost a second; processes that only import a name from here do not pay it.
    from footfall.query.access import Lake

    return Lake(home, project)
