"""Events that a step refuses, as rows of `failed_events`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from footfall.decode import failed_id, failures_table
from footfall.event import FailedPart, FailureReason

_PAYLOAD_BYTES_MAX: Final = 64 * 1024
_NOT_SENT: Final = frozenset(("log_partition", "log_offset", "epoch"))
"""Where it lies is said by the row, and is no part of what was sent."""


def refused(
    events: pa.Table, reason: FailureReason, message: str | Sequence[str], path: str | None
) -> pa.Table:
    """One failure for each event; its payload is the decoded row as JSON.

    Args:
        events: Any columns of an event, `app_id`, `protocol` and those of its request among them.
        reason: Why, the same for all.
        message: For a person; the same for all, or one for each.
        path: Of the field at fault, within the payload; `None` if none is.
    """
    messages = [message] * events.num_rows if isinstance(message, str) else message
    rows = []
    for row, said in zip(events.to_pylist(), messages, strict=True):
        kept = {
            name: value
            for name, value in row.items()
            if value is not None and name not in _NOT_SENT
        }
        payload = msgspec.json.encode(kept)
        rows.append(
            {
                "failed_id": failed_id(row["request_id"], row["request_index"]),
                "app_id": row["app_id"],
                "protocol": row["protocol"],
                "part": FailedPart.RECORD.value,
                "reason": reason.value,
                "message": said,
                "path": path,
                "event_name": row["event_name"],
                "payload": payload[:_PAYLOAD_BYTES_MAX],
                "payload_bytes": len(payload),
                "received_at": row["received_at"],
                "request_id": row["request_id"],
                "request_index": row["request_index"],
                "log_offset": row["log_offset"],
            }
        )
    return failures_table(rows)
