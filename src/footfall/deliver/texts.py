"""Rows as texts, column by column: JSON objects, and lines of CSV.

Rows are not walked one by one: Polars makes the texts of each column, and puts them together.
Values that are null are left out of JSON objects, and are empty in CSV.
"""

from __future__ import annotations

import msgspec
import polars as pl

from footfall.deliver.shape import Shaped, plain

_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


def json_objects(shaped: Shaped) -> pl.Series:
    """A JSON object for each row, without a line end."""
    frame = shaped.frame
    fields = [
        pl.when(pl.col(name).is_not_null()).then(
            pl.lit(msgspec.json.encode(name).decode() + ":")
            + (pl.col(name) if name in shaped.json else _json(name, kind))
        )
        for name, kind in frame.schema.items()
    ]
    inner = pl.concat_str(fields, separator=",", ignore_nulls=True)
    return frame.select(pl.concat_str([pl.lit("{"), inner, pl.lit("}")])).to_series()


def csv_lines(shaped: Shaped) -> pl.Series:
    """A line for each row, with its end; texts are in quotes where they must be (RFC 4180)."""
    frame = plain(shaped)
    fields = [_field(_text(name, kind)) for name, kind in frame.schema.items()]
    # A line that is empty would be no row: a single column that is null is an empty text.
    null = '""' if len(fields) == 1 else ""
    filled = [field.fill_null(null) for field in fields]
    line = pl.concat_str([pl.concat_str(filled, separator=","), pl.lit("\n")])
    return frame.select(line).to_series()


def csv_header(names: list[str]) -> str:
    """The line with the names of the columns."""
    frame = pl.DataFrame({str(n): [name] for n, name in enumerate(names)})
    line: str = csv_lines(Shaped(frame, frozenset()))[0]
    return line


def _field(text: pl.Expr) -> pl.Expr:
    quoted = pl.lit('"') + text.str.replace_all('"', '""', literal=True) + pl.lit('"')
    return pl.when(text.str.contains(r'[",\r\n]|^\s|\s$|^$')).then(quoted).otherwise(text)


def _json(name: str, kind: pl.DataType) -> pl.Expr:
    """The value as JSON; what no number of JSON is (not a number, infinite) is null."""
    if isinstance(kind, pl.Datetime | pl.Date | pl.Binary):
        return pl.lit('"') + _text(name, kind) + pl.lit('"')
    if kind.is_decimal():
        return pl.col(name).cast(pl.String)
    # The object {"": value}, without what is around the value.
    whole = pl.struct(pl.col(name).alias("")).struct.json_encode()
    return whole.str.slice(4).str.strip_suffix("}")


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.convert_time_zone("UTC").dt.strftime(_TIME)
    if isinstance(kind, pl.Date):
        return column.dt.strftime("%Y-%m-%d")
    if isinstance(kind, pl.Binary):
        return column.bin.encode("base64")
    if isinstance(kind, pl.List | pl.Struct):
        return pl.when(column.is_not_null()).then(_json(name, kind))
    return column.cast(pl.String)
