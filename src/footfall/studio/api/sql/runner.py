"""Questions in SQL, handed to killable workers."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from footfall.query import Answer

SqlValue = str | int | float | bool | None
SQL_LENGTH_MAX: Final = 100_000


class SqlQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/sql`."""

    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=SQL_LENGTH_MAX)]
    """One SELECT over the project's views, or what makes or drops a view or external table."""
    params: tuple[SqlValue, ...] | dict[str, SqlValue] = ()
    """Values for `?` in it, or by name for `$name`."""


class SqlColumn(msgspec.Struct, frozen=True):
    """A column of an answer."""

    name: str
    type: str
    """Its SQL type."""


class SqlAnswer(msgspec.Struct, frozen=True):
    """Answer of `POST /api/sql`; ids, times and decimals are text."""

    columns: tuple[SqlColumn, ...]
    rows: msgspec.Raw
    """Array of arrays."""
    is_cut_off: bool
    """There were more rows than the limit."""
    cut_sequence: int
    """Which cut it was computed on."""
    cut_published_at: int
    """Microseconds since 1970 UTC."""


class SqlAnswerShape(msgspec.Struct, frozen=True):
    """`SqlAnswer` as the API's description has it."""

    columns: tuple[SqlColumn, ...]
    rows: tuple[tuple[str | int | float | bool | list[object] | dict[str, object] | None, ...], ...]
    is_cut_off: bool
    cut_sequence: int
    cut_published_at: int


def answer_of(found: Answer) -> SqlAnswer:
    """The runner's answer as it is sent; its rows are not parsed on the way."""
    return SqlAnswer(
        columns=tuple(SqlColumn(column.name, column.type) for column in found.columns),
        rows=msgspec.Raw(found.body),
        is_cut_off=found.is_cut_off,
        cut_sequence=found.cut_sequence,
        cut_published_at=found.cut_published_at,
    )
