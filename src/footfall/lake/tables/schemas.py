"""Iceberg schemas and partitions of the lake's tables, made from the stages' Arrow schemas.

Field ids are the column's place, counted from 1, and never change: new columns go to the end of an
Arrow schema.
"""

from __future__ import annotations

import itertools
from typing import Final

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DecimalType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
    UUIDType,
)

from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.lake.cut import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.session import SESSION_SCHEMA

TABLES: Final[dict[str, pa.Schema]] = {
    "events": EVENT_SCHEMA,
    "sessions": SESSION_SCHEMA,
    "failed_events": FAILED_SCHEMA,
    "session_overrides": OVERRIDE_SCHEMA,
    "session_changes": REMOVED_SCHEMA,
}
"""Every table that an epoch may write, in the order of commit: what names sessions comes after the
sessions."""

DAY_COLUMNS: Final = {
    "events": "event_time",
    "sessions": "started_at",
    "failed_events": "received_at",
}
"""Tables whose partitions are days, and the column that says the day."""
_PARTITION_FIELD_ID: Final = 1000

_PRIMITIVES: Final[list[tuple[pa.DataType, IcebergType]]] = [
    (pa.string(), StringType()),
    (pa.binary(16), UUIDType()),
    (pa.binary(), BinaryType()),
    (pa.bool_(), BooleanType()),
    (pa.int32(), IntegerType()),
    (pa.int64(), LongType()),
    (pa.timestamp("us", tz="UTC"), TimestamptzType()),
]


def iceberg_schema(schema: pa.Schema) -> Schema:
    """The Iceberg schema of an Arrow schema; 16-byte binaries are UUIDs."""
    nested_ids = itertools.count(len(schema) + 1)
    fields = []
    for number, field in enumerate(schema, start=1):
        kind = _iceberg_type(field.type, nested_ids)
        fields.append(NestedField(number, field.name, kind, required=not field.nullable))
    return Schema(*fields)


def partition_spec(table: str, schema: Schema) -> PartitionSpec:
    """By day where the table has a day, else unpartitioned."""
    column = DAY_COLUMNS.get(table)
    if column is None:
        return PartitionSpec()
    source = schema.find_field(column).field_id
    return PartitionSpec(
        PartitionField(source, _PARTITION_FIELD_ID, DayTransform(), day_field(table))
    )


def day_field(table: str) -> str:
    """Name of the partition field of a table with days."""
    return DAY_COLUMNS[table].removesuffix("_time").removesuffix("_at") + "_day"


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
    """Inverse of `to_lake`: UUIDs as 16 bytes, the types of `schema`."""
    columns = []
    for field in schema:
        column = table.column(field.name)
        if isinstance(column.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in column.chunks]
            column = pa.chunked_array(chunks, type=column.type.storage_type)
        columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _iceberg_type(kind: pa.DataType, nested_ids: itertools.count[int]) -> IcebergType:
    for arrow, iceberg in _PRIMITIVES:
        if kind == arrow:
            return iceberg
    if pa.types.is_decimal(kind):
        return DecimalType(kind.precision, kind.scale)
    assert pa.types.is_list(kind), f"no Iceberg type for {kind}"
    element = _iceberg_type(kind.value_type, nested_ids)
    return ListType(next(nested_ids), element, element_required=not kind.value_field.nullable)
