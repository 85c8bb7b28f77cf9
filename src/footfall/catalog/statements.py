"""Statements that define something, taken apart: views, external tables."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from footfall.catalog.entries import Column, Declared, FileFormat, check_name
from footfall.errors import Invalid

_FIRST: Final = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_DEFINING: Final = frozenset({"create", "drop", "msck", "alter"})
_NAME: Final = r'(?:[\w"`]+\.)*["`]?(?P<name>\w+)["`]?'
_VIEW: Final = re.compile(
    rf"CREATE\s+(?P<replace>OR\s+REPLACE\s+)?VIEW\s+(?P<unless>IF\s+NOT\s+EXISTS\s+)?{_NAME}"
    r"(?:\s+COMMENT\s+'(?P<comment>(?:[^']|'')*)')?\s+AS\b(?P<sql>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DROP: Final = re.compile(
    rf"DROP\s+(?P<what>VIEW|TABLE)\s+(?P<unless>IF\s+EXISTS\s+)?{_NAME}\s*;?\s*", re.IGNORECASE
)
_REPAIR: Final = re.compile(rf"MSCK\s+REPAIR\s+TABLE\s+{_NAME}\s*;?\s*", re.IGNORECASE)
_EXTERNAL: Final = re.compile(r"CREATE\s+EXTERNAL\s+TABLE\b", re.IGNORECASE)
_ADD_PARTITION: Final = re.compile(
    r"ALTER\s+TABLE\s+\S+\s+(ADD|DROP)\s+(IF\s+(NOT\s+)?EXISTS\s+)?PARTITION\b", re.IGNORECASE
)
_OTHER_FORMS: Final = re.compile(r"orc|avro|rcfile|sequencefile|regexserde|grokserde|ion\b")
_COMMENTS: Final = re.compile(r"^(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_NOTHING_ELSE: Final = (
    "only views and external tables can be defined: CREATE [OR REPLACE] VIEW name AS SELECT …,"
    " DROP VIEW name, CREATE EXTERNAL TABLE name (…) … LOCATION '…', DROP TABLE name,"
    " MSCK REPAIR TABLE name"
)


class CreateView(msgspec.Struct, frozen=True):
    """`CREATE [OR REPLACE] VIEW name AS SELECT …`."""

    name: str
    sql: str
    is_replacing: bool
    is_lenient: bool
    """`IF NOT EXISTS`"""
    comment: str


class CreateTable(msgspec.Struct, frozen=True):
    """`CREATE EXTERNAL TABLE name (…) … LOCATION '…'`."""

    name: str
    place: str
    declared: Declared
    is_lenient: bool


class Drop(msgspec.Struct, frozen=True):
    """`DROP VIEW name`, `DROP TABLE name`."""

    kind: str
    name: str
    is_lenient: bool
    """`IF EXISTS`"""


class Repair(msgspec.Struct, frozen=True):
    """`MSCK REPAIR TABLE name`: look for new partitions."""

    name: str


Definition = CreateView | CreateTable | Drop | Repair


def is_definition(sql: str) -> bool:
    """Whether a statement defines something, by its first word."""
    found = _FIRST.match(sql)
    return found is not None and found[1].lower() in _DEFINING


def parse(sql: str) -> Definition:
    """What a statement defines.

    Raises:
        Invalid: it is none of those that can be used.
    """
    text = _COMMENTS.sub("", sql).rstrip().removesuffix(";").rstrip()
    if found := _VIEW.fullmatch(text):
        comment = (found["comment"] or "").replace("''", "'")
        name = check_name(found["name"], "view")
        is_replacing, is_lenient = bool(found["replace"]), bool(found["unless"])
        return CreateView(name, found["sql"].strip(), is_replacing, is_lenient, comment)
    if found := _DROP.fullmatch(text):
        return Drop(found["what"].lower(), found["name"].lower(), bool(found["unless"]))
    if found := _REPAIR.fullmatch(text):
        return Repair(found["name"].lower())
    if _EXTERNAL.match(text):
        return _external(text)
    if _ADD_PARTITION.match(text):
        raise Invalid(
            "partitions need not be added: folders are they, looked for every hour, and now with"
            " MSCK REPAIR TABLE name"
        )
    raise Invalid(_NOTHING_ELSE)


def _external(sql: str) -> CreateTable:
    import sqlglot
    from sqlglot import exp

    try:
        tree: Any = sqlglot.parse_one(sql, read="athena")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise Invalid(f"this CREATE EXTERNAL TABLE cannot be read: {_short(error)}") from error
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise Invalid("write CREATE EXTERNAL TABLE name (column type, …) … LOCATION '…'")
    location = tree.find(exp.LocationProperty)
    if location is None:
        raise Invalid("an external table needs LOCATION '…': a folder, or s3://bucket/prefix")
    partitioned = tree.find(exp.PartitionedByProperty)
    partitions = () if partitioned is None else _columns(partitioned.this.expressions)
    form, delimiter = _form(tree)
    columns = _columns(tree.this.expressions)
    if not columns:
        raise Invalid(
            "an external table needs columns: CREATE EXTERNAL TABLE name (column type, …)"
        )
    return CreateTable(
        check_name(tree.this.this.name, "table"),
        str(location.this.name),
        Declared(columns, partitions, form, delimiter, _header_lines(tree)),
        bool(tree.args.get("exists")),
    )


def _columns(definitions: list[Any]) -> tuple[Column, ...]:
    from sqlglot import exp

    found = []
    for one in definitions:
        if not isinstance(one, exp.ColumnDef) or one.kind is None:
            raise Invalid(f"every column needs a type: {one.sql(dialect='athena')[:100]}")
        comment = one.find(exp.CommentColumnConstraint)
        said = "" if comment is None else str(comment.this.name)
        found.append(Column(one.name.lower(), _type(one.kind), said))
    return tuple(found)


def _type(kind: Any) -> str:
    from footfall.catalog.crawls.types import common

    text = str(kind.sql(dialect="duckdb"))
    try:
        return common(text)
    except Exception as error:  # the engine's parser of types raises its own
        raise Invalid(f"there is no such type: {kind.sql(dialect='athena')}") from error


def _form(tree: Any) -> tuple[FileFormat, str]:
    """Format of the files and, of CSV, the sign between cells."""
    from sqlglot import exp

    serde = tree.find(exp.RowFormatSerdeProperty)
    stored = tree.find(exp.FileFormatProperty)
    row = tree.find(exp.RowFormatDelimitedProperty)
    named = " ".join(one.this.sql().lower() for one in (serde, stored) if one is not None)
    if "parquet" in named:
        return "parquet", ","
    if "json" in named:
        return "json", ","
    if other := _OTHER_FORMS.search(named):
        raise Invalid(f"files are JSON, CSV or Parquet; {other[0]} is not read")
    fields = None if row is None else row.args.get("fields")
    sign = "," if fields is None else str(fields.name)
    sign = _properties(tree).get("separatorchar", sign)
    sign = {"\\t": "\t", "\\001": "\x01"}.get(sign, sign)
    if len(sign) != 1:
        raise Invalid(f"fields are separated by one sign: {sign!r}")
    if row is None and "csv" not in named and "textfile" not in named:
        raise Invalid(
            "say what the files are: STORED AS PARQUET, ROW FORMAT SERDE"
            " 'org.openx.data.jsonserde.JsonSerDe', or ROW FORMAT DELIMITED FIELDS TERMINATED BY"
            " ','"
        )
    return "csv", sign


def _properties(tree: Any) -> dict[str, str]:
    """Of the table and of how its rows are read, by their names in lower case."""
    from sqlglot import exp

    return {
        str(one.name).lower(): str(one.args["value"].this)
        for one in tree.find_all(exp.Property)
        if type(one) is exp.Property and one.args.get("value") is not None
    }


def _header_lines(tree: Any) -> int:
    """First lines of each file that are no rows: none, or the names of columns."""
    said = _properties(tree).get("skip.header.line.count", "0")
    if said not in ("0", "1"):
        raise Invalid(
            f"skip.header.line.count is 0 or 1; files with more lines before their rows are not"
            f" read: {said}"
        )
    return int(said)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
