"""The canonical event and what becomes of a record that is none: schemas shared by every stage.

Between stages, events travel as Arrow tables. Ids that are UUIDs are 16 plain bytes there
(`pa.binary(16)`) and Iceberg `uuid` in the lake. `decode` fills the columns it can; each enrichment
step adds or replaces columns; `conform` at the end gives every table the same columns in the same
order.
"""

from __future__ import annotations

import enum
from typing import Final

import pyarrow as pa

UUID16: Final = pa.binary(16)
TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
MONEY: Final = pa.decimal128(18, 6)


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


def _not_null(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _nullable(names: str, kind: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, kind) for name in names.split()]


_TEXT = pa.string()

EVENT_SCHEMA: Final = pa.schema(
    [
        _not_null("event_id", UUID16),
        _not_null("event_name", _TEXT),
        _not_null("app_id", _TEXT),
        pa.field("platform", _TEXT),
        _not_null("protocol", _TEXT),
        *_nullable("client_event_id visitor_id user_id device_id client_session_id", _TEXT),
        pa.field("client_session_number", pa.int64()),
        pa.field("session_id", UUID16),
        *_nullable("created_at sent_at", TIMESTAMP),
        _not_null("received_at", TIMESTAMP),
        _not_null("event_time", TIMESTAMP),
        _not_null("event_time_rule", _TEXT),
        pa.field("clock_offset_ms", pa.int64()),
        _not_null("request_id", UUID16),
        _not_null("request_index", pa.int32()),
        _not_null("log_offset", pa.int64()),
        _not_null("epoch", pa.int64()),
        _not_null("is_late", pa.bool_()),
        _not_null("is_bot", pa.bool_()),
        pa.field("bot_reasons", pa.list_(pa.field("element", _TEXT, nullable=False))),
        *_nullable(
            "page_url page_host page_path page_query page_title page_referrer referrer_host"
            " screen_name screen_id screen_class",
            _TEXT,
        ),
        pa.field("entrance", pa.bool_()),
        *_nullable(
            "source medium campaign campaign_id term content click_id click_id_platform"
            " browser browser_version os os_version device_category device_brand device_model"
            " user_agent",
            _TEXT,
        ),
        *_nullable("screen_width screen_height viewport_width viewport_height", pa.int32()),
        *_nullable(
            "language time_zone network_type carrier app_version app_name install_source"
            " sdk_name sdk_version"
            " geo_country ip",
            _TEXT,
        ),
        pa.field("value", MONEY),
        pa.field("currency", _TEXT),
        pa.field("engagement_ms", pa.int64()),
        *_nullable("search_term link_url link_domain", _TEXT),
        pa.field("is_outbound", pa.bool_()),
        *_nullable("error_code error_message", _TEXT),
        *_nullable("properties user_properties items", _TEXT),
        *_nullable("client_event_name request_properties", _TEXT),
        pa.field("problems", pa.list_(pa.field("element", _TEXT, nullable=False))),
    ]
)
"""Columns of the lake's `events`. `properties`, `user_properties`, `items` and
`request_properties` are JSON text."""

FAILED_SCHEMA: Final = pa.schema(
    [
        _not_null("failed_id", UUID16),
        pa.field("app_id", _TEXT),
        _not_null("protocol", _TEXT),
        _not_null("part", _TEXT),
        _not_null("reason", _TEXT),
        _not_null("message", _TEXT),
        pa.field("path", _TEXT),
        pa.field("event_name", _TEXT),
        pa.field("payload", pa.binary()),
        _not_null("payload_bytes", pa.int64()),
        pa.field("credential", _TEXT),
        _not_null("received_at", TIMESTAMP),
        _not_null("request_id", UUID16),
        _not_null("request_index", pa.int32()),
        _not_null("log_offset", pa.int64()),
        _not_null("epoch", pa.int64()),
        pa.field("replayed_as", UUID16),
    ]
)
"""Columns of the lake's `failed_events`: one row per failed record (`part` = record) or undecodable
request (`part` = request, `request_index` = -1). `failed_id` is deterministic: it follows from
`request_id` and `request_index`."""

LAST_COLUMNS: Final = {"epoch": 0, "is_late": False, "is_bot": False}
"""Required columns that later stages fill, with what stands there until then."""


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give `table` exactly the columns of `schema`, in its order and types.

    Missing ones become null, or what `LAST_COLUMNS` says.

    Columns that the schema does not have are a bug in a stage and raise.
    """
    given = dict(zip(table.column_names, table.columns, strict=True))
    extra = given.keys() - set(schema.names)
    assert not extra, f"columns no schema names: {sorted(extra)}"
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
