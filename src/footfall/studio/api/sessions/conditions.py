"""Conditions on columns of sessions, as they stand in an address, as SQL with bound values.

`source:is:mail`, `duration_ms:lt:20000`, `source:is_set`, `source:in:["a","b"]`. Operators mean
what they mean in the explore models: what is not set is none of any values, and contains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from footfall.clock import SECOND
from footfall.errors import Invalid
from footfall.explore.question.fields import OPERATORS, Kind, known_fields, near_names
from footfall.studio.api.filters import FILTERS_MAX, VALUE_LENGTH_MAX
from footfall.studio.api.sql.runner import SqlValue

VALUES_MAX: Final = 100
"""Of `in` and `not_in`."""
FIELDS: Final[Mapping[str, Kind]] = known_fields().sessions
"""Columns that can be asked for, with what they hold."""

_NUMBER_MAX: Final = 1e18


class Condition(msgspec.Struct, frozen=True):
    """One of a list that all hold."""

    column: str
    operator: str
    values: tuple[SqlValue, ...] = ()

    def sql(self) -> tuple[str, tuple[SqlValue, ...]]:
        """Text for a WHERE, and the values that it binds."""
        kind = FIELDS[self.column]
        place = f"CAST({self.column} AS VARCHAR)" if kind == "text" else self.column
        value = "make_timestamptz(CAST(? AS BIGINT))" if kind == "time" else "?"
        if self.operator in ("in", "not_in"):
            value = ", ".join("?" * len(self.values))
        elif self.operator == "between":
            value = f"{value} AND {value}"
        return _SQL[self.operator].format(place=place, value=value), self.values


_SQL: Final = {
    "is": "{place} = {value}",
    "is_not": "{place} IS DISTINCT FROM {value}",
    "in": "{place} IN ({value})",
    "not_in": "({place} IS NULL OR {place} NOT IN ({value}))",
    "contains": "contains({place}, {value})",
    "not_contains": "({place} IS NULL OR NOT contains({place}, {value}))",
    "starts_with": "starts_with({place}, {value})",
    "gt": "{place} > {value}",
    "gte": "{place} >= {value}",
    "lt": "{place} < {value}",
    "lte": "{place} <= {value}",
    "between": "{place} BETWEEN {value}",
    "is_set": "{place} IS NOT NULL",
    "is_not_set": "{place} IS NULL",
}


def parse_conditions(texts: Sequence[str]) -> tuple[Condition, ...]:
    """Of the query's `f`.

    Raises:
        Invalid: too many, too long, of no column, or with an operator or value that it lacks.
    """
    if len(texts) > FILTERS_MAX:
        raise Invalid(f"remove some filters: there are {len(texts)}, at most {FILTERS_MAX}")
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> Condition:
    name, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    if len(value) > VALUE_LENGTH_MAX:
        raise Invalid(f"a filter's value has at most {VALUE_LENGTH_MAX} characters: {name[:40]}")
    if name not in FIELDS:
        near = ", ".join(near_names(name[:40], FIELDS))
        hint = f"; near are {near}" if near else ""
        raise Invalid(f"sessions have no column {name[:40]!r}{hint}")
    known = OPERATORS[FIELDS[name]]
    if operator not in known:
        raise Invalid(f"{name} takes {', '.join(sorted(known))}; not {operator[:40]!r}")
    if operator in ("is_set", "is_not_set"):
        if colon:
            raise Invalid(f"{name}:{operator} takes no value")
        return Condition(name, operator)
    if not colon:
        raise Invalid(f"say a value: {name}:{operator}:…")
    many = operator in ("in", "not_in", "between")
    values = _list(name, value) if many else (value,)
    if operator == "between" and len(values) != 2:
        raise Invalid(f"{name}:between takes two values, the lower end first")
    return Condition(name, operator, tuple(_value(name, one) for one in values))


def _list(name: str, text: str) -> tuple[str, ...]:
    try:
        found = msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.DecodeError:
        raise Invalid(f'{name} takes a list of texts, as in ["a","b"]') from None
    if not 1 <= len(found) <= VALUES_MAX:
        raise Invalid(f"{name} takes 1 to {VALUES_MAX} values")
    return found


def _value(name: str, text: str) -> SqlValue:
    kind = FIELDS[name]
    read = _READ.get(kind)
    if read is None:
        return text
    try:
        return read(text)
    except ValueError:
        raise Invalid(f"{name} takes {_WANTED[kind]}; not {text[:40]!r}") from None


def _number(text: str) -> SqlValue:
    value = float(text)
    if not abs(value) <= _NUMBER_MAX:  # nor is a number what is none
        raise ValueError
    return int(value) if value.is_integer() else value


def _boolean(text: str) -> SqlValue:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _moment(text: str) -> SqlValue:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return int(found.timestamp()) * SECOND + found.microsecond


_READ: Final[Mapping[Kind, Callable[[str], SqlValue]]] = {
    "number": _number,
    "boolean": _boolean,
    "time": _moment,
}
_WANTED: Final[Mapping[Kind, str]] = {
    "number": "a number",
    "boolean": "true or false",
    "time": "a time with its zone, as 2026-11-24T12:00:00Z",
}
