"""`footfall sql`: one SELECT on the newest data, as a table or in a file's format."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    ProjectOption,
    SetOption,
    open_home,
    settings_for,
)
from footfall.errors import Invalid
from footfall.lake.location import check_location

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from footfall.query import Answer, QueryPool
    from footfall.query.protocol import Format

TABLE_ROWS_MAX = 1_000
"""Rows of a table without `--limit`."""
_PIPE_WIDTH = 1_000_000
"""Columns of a table that nobody looks at in a terminal: nothing is folded."""
_COLUMN_WIDTH_MIN = 7
"""A column narrower than this, borders included, is not readable: show one value a line instead."""


class OutputFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"


_WIRE_FORMATS: dict[OutputFormat, Format] = {
    OutputFormat.TABLE: "rows",
    OutputFormat.CSV: "csv",
    OutputFormat.JSON: "json",
    OutputFormat.PARQUET: "parquet",
    OutputFormat.ARROW: "arrow",
}


def sql(
    statement: Annotated[
        str, typer.Argument(help="One SELECT over events, sessions, failed_events; - reads stdin.")
    ],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="Default: by the suffix of --output, else table."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Most rows. Default: 1000 for a table, else query.rows_max."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="Value of $NAME; may be repeated."),
    ] = None,
    overrides: SetOption = [],  # noqa: B006 (Typer reads it, nobody changes it)
) -> None:
    """Ask in SQL. Works while the server runs and when it does not: it reads the newest cut.

    Parameters are bound, never pasted into the text. A value that reads as a JSON number, true,
    false or null is one; anything else is text, and so is what stands in double quotes.
    """
    chosen = _format_of(output_format, output)
    if chosen in (OutputFormat.PARQUET, OutputFormat.ARROW) and output is None:
        _refuse_terminal(chosen)
    place = open_home(home)
    check_location(place.lake_dir)
    settings = settings_for(place, overrides).query
    text = sys.stdin.read() if statement == "-" else statement
    parameters = _parameters(param or [])
    if limit is None and chosen is OutputFormat.TABLE:
        limit = TABLE_ROWS_MAX
    from footfall.query import QueryPool

    pool = QueryPool(place, project, settings)
    wire = _WIRE_FORMATS[chosen]
    answer = asyncio.run(_ask(pool, text, parameters, wire, limit))
    if chosen is OutputFormat.TABLE:
        _write_table(answer, output)
    else:
        _write(answer.body, output)
    _note(answer, is_chatty=chosen is OutputFormat.TABLE or output is not None)


async def _ask(
    pool: QueryPool, text: str, parameters: dict[str, Any], wire: Format, limit: int | None
) -> Answer:
    try:
        return await pool.run(text, parameters, format=wire, rows_max=limit)
    finally:
        await pool.close()


def _format_of(given: OutputFormat | None, output: Path | None) -> OutputFormat:
    if given is not None:
        return given
    suffix = "" if output is None else output.suffix.removeprefix(".").lower()
    known = [choice.value for choice in OutputFormat]
    return OutputFormat(suffix) if suffix in known else OutputFormat.TABLE


def _refuse_terminal(chosen: OutputFormat) -> None:
    if sys.stdout.isatty():
        raise Invalid(f"{chosen} is not text; name a file with --output, or pipe it on")


def _parameters(given: Sequence[str]) -> dict[str, Any]:
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise Invalid(f"write --param name=value, not {text!r}")
        values[name] = _value(value)
    return values


def _value(text: str) -> Any:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return text if isinstance(value, list | dict) else value


def _write(body: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(body)
    except OSError as error:
        raise Invalid(f"cannot write there: {error.strerror}: path={output}") from error


def _write_table(answer: Answer, output: Path | None) -> None:
    from rich.console import Console

    rows = msgspec.json.decode(answer.body)
    if output is None:
        width = None if sys.stdout.isatty() else _PIPE_WIDTH
        _print_rows(Console(width=width, highlight=False), answer, rows)
        return
    try:
        with output.open("w", encoding="utf-8") as stream:
            _print_rows(Console(file=stream, width=_PIPE_WIDTH), answer, rows)
    except OSError as error:
        raise Invalid(f"cannot write there: {error.strerror}: path={output}") from error


def _print_rows(console: Console, answer: Answer, rows: list[list[Any]]) -> None:
    if len(answer.columns) * _COLUMN_WIDTH_MIN > console.width:
        _print_records(console, answer, rows)
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in answer.columns:
        is_number = column.type.startswith(("BIGINT", "DECIMAL", "DOUBLE", "HUGEINT", "INTEGER"))
        table.add_column(
            _shown(column.name), justify="right" if is_number else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(_shown, row))
    console.print(table)


def _print_records(console: Console, answer: Answer, rows: Iterable[list[Any]]) -> None:
    """One value a line: for more columns than the terminal has room for."""
    width = max(len(column.name) for column in answer.columns)
    for number, row in enumerate(rows, start=1):
        console.print(f"row {number}", style="bold")
        for column, value in zip(answer.columns, row, strict=True):
            if value is not None:
                console.print(_shown(column.name.ljust(width)), _shown(value), soft_wrap=True)


def _shown(value: Any) -> Text:
    """Text as it is, never markup; signs that would steer a terminal are made visible."""
    from rich.text import Text

    if value is None:
        return Text("null", style="dim")
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return Text("".join(sign if sign.isprintable() else _escaped(sign) for sign in text))


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def _note(answer: Answer, *, is_chatty: bool) -> None:
    """Say on standard error what the rows themselves do not."""
    if answer.is_cut_off:
        typer.echo(
            f"footfall: only the first {answer.rows:,} rows; --limit or"
            " --set query.answer_bytes_max=… gives more",
            err=True,
        )
    elif is_chatty:
        plural = "" if answer.rows == 1 else "s"
        typer.echo(f"{answer.rows:,} row{plural}, data as of {_moment(answer)}", err=True)


def _moment(answer: Answer) -> str:
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(answer.cut_published_at / 1_000_000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
