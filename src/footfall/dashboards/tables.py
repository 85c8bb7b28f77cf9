"""Tables and views as tiles see them: fields, their expressions, conditions on them.

Trees of sqlglot: names are quoted and values bound where they come from people.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlglot import exp

from footfall.dashboards.columns import TIMES
from footfall.dashboards.definition import FieldUse
from footfall.dashboards.zones import offsets
from footfall.errors import Invalid
from footfall.explore.compile.base import compared, instant
from footfall.explore.compile.blocks import (
    Expr,
    Values,
    as_number,
    as_text,
    col,
    count_distinct,
    text,
)
from footfall.explore.question.common import Filter
from footfall.explore.question.fields import Field, Fields, described
from footfall.explore.question.ranges import Calendar, Span, moment_of
from footfall.explore.question.reading import filter_problems, kind_of

_NUMBERS: Final[Mapping[str, type[exp.Func]]] = {
    "sum": exp.Sum,
    "avg": exp.Avg,
    "median": exp.Median,
    "min": exp.Min,
    "max": exp.Max,
}


class Table(msgspec.Struct, frozen=True):
    """A table or view with its columns."""

    name: str
    types: Mapping[str, str]
    """SQL types of its columns, by name."""
    zone: str = "UTC"

    @property
    def fields(self) -> Fields:
        """Its columns and properties, as filters name them."""
        return Fields(described(self.types.items()), {})

    @property
    def time(self) -> str | None:
        """The column that ranges are about: ours, or the first with instants."""
        named = TIMES.get("sessions" if self.name.startswith("sessions_") else self.name)
        if named in self.types:
            return named
        kinds = self.fields.events
        return next((name for name, kind in kinds.items() if kind == "time"), None)

    def find(self, name: str) -> Field:
        """A field of it.

        Raises:
            Invalid: it has none of this name; near ones are named.
        """
        found = self.fields.find(name)
        if isinstance(found, str):
            raise Invalid(f"{found.partition('; or write')[0]}: table={self.name}")
        return found

    def has(self, name: str | None) -> bool:
        """Whether a filter on this field means something here."""
        origin, dot, _ = (name or "").partition(".")
        return (origin if dot else name) in self.types

    def source(self, name: str, values: Values) -> Expr:
        """A field's value in a row."""
        field = self.find(name)
        if field.origin == "event":
            return col(field.name)
        if field.origin not in self.types:
            raise Invalid(f"the table has no {field.origin}: table={self.name} field={name}")
        path = values.bind(f'$."{field.name}"')
        return exp.Paren(this=exp.JSONExtractScalar(this=col(field.origin), expression=path))

    def dimension(self, use: FieldUse, values: Values, span: Span) -> tuple[Expr, str]:
        """What a row within the range is grouped by, and its SQL type."""
        field, one = self.find(use.column), self.source(use.column, values)
        if field.kind == "time":
            is_zoned = "ZONE" in self.types[field.name]
            parts = [text(use.unit or "day"), self._local(field, one, span) if is_zoned else one]
            return exp.cast(exp.Anonymous(this="date_trunc", expressions=parts), "timestamp"), (
                "TIMESTAMP"
            )
        if field.kind == "property":
            return one, "VARCHAR"
        if field.kind == "list":
            return as_text(one), "VARCHAR"
        return one, self.types[field.name]

    def _local(self, field: Field, one: Expr, span: Span) -> Expr:
        """What the clocks of the zone showed; only the range's own column is surely within it."""
        known = offsets(self.zone, span) if field.name == self.time else None
        if known is None:
            return exp.Anonymous(this="timezone", expressions=[text(self.zone), one])
        at = exp.UnixMicros(this=one)
        number = exp.Literal.number
        shift: Expr = number(known[-1][1])
        if len(known) > 1:
            ends = itertools.pairwise(known)
            cases = [
                exp.If(this=exp.LT(this=at.copy(), expression=number(end)), true=number(offset))
                for (_, offset), (end, _) in ends
            ]
            shift = exp.Case(ifs=cases, default=shift)
        return exp.Anonymous(
            this="make_timestamp", expressions=[exp.Add(this=at, expression=shift)]
        )

    def measured(self, use: FieldUse, values: Values) -> Expr:
        """A number of all rows of a group."""
        if use.measure in (None, "count"):
            if not use.column:
                return exp.Count(this=exp.Star())
            return exp.Count(this=self.source(use.column, values))
        one = self.source(use.column, values)
        if use.measure == "distinct":
            return count_distinct(one)
        if self.find(use.column).kind == "property":
            one = as_number(one)
        return _NUMBERS[str(use.measure)](this=one)

    def within(self, span: Span) -> list[Expr]:
        """Conditions of a range; none where the table has no instants."""
        if self.time is None:
            return []
        return [
            exp.GTE(this=col(self.time), expression=instant(span.start)),
            exp.LT(this=col(self.time), expression=instant(span.end)),
        ]

    def condition(self, given: Filter, values: Values) -> Expr:
        """Whether a row is one that a filter leaves.

        Raises:
            Invalid: with what is wrong with the filter.
        """
        given = fitting(given, self.fields)
        problems = tuple(filter_problems("filter", given, self.fields))
        if problems:
            raise Invalid("a filter cannot be applied:", problems)
        assert given.field is not None
        field, one = self.find(given.field), self.source(given.field, values)
        kind = kind_of(field, given.value)
        if kind == "time":
            found = moment_of(str(given.value), Calendar(ZoneInfo(self.zone)))
            assert isinstance(found, int) or given.value is None
            return compared(given.op, exp.UnixMicros(this=one), found, None)
        value: Any = given.value
        if field.kind == "property" and kind == "number":
            one = as_number(one)
        if field.kind == "property" and kind == "boolean":
            value = "true" if value else "false"
        if field.kind == "text":
            one = as_text(one)
        return exp.Paren(this=compared(given.op, one, value, values, is_list=kind == "list"))


def fitting(given: Filter, fields: Fields) -> Filter:
    """A filter whose value is of its field's kind, where it was written as text in an address."""
    found = None if given.field is None else fields.find(given.field)
    kind = found.kind if isinstance(found, Field) else "text"
    if kind not in ("number", "boolean") or given.value is None:
        return given
    value = given.value
    many = tuple(_typed(one, kind) for one in value) if isinstance(value, tuple) else None
    return msgspec.structs.replace(given, value=_typed(value, kind) if many is None else many)


def _typed(value: Any, kind: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = msgspec.json.decode(value.strip())
    except msgspec.DecodeError:
        return value
    is_flag = isinstance(found, bool)
    return found if is_flag == (kind == "boolean") and isinstance(found, int | float) else value
