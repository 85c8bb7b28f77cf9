"""Decoded events on their way to a table: one list per event, one slot per column.

Decoders fill rows; `build` turns all rows of a call into Arrow columns at once. A row is a plain
list, because nothing in Python is filled and copied faster, and this is the hottest place of the
pipeline. `SLOT` names the slots; those from `SCRATCH` on are the decoder's own and are not stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.decode.blocks.parse import decoder
from footfall.event import EVENT_SCHEMA

Row = list[object]

_LATER: Final = frozenset(
    {
        *("session_id", "event_time", "event_time_rule", "clock_offset_ms"),
        *("epoch", "is_late", "is_bot", "bot_reasons", "geo_country"),
        *("page_path", "page_query", "browser", "browser_version", "device_category"),
    }
)
DECODED_SCHEMA: Final = pa.schema([field for field in EVENT_SCHEMA if field.name not in _LATER])
"""Columns that decoding makes: those of an event that no later stage makes alone."""

SLOT: Final = {name: index for index, name in enumerate(DECODED_SCHEMA.names)}
"""Column → place in a row."""

SCRATCH: Final = len(SLOT)
"""First place that is no column."""

SCRATCH_SLOTS: Final = 12

BLANK: Final[Row] = [None] * (SCRATCH + SCRATCH_SLOTS)
"""A row without values, to copy."""

JSON_COLUMNS: Final = ("properties", "user_properties", "items", "request_properties")

_COLUMNS: Final = tuple(
    (slot, field.type, field.type == pa.string(), field.name in JSON_COLUMNS)
    for slot, field in enumerate(DECODED_SCHEMA)
)
"""Asked for once: Arrow makes an object for each answer."""

ENCODER: Final = msgspec.json.Encoder(order="sorted")
"""Writes `properties` and the like. Keys are sorted: an event sent again with its keys in another
order is the same event, byte for byte."""
_encode: Final = ENCODER.encode
_decode: Final = decoder()
_MISSES_MAX: Final = 1_000
"""Members that do not fit, before those after them are not tried any more."""
_JSON_OVERHEAD_BYTES: Final = len('{"_truncated":true}')


def to_json(value: object) -> str:
    """JSON text of a parsed value."""
    return _encode(value).decode()


def build(rows: Sequence[Row], text_bytes_max: int) -> pa.Table:
    """The rows as a table of `DECODED_SCHEMA`, texts no longer than `text_bytes_max`.

    Raises:
        pa.ArrowException, TypeError, ValueError, OverflowError: a decoder put a value of the wrong
            type or range into a row; its bug.
    """
    if not rows:
        return DECODED_SCHEMA.empty_table()
    return table_of(dict(enumerate(zip(*rows, strict=True))), len(rows), text_bytes_max)


def table_of(
    columns: Mapping[int, Sequence[Any] | pa.Array], rows: int, text_bytes_max: int
) -> pa.Table:
    """Columns by slot as a table of `DECODED_SCHEMA`; those that are missing are null.

    Raises:
        As `build`.
    """
    arrays = []
    for slot, kind, is_text, is_json in _COLUMNS:
        values = columns.get(slot)
        if values is None:
            column = pa.nulls(rows, kind)
        else:
            column = values if isinstance(values, pa.Array) else pa.array(values, kind)
            if is_text:
                column = _bounded(column, is_json, text_bytes_max)
        arrays.append(column)
    return pa.Table.from_arrays(arrays, schema=DECODED_SCHEMA)


def cut_text(text: str, bytes_max: int) -> str:
    """The longest start of `text` that is at most `bytes_max` bytes of UTF-8."""
    return text.encode()[:bytes_max].decode(errors="ignore")


def cut_json(text: str, bytes_max: int) -> str | None:
    """A JSON object or array without the members or elements that do not fit in `bytes_max` bytes.

    Members keep their order; one that is too long is left out, and `"_truncated": true` says so. An
    array keeps its first elements. So the column stays JSON, whoever reads it; `None` if nothing
    fits.
    """
    value = _decode(text.encode())
    room = bytes_max - _JSON_OVERHEAD_BYTES
    if isinstance(value, dict):
        kept: dict[str, object] = {}
        misses = 0
        for key, member in value.items():
            size = len(_encode({key: member}))
            if size <= room:
                kept[key] = member
                room -= size
                continue
            misses += 1
            if misses == _MISSES_MAX:
                break
        kept["_truncated"] = True
        shortened: object = kept
    else:
        shortened = _first_that_fit(value, room)
    found = to_json(shortened)
    return found if len(found.encode()) <= bytes_max else None


def _first_that_fit(elements: Iterable[object], room: int) -> list[object]:
    kept = []
    for element in elements:
        room -= len(_encode(element)) + 1
        if room < 0:
            break
        kept.append(element)
    return kept


def _bounded(column: pa.Array, is_json: bool, bytes_max: int) -> pa.Array:
    if column.nbytes <= bytes_max:
        return column  # all texts together are short enough
    longest = pc.max(pc.binary_length(column)).as_py()
    if longest is None or longest <= bytes_max:
        return column
    cut = cut_json if is_json else cut_text
    return pa.array(
        [
            text if text is None or len(text.encode()) <= bytes_max else cut(text, bytes_max)
            for text in column.to_pylist()
        ],
        pa.string(),
    )
