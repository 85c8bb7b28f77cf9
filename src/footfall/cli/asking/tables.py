"""`footfall tables`: what can be asked for in SQL, and what each column means."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
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
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.lake.tables.specs import TABLES, read_tables
from footfall.settings import Settings

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
    from footfall.catalog.added import added_by
    from footfall.catalog.store import Catalog
    from footfall.metadata.place import MetadataPlace

    place = open_project(home, project)
    settings = settings_for(place)
    added = added_by(Catalog(MetadataPlace.of(place, settings.metadata), project))
    views = _views() | {name: one.row_is or "a view" for name, one in added.items()}
    ask = partial(_rows, place, project, settings)
    if table is None:
        found = _counted(ask, views, tuple(added))
    elif table.lower() not in views:
        raise Invalid(f"no such table; there are: {', '.join(views)}: name={table}")
    else:
        name = table.lower()
        meanings = added[name].meanings if name in added else _meanings(name)
        found = [
            {"column": row[0], "type": row[1], "meaning": meanings.get(row[0], "")}
            for row in ask(f"DESCRIBE {name}")
        ]
    if as_json:
        print_json(found)
        return
    _print(found)


def _views() -> dict[str, str]:
    """What people can ask for, and what one row of each is."""
    return {spec.name: spec.row_is for spec in read_tables()}


def _meanings(table: str) -> dict[str, str]:
    spec = TABLES[table]
    return {one.name: one.doc.replace("`", "") for one in (*spec.columns, *spec.computed)}


def _rows(home: Home, project: str, settings: Settings, statement: str) -> list[list[Any]]:
    from footfall.cli.asking.sql import ask

    answer = ask(home, project, settings, statement, {})
    found: list[list[Any]] = msgspec.json.decode(answer.body)
    return found


def _counted(
    ask: Callable[[str], list[list[Any]]], views: Mapping[str, str], added: Sequence[str]
) -> list[dict[str, Any]]:
    """Each with its rows. A table or view that does not work any more says so, and no other."""
    try:
        counts = dict(ask(_counts(views)))
    except (Invalid, Unavailable):
        counts = dict(ask(_counts([name for name in views if name not in added])))
        for name in added:
            try:
                counts |= dict(ask(_counts([name])))
            except (Invalid, Unavailable) as error:
                counts[name] = None
                views = {**views, name: str(error)}
    return [{"table": name, "rows": counts[name], "row_is": views[name]} for name in views]


def _counts(names: Iterable[str]) -> str:
    """One statement, so that all counts are of one cut."""
    return " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) AS n FROM {name}"  # noqa: S608 (names that were checked)
        for name in names
    )


def _print(rows: list[dict[str, Any]]) -> None:
    """In columns as wide as what they hold; the last one is folded to fit the terminal."""
    shown = [
        [
            f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)
            for value in row.values()
        ]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    is_number = [isinstance(value, int) for value in rows[0].values()]  # the first is our own
    room = shutil.get_terminal_size().columns - sum(width + 2 for width in widths[:-1])
    width_max = max(room, _TEXT_WIDTH_MIN) if sys.stdout.isatty() else max(widths[-1], 1)
    for *cells, text in shown:
        first = "".join(
            (cell.rjust(width) if right else cell.ljust(width)) + "  "
            for cell, width, right in zip(cells, widths, is_number, strict=False)
        )
        folded = textwrap.wrap(text, width_max, break_long_words=False) or [""]
        typer.echo((first + f"\n{' ' * len(first)}".join(folded)).rstrip())
