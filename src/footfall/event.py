"""The canonical event and what becomes of a record that is none: schemas shared by every stage.

Between stages, events travel as Arrow tables. Ids that are UUIDs are 16 plain bytes there
(`pa.binary(16)`) and Iceberg `uuid` in the lake. `decode` fills the columns it can; each enrichment
step adds or replaces columns; `conform` at the end gives every table the same columns in the same
order. The columns themselves are defined in `footfall.columns`.
"""

from __future__ import annotations

import enum
from typing import Final

import pyarrow as pa

from footfall.columns import EVENT_COLUMNS, FAILED_COLUMNS
from footfall.errors import Invalid
from footfall.schema import arrow_schema, arrow_type

UUID16: Final = arrow_type("uuid")
TIMESTAMP: Final = arrow_type("timestamptz")
MONEY: Final = arrow_type("decimal(18, 6)")


class FailureReason(enum.StrEnum):
    """Why a record, or a whole request, could not become an event.

    Closed: these names are in metrics and the studio.
    """

    BAD_ENCODING = "bad_encoding"
    """Body could not be decompressed or is not valid UTF-8."""
    BODY_TOO_LARGE = "body_too_large"
    """Over the limit on the wire (then cut) or after decompression."""
    NOT_JSON = "not_json"
    """Body is not JSON, or is nested too deep."""
    NOT_AN_EVENT = "not_an_event"
    """Neither an object nor an array of objects."""
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    INVALID_VALUE = "invalid_value"
    """Right type, but empty, too long or out of range."""
    TOO_MANY_EVENTS = "too_many_events"
    """More records in one request than the limit: those beyond it."""
    TOO_OLD = "too_old"
    """Event time is before the oldest that the project keeps."""
    ID_CONFLICT = "id_conflict"
    """Another event with this id, and another payload, came before."""
    APP_MISMATCH = "app_mismatch"
    """The event names another app than the key it was sent with."""
    UNKNOWN_WRITE_ID = "unknown_write_id"
    """Quarantined request: nobody knows the write id."""
    UNSUPPORTED = "unsupported"
    """Protocol or record version that this version does not decode."""
    LOST = "lost"
    """The log was damaged and the request could not be read; `footfall repair` said so."""
    POISON = "poison"
    """Decoding it ends the process or takes too long, or its plug-in cannot be loaded; the payload
    is kept."""
    ENRICHMENT = "enrichment"
    """An enrichment step raised for this event, or gave back what it must not; the message names
    the step."""
    INTERNAL = "internal"
    """A decoder failed; a bug to report, the payload is kept."""


class ProblemReason(enum.StrEnum):
    """Why a field of an event could not be used; the event is good without it.

    `events.problems` names them as `reason path`, the value itself is kept in `properties`.
    """

    WRONG_TYPE = "wrong_type"
    """Text where an object belongs, and the like."""
    INVALID_VALUE = "invalid_value"
    """Right type, but too long, out of range, or no number, time or address."""
    NOT_AN_ID = "not_an_id"
    """A program's word for nothing (`undefined`, `null`, a UUID of zeros) where an id belongs."""
    TOO_DEEP = "too_deep"
    """Nested too deep to be kept as it is."""


class FailedPart(enum.StrEnum):
    """How much of the request a failed event stands for."""

    REQUEST = "request"
    RECORD = "record"


EVENT_SCHEMA: Final = arrow_schema(EVENT_COLUMNS)
"""Columns of the lake's `events`. `properties`, `user_properties`, `items` and
`request_properties` are JSON text."""

FAILED_SCHEMA: Final = arrow_schema(FAILED_COLUMNS)
"""Columns of the lake's `failed_events`: one row per failed record (`part` = record) or undecodable
request (`part` = request, `request_index` = -1). `failed_id` is deterministic: it follows from
`request_id` and `request_index`."""

ARRIVAL: Final = ("received_at", "request_id", "request_index")
"""What came before what: the collector's time, then the request's id, then the place within it.

Follows from the rows alone, never from the log's partitions and offsets. Of the events of an epoch
that have the same id the first by it counts."""

LAST_COLUMNS: Final = {"epoch": 0, "is_late": False, "is_bot": False}
"""Required columns that later stages fill, with what stands there until then."""


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give `table` exactly the columns of `schema`, in its order and types.

    Missing ones become null, or what `LAST_COLUMNS` says.

    Raises:
        Invalid: the table has a column that the schema does not name, and that would be lost.
    """
    given = dict(zip(table.column_names, table.columns, strict=True))
    extra = given.keys() - set(schema.names)
    if extra:
        raise Invalid(
            f"columns that no schema names would be lost; declare them first: {sorted(extra)}"
        )
    columns = []
    for field in schema:
        if field.name in given:
            column = given[field.name]
            columns.append(column if column.type == field.type else column.cast(field.type))
        elif field.name in LAST_COLUMNS:
            scalar = pa.scalar(LAST_COLUMNS[field.name], field.type)
            columns.append(pa.chunked_array([pa.repeat(scalar, table.num_rows)]))
        else:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
    return pa.Table.from_arrays(columns, schema=schema)
