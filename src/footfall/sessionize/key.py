"""Whose sessions they are: the columns of an event that a definition puts together.

Everything below a definition knows one key, the column `visitor_id`. A definition with another key
puts its own text there before anything else happens: one column as it is, several as a JSON object,
`{"user_id":"158","device_id":"mobile"}`. So sessions of one key are disjoint whatever the key is,
and two clients' sessions of one visitor may overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import polars as pl
import pyarrow as pa

VISITOR: Final = "visitor_id"
_PROPERTY: Final = "properties."


class Key:
    """The columns of a key. An event that lacks one of them has no session."""

    def __init__(self, columns: Sequence[str] = (VISITOR,)) -> None:
        """Take names of columns, and `properties.<name>` for properties."""
        self.columns = tuple(columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.columns)

    def __str__(self) -> str:
        return f"key={','.join(self.columns)}"

    @property
    def is_visitor(self) -> bool:
        """Whether it is the visitor alone: events are as they are."""
        return self.columns == (VISITOR,)

    @property
    def event_columns(self) -> tuple[str, ...]:
        """What it reads of an event."""
        names = (name if _of(name) is None else "properties" for name in self.columns)
        return tuple(dict.fromkeys(names))

    @cached_property
    def expression(self) -> pl.Expr:
        """The key as text; null without one of its columns."""
        parts = [_part(name).alias(name) for name in self.columns]
        if len(parts) == 1:
            return parts[0]
        is_whole = pl.all_horizontal(part.is_not_null() for part in parts)
        return pl.when(is_whole).then(pl.struct(parts).struct.json_encode())

    def keyed(self, events: pa.Table) -> pa.Table:
        """`events` with the key as `visitor_id`."""
        if self.is_visitor:
            return events
        frame = pl.DataFrame(pl.from_arrow(events.select(self.event_columns)))
        keys = frame.select(self.expression.alias(VISITOR)).to_series()
        column = keys.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())
        place = events.schema.get_field_index(VISITOR)
        return events.set_column(place, pa.field(VISITOR, pa.string()), column)


def _of(name: str) -> str | None:
    """The property that a part of a key is, if it is one."""
    return name.removeprefix(_PROPERTY) if name.startswith(_PROPERTY) else None


def _part(name: str) -> pl.Expr:
    wanted = _of(name)
    if wanted is None:
        text = pl.col(name).cast(pl.String)
    else:
        text = pl.col("properties").str.json_path_match(f"$['{wanted}']")
    return pl.when(text != "").then(text)
