"""Continuous queries in Python: `project.continuous`."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Sequence
from typing import Any

from footfall.continuous.checking import check_query, checked
from footfall.continuous.examples import EXAMPLES, example
from footfall.continuous.reading import RESULTS_MAX, Asks, WindowResult, results
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.added.queries import ContinuousQuery, read_queries
from footfall.metadata.place import MetadataPlace
from footfall.settings import Settings, load_settings


class Continuous:
    """Of one project of a home."""

    def __init__(
        self, asks: Asks, home: Home, project: str, settings: Settings | None = None
    ) -> None:
        """`asks` runs statements on the newest cut."""
        self._asks = asks
        self._home = home
        self._project = project
        self._settings = settings or load_settings(home.settings_file)

    def list(self) -> builtins.list[ContinuousQuery]:
        """All queries, by name, and how each gets on."""
        return read_queries(MetadataPlace.of(self._home, self._settings.metadata), self._project)

    def show(self, name: str) -> ContinuousQuery:
        """One query.

        Raises:
            Invalid: there is none of this name; the message names those there are.
        """
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
        """Add a query, or change the one of this name; it is asked from the next epoch on.

        Args:
            name: Lower-case letters, digits and `_`; its view is `continuous_<name>`.
            sql: One SELECT over `"window"`.
            window: `1m`, `5m by 1m`, or `session gap`.
            over: Whose rows `"window"` has: `events`, or closed `sessions`.
            app: Id of an app; all by default.
            key: Columns of the answer that tell its rows apart.
            enabled: Whether it is asked.
            example_of: Name of one of `EXAMPLES`, in place of all but `app` and `enabled`.

        Raises:
            Invalid: what is wrong with it, or with its statement.
            Conflict: the settings declare it.
            LimitReached: `continuous.queries_max`.
        """
        if example_of:
            found = example(example_of)
            sql, window, over, key = found.sql, found.window, found.over, found.key
        definition = checked(
            name,
            {
                "sql": sql,
                "window": window,
                "over": over,
                "app": app,
                "key": [*key],
                "enabled": enabled,
            },
        )
        default = self._settings.sessions.default
        with contextlib.suppress(Unavailable):  # nothing to read yet; the guard let it pass
            columns = check_query(
                definition, default, lambda text, values: self._asks.sql(text, **values).columns
            )
            return self._put(name, definition, columns)
        return self._put(name, definition, ())

    def remove(self, name: str) -> None:
        """Ask it no more; its results stay in `query_results`.

        Raises:
            Invalid: there is none of this name.
            Conflict: the settings declare it.
        """
        with contextlib.closing(self._metadata()) as metadata:
            metadata.queries.remove(self._project, name)

    def results(self, name: str = "", **options: Any) -> builtins.list[WindowResult]:
        """Results of one query or all, newest window first; see `footfall.continuous.results`."""
        options.setdefault("limit", RESULTS_MAX)
        return results(self._asks, name, **options)

    def _put(self, name: str, definition: Any, columns: Any) -> ContinuousQuery:
        with contextlib.closing(self._metadata()) as metadata:
            metadata.create_project(self._project)
            limit = self._settings.continuous.queries_max
            return metadata.queries.put(self._project, name, definition, limit, columns)

    def _metadata(self) -> Metadata:
        return Metadata.open(self._home, settings=self._settings.metadata)

    def __repr__(self) -> str:
        return f"<continuous queries of {self._project}; examples: {', '.join(EXAMPLES)}>"


def one_of(queries: Sequence[ContinuousQuery], name: str) -> ContinuousQuery:
    """The query of this name.

    Raises:
        Invalid: there is none; the message names those there are.
    """
    for query in queries:
        if query.name == name:
            return query
    known = ", ".join(query.name for query in queries) or "none"
    raise Invalid(f"no continuous query of this name; there are: {known}: {name=}")
