"""The catalog's rows, within a transaction of `Metadata`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select

from footfall.errors import Conflict
from footfall.metadata.added.catalog import READ_BY_STATEMENTS, Key
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import catalog, catalog_versions


def change(
    connection: Connection,
    project: str,
    puts: Mapping[Key, str],
    removes: Iterable[Key],
    seen: int | None,
    now: int,
) -> int:
    """See `Metadata.change_catalog`."""
    removes = tuple(removes)
    query = select(catalog_versions.c.version).filter_by(project=project)
    version = connection.execute(query).scalar() or 0
    if seen is not None and version != seen:
        raise Conflict(f"the catalog was changed meanwhile; try again: version={version}")
    for kind, name in removes:
        connection.execute(delete(catalog).filter_by(project=project, kind=kind, name=name))
    for (kind, name), entry in puts.items():
        values = {"entry": entry, "changed_at": now}
        row = insert(connection, catalog).values(project=project, kind=kind, name=name, **values)
        connection.execute(
            row.on_conflict_do_update(index_elements=["project", "kind", "name"], set_=values)
        )
    if not any(kind in READ_BY_STATEMENTS for kind, _ in (*removes, *puts)):
        return int(version)
    counted = insert(connection, catalog_versions).values(project=project, version=version + 1)
    connection.execute(
        counted.on_conflict_do_update(index_elements=["project"], set_={"version": version + 1})
    )
    return int(version) + 1
