"""What query workers are told of the catalog: texts of tables and views, and lists of files."""

from __future__ import annotations

from typing import Final

from footfall.catalog.entries import Partition, Table
from footfall.catalog.store import Catalog
from footfall.catalog.texts import ALL_REVISIONS, newest_text, paths_of, table_text
from footfall.lake.store.options import SCHEME, S3Options
from footfall.metadata.place import MetadataPlace
from footfall.query._quoting import quoted
from footfall.query.definitions import (
    DefinedTable,
    DefinedView,
    Definitions,
    ReadDefinitions,
)
from footfall.settings import Settings

_DATE: Final = (("partition_0", "year"), ("partition_1", "month"), ("partition_2", "day"))


def definitions_of(place: MetadataPlace, project: str, settings: Settings) -> ReadDefinitions:
    """Reads a project's catalog for `QueryPool` and `Lake`: one number while nothing changes."""
    catalog = Catalog(place, project)
    options = s3_options(settings)

    def read(known: Definitions | None) -> Definitions:
        version = catalog.version()
        if known is not None and known.version == version:
            return known
        return _definitions(catalog, version, settings, options)

    return read


def s3_options(settings: Settings) -> S3Options:
    """How the object store of the settings is reached, wherever the lake is."""
    lake = settings.lake
    return S3Options(
        lake.s3_endpoint,
        lake.s3_region,
        lake.s3_access_key.shown,
        lake.s3_secret_key.shown,
        lake.s3_path_style,
    )


def table_names(table: Table) -> tuple[str, ...]:
    """Under which statements read it: of sessions, the newest of each and all revisions."""
    return (table.name, f"{table.name}{ALL_REVISIONS}") if table.is_revised else (table.name,)


def shipped_views(tables: dict[str, Table]) -> dict[str, str]:
    """Views that come by themselves: today's and this month's of sessions delivered by day."""
    table = tables.get("aggregated")
    if table is None or len(table.partitions) < len(_DATE):
        return {}
    return {
        "clicks_today": _of_now(table.partitions[:3]),
        "clicks_month": _of_now(table.partitions[:2]),
    }


def _of_now(partitions: tuple[Partition, ...]) -> str:
    parts = [
        f"try_cast({quoted(partition.name)} AS INTEGER) = {part}(current_date)"
        for partition, (_, part) in zip(partitions, _DATE, strict=False)
    ]
    return f'SELECT * FROM "aggregated" WHERE {" AND ".join(parts)}'  # noqa: S608 (our own names)


def _definitions(
    catalog: Catalog, version: int, settings: Settings, options: S3Options
) -> Definitions:
    tables, views = catalog.tables(), catalog.views()
    document_max = settings.catalog.line_bytes_max
    defined, made = [], []
    for table in tables.values():
        text = table_text(table, document_max)
        if table.is_revised:
            rows = f"{table.name}{ALL_REVISIONS}"
            defined.append(DefinedTable(rows, text))
            made.append(DefinedView(table.name, newest_text(rows)))
        else:
            defined.append(DefinedTable(table.name, text))
    shipped = {
        name: sql
        for name, sql in shipped_views(tables).items()
        if name not in views and name not in tables
    }
    made += [DefinedView(name, sql) for name, sql in shipped.items()]
    made += [DefinedView(view.name, view.sql) for view in views.values()]
    files = tuple(path for table in tables.values() for path in paths_of(table))
    is_online = any(file.startswith(SCHEME) for file in files)
    return Definitions(version, tuple(defined), tuple(made), files, options if is_online else None)
