"""`footfall sql`: one SELECT on the newest data, as a table or in a file's format."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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
    open_project,
    settings_for,
)
from footfall.cli.terminal.errors import complain
from footfall.cli.terminal.table import ANY_WIDTH, print_rows
from footfall.clock import time_text
from footfall.errors import Invalid
from footfall.home import Home
from footfall.lake.tables.specs import read_tables
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.query import Answer
    from footfall.query.protocol import Format

TABLE_ROWS_MAX = 1_000
"""Rows of a table without `--limit`."""
_VIEWS = ", ".join(spec.name for spec in read_tables())
_TEXT_SUFFIXES = frozenset({"", "txt", "table"})
"""Of files that get a table, as it is printed."""


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


OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write instead of stdout.")
]
LimitOption = Annotated[
    int | None,
    typer.Option(min=1, help="Most rows. Default: 1000 for a table, else query.rows_max."),
]


def sql(
    statement: Annotated[str, typer.Argument(help=f"One SELECT over {_VIEWS}; - reads stdin.")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="Default: by the suffix of --output, else table."),
    ] = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="Value of $NAME; may be repeated."),
    ] = None,
    overrides: SetOption = [],  # noqa: B006 (Typer reads it, nobody changes it)
) -> None:
    """Ask in SQL, whether or not the server runs.

    Examples: footfall sql 'SHOW TABLES'; footfall sql 'SELECT count(*) FROM events'.

    Parameters are bound, never pasted into the text. A value that reads as a JSON number, true,
    false or null is one; anything else is text, and so is what stands in double quotes.
    """
    place = open_project(home, project)
    settings = settings_for(place, overrides)
    text = sys.stdin.read() if statement == "-" else statement
    answer_as(
        place, project, settings, text, _parameters(param or []), output_format, output, limit
    )


def answer_as(
    home: Home,
    project: str,
    settings: Settings,
    statement: str,
    parameters: dict[str, Any],
    output_format: OutputFormat | None,
    output: Path | None,
    limit: int | None,
) -> None:
    """Run a statement, and write its answer as it was asked for."""
    chosen = _format_of(output_format, output)
    if chosen in (OutputFormat.PARQUET, OutputFormat.ARROW) and output is None:
        refuse_terminal(chosen)
    if limit is None and chosen is OutputFormat.TABLE:
        limit = TABLE_ROWS_MAX
    answer = ask(home, project, settings, statement, parameters, _WIRE_FORMATS[chosen], limit)
    if chosen is OutputFormat.TABLE:
        _write_table(answer, output)
    else:
        write_body(answer.body, output)
    _note(answer, is_chatty=chosen is OutputFormat.TABLE or output is not None)


def ask(
    home: Home,
    project: str,
    settings: Settings,
    statement: str,
    parameters: dict[str, Any],
    wire: Format = "rows",
    limit: int | None = None,
) -> Answer:
    """Run one statement on the newest cut, in a worker of its own; or define a view or table.

    Raises:
        FootfallError: what `QueryPool.run` raises.
    """
    import asyncio

    from footfall.catalog.asking.running import catalog_parts
    from footfall.catalog.defining import definitions_of
    from footfall.clock import SystemClock
    from footfall.lake.location import check_location
    from footfall.lake.store.options import bucket_of
    from footfall.metadata.place import MetadataPlace
    from footfall.query import QueryPool

    check_location(home.lake_dir)
    definitions = definitions_of(MetadataPlace.of(home, settings.metadata), project, settings)
    bucket = bucket_of(settings.lake)
    pool = QueryPool(home, project, settings.query, bucket, os.environ, definitions)
    runner = catalog_parts(home, project, settings, pool, SystemClock(), os.environ).runner

    async def run() -> Answer:
        try:
            return await runner.statement(statement, parameters, format=wire, rows_max=limit)
        finally:
            await pool.close()

    return asyncio.run(run())


def _format_of(given: OutputFormat | None, output: Path | None) -> OutputFormat:
    if given is not None:
        return given
    suffix = "" if output is None else output.suffix.removeprefix(".").lower()
    if suffix in _TEXT_SUFFIXES:
        return OutputFormat.TABLE
    known = [choice.value for choice in OutputFormat if choice is not OutputFormat.TABLE]
    if suffix not in known:
        raise Invalid(
            f"no format .{suffix}; there are: {', '.join(f'.{name}' for name in known)}, and .txt"
            " for a table; or say which with --format"
        )
    return OutputFormat(suffix)


def refuse_terminal(chosen: str) -> None:
    """Refuse to write what is not text to a terminal.

    Raises:
        Invalid: standard output is one.
    """
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


def write_body(body: bytes, output: Path | None) -> None:
    """Write an answer to a file, or to standard output.

    Raises:
        Invalid: the file cannot be written.
    """
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
        width = None if sys.stdout.isatty() else ANY_WIDTH
        print_rows(Console(width=width, highlight=False), answer.columns, rows)
        return
    try:
        with output.open("w", encoding="utf-8") as stream:
            print_rows(Console(file=stream, width=ANY_WIDTH), answer.columns, rows)
    except OSError as error:
        raise Invalid(f"cannot write there: {error.strerror}: path={output}") from error


def _note(answer: Answer, *, is_chatty: bool) -> None:
    """Say on standard error what the rows themselves do not."""
    if answer.is_cut_off:
        complain(
            f"only the first {answer.rows:,} rows; --limit or --set query.answer_bytes_max=… gives"
            " more"
        )
    elif is_chatty and answer.cut_published_at:
        plural = "" if answer.rows == 1 else "s"
        typer.echo(
            f"{answer.rows:,} row{plural}, data as of {time_text(answer.cut_published_at)}",
            err=True,
        )
