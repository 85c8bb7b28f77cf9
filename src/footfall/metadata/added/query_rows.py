"""Continuous queries: kept, changed, removed; see `footfall.metadata.added.queries`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from footfall.errors import Conflict, Invalid, LimitReached
from footfall.metadata.added.queries import ContinuousQuery, query_of
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import continuous_queries as table
from footfall.settings import QueryDefinition

_SHOWN = tuple(
    table.c[name] for name in ("name", "version", "definition", "is_declared", "columns", "status")
)


class Queries:
    """Of `Metadata.queries`; each call is a transaction."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Of one database."""
        self._transaction = transaction

    def all(self, project: str) -> list[ContinuousQuery]:
        """Queries of a project, by name."""
        with self._transaction() as connection:
            return _all(connection, project)

    def put(
        self,
        project: str,
        name: str,
        definition: QueryDefinition,
        queries_max: int,
        columns: tuple[tuple[str, str], ...] = (),
    ) -> ContinuousQuery:
        """Add a query, or change one; the same again changes nothing.

        A changed one is a new version: its results so far are not those of the view any more.

        Raises:
            Conflict: the settings declare one of this name; change it there.
            LimitReached: the project has `queries_max` already.
        """
        with self._transaction() as connection:
            known = {query.name: query for query in _all(connection, project)}
            if name in known and known[name].is_declared:
                raise Conflict(f"the settings declare this query; change it there: {name=}")
            if name not in known and len(known) >= queries_max:
                raise LimitReached(
                    "the project has as many continuous queries as it may; remove one, or raise"
                    f" continuous.queries_max: queries_max={queries_max}"
                )
            return _put(connection, project, name, definition, columns, is_declared=False)

    def declare(self, project: str, declared: Mapping[str, QueryDefinition]) -> None:
        """Let those of the settings be as they say, and those that are no more in them go."""
        with self._transaction() as connection:
            for query in _all(connection, project):
                if query.is_declared and query.name not in declared:
                    _remove(connection, project, query.name)
            for name, definition in declared.items():
                _put(connection, project, name, definition, (), is_declared=True)

    def remove(self, project: str, name: str) -> None:
        """Ask it no more; its results stay in the table `query_results`.

        Raises:
            Invalid: there is none.
            Conflict: the settings declare it; take it out there.
        """
        with self._transaction() as connection:
            known = {query.name: query for query in _all(connection, project)}
            if name not in known:
                raise Invalid(f"no continuous query of this name; see the list: {name=}")
            if known[name].is_declared:
                raise Conflict(f"the settings declare this query; take it out there: {name=}")
            _remove(connection, project, name)

    def note(self, project: str, queries: Iterable[ContinuousQuery]) -> None:
        """Write how queries get on and what their answers have; not of versions that are gone."""
        with self._transaction() as connection:
            for query in queries:
                connection.execute(
                    update(table)
                    .where(table.c.project == project, table.c.name == query.name)
                    .where(table.c.version == query.version)
                    .values(status=_text(query.status), columns=_text(query.columns))
                )


def _all(connection: Connection, project: str) -> list[ContinuousQuery]:
    query = select(*_SHOWN).filter_by(project=project, is_removed=0).order_by(table.c.name)
    return [query_of(row) for row in connection.execute(query)]


def _put(
    connection: Connection,
    project: str,
    name: str,
    definition: QueryDefinition,
    columns: tuple[tuple[str, str], ...],
    *,
    is_declared: bool,
) -> ContinuousQuery:
    query = select(*_SHOWN, table.c.is_removed).filter_by(project=project, name=name)
    row = connection.execute(query).first()
    before = None if row is None else query_of(row[:-1])
    is_same = before is not None and row is not None and not row.is_removed
    if is_same and before is not None and before.definition == definition:
        made = msgspec.structs.replace(
            before, is_declared=is_declared, columns=columns or before.columns
        )
    else:
        version = 1 if before is None else before.version + 1
        made = ContinuousQuery(name, version, definition, is_declared, columns)
    values: dict[str, Any] = {
        "version": made.version,
        "definition": _text(made.definition),
        "is_declared": int(is_declared),
        "is_removed": 0,
        "columns": _text(made.columns),
        "status": _text(made.status),
    }
    keys = {"project": project, "name": name}
    statement = insert(connection, table).values({**keys, **values})
    connection.execute(statement.on_conflict_do_update(index_elements=[*keys], set_=values))
    return made


def _remove(connection: Connection, project: str, name: str) -> None:
    connection.execute(
        update(table)
        .where(table.c.project == project, table.c.name == name)
        .values(is_removed=1, is_declared=0)
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
