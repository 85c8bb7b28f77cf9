"""What the catalog adds to the tables that every project has, for people who look at a list."""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.catalog.defining import shipped_views, table_names
from footfall.catalog.store import Catalog


class Added(msgspec.Struct, frozen=True):
    """A table over files, or a view."""

    kind: Literal["files", "view"]
    row_is: str
    """What one row of it is, as far as anybody said."""
    meanings: dict[str, str]
    """Of columns that have one."""


def added_by(catalog: Catalog) -> dict[str, Added]:
    """By name: tables of crawls, views that come with them, views of people."""
    tables = catalog.tables()
    found = {name: Added("view", "", {}) for name in shipped_views(tables)}
    for table in tables.values():
        comments = {column.name: column.comment for column in table.columns}
        for name in table_names(table):
            found[name] = Added("files", f"a record in files of the crawl {table.crawl}", comments)
    found |= {view.name: Added("view", view.comment, {}) for view in catalog.views().values()}
    return found
