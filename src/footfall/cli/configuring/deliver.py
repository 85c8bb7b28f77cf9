"""`footfall deliver`: files of what comes in: where they go, and having them now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    metadata_place,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.cli.terminal.verbs import group
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.deliver.report import DeliveryReport
    from footfall.home import Home
    from footfall.positions import Positions

app = group("Write what comes in to files.", no_args_is_help=True)

_LOOK_SECONDS: Final = 0.2
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the destination.")]


@app.command("add")
def add(
    name: NameArgument,
    source: Annotated[
        str, typer.Argument(help="requests, events, sessions, or a table of the lake.")
    ],
    place: Annotated[
        str, typer.Option(help="Directory, or s3://bucket/prefix; else below the home.")
    ] = "",
    file_format: Annotated[
        str, typer.Option("--format", help="jsonl, json (no line ends), csv or parquet.")
    ] = "jsonl",
    compression: Annotated[str, typer.Option(help="none, gzip or zstd.")] = "none",
    prefix: Annotated[
        str, typer.Option(help="Of file names; YYYY, MM, DD and HH are of when it is closed.")
    ] = "YYYY/MM/DD/HH/",
    buffer_bytes: Annotated[str, typer.Option(help="Close a file at this size.")] = "5MiB",
    buffer_age: Annotated[str, typer.Option(help="Close a file at this age, 60s-900s.")] = "5m",
    only_app: Annotated[str, typer.Option("--app", help="Only of this app.")] = "",
    definition: Annotated[
        str, typer.Option(help="Of sessions, which definition; of query_results, which query.")
    ] = "",
    settle: Annotated[str, typer.Option(help="How long closed sessions are kept back.")] = "1m",
    column: Annotated[
        list[str],
        typer.Option(help="NAME=COLUMN or NAME=properties.KEY; in this order, no others."),
    ] = [],  # noqa: B006 (Typer makes a new list for each call)
    leave_out: Annotated[
        list[str], typer.Option(help="Column that is not written; may be repeated.")
    ] = [],  # noqa: B006
    header: Annotated[bool, typer.Option(help="Whether CSV has a line of names.")] = True,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Add a destination; a server that runs sees it at once.

    It begins with the next epoch. Those of footfall.toml are changed there.
    """
    from footfall.deliver.chosen import check_source, parsed
    from footfall.metadata.added.deliveries import put_delivery
    from footfall.settings import DestinationSettings

    installed, settings = open_project(home, project), settings_for(open_project(home, project))
    if name in settings.deliver.destinations:
        raise Invalid(f"the destination is one of the settings; change it there: {name}")
    options: dict[str, Any] = {
        "source": source,
        "place": place,
        "format": file_format,
        "compression": compression,
        "prefix": prefix,
        "buffer_bytes": buffer_bytes,
        "buffer_age": buffer_age,
        "app": only_app,
        "definition": definition,
        "settle": settle,
        "columns": _columns(column),
        "leave_out": leave_out,
        "header": header,
    }
    assert set(options) == set(DestinationSettings.__struct_fields__)
    check_source(parsed(name, options), settings)
    put_delivery(open_metadata(installed), project, name, msgspec.json.encode(options).decode())
    typer.echo(f"{name}: begins with the next epoch; look with: footfall deliver list")


@app.command("list")
def list_destinations(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show destinations: what they have, what waits, the last error."""
    installed = open_project(home, project)
    found = _reports(installed, project)
    if as_json:
        print_json(found)
        return
    for one in found.values():
        typer.echo(str(one))
    for name in _chosen(installed, project):
        if name not in found:
            typer.echo(f"{name}: no pipeline has seen it yet; start one with: footfall serve")
    if not found and not _chosen(installed, project):
        typer.echo("no destinations; add one with: footfall deliver add NAME SOURCE")


@app.command("remove")
def remove(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Remove a destination; its files stay.

    Records that wait are not written.
    """
    from footfall.metadata.added.deliveries import remove_delivery

    installed = open_project(home, project)
    if not remove_delivery(open_metadata(installed), project, name):
        where = settings_for(installed).deliver.destinations
        raise Invalid(
            f"the destination is one of the settings; take it out there: {name}"
            if name in where
            else f"there is no destination {name!r}; see: footfall deliver list"
        )


@app.command("flush")
def flush(
    name: NameArgument,
    wait: Annotated[
        int, typer.Option(min=0, max=3600, help="Seconds to wait until the files are there.")
    ] = 60,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Have files now of all that was acknowledged until now.

    Waits until they are there. Sessions that are open, or settle, are not in them.
    """
    installed = open_project(home, project)
    if name not in (known := _chosen(installed, project)):
        raise Invalid(f"there is no destination {name!r}; there are: {', '.join(known) or 'none'}")
    if not have_files(installed, project, name, wait):
        typer.echo(
            f"not all is there after {wait} s; it goes on, look with: footfall deliver list",
            err=True,
        )
        raise typer.Exit(EXIT_FAILED)


def have_files(home: Home, project: str, name: str, seconds: int) -> bool:
    """Ask for files of all that was acknowledged until now; whether they are there in time."""
    from footfall.log import LogSource
    from footfall.metadata.added.deliveries import ask_for_files

    log = LogSource.of(home, project, settings_for(home).log).reader()
    try:
        reached = log.ends()
    finally:
        log.close()
    ask_for_files(open_metadata(home), project, name, reached)
    return not seconds or _wait(home, project, name, reached, seconds)


def _wait(home: Home, project: str, name: str, reached: Positions, seconds: int) -> bool:
    clock = SystemClock()
    until = clock.monotonic() + seconds
    while True:
        found = _reports(home, project).get(name)
        if found is not None and reached <= found.delivered_to:
            return True
        if clock.monotonic() >= until:
            return False
        clock.sleep(_LOOK_SECONDS)


def _reports(home: Home, project: str) -> dict[str, DeliveryReport]:
    from footfall.deliver.report import delivery_reports

    return {one.name: one for one in delivery_reports(home, project, SystemClock().now_us())}


def _chosen(home: Home, project: str) -> list[str]:
    from footfall.deliver.chosen import chosen_destinations

    return list(chosen_destinations(settings_for(home), metadata_place(home), project))


def _columns(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, column = text.partition("=")
        if not (name and equals and column):
            raise Invalid(f"write a column as NAME=COLUMN, not {text!r}")
        found[name] = column
    return found
