"""`footfall continuous`: saved SELECTs that are asked of each window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from footfall.cli.asking.sql import ask
from footfall.cli.terminal.verbs import group
from footfall.clock import time_text
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.continuous.access import Continuous
    from footfall.metadata.added.queries import ContinuousQuery

app = group("Ask a saved SELECT of each window of events or sessions.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Such as clicks_by_page.")]


@app.command("add")
def add(
    name: NameArgument,
    sql: Annotated[
        str, typer.Argument(help='One SELECT over "window"; - reads stdin, @FILE a file.')
    ] = "",
    window: Annotated[
        str, typer.Option(help='"1m", "5m by 1m", or "session gap": when a session closes.')
    ] = "",
    over: Annotated[str, typer.Option(help="events, or closed sessions.")] = "events",
    app_id: Annotated[str, typer.Option("--app", help="Only this app.")] = "",
    key: Annotated[
        list[str], typer.Option(help="Column that tells rows apart; may be repeated.")
    ] = [],  # noqa: B006 (Typer makes a new list for each call)
    example: Annotated[str, typer.Option(help="One that comes with Footfall.")] = "",
    is_paused: Annotated[
        bool, typer.Option("--paused", help="Keep it, and do not ask it.")
    ] = False,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Add a continuous query, or change it.

    It is asked from the next events on, without a restart.

    Example: footfall continuous add clicks 'SELECT count(*) AS n FROM "window"' --window 1m
    """
    if not example and not (sql and window):
        raise Invalid(
            "give the SELECT and --window, or --example with one of those that come with Footfall"
        )
    query = _open(home, project).add(
        name,
        _text(sql),
        window,
        over=over,
        app=app_id,
        key=key,
        enabled=not is_paused,
        example_of=example,
    )
    if as_json:
        print_json(query)
    else:
        typer.echo(f"{name} is asked of each window; its results: footfall continuous show {name}")


@app.command("list")
def list_queries(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show all continuous queries and how each gets on."""
    found = _open(home, project).list()
    if as_json:
        print_json(found)
        return
    for query in found:
        typer.echo(f"{query.name:<24} {query.definition.window:<14} {_state(query)}")
    if not found:
        typer.echo("no continuous query yet; footfall continuous add --help says how")


@app.command("show")
def show(
    name: NameArgument,
    windows: Annotated[int, typer.Option(min=1, max=1000, help="Newest windows.")] = 10,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show one query, how it gets on, and its newest results."""
    opened = _open(home, project)
    query = opened.show(name)
    results = opened.results(name, limit=windows)
    if as_json:
        print_json({"query": query, "results": results})
        return
    typer.echo(f"{name}, {query.definition.window} over {query.definition.over}: {_state(query)}")
    typer.echo(query.definition.sql.strip())
    for result in results:
        revised = f", revision {result.revision}" if result.revision > 1 else ""
        typer.echo(f"{result.window_start} to {result.window_end}{revised}")
        for row in result.rows:
            typer.echo("  " + msgspec.json.encode(row).decode())


@app.command("remove")
def remove(
    name: NameArgument,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Ask a query no more; its results stay in the table query_results."""
    _open(home, project).remove(name)
    typer.echo(f"removed {name}")


class _Worker:
    """Runs statements in a query worker, as `footfall sql` does."""

    def __init__(self, home: Path, project: str) -> None:
        self._home = open_project(home, project)
        self._project = project

    def sql(self, query: str, **named: Any) -> _Answered:
        found = ask(self._home, self._project, settings_for(self._home), query, named)
        return _Answered(found.columns, msgspec.json.decode(found.body))


class _Answered(msgspec.Struct, frozen=True):
    columns: Sequence[Any]
    found: list[list[Any]]

    def rows(self) -> list[dict[str, Any]]:
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.found]


def _open(home: Path, project: str) -> Continuous:
    from footfall.continuous.access import Continuous

    place = open_project(home, project)
    return Continuous(_Worker(home, project), place, project, settings_for(place))


def _text(sql: str) -> str:
    if sql == "-":
        return sys.stdin.read()
    if not sql.startswith("@"):
        return sql
    try:
        return Path(sql[1:]).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise Invalid(f"the statement's file cannot be read: {error}") from error


def _state(query: ContinuousQuery) -> str:
    status = query.status
    if not query.definition.enabled:
        return "paused"
    parts = [f"{status.windows:,} results"]
    if status.ran_at:
        parts.append(f"last {time_text(status.ran_at)}")
    if status.waiting:
        parts.append(f"{status.waiting:,} windows wait")
    if status.left_out:
        parts.append(f"{status.left_out:,} windows left out: continuous.windows_max")
    if status.cut_off:
        parts.append(f"{status.cut_off:,} cut off: continuous.rows_max")
    if status.error:
        parts.append(f"failed {status.failures} times: {status.error}")
    return ", ".join(parts)
