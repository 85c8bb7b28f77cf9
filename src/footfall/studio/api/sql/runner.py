"""Questions in SQL, handed to killable workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, Protocol

import msgspec

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


class RunnerColumn(Protocol):
    """See `footfall.query.protocol.Column`."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def type(self) -> str:
        """Its SQL type."""
        ...


class RunnerAnswer(Protocol):
    """See `footfall.query.protocol.Answer`."""

    @property
    def columns(self) -> Sequence[RunnerColumn]:
        """In the order of the rows' values."""
        ...

    @property
    def is_cut_off(self) -> bool:
        """There were more rows than the limit."""
        ...

    @property
    def cut_sequence(self) -> int:
        """Which cut it saw."""
        ...

    @property
    def cut_published_at(self) -> int:
        """Microseconds since 1970 UTC."""
        ...

    @property
    def body(self) -> bytes:
        """In the format asked for: rows are a JSON array of arrays."""
        ...


class SqlRunner(Protocol):
    """Runs one statement: `footfall.query.pool.QueryPool`, faked in tests."""

    async def run(
        self,
        sql: str,
        parameters: Sequence[SqlValue] | Mapping[str, SqlValue] = (),
        *,
        format: Literal["rows", "json", "csv", "parquet"] = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> RunnerAnswer:
        """Answer of the guarded statement `sql`; ends with its work when it is cancelled.

        Raises:
            Invalid: it is not one SELECT over known views.
            LimitReached: it needed more time or memory than the limits.
            Overloaded: too many statements wait.
            Unavailable: there is nothing to read yet.
        """
        ...


def answer_of(found: RunnerAnswer) -> SqlAnswer:
    """The runner's answer as it is sent; its rows are not parsed on the way."""
    return SqlAnswer(
        columns=tuple(SqlColumn(column.name, column.type) for column in found.columns),
        rows=msgspec.Raw(found.body),
        is_cut_off=found.is_cut_off,
        cut_sequence=found.cut_sequence,
        cut_published_at=found.cut_published_at,
    )
