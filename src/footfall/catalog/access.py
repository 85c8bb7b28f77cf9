"""The catalog in Python: `project.sql("CREATE VIEW …")`, `project.queries`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from footfall.catalog.asking.athena import duckdb_text, helpful
from footfall.catalog.asking.queries import Queries
from footfall.catalog.crawls.crawling import Crawling
from footfall.catalog.definer import Definer
from footfall.catalog.defining import definitions_of
from footfall.catalog.entries import Crawl, CrawlReport, QueryParameter, SavedQuery
from footfall.catalog.statements import is_definition
from footfall.clock import HOUR, Clock, SystemClock
from footfall.errors import Invalid
from footfall.metadata.place import MetadataPlace
from footfall.query.access import Lake, Result
from footfall.query.definitions import Definitions, ReadDefinitions
from footfall.query.engine import Selection
from footfall.query.protocol import Column, Parameters

if TYPE_CHECKING:
    from footfall.metadata import Metadata


class CatalogLake(Lake):
    """A project's data with everything that its catalog adds."""

    @cached_property
    def queries(self) -> ProjectQueries:
        """Saved queries: `project.queries.run("by_day", day="2026-11-29")`."""
        return ProjectQueries(self, Queries(self._crawling.catalog, self._open_metadata, _CLOCK))

    @cached_property
    def crawls(self) -> ProjectCrawls:
        """Files of folders and buckets as tables: `project.crawls.add("shop", "s3://shop/raw")`."""
        return ProjectCrawls(self._crawling)

    def _run(self, query: str, parameters: Parameters, rows_max: int | None) -> Result:
        if is_definition(query):
            if parameters:
                raise Invalid("a view or table has no parameters; save a query instead")
            return _said(self._definer.run(query, self._try_select))
        try:
            return super()._run(query, parameters, rows_max)
        except Invalid as error:
            translated = duckdb_text(query)
            if translated is None:
                raise
            try:
                return super()._run(translated, parameters, rows_max)
            except Invalid as other:
                raise helpful(error, other) from None

    def _try_select(self, text: str) -> object:
        return self._select(text, (), 1)

    def _read_definitions(self, known: Definitions | None) -> Definitions:
        return self._reading(known)

    @cached_property
    def _reading(self) -> ReadDefinitions:
        place = MetadataPlace.of(self._home, self._settings.metadata)
        return definitions_of(place, self._project, self._settings)

    @cached_property
    def _crawling(self) -> Crawling:
        return Crawling(self._home, self._project, self._settings, self._open_metadata, _CLOCK)

    @cached_property
    def _definer(self) -> Definer:
        crawling = self._crawling
        return Definer(self._home, crawling, self._open_metadata, _CLOCK, crawling.run)

    def _open_metadata(self) -> Metadata:
        from footfall.metadata import Metadata

        return Metadata.open(self._home, _CLOCK, self._settings.metadata)


class ProjectQueries:
    """Saved queries of a project."""

    def __init__(self, lake: CatalogLake, queries: Queries) -> None:
        """Of a project."""
        self._lake = lake
        self._queries = queries

    def list(self) -> list[SavedQuery]:
        """All, by name."""
        return self._queries.list()

    def get(self, name: str) -> SavedQuery:
        """One of them. Raises `Invalid` if there is none of this name."""
        return self._queries.get(name)

    def save(
        self, name: str, sql: str, parameters: Sequence[QueryParameter] = (), description: str = ""
    ) -> SavedQuery:
        """Keep a statement under a name; see `footfall.catalog.asking.queries.Queries.save`."""
        return self._queries.save(name, sql, parameters, description)

    def remove(self, name: str) -> None:
        """Forget one. Raises `Invalid` if there is none of this name."""
        self._queries.remove(name)

    def run(self, name: str, **values: Any) -> Result:
        """Its rows, for values of its parameters.

        Raises:
            Invalid: there is no such query, or a value is missing or wrong.
        """
        sql, bound = self._queries.statement(name, values)
        return self._lake.sql(sql, **bound)


class ProjectCrawls:
    """Crawls of a project."""

    def __init__(self, crawling: Crawling) -> None:
        """Of a project."""
        self._crawling = crawling

    def list(self) -> list[Crawl]:
        """All, by name."""
        return list(self._crawling.catalog.crawls().values())

    def add(self, name: str, place: str, every_us: int = HOUR) -> CrawlReport:
        """Note a place and look at it; what was found. See `Crawling.add` and `Crawling.run`."""
        return self._crawling.run(self._crawling.add(name, place, every_us).name)

    def run(self, name: str) -> CrawlReport:
        """Take in what changed. Raises as `Crawling.run`."""
        return self._crawling.run(name)

    def remove(self, name: str) -> tuple[str, ...]:
        """Forget a crawl and its tables; names of these."""
        return self._crawling.remove(name)


_CLOCK: Clock = SystemClock()


def _said(sentence: str) -> Result:
    table = pa.table({"result": [sentence]})
    return Result(Selection(table, (Column("result", "VARCHAR"),), False, 0, 0))
