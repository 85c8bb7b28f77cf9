"""Columns of the lake's `failed_events`."""

from __future__ import annotations

from typing import Final

from footfall.columns.column import optional, required

FAILED_COLUMNS: Final = (
    required(
        1,
        "failed_id",
        "uuid",
        "Follows from request and index: the same however often it is decoded.",
    ),
    optional(2, "app_id", "string", "App of the key; null when nobody knows the key."),
    required(
        3, "protocol", "string", "How it was sent: `footfall`, `aws`, `pixel`, or a plug-in's name."
    ),
    required(
        4,
        "part",
        "string",
        "`record`; `request` when no single record is to blame (`request_index` is -1).",
    ),
    required(5, "reason", "string", "Why, out of a closed list."),
    required(6, "message", "string", "What was expected and what was found, for a person."),
    optional(
        7, "path", "string", "JSON path of the field at fault; null when the whole request is."
    ),
    optional(8, "event_name", "string", "If the record says it, as sent."),
    optional(9, "payload", "binary", "The record as sent, cut at `decode.payload_bytes_max`."),
    required(10, "payload_bytes", "long", "Its size before the cut."),
    optional(
        11,
        "credential",
        "string",
        "The public write id, or the first characters of the server key.",
    ),
    required(
        12, "received_at", "timestamptz", "When the request had come, by the collector's clock."
    ),
    required(13, "request_id", "uuid", "Request that brought it."),
    required(14, "request_index", "int", "Its place in that request, from 0."),
    required(15, "log_offset", "long", "That request's offset in its partition of the log."),
    required(16, "epoch", "long", "Epoch that wrote the row."),
    optional(17, "replayed_as", "uuid", "Request that brought it again after it was mended."),
    optional(
        18,
        "log_partition",
        "int",
        "Partition of the log that the request is in; null in older rows: 0.",
    ),
)
