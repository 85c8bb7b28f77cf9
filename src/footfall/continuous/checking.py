"""A definition, checked before it is kept: its form, and its statement by the guard."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from footfall.continuous.statement import WINDOW_COLUMNS, Statement, described
from footfall.errors import Invalid
from footfall.settings import QueryDefinition, Window, read_query

Columns = tuple[tuple[str, str], ...]
_HINT: Final = ' (WINDOW is a word of SQL: write FROM "window", with the quotes)'


def checked(name: str, value: Any) -> QueryDefinition:
    """A definition out of JSON or TOML.

    Raises:
        Invalid: with every mistake.
    """
    try:
        return read_query(name, value)
    except ValueError as error:
        raise Invalid(f"the continuous query cannot be kept: {error}") from error


def statement_of(definition: QueryDefinition, default: str) -> Statement:
    """Asks for the answer's columns; whoever runs it learns whether the guard lets it pass."""
    return described(definition, default)


def columns_of(definition: QueryDefinition, answered: Sequence[Any]) -> Columns:
    """Names and types of the answer, out of those of `statement_of`'s.

    Raises:
        Invalid: it has not the columns of `key`.
    """
    hidden = len(WINDOW_COLUMNS) if Window.of(definition.window).session else 0
    columns = tuple((column.name, column.type) for column in answered[hidden:])
    missing = [name for name in definition.key if name not in dict(columns)]
    if missing:
        raise Invalid(
            f"the answer has no column of this name; there are"
            f" {', '.join(dict(columns))}: key={', '.join(missing)}"
        )
    return columns


def hinted(error: Invalid) -> Invalid:
    """The error, and what a person most often forgets."""
    text = re.sub(r": position=\d+", "", str(error))  # of our text around it
    return Invalid(text + (_HINT if 'near "window"' in text else ""))


def check_query(
    definition: QueryDefinition, default: str, run: Callable[[str, dict[str, Any]], Sequence[Any]]
) -> Columns:
    """Let the engine read the statement, over no rows.

    Args:
        definition: In its form.
        default: Name of the definition that `events.session_id` follows.
        run: Runs a statement with values, and returns the columns of its answer.

    Raises:
        Invalid: what is wrong with the statement.
        Unavailable: there is nothing to read yet; the guard let it pass.
    """
    statement = statement_of(definition, default)
    try:
        return columns_of(definition, run(statement.sql, statement.values))
    except Invalid as error:
        raise hinted(error) from error
