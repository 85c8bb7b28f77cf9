"""Defined tables and views in an engine: made when a statement names them, and told when broken.

A view is bound when it is made, and DuckDB refuses one whose tables have got other columns since.
So views that a statement uses are made anew, innermost first, whenever those below them changed.
What cannot be made is the trouble of statements that use it, and of no others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import duckdb

from footfall.errors import Invalid
from footfall.query._errors import ENGINE_ERRORS, readable
from footfall.query._quoting import quoted
from footfall.query.definitions import Definitions

Check = Callable[[str], frozenset[str]]
"""The guard: names of views and tables that a text uses; raises `Invalid`."""


class DefinedViews:
    """Those of one version, in one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
        """Make nothing yet."""
        self._connection = connection
        self._definitions = definitions
        self._tables = {one.name: one.text for one in definitions.tables}
        self._views = {one.name: one.sql for one in definitions.views}
        self._made: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What may be named."""
        return self._definitions.names

    def make(self, used: Collection[str], stamp: int, check: Check) -> None:
        """Make what a statement uses, and what that uses in turn.

        Args:
            used: Names in a statement.
            stamp: Changes when views of the cut were made anew.
            check: For the texts of views.

        Raises:
            Invalid: one of them does not work any more; says which and why.
        """
        for name in sorted(used):
            self._make(name, stamp, check, ())

    def changed_file(self, message: str) -> str | None:
        """The defined tables' file that an engine's message is about, if it is about one."""
        return next((file for file in self._definitions.files if file in message), None)

    def _make(self, name: str, stamp: int, check: Check, within: tuple[str, ...]) -> None:
        if name in within:
            circle = " -> ".join((*within[within.index(name) :], name))
            raise Invalid(f"views name one another in a circle; change one of them: {circle}")
        if name in self._tables:
            if name not in self._made:
                self._create(name, self._tables[name])
                self._made[name] = 0
            return
        if name not in self._views or self._made.get(name) == stamp:
            return
        sql = self._views[name]
        try:
            for other in sorted(check(sql)):
                self._make(other, stamp, check, (*within, name))
            self._create(name, sql)
        except Invalid as error:
            if within:
                raise
            raise Invalid(
                f"the view {name} does not work any more, since {error}; change it with CREATE OR"
                f" REPLACE VIEW {name}, or remove it with DROP VIEW {name}"
            ) from error
        self._made[name] = stamp

    def _create(self, name: str, text: str) -> None:
        try:
            self._connection.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS {text}")
        except ENGINE_ERRORS as error:
            if self.changed_file(str(error)):
                raise
            raise Invalid(readable(str(error))) from error
