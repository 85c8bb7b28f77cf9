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
    form, delimiter = _form(tree, sql)
    table_properties = {
        property_.name.lower(): str(property_.args["value"].this)
        for property_ in tree.find_all(exp.Property)
        if type(property_) is exp.Property and property_.args.get("value") is not None
    }
    skipped = table_properties.get("skip.header.line.count", "0")
    columns = _columns(tree.this.expressions)
    if not columns:
        raise Invalid(
            "an external table needs columns: CREATE EXTERNAL TABLE name (column type, …)"
        )
    return CreateTable(
        check_name(tree.this.this.name, "table"),
        str(location.this.name),
        Declared(columns, partitions, form, delimiter, int(skipped) if skipped.isdigit() else 0),
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


def _form(tree: Any, sql: str) -> tuple[FileFormat, str]:
    """Format of the files and, of CSV, the sign between cells."""
    from sqlglot import exp

    said = sql.lower()
    if "parquet" in said:
        return "parquet", ","
    if "json" in said:
        return "json", ","
    row = tree.find(exp.RowFormatDelimitedProperty)
    fields = None if row is None else row.args.get("fields")
    sign = "," if fields is None else str(fields.name)
    separator = re.search(r"'separatorchar'\s*=\s*'((?:\\.|[^'])+)'", said)
    if separator is not None:
        sign = separator[1]
    sign = {"\\t": "\t", "\\001": "\x01"}.get(sign, sign)
    if len(sign) != 1:
        raise Invalid(f"fields are separated by one sign: {sign!r}")
    if row is None and "opencsvserde" not in said and "textfile" not in said:
        raise Invalid(
            "say what the files are: STORED AS PARQUET, ROW FORMAT SERDE"
            " 'org.openx.data.jsonserde.JsonSerDe', or ROW FORMAT DELIMITED FIELDS TERMINATED BY"
            " ','"
        )
    return "csv", sign


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
