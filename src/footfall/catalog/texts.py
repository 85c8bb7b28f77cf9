"""A table over files as the SQL text that reads them.

Files of one shape are read together, each named by its whole path, and shown with the table's
types. Partitions come from the path, so a filter on them leaves files out before they are opened.
Files whose folders say different partitions are read apart.
"""

# ruff: noqa: S608 (text is made of quoted names, quoted paths and numbers)

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from footfall.catalog.crawls.layout import Folder, folders_with
from footfall.catalog.entries import Column, File, Partition, Shape, Table
from footfall.query._quoting import literal, quoted

ALL_REVISIONS: Final = "_revisions"
"""After the name of a table of sessions: every record, not the newest of each session alone."""
_BUFFER_LINES: Final = 2
"""Longest lines that a buffer of a CSV file has room for; left to itself the engine takes 16, of
each file that is compressed or large, and that is more memory than it is given."""
_PATH: Final = "the file's path"
"""Column of readers; no file has one of this name, and none can be asked for."""


def table_text(table: Table, object_bytes_max: int) -> str:
    """The SELECT that shows every row of a table.

    Args:
        table: With its files.
        object_bytes_max: Most bytes of one JSON document; longer ones were left out by the crawl.
    """
    groups: dict[tuple[int, bool, tuple[Folder, ...]], list[File]] = {}
    said: dict[str, tuple[Folder, ...]] = {}
    for file in table.files:
        if file.shape >= 0:
            parent = file.path.rpartition("/")[0]
            if (folders := said.get(parent)) is None:
                folders = said[parent] = folders_with(file.path, table.partitions)
            groups.setdefault((file.shape, bool(file.copy), folders), []).append(file)
    parts = [
        _group_text(table, table.shapes[shape], files, is_copy, folders, object_bytes_max)
        for (shape, is_copy, folders), files in groups.items()
    ]
    return " UNION ALL ".join(parts) if parts else _empty(table)


def newest_text(rows: str) -> str:
    """Of the revisions of each session the newest."""
    return (
        f"SELECT * FROM {quoted(rows)} QUALIFY row_number()"
        " OVER (PARTITION BY session_id ORDER BY revision DESC) = 1"
    )


def paths_of(table: Table) -> list[str]:
    """Of the files that the text reads."""
    return [file.copy or f"{table.root}/{file.path}" for file in table.files if file.shape >= 0]


def reader(shape: Shape, paths: Sequence[str], columns: Sequence[Column], document_max: int) -> str:
    """A table expression that has files' paths as well; cells of CSV are text."""
    files = ", ".join(map(literal, paths))
    more = f"filename = {literal(_PATH)}, hive_partitioning = false"
    if shape.format == "parquet":
        more = f"union_by_name = true, {more}"
        return f"read_parquet([{files}], {more})"
    kinds = ", ".join(f"{literal(column.name)}: {literal(column.type)}" for column in columns)
    if shape.format == "json":
        return (
            f"read_json([{files}], format = {literal(shape.form)}, columns = {{{kinds}}},"
            f" records = 'true', compression = {literal(shape.compression)},"
            f" maximum_object_size = {int(document_max)}, {more})"
        )
    return (
        f"read_csv([{files}], auto_detect = false, delim = {literal(shape.delimiter)},"
        f" quote = '\"', escape = '\"', header = {'true' if shape.has_header else 'false'},"
        f" skip = {int(shape.skip)}, columns = {{{kinds}}},"
        f" compression = {literal(shape.compression)},"
        f" max_line_size = {int(document_max)}, buffer_size = {_BUFFER_LINES * int(document_max)},"
        f" parallel = false, {more})"
    )


def _group_text(
    table: Table,
    shape: Shape,
    files: Sequence[File],
    is_copy: bool,
    folders: Sequence[Folder],
    document_max: int,
) -> str:
    paths = [file.copy if is_copy else f"{table.root}/{file.path}" for file in files]
    root = paths[0][: -len(f"/{files[0].path}")] if not is_copy else _copies_root(files[0])
    if shape.format == "json":
        # An external table's types are its maker's; its files are read with their own.
        columns = shape.columns or table.columns
        wanted: Sequence[Column] = [Column(one.name, one.type or "VARCHAR") for one in columns]
        has = {column.name.lower(): column.type for column in wanted}
    elif shape.format == "csv":
        wanted = [Column(one.name, "VARCHAR") for one in shape.columns]
        has = {one.name.lower(): one.type for one in wanted}
    else:
        wanted, has = (), {one.name.lower(): one.type for one in shape.columns}
    shown = [_shown(column, has) for column in table.columns]
    shown += [
        f"{_partition(root, folder, partition)} AS {quoted(partition.name)}"
        for folder, partition in zip(folders, table.partitions, strict=True)
    ]
    return f"SELECT {', '.join(shown)} FROM {reader(shape, paths, wanted, document_max)}"


def _copies_root(file: File) -> str:
    """Copies lie in the same folders as what they are of; their names are longer."""
    folders = file.path.rpartition("/")[0]
    above = file.copy.rpartition("/")[0]
    return above[: -len(f"/{folders}")] if folders else above


def _shown(column: Column, has: dict[str, str]) -> str:
    name, kind = quoted(column.name), column.type or "VARCHAR"
    given = has.get(column.name.lower())
    if given is None:
        return f"NULL::{kind} AS {name}"
    if given == kind:
        return name
    if kind == "VARCHAR" and given.endswith((")", "[]")) and not given.startswith("DECIMAL"):
        return f"to_json({name})::VARCHAR AS {name}"
    return f"TRY_CAST({name} AS {kind}) AS {name}"


def _partition(root: str, folder: Folder, partition: Partition) -> str:
    """A partition's value, of its type; null where the file's folders do not say it."""
    kind = partition.type or "VARCHAR"
    if folder.depth < 0:
        return f"NULL::{kind}"
    value = f"split_part(substr({quoted(_PATH)}, {len(root) + 2}), '/', {folder.depth + 1})"
    if folder.is_hive:
        raw = f"substr({value}, strpos({value}, '=') + 1)"
        said = f"coalesce(try(url_decode({raw})), {raw})"  # %FF is no text
        value = f"nullif({said}, '__HIVE_DEFAULT_PARTITION__')"
    return value if kind == "VARCHAR" else f"TRY_CAST({value} AS {kind})"


def _empty(table: Table) -> str:
    columns = [*table.columns, *(Column(one.name, one.type) for one in table.partitions)]
    shown = ", ".join(
        f"NULL::{column.type or 'VARCHAR'} AS {quoted(column.name)}" for column in columns
    )
    return f"SELECT {shown or 'NULL::VARCHAR AS nothing'} WHERE false"
