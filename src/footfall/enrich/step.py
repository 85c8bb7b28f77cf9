"""What an enrichment step is: a name, what it reads, what it writes, and a function between them.

A step sees the columns it declares and nothing else, and gives back exactly the columns it
declares. So two steps meet only in columns that both name, and the order of the list is all there
is to know about how they work together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import pyarrow as pa

from footfall.event import EVENT_SCHEMA, TIMESTAMP

Columns = Mapping[str, "pa.Array | pa.ChunkedArray"]
"""What a step gives back, by column."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""Names of steps and of columns of their own."""

FIXED_COLUMNS: Final = frozenset(
    {
        *("event_id", "event_name", "app_id", "protocol", "client_event_id", "visitor_id"),
        *("user_id", "session_id", "created_at", "sent_at", "received_at", "event_time"),
        *("event_time_rule", "clock_offset_ms", "request_id", "request_index", "log_offset"),
        *("log_partition", "epoch", "is_late"),
    }
)
"""No step writes these: by them events are found again, counted once and put into sessions."""

OWN_TYPES: Final = (
    *(pa.string(), pa.bool_(), pa.int32(), pa.int64(), pa.float64()),
    *(pa.date32(), TIMESTAMP),
)
"""Types that a column of a step's own may have."""


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a step that has none."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the list `enrich.steps`."""

    name: str
    """In the list, in the section `[enrich.<name>]` and in messages."""
    version: int
    """Count it up whenever the same events would get other values. Plans of epochs name it."""
    reads: tuple[str, ...]
    """Columns that the function sees."""
    writes: tuple[pa.Field, ...]
    """Columns that it gives back: of the event (`event_fields`), or of its own (`own_field`)."""
    run: Callable[[pa.Table, Any], Columns]
    """Events with the columns `reads`, and the settings → the columns `writes`, a value a row.

    Must be pure, and per event: what a row gets follows from that row alone, and is the same
    today and when an epoch is done again. It may raise; the events at fault then fail.
    """
    settings: type[msgspec.Struct] = NoSettings
    """Of the section `[enrich.<name>]`; frozen, with a default for each field."""
    warm_up: Callable[[], object] | None = None
    """Loads what the first event would wait for."""


def event_fields(*names: str) -> tuple[pa.Field, ...]:
    """Columns that every event has, as a step declares them in `writes`."""
    return tuple(EVENT_SCHEMA.field(name) for name in names)


def own_field(name: str, kind: pa.DataType, doc: str) -> pa.Field:
    """A column of a step's own, which the events table is given.

    Args:
        name: Lower-case letters, digits and `_`.
        kind: One of `OWN_TYPES`.
        doc: What a value means, in a line.
    """
    return pa.field(name, kind, metadata={"doc": doc})


def mistakes_of(step: Step) -> list[str]:
    """What is wrong with a step as it is declared; empty if nothing is."""
    found = []
    if not NAME.fullmatch(step.name):
        found.append(f"its name must be lower-case letters, digits and _, not {step.name!r}")
    for field in step.writes:
        if field.name in FIXED_COLUMNS:
            found.append(f"it must not write {field.name}, by which events are told apart")
        elif field.name in EVENT_SCHEMA.names:
            kind = EVENT_SCHEMA.field(field.name).type
            if field.type != kind:
                found.append(f"it writes {field.name} as {field.type}; events have it as {kind}")
        elif not NAME.fullmatch(field.name):
            found.append(f"a column's name must be lower-case letters, digits and _: {field.name}")
        elif field.type not in OWN_TYPES:
            valid = ", ".join(map(str, OWN_TYPES))
            found.append(f"{field.name} cannot be {field.type}; columns of steps are {valid}")
    return found


def own_fields(step: Step) -> list[pa.Field]:
    """The columns a step writes that events do not have without it."""
    return [field for field in step.writes if field.name not in EVENT_SCHEMA.names]
