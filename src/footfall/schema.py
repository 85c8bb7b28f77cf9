"""Arrow schemas made from column definitions."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from footfall.columns.column import Column, decimal_digits
from footfall.errors import Invalid

_TYPES: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "uuid": pa.binary(16),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "list<string>": pa.list_(pa.field("element", pa.string(), nullable=False)),
}


def arrow_type(kind: str) -> pa.DataType:
    """The type between stages of a column's `kind`; ids that are UUIDs are 16 plain bytes."""
    digits = decimal_digits(kind)
    return _TYPES[kind] if digits is None else pa.decimal128(*digits)


def kind_of(found: pa.DataType) -> str:
    """The `kind` of a column that has this type between stages.

    Raises:
        Invalid: no column can have it.
    """
    for kind, known in _TYPES.items():
        if known == found:
            return kind
    if pa.types.is_decimal(found):
        return f"decimal({found.precision}, {found.scale})"
    raise Invalid(f"no column can be of this type; there are {', '.join(_TYPES)}: {found}")


@functools.cache
def arrow_schema(columns: tuple[Column, ...]) -> pa.Schema:
    """The schema between stages of these columns, in their order."""
    return pa.schema(
        [
            pa.field(column.name, arrow_type(column.kind), nullable=not column.is_required)
            for column in columns
        ]
    )


def extended(schema: pa.Schema, columns: Sequence[Column]) -> pa.Schema:
    """`schema` with columns at its end that a plug-in adds (`footfall.columns.added`).

    The same column declared twice, with one type, is one column: two steps may write it in turn.

    Raises:
        Invalid: the schema has the name already, in whatever case; the plug-in must use another.
    """
    taken = {name.lower() for name in schema.names}
    new: dict[str, pa.Field] = {}
    for column in columns:
        field = pa.field(column.name, arrow_type(column.kind))
        known = new.setdefault(column.name, field)
        if column.name.lower() in taken or known != field:
            raise Invalid(
                "a column that is added has the name of another one; give it another name:"
                f" name={column.name}"
            )
    return pa.schema([*schema, *new.values()])
