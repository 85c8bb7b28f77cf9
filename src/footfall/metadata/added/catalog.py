"""Entries of a project's catalog: written in one transaction, read without SQLAlchemy.

What an entry says is its writer's business (`footfall.catalog`); here it is text under a kind and a
name. Changes of what statements read count the project's version up, so that readers see from one
number whether anything is new.
"""

from __future__ import annotations

from typing import Final, Literal

from footfall.metadata.place import MetadataPlace

Kind = Literal["crawl", "table", "view", "query"]
READ_BY_STATEMENTS: Final = frozenset({"table", "view"})
"""Kinds whose changes count the version up: query workers are started anew for another one."""
Key = tuple[Kind, str]
"""Kind and name of an entry."""


def read_version(place: MetadataPlace, project: str) -> int:
    """Counts changes; 0 before the first.

    Raises:
        Unavailable: it cannot be read now.
    """
    rows = place.rows("SELECT version FROM catalog_versions WHERE project = ?", (project,))
    return int(rows[0][0]) if rows else 0


def read_entries(place: MetadataPlace, project: str, kind: Kind) -> dict[str, str]:
    """Entries of a kind by name, in order of their names.

    Raises:
        Unavailable: it cannot be read now.
    """
    query = "SELECT name, entry FROM catalog WHERE project = ? AND kind = ? ORDER BY name"
    return {str(name): str(entry) for name, entry in place.rows(query, (project, kind))}
