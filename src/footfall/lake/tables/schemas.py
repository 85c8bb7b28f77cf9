"""Iceberg schemas and partitions of the lake's tables, and rows on their way in and out.

A schema is made from the columns' definitions (`footfall.columns`), with the field ids and comments
that stand there. The table on disk may have more columns: those that plug-ins or other engines
added, and retired ones (`evolve`). Who reads or rewrites rows goes by the table, so none is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
    UUIDType,
)

from footfall.columns import Column
from footfall.columns.column import decimal_digits
from footfall.errors import Invalid
from footfall.lake.tables.specs import TableSpec

_PARTITION_FIELD_ID: Final = 1000

_TYPES: Final[dict[str, IcebergType]] = {
    str(kind): kind
    for kind in (
        StringType(),
        UUIDType(),
        BinaryType(),
        BooleanType(),
        IntegerType(),
        LongType(),
        FloatType(),
        DoubleType(),
        DateType(),
        TimestamptzType(),
    )
}


def iceberg_schema(columns: Iterable[Column]) -> Schema:
    """The Iceberg schema of these columns, with their field ids and comments."""
    return Schema(*map(nested_field, columns))


def nested_field(column: Column) -> NestedField:
    """A column as Iceberg has it."""
    return NestedField(
        column.id, column.name, _iceberg_type(column), required=column.is_required, doc=column.doc
    )


def _iceberg_type(column: Column) -> IcebergType:
    if column.kind == "list<string>":
        assert column.element_id is not None, column.name
        return ListType(column.element_id, StringType(), element_required=True)
    digits = decimal_digits(column.kind)
    return _TYPES[column.kind] if digits is None else DecimalType(*digits)


def partition_spec(spec: TableSpec) -> PartitionSpec:
    """By day where the table has a day, else unpartitioned."""
    if spec.day is None:
        return PartitionSpec()
    source = spec.id_of(spec.day)
    return PartitionSpec(
        PartitionField(source, _PARTITION_FIELD_ID, DayTransform(), spec.day_field)
    )


def stage_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema between stages of all columns of a table on disk, in its order."""
    found = schema_to_pyarrow(schema, include_field_ids=False)
    return pa.schema(
        [pa.field(field.name, _stage_type(field.type), nullable=field.nullable) for field in found]
    )


def _stage_type(kind: pa.DataType) -> pa.DataType:
    return pa.binary(16) if isinstance(kind, pa.UuidType) else small(kind)


def small(kind: pa.DataType) -> pa.DataType:
    """The type without Arrow's 64-bit offsets, which PyIceberg gives texts; in a file the same."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_large_list(kind):
        return pa.list_(kind.value_field.with_type(small(kind.value_type)))
    return kind


def file_schema(schema: pa.Schema) -> pa.Schema:
    """As rows of `schema`, between stages, lie in data files: ids are UUIDs, nothing is required.

    A file from before a column was added lacks it.
    """
    return pa.schema(
        [
            pa.field(field.name, pa.uuid() if field.type == pa.binary(16) else field.type)
            for field in schema
        ]
    )


def to_lake(table: pa.Table) -> pa.Table:
    """Give 16-byte columns the UUID type that Iceberg wants; everything else as it is."""
    columns, fields = [], []
    for field in table.schema:
        column = table.column(field.name)
        kind = field.type
        if kind == pa.binary(16):
            kind = pa.uuid()
            chunks = [pa.ExtensionArray.from_storage(kind, chunk) for chunk in column.chunks]
            column = pa.chunked_array(chunks, type=kind)
        columns.append(column)
        fields.append(pa.field(field.name, kind, nullable=field.nullable))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def from_lake(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Inverse of `to_lake`: UUIDs as 16 bytes, the types of `schema`; what it lacks is null.

    Raises:
        Invalid: rows have a column that `schema` does not have; see `check_known`.
    """
    check_known(table.column_names, schema, "rows")
    given = set(table.column_names)
    columns = []
    for field in schema:
        if field.name not in given:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
            continue
        column = table.column(field.name)
        if isinstance(column.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in column.chunks]
            column = pa.chunked_array(chunks, type=column.type.storage_type)
        columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def check_known(names: Iterable[str], schema: pa.Schema, where: str) -> None:
    """Refuse to go on with rows of which a column would be lost.

    Raises:
        Invalid: `schema` lacks one of `names`.
    """
    lost = sorted(set(names) - set(schema.names))
    if lost:
        raise Invalid(
            "columns would be lost that the table does not have (it takes new ones when the server"
            f" starts): columns={', '.join(lost)} of={where}"
        )
