"""What can be asked for: tables, columns, types, and what each means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from footfall.catalog.added import added_by
from footfall.catalog.store import Catalog
from footfall.errors import Corrupt, Invalid, Unavailable
from footfall.lake.tables.specs import TABLES, TableSpec
from footfall.query import SqlRunner
from footfall.studio.api.catalog.use import CatalogUse

TABLES_MAX: Final = 200
REVISIONS: Final = "session_revisions"
ROWS_MAX: Final = 1_000
"""Most columns of a table, instead of `query.rows_max`: that one is about answers."""


class TableColumn(msgspec.Struct, frozen=True):
    """A column."""

    name: str
    type: str
    """Its SQL type."""
    meaning: str
    """In one line; "" where nothing is written about it."""


TableKind = Literal["table", "files", "view"]


class Table(msgspec.Struct, frozen=True):
    """A view that a statement may read."""

    name: str
    kind: TableKind
    """Of the project itself, over files of a crawl, or a view that somebody made."""
    row_is: str
    """What one row is; "" where nothing is written about it."""
    columns: tuple[TableColumn, ...]
    problem: str | None = None
    """Why its columns cannot be read."""


class Tables(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sql/tables`."""

    tables: tuple[Table, ...]
    """At most `TABLES_MAX`."""


class _Known(msgspec.Struct, frozen=True):
    """What is written about a table."""

    kind: TableKind
    row_is: str
    meanings: dict[str, str]


async def read_tables(sql: SqlRunner, catalog: CatalogUse | None = None) -> Tables:
    """All tables; one whose files are damaged is named with its problem, the others are whole.

    Raises:
        Overloaded: too many statements wait.
        Unavailable: there is nothing to read yet.
    """
    names = [str(row[0]) for row in await _rows(sql, "SHOW TABLES")]
    known = {name: _of_spec(spec) for name, spec in TABLES.items()} | {REVISIONS: _revisions()}
    if catalog is not None:
        known |= await asyncio.to_thread(_of_catalog, catalog.crawling.catalog)
    return Tables(tuple([await _table(sql, name, known) for name in names[:TABLES_MAX]]))


def _of_spec(spec: TableSpec) -> _Known:
    columns = (*spec.columns, *spec.computed)
    meanings = {column.name: column.doc.replace("`", "") for column in columns}
    return _Known("table", spec.row_is, meanings)


def _revisions() -> _Known:
    meanings = _of_spec(TABLES["sessions"]).meanings
    meanings["definition"] = "Name of the session definition."
    meanings["replaced_in"] = "Epoch that made it void; null: it is what the session is now."
    meanings["is_withdrawn"] = "No session begins there any more: it was joined, renamed or split."
    return _Known("table", "what a session was when it was written, each time", meanings)


def _of_catalog(catalog: Catalog) -> dict[str, _Known]:
    added = added_by(catalog)
    return {name: _Known(one.kind, one.row_is, one.meanings) for name, one in added.items()}


async def _table(sql: SqlRunner, name: str, known: Mapping[str, _Known]) -> Table:
    about = known.get(name) or _Known("table", "", {})
    quoted = name.replace('"', '""')  # a name has no parameter; this one is SHOW TABLES's own
    try:
        rows = await _rows(sql, f'DESCRIBE "{quoted}"')
    except (Corrupt, Invalid) as error:
        return Table(name, about.kind, about.row_is, (), str(error))
    except Unavailable as error:
        if about.kind == "table":
            raise
        return Table(name, about.kind, about.row_is, (), str(error))
    columns = (
        TableColumn(str(row[0]), str(row[1]), about.meanings.get(str(row[0]), "")) for row in rows
    )
    return Table(name, about.kind, about.row_is, tuple(columns))


async def _rows(sql: SqlRunner, statement: str) -> list[list[Any]]:
    found = await sql.run(statement, rows_max=ROWS_MAX)
    return msgspec.json.decode(found.body, type=list[list[Any]])
