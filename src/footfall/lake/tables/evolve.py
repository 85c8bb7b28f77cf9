"""How a table on disk follows its definition: columns are added and widened, never dropped.

Theory of operation. A column is its field id: data files name columns by it, so a file from before
a column was added gives nulls, and one from before it was widened is read into the wider type. So
these changes are safe: *add* a column that may be null, *widen* a type (int to long, float to
double, a decimal to more digits), *relax* a required column. Comments follow the definition.
Everything else would read old values as what they are not, or lose them, and is refused with a
sentence.

Ids up to `OWN_ID_MAX` stand in our definitions. All others are given by the table: to columns that
plug-ins add, by the next id that Iceberg's `last-column-id` says was never used. That number never
goes down, and nothing is ever dropped here: so such a column has its id for ever, whether the
plug-in is there or not, and nobody else gets it. Another engine counts on from the same number; so
that it never takes an id of ours, a table uses up `OWN_ID_MAX` before anything else
(`_reserving`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, cast

from pyiceberg.catalog import Catalog
from pyiceberg.schema import Schema
from pyiceberg.table import CreateTableTransaction, StagedTable, Transaction
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AssertCurrentSchemaId,
    AssertLastAssignedFieldId,
    SetCurrentSchemaUpdate,
    UpdatesAndRequirements,
    UpdateTableMetadata,
)
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
)

from footfall.columns import OWN_ID_MAX, Column
from footfall.errors import Invalid
from footfall.lake.tables.schemas import iceberg_schema, nested_field, partition_spec
from footfall.lake.tables.specs import TableSpec

_RESERVED: Final = "footfall_reserved"
_WIDER: Final = ((IntegerType(), LongType()), (FloatType(), DoubleType()))


def evolved(
    current: Schema, last_id: int, spec: TableSpec, more: Sequence[Column] = ()
) -> Schema | None:
    """The schema that a table must get; `None` if it is as it should be.

    Args:
        current: The table's schema.
        last_id: The highest field id that it ever had, its `last-column-id`.
        spec: Its definition.
        more: Columns that plug-ins add (`footfall.columns.added`).

    Raises:
        Invalid: it differs in a way that no data survives; nothing is changed.
    """
    fields = {field.field_id: field for field in current.fields}
    for column in spec.columns:
        fields[column.id] = _own(spec, column, fields)
    _check_others(spec, fields)
    ids = itertools.count(max(last_id, OWN_ID_MAX) + 1)
    for column in more:
        field = _added(spec, column, fields, ids)
        fields[field.field_id] = field
    found = Schema(*fields.values(), identifier_field_ids=current.identifier_field_ids)
    is_good = found.fields == current.fields and last_id >= OWN_ID_MAX
    return None if is_good else found


def _own(spec: TableSpec, column: Column, fields: dict[int, NestedField]) -> NestedField:
    """A column of the definition, as the table has it afterwards."""
    known, wanted = fields.get(column.id), nested_field(column)
    if known is None:
        _check_name_is_free(spec, column, fields)
        return wanted
    if known.name != column.name:
        raise Invalid(
            "a column was renamed, and values of one would be read as the other's; give it its name"
            f" back: table={spec.name} id={column.id} name={known.name} expected={column.name}"
        )
    if wanted.required and not known.required:
        raise Invalid(
            "a column that may be null cannot become required; define it as optional:"
            f" table={spec.name} name={column.name}"
        )
    kind = _widened(spec, known, wanted.field_type)
    return _field(known, kind, wanted.required, column.doc)


def _added(
    spec: TableSpec, column: Column, fields: dict[int, NestedField], ids: Iterator[int]
) -> NestedField:
    """A plug-in's column, under the id that it has or gets now."""
    known = next((field for field in fields.values() if field.name == column.name), None)
    if known is None:
        _check_name_is_free(spec, column, fields)
        new = Column(next(ids), column.name, column.kind, column.doc)
        if column.kind == "list<string>":
            new = Column(new.id, new.name, new.kind, new.doc, element_id=next(ids))
        return nested_field(new)
    if known.field_id <= OWN_ID_MAX:
        raise Invalid(
            "a plug-in adds a column that the table has of its own; give it another name:"
            f" table={spec.name} name={column.name}"
        )
    element = known.field_type.element_id if isinstance(known.field_type, ListType) else 0
    wanted = nested_field(Column(known.field_id, column.name, column.kind, "", element_id=element))
    kind = _widened(spec, known, wanted.field_type)
    return _field(known, kind, known.required, column.doc)


