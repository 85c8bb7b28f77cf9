"""Saved queries and crawls over HTTP: as `footfall.catalog.access`, kept by a studio elsewhere."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import quote

import msgspec

from footfall.catalog.asking.queries import one_of
from footfall.catalog.entries import Crawl, CrawlReport, QueryParameter, SavedQuery
from footfall.query.access import Result

AskStudio = Callable[[str, str, Any, Any], Any]
"""Method, target, body and the type of the answer."""


class FetchRows(Protocol):
    """Posts a body, and reads the Parquet file that is answered."""

    def __call__(self, target: str, body: Any) -> Result:
        """Its rows."""
        ...


class _Queries(msgspec.Struct):
    queries: list[SavedQuery]


class _Crawls(msgspec.Struct):
    crawls: list[Crawl]


class RemoteQueries:
    """See `ProjectQueries`: the same names, the same answers, the same errors."""

    def __init__(self, ask: AskStudio, fetch_rows: FetchRows) -> None:
        """Both are signed in."""
        self._ask = ask
        self._fetch_rows = fetch_rows

    def list(self) -> builtins.list[SavedQuery]:
        """All, by name."""
        found: _Queries = self._ask("GET", "/api/queries", None, _Queries)
        return found.queries

    def get(self, name: str) -> SavedQuery:
        """One of them. Raises `Invalid` if there is none of this name."""
        return one_of({one.name: one for one in self.list()}, name)

    def save(
        self, name: str, sql: str, parameters: Sequence[QueryParameter] = (), description: str = ""
    ) -> SavedQuery:
        """Keep a statement under a name; see `ProjectQueries.save`."""
        body = {"name": name, "sql": sql, "parameters": parameters, "description": description}
        found: SavedQuery = self._ask("POST", "/api/queries", body, SavedQuery)
        return found

    def remove(self, name: str) -> None:
        """Forget one. Raises `Invalid` if there is none of this name."""
        self._ask("DELETE", f"/api/queries/{quote(name, safe='')}", None, dict)

    def run(self, name: str, **values: Any) -> Result:
        """Its rows, for values of its parameters: at most `query.rows_max` of the studio."""
        body = {"params": values, "format": "parquet"}
        return self._fetch_rows(f"/api/queries/{quote(name, safe='')}/run", body)


class RemoteCrawls:
    """See `ProjectCrawls`; places are added and removed on the machine that reads them."""

    def __init__(self, ask: AskStudio) -> None:
        """It is signed in."""
        self._ask = ask

    def list(self) -> builtins.list[Crawl]:
        """All, by name."""
        found: _Crawls = self._ask("GET", "/api/catalog/crawls", None, _Crawls)
        return found.crawls

    def run(self, name: str) -> CrawlReport:
        """Take in what changed."""
        target = f"/api/catalog/crawls/{quote(name, safe='')}/run"
        found: CrawlReport = self._ask("POST", target, None, CrawlReport)
        return found
