"""Parameters of saved queries: found in the text, typed, bound.

A query names them `:name` or `$name`. What is run has `CAST($name AS type)` in their place, and the
values travel beside the text: nothing that somebody gives becomes SQL. A list stands behind `IN` as
people write it, `IN :names` or `IN (:names)`, and elsewhere as a list.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from footfall.catalog.entries import ParameterType, QueryParameter
from footfall.errors import Invalid

PARAMETERS_MAX: Final = 50
VALUES_MAX: Final = 1_000
"""Of a list."""
_IN: Final = re.compile(r"\bin\s*(?P<open>\(\s*)?\Z", re.IGNORECASE)
_LOOK_BACK: Final = 64
"""Characters before a parameter in which its `IN` is looked for."""
_TOKENS: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|::|(?<![\w$:])[:$](?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)
_SQL: Final[dict[ParameterType, str]] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
_SHOWN: Final[dict[ParameterType, str]] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-11-29",
    "timestamp": "a time such as 2026-11-29T10:00:00Z",
}


def names_in(sql: str) -> tuple[str, ...]:
    """Names of parameters, in the order in which they come; none within quotes or comments."""
    found = (match["name"] for match in _TOKENS.finditer(sql))
    return tuple(dict.fromkeys(name for name in found if name))


def parameters_of(sql: str, told: Sequence[QueryParameter]) -> tuple[QueryParameter, ...]:
    """Every parameter of a text, with the types that were told; text otherwise.

    Raises:
        Invalid: one was told that the text does not have, there are too many, or a default is not
            of its type.
    """
    names = names_in(sql)
    if len(names) > PARAMETERS_MAX:
        raise Invalid(f"a query has at most {PARAMETERS_MAX} parameters: parameters={len(names)}")
    by_name = {one.name: one for one in told}
    unknown = sorted(by_name.keys() - set(names))
    if unknown:
        raise Invalid(f"the statement has no such parameter, as :{unknown[0]}: name={unknown[0]}")
    found = tuple(by_name.get(name, QueryParameter(name)) for name in names)
    for one in found:
        if one.default is not None:
            value_of(one, one.default)
    return found


def bound(
    sql: str, parameters: Sequence[QueryParameter], given: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The text to run and the values for it.

    Raises:
        Invalid: with every value that is missing, not known or not of its type in `problems`.
    """
    problems, values = [], {}
    for one in parameters:
        value = given.get(one.name, one.default)
        if value is None:
            several = ", or several between commas" if one.is_list else ""
            problems.append(f"{one.name} is missing: {_SHOWN[one.type]}{several}")
            continue
        try:
            values[one.name] = value_of(one, value)
        except Invalid as error:
            problems.append(str(error))
    known = {one.name: one for one in parameters}
    problems += [
        f"{name} is no parameter of the query; it has: {', '.join(known) or 'none'}"
        for name in given
        if name not in known
    ]
    if problems:
        raise Invalid("the query's parameters have mistakes:", tuple(problems))

    def put(match: re.Match[str]) -> str:
        name = match["name"]
        if not name:
            return match[0]
        kind = _SQL[known[name].type]
        if not known[name].is_list:
            return f"CAST(${name} AS {kind})"
        values = f"CAST(${name} AS {kind}[])"
        behind = _IN.search(sql, max(0, match.start() - _LOOK_BACK), match.start())
        if behind is None:
            return values
        each = f"SELECT unnest({values})"
        is_alone = behind["open"] and sql[match.end() :].lstrip().startswith(")")
        return each if is_alone else f"({each})"

    return _TOKENS.sub(put, sql), values


def value_of(parameter: QueryParameter, value: Any) -> Any:
    """A value as it is bound.

    Raises:
        Invalid: it is not of the parameter's type.
    """
    if not parameter.is_list:
        return _one(parameter, value)
    values = value if isinstance(value, list | tuple) else _between_commas(str(value))
    if len(values) > VALUES_MAX:
        raise Invalid(f"{parameter.name} has at most {VALUES_MAX:,} values, not {len(values):,}")
    return [_one(parameter, each) for each in values]


def _between_commas(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True), [])


def _one(parameter: QueryParameter, value: Any) -> Any:
    try:
        if isinstance(value, list | tuple):
            raise ValueError(value)  # noqa: TRY004 (told as every wrong value is)
        return _converted(parameter.type, value)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            f"{parameter.name} is {_SHOWN[parameter.type]}, not {str(value)[:100]!r}"
        ) from error


def _converted(kind: ParameterType, value: Any) -> Any:
    if kind == "boolean":
        text = str(value).lower()
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"
    if kind == "integer":
        return int(str(value))
    if kind == "number":
        return float(str(value))
    if kind == "date":
        return date.fromisoformat(str(value)).isoformat()
    if kind == "timestamp":
        return datetime.fromisoformat(str(value)).isoformat()
    return str(value)
