"""What can be asked for: tables, columns, types, and what each means."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.errors import Corrupt
from footfall.lake.tables.specs import TABLES
from footfall.studio.api.sql.runner import SqlRunner

TABLES_MAX: Final = 50
ROWS_MAX: Final = 1_000
"""Most columns of a table, instead of `query.rows_max`: that one is about answers."""


class TableColumn(msgspec.Struct, frozen=True):
    """A column."""

    name: str
    type: str
    """Its SQL type."""
    meaning: str
    """In one line; "" where nothing is written about it."""


class Table(msgspec.Struct, frozen=True):
    """A view that a statement may read."""

    name: str
    row_is: str
    """What one row is; "" where nothing is written about it."""
    columns: tuple[TableColumn, ...]
    problem: str | None = None
    """Why its columns cannot be read."""


class Tables(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sql/tables`."""

    tables: tuple[Table, ...]
    """At most `TABLES_MAX`."""


async def read_tables(sql: SqlRunner) -> Tables:
    """All tables; one whose files are damaged is named with its problem, the others are whole.

    Raises:
        Overloaded: too many statements wait.
        Unavailable: there is nothing to read yet.
    """
    names = [str(row[0]) for row in await _rows(sql, "SHOW TABLES")]
    return Tables(tuple([await _table(sql, name) for name in names[:TABLES_MAX]]))


async def _table(sql: SqlRunner, name: str) -> Table:
    spec = TABLES.get(name)
    row_is = "" if spec is None else spec.row_is
    quoted = name.replace('"', '""')  # a name has no parameter; this one is SHOW TABLES's own
    try:
        rows = await _rows(sql, f'DESCRIBE "{quoted}"')
    except Corrupt as error:
        return Table(name, row_is, (), str(error))
    known = () if spec is None else (*spec.columns, *spec.computed)
    meanings = {column.name: column.doc for column in known}
    columns = (
        TableColumn(str(row[0]), str(row[1]), meanings.get(str(row[0]), "").replace("`", ""))
        for row in rows
    )
    return Table(name, row_is, tuple(columns))


async def _rows(sql: SqlRunner, statement: str) -> list[list[Any]]:
    found = await sql.run(statement, rows_max=ROWS_MAX)
    return msgspec.json.decode(found.body, type=list[list[Any]])