def _check_others(spec: TableSpec, fields: dict[int, NestedField]) -> None:
    """What is in the table and not in the definition: retired, added by others, or unknown."""
    own = {column.id for column in spec.columns}
    gone = {retired.ids[0]: retired for retired in spec.retired}
    for number, field in list(fields.items()):
        if number in gone and field.name == gone[number].name:
            fields[number] = _field(field, field.field_type, False, field.doc)
        elif number not in own and number <= OWN_ID_MAX:
            raise Invalid(
                "the table has a column that this version does not know; run the version that wrote"
                f" it, or a later one: table={spec.name} id={number} name={field.name}"
            )


def _check_name_is_free(spec: TableSpec, column: Column, fields: dict[int, NestedField]) -> None:
    """Names are compared without case, as SQL does."""
    taken = [field for field in fields.values() if field.name.lower() == column.name.lower()]
    if taken:
        raise Invalid(
            "a new column has the name of one that the table has already; rename that one with an"
            f" engine that writes Iceberg: table={spec.name} name={column.name}"
            f" id={taken[0].field_id}"
        )


def _widened(spec: TableSpec, known: NestedField, wanted: IcebergType) -> IcebergType:
    """The wider of two types that one can be read as the other."""
    if known.field_type == wanted or is_wider(known.field_type, wanted):
        return wanted
    if is_wider(wanted, known.field_type):
        cure = "run the version, or the plug-in, that made it so, or a later one"
    else:
        cure = "a column keeps its type; give the new one another name"
    raise Invalid(
        f"a column has another type in the table; {cure}: table={spec.name} name={known.name}"
        f" type={known.field_type} expected={wanted}"
    )


def is_wider(old: IcebergType, new: IcebergType) -> bool:
    """Whether every value of `old` is one of `new`, and Iceberg lets it become that."""
    if isinstance(old, DecimalType) and isinstance(new, DecimalType):
        return old.scale == new.scale and old.precision < new.precision
    return (old, new) in _WIDER


def _field(known: NestedField, kind: IcebergType, required: bool, doc: str | None) -> NestedField:
    return known.model_copy(update={"field_type": kind, "required": required, "doc": doc})


def _reserving(schema: Schema, number: int) -> Schema:
    """`schema` and a column with the last id of ours: a table that had it counts on from there."""
    placeholder = NestedField(OWN_ID_MAX, _RESERVED, StringType(), required=False)
    return Schema(*schema.fields, placeholder, schema_id=number)


class SchemaChange(UpdateTableMetadata["SchemaChange"]):
    """Makes a schema the table's, ids and all: PyIceberg's own gives new columns ids as it likes.

    It fails, and the caller looks again, if the schema became another meanwhile.
    """

    def __init__(self, transaction: Transaction, schema: Schema) -> None:
        super().__init__(transaction)
        self._wanted = schema

    def _commit(self) -> UpdatesAndRequirements:
        metadata = self._transaction.table_metadata
        number = max(schema.schema_id for schema in metadata.schemas) + 1
        requirements = (
            AssertCurrentSchemaId.model_validate({"current-schema-id": metadata.current_schema_id}),
            AssertLastAssignedFieldId.model_validate(
                {"last-assigned-field-id": metadata.last_column_id}
            ),
        )
        schemas = []
        if metadata.last_column_id < OWN_ID_MAX:
            schemas.append(_reserving(self._wanted, number))
            number += 1
        schemas.append(_numbered(self._wanted, number))
        added = (AddSchemaUpdate(schema=schema) for schema in schemas)
        return (*added, SetCurrentSchemaUpdate.model_validate({"schema-id": number})), requirements


def _numbered(schema: Schema, number: int) -> Schema:
    return Schema(
        *schema.fields, schema_id=number, identifier_field_ids=schema.identifier_field_ids
    )


def create_table(
    catalog: Catalog,
    identifier: tuple[str, str],
    spec: TableSpec,
    properties: dict[str, str],
    location: str,
) -> None:
    """Make a table with exactly the ids that its definition says, in one commit.

    PyIceberg, and the catalogs that it talks to, count ids anew for a table that is created; what
    is staged here is brought back to ours before anybody sees it.

    Raises:
        TableAlreadyExistsError, CommitFailedException: somebody else made it.
    """
    schema = iceberg_schema(spec.columns)
    counted = catalog.create_table_transaction(
        identifier,
        schema,
        location=location,
        partition_spec=partition_spec(spec),
        properties=properties,
    )
    staged = cast("StagedTable", counted._table)
    update = {
        "schemas": [_reserving(schema, 0)],
        "last_column_id": OWN_ID_MAX,
        "partition_specs": [partition_spec(spec)],
    }
    staged.metadata = staged.metadata.model_copy(update=update)
    made = CreateTableTransaction(staged)
    SchemaChange(made, schema).commit()
    made.commit_transaction()
