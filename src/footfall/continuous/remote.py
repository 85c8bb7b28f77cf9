"""Continuous queries over HTTP: as `footfall.continuous.access.Continuous`."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from footfall.continuous.access import one_of
from footfall.continuous.examples import EXAMPLES, example
from footfall.continuous.reading import RESULTS_MAX, Asks, WindowResult, results
from footfall.metadata.added.queries import ContinuousQuery

AskStudio = Callable[[str, str, Any, Any], Any]
"""Method, target, body and the type of the answer."""


class _Queries(msgspec.Struct):
    queries: list[ContinuousQuery]


class RemoteContinuous:
    """See `Continuous`: the same names, the same answers, the same errors."""

    def __init__(self, asks: Asks, ask: AskStudio) -> None:
        """`asks` runs statements there; `ask` is signed in."""
        self._asks = asks
        self._ask = ask

    def list(self) -> builtins.list[ContinuousQuery]:
        """All queries, by name, and how each gets on."""
        found: _Queries = self._ask("GET", "/api/continuous", None, _Queries)
        return found.queries

    def show(self, name: str) -> ContinuousQuery:
        """One query. Raises `Invalid` if there is none; the message names those there are."""
        return one_of(self.list(), name)

    def add(
        self,
        name: str,
        sql: str = "",
        window: str = "",
        *,
        over: str = "events",
        app: str = "",
        key: Sequence[str] = (),
        enabled: bool = True,
        example_of: str = "",
    ) -> ContinuousQuery:
        """Add a query, or change the one of this name; see `Continuous.add`."""
        if example_of:
            given = example(example_of)
            sql, window, over, key = given.sql, given.window, given.over, given.key
        body = {
            "sql": sql,
            "window": window,
            "over": over,
            "app": app,
            "key": [*key],
            "enabled": enabled,
        }
        found: ContinuousQuery = self._ask("PUT", _at(name), body, ContinuousQuery)
        return found

    def remove(self, name: str) -> None:
        """Ask it no more; its results stay in `query_results`."""
        self._ask("DELETE", _at(name), None, dict)

    def results(self, name: str = "", **options: Any) -> builtins.list[WindowResult]:
        """Results of one query or all, newest window first; see `footfall.continuous.results`."""
        options.setdefault("limit", RESULTS_MAX)
        return results(self._asks, name, **options)

    def __repr__(self) -> str:
        return f"<continuous queries; examples: {', '.join(EXAMPLES)}>"


def _at(name: str) -> str:
    return f"/api/continuous/{quote(name, safe='')}"
