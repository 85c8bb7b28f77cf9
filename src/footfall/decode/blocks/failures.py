"""Rows of `failed_events`, for this stage and the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from footfall.decode.blocks.fault import FailedRecord
from footfall.decode.blocks.ids import failed_id
from footfall.event import FAILED_SCHEMA, FailedPart, conform
from footfall.request import LoggedRequest


def failure_rows(logged: LoggedRequest, failed: Iterable[FailedRecord]) -> list[dict[str, Any]]:
    """Rows for failed records of one request, or for the request itself (index -1)."""
    request = logged.request
    return [
        {
            "failed_id": failed_id(request.request_id, record.index),
            "app_id": request.app_id,
            "protocol": request.protocol,
            "part": (FailedPart.REQUEST if record.index < 0 else FailedPart.RECORD).value,
            "reason": record.reason.value,
            "message": record.message,
            "path": record.path,
            "event_name": record.event_name,
            "payload": record.payload,
            "payload_bytes": record.payload_bytes,
            "credential": request.credential or None,
            "received_at": request.received_at,
            "request_id": request.request_id,
            "request_index": record.index,
            "log_offset": logged.offset,
        }
        for record in failed
    ]


def failures_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows as a table of `FAILED_SCHEMA`; columns they lack are null or stand-ins."""
    if not rows:
        return FAILED_SCHEMA.empty_table()
    fields = [field for field in FAILED_SCHEMA if field.name in rows[0]]
    columns = [pa.array([row[field.name] for row in rows], field.type) for field in fields]
    return conform(pa.Table.from_arrays(columns, schema=pa.schema(fields)), FAILED_SCHEMA)
