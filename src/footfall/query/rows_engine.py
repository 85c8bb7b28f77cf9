"""DuckDB over rows that are at hand, for conditions over sessions that just closed.

The same guard and the same locked engine as for statements over a cut, only that no file may be
read at all. It runs in the caller's process: for conditions that were checked before, over few
rows, within the time and memory that the settings allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from footfall.columns import Column
from footfall.errors import Invalid
from footfall.query import guard
from footfall.query._errors import ENGINE_ERRORS, translate
from footfall.query._quoting import quoted
from footfall.query.cuts.views import sql_type
from footfall.query.engine import open_duckdb
from footfall.settings import QuerySettings


class RowsEngine:
    """One view over rows that come and go; for one thread."""

    def __init__(
        self,
        view: str,
        columns: Sequence[Column],
        settings: QuerySettings,
        constants: Mapping[str, str] | None = None,
    ) -> None:
        """Open it, over no rows.

        Args:
            view: Its name in statements.
            columns: Of the rows, with the types that they have in the lake's views.
            settings: Limits of time and memory.
            constants: Columns more, of one text each.
        """
        self._view = view
        self._settings = settings
        self._connection = open_duckdb(settings)
        self._names = [column.name for column in columns]
        shown = [
            f"CAST({quoted(column.name)} AS {sql_type(column.kind)}) AS {quoted(column.name)}"
            for column in columns
        ]
        more = constants or {}
        shown += [f"'{text}' AS {quoted(name)}" for name, text in more.items()]
        self._text = f"CREATE OR REPLACE VIEW {view} AS SELECT {', '.join(shown)} FROM _rows"  # noqa: S608
        self._connection.execute(
            "SET TimeZone = 'UTC'; SET enable_external_access = false;"
            " SET lock_configuration = true"
        )

    def show(self, rows: pa.Table) -> None:
        """Let statements read these rows."""
        self._connection.register("_rows", rows.select(self._names))
        self._connection.execute(self._text)

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of one SELECT over the view.

        Raises:
            Invalid: the statement is wrong.
            LimitReached: it took more time or memory than the settings allow.
        """
        if len(sql) > guard.STATEMENT_BYTES_MAX or "\0" in sql:
            raise Invalid("the statement is too long or has a zero character; send less")
        try:
            tree = self._connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
            guard.check(tree[0][0], (self._view,))
            found: list[tuple[Any, ...]] = self._connection.execute(
                sql, list(parameters)
            ).fetchall()
        except (*ENGINE_ERRORS, UnicodeError) as error:
            raise translate(error, self._settings) from error
        return found

    def close(self) -> None:
        """Free everything."""
        self._connection.close()
