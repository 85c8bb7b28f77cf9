"""Builders of event tables for tests: say what matters, the rest is filled in deterministically."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from footfall.clock import DAY
from footfall.event import EVENT_SCHEMA

NOON_US = 20_000 * DAY + DAY // 2
"""2024-10-04 12:00 UTC: where tests start counting, far from midnight."""


def uuid_of(text: str) -> bytes:
    """Sixteen bytes that follow from `text`."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def event_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Events with `EVENT_SCHEMA`; each row names the columns it cares about.

    Times are microseconds. Without `event_time` the n-th event comes n seconds after noon;
    `received_at` is `event_time`; ids follow from the row's number.
    """
    complete = [_complete(number, row) for number, row in enumerate(rows)]
    named = {name for row in complete for name in row}  # a few of very many
    arrays = [
        _array([row.get(field.name) for row in complete], field.type)
        if field.name in named
        else pa.nulls(len(complete), field.type)
        for field in EVENT_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=EVENT_SCHEMA)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _complete(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    event_time = row.get("event_time", NOON_US + number * 1_000_000)
    return {
        "event_id": uuid_of(f"event {number}"),
        "event_name": "page_view",
        "app_id": "shop",
        "protocol": "footfall",
        "visitor_id": "v1",
        "event_time": event_time,
        "created_at": event_time,
        "received_at": event_time,
        "event_time_rule": "device",
        "request_id": uuid_of(f"request {number}"),
        "request_index": 0,
        "log_offset": number,
        "epoch": 0,
        "is_late": False,
        "is_bot": False,
        **row,
    }
