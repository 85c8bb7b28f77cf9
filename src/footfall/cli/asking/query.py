"""`footfall query`: statements under a name, with parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    SetOption,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.asking.sql import LimitOption, OutputFormat, OutputOption, answer_as
from footfall.cli.terminal.verbs import group
from footfall.errors import Invalid
from footfall.home import Home

if TYPE_CHECKING:
    from footfall.catalog.asking.queries import Queries
    from footfall.catalog.entries import QueryParameter, SavedQuery

app = group("Keep statements under a name, and run them.")
_NAME = typer.Argument(help="Of the query.")


@app.command("save")
def save(
    name: Annotated[str, _NAME],
    statement: Annotated[str, typer.Argument(help="A SELECT, with :name where a value goes.")],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            metavar="NAME=TYPE[=DEFAULT]",
            help="text, integer, number, boolean, date, timestamp; text[] takes a,b,c for IN.",
        ),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Keep a statement under a name.

    All who may ask find it; one of the same name is replaced.

    Example: footfall query save by_day 'SELECT count(*) FROM events WHERE event_time::DATE = :day'
    --type day=date
    """
    place = open_project(home, project)
    query = _queries(place, project).save(
        name, statement, [_parameter(text) for text in types or []], description
    )
    typer.echo(f"saved {query.name}; run it with: footfall query run {query.name}{_usage(query)}")


@app.command("run")
def run(
    name: Annotated[str, _NAME],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="Value of a parameter; repeatable."),
    ] = None,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    output_format: Annotated[OutputFormat | None, typer.Option("--format")] = None,
    output: OutputOption = None,
    limit: LimitOption = None,
    overrides: SetOption = [],  # noqa: B006 (Typer reads it, nobody changes it)
) -> None:
    """Run a saved query. Values are bound, never pasted into the text."""
    place = open_project(home, project)
    given = dict(_pair(text) for text in param or [])
    sql, values = _queries(place, project).statement(name, given)
    answer_as(
        place, project, settings_for(place, overrides), sql, values, output_format, output, limit
    )


@app.command("list")
def show_all(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """List the saved queries."""
    found = _queries(open_project(home, project), project).list()
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo("no queries yet; footfall query save keeps one")
    for query in found:
        typer.echo(f"{query.name}{_usage(query)}  {query.description}".rstrip())


@app.command("show")
def show(
    name: Annotated[str, _NAME],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show a query's text and its parameters."""
    query = _queries(open_project(home, project), project).get(name)
    if as_json:
        print_json(query)
        return
    if query.description:
        typer.echo(f"-- {query.description}")
    for one in query.parameters:
        default = "" if one.default is None else f", {_said(one.default)} if not given"
        typer.echo(f"-- :{one.name} is {one.type}{'[]' if one.is_list else ''}{default}")
    typer.echo(query.sql)


@app.command("remove")
def remove(
    name: Annotated[str, _NAME],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Forget a query."""
    _queries(open_project(home, project), project).remove(name)
    typer.echo(f"removed {name.lower()}")


def _queries(place: Home, project: str) -> Queries:
    from footfall.catalog.asking.queries import Queries
    from footfall.catalog.store import Catalog
    from footfall.clock import SystemClock
    from footfall.metadata.place import MetadataPlace

    catalog = Catalog(MetadataPlace.of(place, settings_for(place).metadata), project)
    return Queries(catalog, lambda: open_metadata(place), SystemClock())


def _parameter(text: str) -> QueryParameter:
    from footfall.catalog.entries import ParameterType, QueryParameter

    name, value = _pair(text)
    kind, has_default, default = value.partition("=")
    known = get_args(ParameterType)
    for one in known:
        if one == kind.removesuffix("[]"):
            is_list = kind.endswith("[]")
            return QueryParameter(name, one, default if has_default else None, is_list)
    raise Invalid(f"types are {', '.join(known)}, and text[] and so on for lists: type={kind}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise Invalid(f"write name=value, not {text!r}")
    return name, value


def _said(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _usage(query: SavedQuery) -> str:
    return "".join(f" --param {one.name}=…" for one in query.parameters if one.default is None)
