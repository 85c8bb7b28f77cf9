"""Footfall: a self-hosted clickstream platform.

import footfall

shop = footfall.open("footfall-data")
shop.sql("SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC")
shop.funnel("page_view", "add_to_cart", "purchase", window="1d").to_polars()

shop = footfall.open("http://127.0.0.1:7701", token=token)
"""

from __future__ import annotations

import re
from os import PathLike
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from footfall.dashboards.access import Project

__all__ = ["open"]


def open(  # noqa: A001
    home: str | PathLike[str], project: str = "default", *, token: str | None = None
) -> Project:
    """Open a project's data for reading: of an installation here, or over HTTP from its studio.

    Args:
        home: Directory of the installation, whose server need not run; or the address of a studio,
            with `token`; or a link as `footfall serve` and `footfall studio link` print it, which
            opens once. What a studio's address gives answers `sql` and questions (`events`,
            `funnel`, `retention` and so on) and keeps `segments`, `dashboards` and `queries` just
            the same, within the studio's limits; with a link also `alerts`, `continuous` and
            `deliveries`.
        project: One of its projects; a studio has one.
        token: As `footfall token create NAME` shows it, for a studio's address. Read it from where
            you keep secrets; it is never shown again.

    Raises:
        Invalid: `home` is an address of another kind, `project` is not a project's name,
            `footfall.toml` has mistakes, the link was used before, or the token is wrong, has
            ended or was revoked.
        Unavailable: no studio answers there.
    """
    # DuckDB and Arrow cost a second; processes that only import a name from here do not pay it.
    if isinstance(home, str) and home.startswith(("http://", "https://")):
        from footfall.dashboards.access_remote import RemoteProject

        return cast("Project", RemoteProject(home, token))
    from footfall.errors import Invalid

    if isinstance(home, str) and re.match(r"[a-z0-9+.-]+:(//|\d+/?$)", home):
        raise Invalid(f"a studio's address begins with http:// or https://: {home}")
    if token is not None:
        raise Invalid("a token is for a studio's address, such as http://127.0.0.1:7701")
    from footfall.dashboards.access import Project

    return Project(home, project)
