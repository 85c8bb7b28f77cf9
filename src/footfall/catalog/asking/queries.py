"""Saved queries: statements under a name, for all who may ask."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from footfall.catalog.asking.parameters import bound, parameters_of
from footfall.catalog.crawls.crawling import OpenMetadata
from footfall.catalog.entries import QueryParameter, SavedQuery, check_name
from footfall.catalog.statements import is_definition
from footfall.catalog.store import Catalog, change
from footfall.clock import Clock
from footfall.errors import Invalid

SQL_LENGTH_MAX: Final = 100_000
QUERIES_MAX: Final = 1_000


class Queries:
    """Those of one project."""

    def __init__(self, catalog: Catalog, open_metadata: OpenMetadata, clock: Clock) -> None:
        """Read nothing yet."""
        self._catalog = catalog
        self._open_metadata = open_metadata
        self._clock = clock

    def list(self) -> list[SavedQuery]:
        """All, by name."""
        return list(self._catalog.queries().values())

    def get(self, name: str) -> SavedQuery:
        """One of them.

        Raises:
            Invalid: there is none of this name; says which there are.
        """
        return one_of(self._catalog.queries(), name)

    def save(
        self,
        name: str,
        sql: str,
        parameters: Sequence[QueryParameter] = (),
        description: str = "",
    ) -> SavedQuery:
        """Keep a statement under a name; one that is there is replaced.

        Args:
            name: Letters, digits and `_`.
            sql: With `:name` or `$name` where values go.
            parameters: Types and defaults; those that are not named are text and must be given.
            description: What it is for.

        Raises:
            Invalid: the name, the text or a parameter is not possible.
        """
        name = check_name(name, "query")
        if not sql.strip() or len(sql) > SQL_LENGTH_MAX:
            raise Invalid(
                f"a query has a statement of at most {SQL_LENGTH_MAX} characters: {len(sql)}"
            )
        if is_definition(sql):
            raise Invalid("a query is a SELECT; what defines a view or table is kept by itself")
        queries = self._catalog.queries()
        if len(queries) >= QUERIES_MAX and name not in queries:
            raise Invalid(f"there are {QUERIES_MAX} queries; remove some first")
        now = self._clock.now_us()
        made = now if name not in queries else queries[name].created_at
        query = SavedQuery(name, sql, parameters_of(sql, parameters), made, now, description[:1000])
        with contextlib.closing(self._open_metadata()) as metadata:
            change(metadata, self._catalog.project, [query])
        return query

    def remove(self, name: str) -> None:
        """Forget one. Raises `Invalid` if it is not there."""
        query = self.get(name)
        with contextlib.closing(self._open_metadata()) as metadata:
            change(metadata, self._catalog.project, removes=[("query", query.name)])

    def statement(self, name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What to run for a query and the values of its parameters.

        Raises:
            Invalid: there is no such query, or a value is missing or wrong.
        """
        query = self.get(name)
        return bound(query.sql, query.parameters, given)


def one_of(queries: Mapping[str, SavedQuery], name: str) -> SavedQuery:
    """The one of this name. Raises `Invalid` if there is none; says which there are."""
    found = queries.get(name.lower())
    if found is None:
        there = ", ".join(queries) or "none yet"
        raise Invalid(f"no such query; there are: {there[:500]}: name={name}")
    return found
