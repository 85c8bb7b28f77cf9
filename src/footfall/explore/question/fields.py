"""Fields: what filters, breakdowns and measures may name, and which operators each takes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from footfall.columns import EVENT_COLUMNS, SESSION_COLUMNS, Column

Kind = Literal["text", "number", "boolean", "time", "list", "property", "segment"]
"""`property`: one value of a JSON object; what is compared with it says what it is taken for.
`segment`: names of segments."""
Origin = Literal["event", "session", "properties", "user_properties", "segment"]
SEGMENT: Final = "segment"
"""The field whose values are names of segments; `segment.x` is whether they are in `x`."""

_SETS: Final = ("is_set", "is_not_set")
_ORDERED: Final = ("gt", "gte", "lt", "lte", "between")
OPERATORS: Final[Mapping[Kind, frozenset[str]]] = {
    "text": frozenset(
        [
            "is",
            "is_not",
            "in",
            "not_in",
            "contains",
            "not_contains",
            "starts_with",
            "is_set",
            "is_not_set",
        ]
    ),
    "number": frozenset(("is", "is_not", "in", "not_in", *_ORDERED, *_SETS)),
    "boolean": frozenset(("is", "is_not", "is_set", "is_not_set")),
    "time": frozenset((*_ORDERED, *_SETS)),
    "list": frozenset(("contains", "not_contains", "is_set", "is_not_set")),
    "segment": frozenset(("is", "is_not", "in", "not_in")),
}
NEAR_MAX: Final = 3
_NUMBERS: Final = ("int", "long", "float", "double", "decimal")
_SQL_KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    ("VARCHAR[]", "list"),
    ("BOOLEAN", "boolean"),
    ("TIMESTAMP", "time"),
    ("INTEGER", "number"),
    ("BIGINT", "number"),
    ("FLOAT", "number"),
    ("DOUBLE", "number"),
    ("DECIMAL", "number"),
)


class Field(msgspec.Struct, frozen=True):
    """One field that can be asked for."""

    origin: Origin
    name: str
    """Of the column or the property."""
    kind: Kind


class Fields(msgspec.Struct, frozen=True):
    """What a project has: columns by name, with their kinds."""

    events: Mapping[str, Kind]
    sessions: Mapping[str, Kind]
    segments: frozenset[str] = frozenset()
    """Those that a question may name."""

    def find(self, text: str) -> Field | str:
        """The field that a person wrote, or what is wrong with it, with names that are near."""
        origin, dot, name = text.partition(".")
        if origin == SEGMENT:
            return self._segment(name) if dot else Field("segment", "", "segment")
        if not dot:
            kind = self.events.get(text)
            return Field("event", text, kind) if kind else _unknown(text, self._names())
        if origin == "session":
            kind = self.sessions.get(name)
            names = [f"session.{one}" for one in self.sessions]
            return Field("session", name, kind) if kind else _unknown(text, names)
        if origin not in ("properties", "user_properties"):
            return _unknown(text, self._names())
        if not name or set('"\\') & set(name) or not name.isprintable():
            return f"{text!r}: a property's name has no quote, backslash or control character"
        return Field(
            "properties" if origin == "properties" else "user_properties", name, "property"
        )

    def _segment(self, name: str) -> Field | str:
        if name in self.segments:
            return Field("segment", name, "boolean")
        return f"no segment {name!r}; footfall segment list says which there are"

    def _names(self) -> list[str]:
        return [*self.events, *(f"session.{name}" for name in self.sessions)]


def _unknown(text: str, names: Iterable[str]) -> str:
    hint = f"; near are: {near}" if (near := ", ".join(near_names(text, names))) else ""
    return f"no field {text!r}{hint}; or write properties.x, user_properties.x, session.x"


def near_names(text: str, names: Iterable[str]) -> list[str]:
    """Names that somebody may have meant, nearest first."""
    by_small = {name.lower(): name for name in names}
    near = difflib.get_close_matches(text.lower(), by_small, NEAR_MAX, cutoff=0.6)
    return [by_small[one] for one in near]


def known_fields() -> Fields:
    """Columns that every project has."""
    return Fields(
        {column.name: _kind(column) for column in EVENT_COLUMNS},
        {**{column.name: _kind(column) for column in SESSION_COLUMNS}, "status": "text"},
    )


def described(rows: Iterable[tuple[str, str]]) -> dict[str, Kind]:
    """Kinds of columns, of their names and SQL types: those that a plug-in added, too."""
    return {
        name: next((kind for start, kind in _SQL_KINDS if type_.startswith(start)), "text")
        for name, type_ in rows
    }


def _kind(column: Column) -> Kind:
    if column.kind.startswith(_NUMBERS):
        return "number"
    if column.kind == "list<string>":
        return "list"
    if column.kind == "timestamptz":
        return "time"
    return "boolean" if column.kind == "boolean" else "text"
