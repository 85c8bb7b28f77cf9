"""An answer's rows as bytes: JSON, CSV, Parquet, Arrow.

Text forms keep values exact (docs/concepts/sql.md has the table): instants are ISO 8601 in UTC with
microseconds, decimals with a fraction are text in JSON, whole numbers stay numbers however large,
bytes are base64, what is not a number (NaN, infinity) is null. Text is text: nothing in it is
escaped for a program that might run it.
"""

from __future__ import annotations

import base64
import decimal
import io
import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from footfall.errors import Invalid
from footfall.query.protocol import Format

_CHUNK_ROWS: Final = 2_000
_json = msgspec.json.Encoder()


def render(table: pa.Table, format: Format) -> bytes:  # noqa: A002 (the word users know)
    """Bytes of `table` in `format`.

    Raises:
        Invalid: a column's type has no form there; cast it in the statement.
    """
    try:
        return _RENDERERS[format](_common_types(table))
    except pa.ArrowException as error:
        raise Invalid(f"a column has no form in {format}; cast it to VARCHAR: {error}") from error


def to_python(column: pa.Array) -> list[Any]:
    """Values for JSON, as the module's text says."""
    kind = column.type
    if pa.types.is_struct(kind):
        return _struct(column)
    if pa.types.is_map(kind):
        return _slices(column, [_entry(*pair) for pair in _map_pairs(column)])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _slices(column, to_python(_flat(column)))
    if pa.types.is_fixed_size_list(kind):
        return to_python(column.cast(pa.list_(kind.value_type)))
    return _scalars(column)


def _rows(table: pa.Table) -> bytes:
    return _array(_json.encode(row) for columns in _chunks(table) for row in zip(*columns))  # noqa: B905


def _objects(table: pa.Table) -> bytes:
    names = table.column_names
    return _array(
        _json.encode(dict(zip(names, row, strict=True)))
        for columns in _chunks(table)
        for row in zip(*columns, strict=True)
    )


def _csv(table: pa.Table) -> bytes:
    columns = [_csv_column(column.combine_chunks()) for column in table.columns]
    sink = io.BytesIO()
    pa_csv.write_csv(pa.table(columns, names=table.column_names), sink)
    return sink.getvalue()


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_intervals_as_text(table), sink, compression="zstd")
    return sink.getvalue()


def _arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


_RENDERERS: Final[dict[Format, Callable[[pa.Table], bytes]]] = {
    "rows": _rows,
    "json": _objects,
    "csv": _csv,
    "parquet": _parquet,
    "arrow": _arrow,
}


def _array(encoded: Iterable[bytes]) -> bytes:
    return b"[" + b",\n".join(encoded) + b"]\n"


def _chunks(table: pa.Table) -> Iterable[list[list[Any]]]:
    for start in range(0, table.num_rows, _CHUNK_ROWS):
        part = table.slice(start, _CHUNK_ROWS)
        yield [to_python(column.combine_chunks()) for column in part.columns]


def _common_types(table: pa.Table) -> pa.Table:
    """Types that every reader of the formats knows: enumerations and unknown nulls are text."""
    columns = []
    for column in table.columns:
        kind = column.type
        if pa.types.is_dictionary(kind):
            columns.append(column.cast(kind.value_type))
        elif pa.types.is_null(kind):
            columns.append(column.cast(pa.string()))
        else:
            columns.append(column)
    return pa.table(columns, names=table.column_names)


def _intervals_as_text(table: pa.Table) -> pa.Table:
    columns = [
        pa.array(to_python(column.combine_chunks()), pa.string())
        if pa.types.is_interval(column.type)
        else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _csv_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_nested(kind):
        texts = [None if value is None else _json.encode(value) for value in to_python(column)]
        return pa.array(texts, pa.binary()).cast(pa.string())
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return column
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind):
        return column
    return pa.array(to_python(column), pa.string())


def _scalars(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        zone = "" if kind.tz is None else "Z"
        naive = column.cast(pa.timestamp(kind.unit))
        texts = pc.strftime(naive, format="%Y-%m-%dT%H:%M:%S").to_pylist()
        return _each(texts, lambda text: f"{text}{zone}")
    if pa.types.is_date(kind) or pa.types.is_time(kind):
        return list(column.cast(pa.string()).to_pylist())
    for has_type, convert in _CONVERSIONS:
        if has_type(kind):
            return _each(column.to_pylist(), convert)
    if any(has_type(kind) for has_type in _PLAIN):
        return list(column.to_pylist())
    raise pa.ArrowNotImplementedError(str(kind))


def _each(values: list[Any], convert: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else convert(value) for value in values]


def _struct(column: pa.StructArray) -> list[Any]:
    names = [column.type.field(index).name for index in range(column.type.num_fields)]
    fields = [to_python(field) for field in column.flatten()]
    values = zip(*fields, strict=True) if fields else iter([()] * len(column))
    return [
        dict(zip(names, value, strict=True)) if is_valid else None
        for value, is_valid in zip(values, column.is_valid().to_pylist(), strict=True)
    ]


def _map_pairs(column: pa.MapArray) -> Iterable[tuple[Any, Any]]:
    start, stop = column.offsets[0].as_py(), column.offsets[len(column)].as_py()
    keys, items = column.keys.slice(start, stop - start), column.items.slice(start, stop - start)
    return zip(to_python(keys), to_python(items), strict=True)


def _entry(key: Any, value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


def _flat(column: pa.ListArray) -> pa.Array:
    start, stop = column.offsets[0].as_py(), column.offsets[len(column)].as_py()
    return column.values.slice(start, stop - start)


def _slices(column: pa.Array, values: list[Any]) -> list[Any]:
    offsets = column.offsets.to_pylist()
    first = offsets[0]
    return [
        values[start - first : stop - first] if is_valid else None
        for start, stop, is_valid in zip(
            offsets[:-1], offsets[1:], column.is_valid().to_pylist(), strict=True
        )
    ]


def _decimal(value: decimal.Decimal) -> int | str:
    """A sum of whole numbers is a DECIMAL(38, 0) in Arrow: a number. Money is text."""
    return int(value) if value.as_tuple().exponent == 0 else f"{value:f}"


def _duration(interval: tuple[int, int, int]) -> str:
    """ISO 8601, e.g. `P1M2DT3.5S`; each part has its own sign, as SQL's intervals do."""
    months, days, nanoseconds = interval
    seconds = decimal.Decimal(nanoseconds).scaleb(-9).normalize()
    parts = [f"{months}M" if months else "", f"{days}D" if days else ""]
    time = f"T{seconds:f}S" if nanoseconds or not any(parts) else ""
    return "P" + "".join(parts) + time


_CONVERSIONS: Final[list[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]]]] = [
    (pa.types.is_decimal, _decimal),
    (pa.types.is_floating, lambda value: value if math.isfinite(value) else None),
    (pa.types.is_binary, lambda value: base64.b64encode(value).decode()),
    (pa.types.is_large_binary, lambda value: base64.b64encode(value).decode()),
    (pa.types.is_interval, _duration),
]
_PLAIN: Final[list[Callable[[pa.DataType], bool]]] = [
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_dictionary,
    pa.types.is_null,
]
