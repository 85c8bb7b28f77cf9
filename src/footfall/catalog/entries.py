"""What the catalog keeps of crawls, tables, views and queries: JSON in the project's metadata."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from footfall.errors import Invalid

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""Of everything that a statement may name."""
COLUMNS_MAX: Final = 1_000
"""Of a table over files; what a file has beyond it is left out."""
FAULTS_MAX: Final = 200
"""Faults of a table, and lines of a report, that are kept; the rest is counted."""

HISTORY_MAX: Final = 20
"""Runs of a crawl that are remembered."""
LINES_KEPT: Final = 20
"""Columns and faults of each of them."""

FileFormat = Literal["json", "csv", "parquet"]
Compression = Literal["none", "gzip", "zstd"]
JsonForm = Literal["", "newline_delimited", "unstructured", "array"]


class Column(msgspec.Struct, frozen=True, array_like=True):
    """A column of a table over files."""

    name: str
    type: str
    """Its SQL type; "" while no file has a value for it."""
    comment: str = ""


class Shape(msgspec.Struct, frozen=True, array_like=True):
    """How files are read; most files of a table have the same."""

    format: FileFormat
    compression: Compression
    form: JsonForm = ""
    """Of JSON: documents after one another, or one list of them."""
    delimiter: str = ","
    """Of CSV."""
    has_header: bool = True
    columns: tuple[Column, ...] = ()
    """Of CSV in order of its cells, of Parquet with the types in the file; JSON names its own."""
    skip: int = 0
    """Of CSV: lines above the head, or above the first row."""


class File(msgspec.Struct, frozen=True, array_like=True):
    """A file that was looked at."""

    path: str
    """Below the table's root, with `/`."""
    size: int
    """Bytes."""
    stamp: str
    """Another one: it was changed."""
    shape: int
    """Number of the table's shape; -1 if nothing in it can be read."""
    rows: int
    copy: str = ""
    """Where the readable part of it is, if it cannot be read where it lies."""


class Partition(msgspec.Struct, frozen=True, array_like=True):
    """A column whose values stand in names of folders."""

    name: str
    key: str
    """What folders call it: `year` of `year=2026`, or `partition_0` for the outermost folder."""
    type: str = ""
    """Its SQL type, if somebody declared it; those that were found are text."""


class FileFault(msgspec.Struct, frozen=True):
    """Something in a file that could not be read, or only in part."""

    file: str
    """Below the table's root."""
    line: int
    """From 1; 0 where the file has no lines, or it is about the whole file."""
    reason: str


class Table(msgspec.Struct, frozen=True):
    """A table over files."""

    name: str
    crawl: str
    """Whose it is."""
    root: str
    """An absolute path or `s3://bucket/prefix`, without a slash at its end."""
    folder: str
    """First-level folder of the crawl's place that it is; "" for the place itself."""
    columns: tuple[Column, ...]
    partitions: tuple[Partition, ...]
    """Of the folders below the root, outermost first."""
    shapes: tuple[Shape, ...]
    files: tuple[File, ...]
    faults: tuple[FileFault, ...] = ()
    faults_count: int = 0

    @property
    def is_revised(self) -> bool:
        """Rows are revisions of sessions, of which the newest counts."""
        return {"session_id", "revision"} <= {column.name for column in self.columns}


class ColumnChange(msgspec.Struct, frozen=True):
    """A column that is not as it was."""

    table: str
    column: str
    was: str
    """"" for a new one."""
    type: str
    file: str
    """The first that made it so."""
    is_conflict: bool = False
    """The types have nothing in common but that both can be text."""


class TableChange(msgspec.Struct, frozen=True):
    """What a run of a crawl found of a table."""

    name: str
    is_new: bool
    files: int
    """All it has now."""
    files_new: int
    files_gone: int
    rows: int
    partitions_new: tuple[str, ...]
    """At most `FAULTS_MAX`."""


class CrawlReport(msgspec.Struct, frozen=True):
    """What one run of a crawl found and changed."""

    started_at: int
    """Microseconds since 1970 UTC."""
    took_us: int
    files: int
    files_read: int
    """New or changed since the last run."""
    bytes_read: int
    tables: tuple[TableChange, ...]
    columns: tuple[ColumnChange, ...]
    faults: tuple[FileFault, ...]
    """Of the files that were read, at most `FAULTS_MAX`."""
    faults_count: int
    notes: tuple[str, ...] = ()
    """Whatever else a person should know."""

    @property
    def has_changed(self) -> bool:
        """Whether it found anything that was not so before."""
        return any(one.is_new or one.files_new or one.files_gone for one in self.tables)

    def cut_short(self) -> CrawlReport:
        """What stays of it once other runs followed: tables that changed, and the first lines."""
        return msgspec.structs.replace(
            self,
            tables=tuple(
                one for one in self.tables if one.is_new or one.files_new or one.files_gone
            ),
            columns=self.columns[:LINES_KEPT],
            faults=self.faults[:LINES_KEPT],
        )


class Declared(msgspec.Struct, frozen=True):
    """What `CREATE EXTERNAL TABLE` said."""

    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]
    format: FileFormat
    delimiter: str = ","
    header_lines: int = 0


class Crawl(msgspec.Struct, frozen=True):
    """A place that is looked at again and again."""

    name: str
    place: str
    """An absolute path or `s3://bucket/prefix`, without a slash at its end."""
    every_us: int
    """0: on demand only."""
    created_at: int
    declared: Declared | None = None
    """Of an external table, whose name is the crawl's."""
    by_folder: bool | None = None
    """Whether each first-level folder is a table; decided by the first run that finds files."""
    tried_at: int = 0
    problem: str = ""
    """Why the last run failed."""
    report: CrawlReport | None = None
    """Of the last run that did not."""
    history: tuple[CrawlReport, ...] = ()
    """Of runs that changed something, newest first, at most `HISTORY_MAX`, each cut short."""

    def after(self, report: CrawlReport) -> Crawl:
        """With the report of a run that has just ended well."""
        kept = self.history
        if report.has_changed:
            kept = (report.cut_short(), *kept)[:HISTORY_MAX]
        return msgspec.structs.replace(self, report=report, history=kept, problem="")


class View(msgspec.Struct, frozen=True):
    """A view that somebody made."""

    name: str
    sql: str
    """One SELECT."""
    created_at: int
    comment: str = ""


ParameterType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]


ParameterValue = str | int | float | bool


class QueryParameter(msgspec.Struct, frozen=True):
    """A value that a saved query needs, or several for `IN`."""

    name: str
    type: ParameterType = "text"
    default: ParameterValue | tuple[ParameterValue, ...] | None = None
    """`None`: it must be given."""
    is_list: bool = False
    """Any number of values of the type, as `device IN :devices`; as text they stand between commas,
    those that have one in double quotes."""


class SavedQuery(msgspec.Struct, frozen=True):
    """A statement under a name."""

    name: str
    sql: str
    parameters: tuple[QueryParameter, ...]
    created_at: int
    changed_at: int
    description: str = ""


def encode(entry: Any) -> str:
    """As it is kept."""
    return msgspec.json.encode(entry).decode()


def check_name(name: str, what: str) -> str:
    """The name in lower case.

    Raises:
        Invalid: statements could not name it.
    """
    lower = name.lower()
    if NAME.fullmatch(lower) is None:
        raise Invalid(
            f"the name of a {what} has letters, digits and _, first a letter, at most 63:"
            f" name={name}"
        )
    return lower
