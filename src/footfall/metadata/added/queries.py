"""Continuous queries as they are kept, for those who only read: in few imports."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.metadata.place import MetadataPlace
from footfall.settings import QueryDefinition

COLUMNS: Final = "name, version, definition, is_declared, columns, status"


class QueryStatus(msgspec.Struct, frozen=True):
    """How a query gets on; times are microseconds since 1970 UTC, 0 for never."""

    ran_at: int = 0
    """When a window was asked last, with success."""
    windows: int = 0
    """Results written so far, revisions included."""
    waiting: int = 0
    """Windows that have events and were not asked since: most are not over yet."""
    left_out: int = 0
    """Windows that were not asked, as too many waited: `continuous.windows_max`."""
    cut_off: int = 0
    """Results that had more rows than `continuous.rows_max`."""
    error: str = ""
    """Why the last try failed; empty: it did not."""
    failures: int = 0
    """Tries that failed, one after the other."""
    retry_at: int = 0


class ContinuousQuery(msgspec.Struct, frozen=True):
    """One query of a project."""

    name: str
    version: int
    """Counts changes of its definition; results are of one version."""
    definition: QueryDefinition
    is_declared: bool = False
    """By the settings: change it there."""
    columns: tuple[tuple[str, str], ...] = ()
    """Names and SQL types of its answer; none before they are known."""
    status: QueryStatus = msgspec.field(default_factory=QueryStatus)


def read_queries(place: MetadataPlace, project: str) -> list[ContinuousQuery]:
    """Queries of a project, by name.

    Raises:
        Unavailable: they cannot be read now.
    """
    rows = place.rows(
        f"SELECT {COLUMNS} FROM continuous_queries"  # noqa: S608 (our own names)
        " WHERE project = ? AND is_removed = 0 ORDER BY name",
        (project,),
    )
    return [query_of(row) for row in rows]


def query_of(row: Any) -> ContinuousQuery:
    """A row of `COLUMNS`."""
    name, version, definition, is_declared, columns, status = row
    return ContinuousQuery(
        name,
        version,
        msgspec.json.decode(definition, type=QueryDefinition),
        bool(is_declared),
        msgspec.json.decode(columns, type=tuple[tuple[str, str], ...]),
        msgspec.json.decode(status, type=QueryStatus),
    )
