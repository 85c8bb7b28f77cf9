"""Which columns a file has, under which names: as a destination's settings say."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
import polars as pl
import pyarrow as pa

from footfall.errors import Invalid
from footfall.settings import DestinationSettings

JSON_COLUMNS: Final = frozenset(
    {"properties", "user_properties", "request_properties", "headers", "answer"}
)
"""Their texts are JSON that we wrote ourselves, so they become a part of a JSON record as they
are."""
UUID_BYTES: Final = 16


class Shaped(NamedTuple):
    """Rows as they go into a file."""

    frame: pl.DataFrame
    json: frozenset[str]
    """Columns whose texts are JSON values."""


class _Picked(NamedTuple):
    name: str
    column: str
    """"" for an expression."""
    key: str | None
    expression: pl.Expr | None = None


def shape(table: pa.Table, destination: DestinationSettings) -> Shaped:
    """Pick and name columns; ids are text, values out of JSON are JSON.

    Raises:
        Invalid: the destination names a column that the source has not.
    """
    given = _picked(table.schema, destination)
    picked = [one for one in given if one.expression is None]
    parts: dict[str, dict[str, list[str | None]]] = {}
    for column in {one.column for one in picked if one.key is not None}:
        keys = [one.key for one in picked if one.column == column and one.key is not None]
        parts[column] = _values(table.column(column).to_pylist(), keys)
    made: list[pl.Series] = []
    for one in picked:
        if one.key is not None:
            made.append(pl.Series(one.name, parts[one.column][one.key], pl.String))
        else:
            made.append(_series(one.name, table.column(one.column)))
    json = {one.name for one in picked if one.key is not None or one.column in JSON_COLUMNS}
    shaped = Shaped(pl.DataFrame(made), frozenset(json))
    return shaped if len(picked) == len(given) else _computed(shaped, table, given)


def _computed(shaped: Shaped, table: pa.Table, given: list[_Picked]) -> Shaped:
    """With what expressions make of columns of the file, else of the source."""
    found = plain(shaped)
    expressions = {one.name: one.expression for one in given if one.expression is not None}
    wanted = {name for one in expressions.values() for name in one.meta.root_names()}
    others = [_series(name, table.column(name)) for name in sorted(wanted - set(found.columns))]
    found = found.with_columns(others)
    made = found.select(one.alias(name) for name, one in expressions.items())
    frame = shaped.frame.with_columns(made).select(one.name for one in given)
    return Shaped(frame, shaped.json)


def plain(shaped: Shaped) -> pl.DataFrame:
    """With JSON texts as texts: `"a"` becomes `a`, what is no text stays JSON."""
    return shaped.frame.with_columns(
        pl.Series(name, [_plain(one) for one in shaped.frame[name]], pl.String)
        for name in shaped.json
    )


def names_of(schema: pa.Schema, destination: DestinationSettings) -> list[str]:
    """Names of the file's columns, in order; raises as `shape`."""
    return [one.name for one in _picked(schema, destination)]


def _picked(schema: pa.Schema, destination: DestinationSettings) -> list[_Picked]:
    if not destination.columns:
        left_out = set(destination.leave_out)
        return [_Picked(name, name, None) for name in schema.names if name not in left_out]
    found = []
    for name, text in destination.columns.items():
        if text.startswith("="):
            found.append(_Picked(name, "", None, _expression(name, text, schema, destination)))
            continue
        column, dot, key = text.partition(".")
        if column not in schema.names:
            raise Invalid(
                f"{destination.source} has no column {column!r}; mend columns of the destination,"
                f" see docs/tables.md: {name} = {text!r}"
            )
        if dot and schema.field(column).type != pa.string():
            raise Invalid(f"{column} has no keys, it is no JSON; name it alone: {name} = {text!r}")
        found.append(_Picked(name, column, key if dot else None))
    return found


def _expression(
    name: str, text: str, schema: pa.Schema, destination: DestinationSettings
) -> pl.Expr:
    """A value made of others of its row: an SQL expression, as Polars reads it."""
    try:
        found = pl.sql_expr(text[1:])
        used = set(found.meta.root_names())
        plain_names = {one for one, said in destination.columns.items() if not said.startswith("=")}
        empty = schema.empty_table()
        types = {one: _series(one, empty.column(one)).dtype for one in schema.names}
        types |= {one: types.get(destination.columns[one], pl.String()) for one in plain_names}
        if unknown := sorted(used - types.keys()):
            raise Invalid(
                f"there is no column {unknown[0]!r}; name those of the file or its source"
            )
        row = pl.DataFrame(schema={one: types[one] for one in sorted(used)} or {"_": pl.Int8})
        if used and len(row.select(found.alias(name))):
            raise Invalid("it sums rows up; it is asked of each row alone")
    except (pl.exceptions.PolarsError, Invalid) as error:
        said = " ".join(str(error).split())[:200]
        raise Invalid(
            f"the expression of a column cannot be used; mend columns of the destination: {name} ="
            f" {text!r}: {said}"
        ) from None
    return found


def _values(texts: list[str | None], keys: list[str]) -> dict[str, list[str | None]]:
    """Of each key, its value in each text as JSON; none where there is none."""
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    found: dict[str, list[str | None]] = {key: [] for key in keys}
    for text in texts:
        try:
            values = {} if text is None else decoder.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            values = {}  # it is no JSON object: it has no keys
        for key, column in found.items():
            raw = values.get(key)
            value = None if raw is None else bytes(raw).decode()
            column.append(None if value == "null" else value)
    return found


def _plain(value: str | None) -> str | None:
    if value is None or not value.startswith('"'):
        return value
    text: Any = msgspec.json.decode(value)
    return str(text)


def _series(name: str, column: pa.ChunkedArray) -> pl.Series:
    made = pl.Series(name, pl.from_arrow(column))
    if column.type == pa.binary(UUID_BYTES):
        return made.to_frame().select(_uuid_text(pl.col(name)).alias(name)).to_series()
    return made


def _uuid_text(ids: pl.Expr) -> pl.Expr:
    digits = ids.bin.encode("hex")
    groups = [digits.str.slice(at, n) for at, n in ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))]
    return pl.concat_str(groups, separator="-")
