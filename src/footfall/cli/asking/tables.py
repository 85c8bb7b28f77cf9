"""`footfall tables`: what can be asked for in SQL, and what each column means."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Annotated, Any, Final

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    open_project,
    print_json,
    settings_for,
)
from footfall.errors import Invalid
from footfall.lake.tables.specs import TABLES, read_tables

_TEXT_WIDTH_MIN: Final = 20


def tables(
    table: Annotated[
        str | None,
        typer.Argument(
            help="Show the columns of this one.",
            autocompletion=lambda: list(_views()),
            metavar="[TABLE]",
        ),
    ] = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List the tables for SQL, or one table's columns with meaning."""
    views = _views()
    if table is not None and table not in views:
        raise Invalid(f"no such table; there are: {', '.join(views)}: name={table}")
    from footfall.cli.asking.sql import ask

    place = open_project(home, project)
    statement = _counts() if table is None else f"DESCRIBE {table}"
    answer = ask(place, project, settings_for(place), statement, {})
    rows: list[list[Any]] = msgspec.json.decode(answer.body)
    if table is None:
        found = [{"table": name, "rows": count, "row_is": views[name]} for name, count in rows]
    else:
        spec = TABLES[table]
        meanings = {column.name: column.doc for column in (*spec.columns, *spec.computed)}
        found = [
            {"column": row[0], "type": row[1], "meaning": meanings.get(row[0], "").replace("`", "")}
            for row in rows
        ]
    if as_json:
        print_json(found)
        return
    _print(found)


def _views() -> dict[str, str]:
    """What people can ask for, and what one row of each is."""
    return {spec.name: spec.row_is for spec in read_tables()}


def _counts() -> str:
    """One statement, so that all counts are of one cut."""
    return " UNION ALL ".join(
        f"SELECT '{view}' AS name, count(*) AS n FROM {view}"  # noqa: S608 (our own names)
        for view in _views()
    )


def _print(rows: list[dict[str, Any]]) -> None:
    """In columns as wide as what they hold; the last one is folded to fit the terminal."""
    shown = [
        [f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    is_number = [isinstance(value, int) for value in rows[0].values()]
    room = shutil.get_terminal_size().columns - sum(width + 2 for width in widths[:-1])
    width_max = max(room, _TEXT_WIDTH_MIN) if sys.stdout.isatty() else widths[-1]
    for *cells, text in shown:
        first = "".join(
            (cell.rjust(width) if right else cell.ljust(width)) + "  "
            for cell, width, right in zip(cells, widths, is_number, strict=False)
        )
        folded = textwrap.wrap(text, width_max, break_long_words=False) or [""]
        typer.echo((first + f"\n{' ' * len(first)}".join(folded)).rstrip())
