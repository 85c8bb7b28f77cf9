"""`footfall deliver`: files of what comes in, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.configuring.delivered import (
    NameArgument,
    backfill,
    check,
    chosen,
    destination_of,
    flush,
    pause,
    reports,
    resume,
    test_place,
)
from footfall.cli.terminal.verbs import group
from footfall.errors import Invalid
from footfall.settings import DESTINATIONS_MAX

if TYPE_CHECKING:
    from footfall.home import Home
    from footfall.settings import DestinationSettings

app = group("Write what comes in to files.", no_args_is_help=True)


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
    buffer_bytes: Annotated[
        str, typer.Option(help="Close a file at this size, 1MiB-128MiB.")
    ] = "5MiB",
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
    is_tested: Annotated[
        bool, typer.Option("--test/--no-test", help="Try first whether files can be written there.")
    ] = True,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Add a destination, or change it; a server that runs sees it at once.

    It begins with the next epoch. Those of footfall.toml are changed there.
    """
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
    begins = _put(open_project(home, project), project, name, options, is_tested=is_tested)
    typer.echo(f"{name}: {begins}; look with: footfall deliver list")


def _put(home: Home, project: str, name: str, options: dict[str, Any], *, is_tested: bool) -> str:
    """Keep a destination, if it can be one; from when on it counts."""
    from footfall.deliver.chosen import parsed
    from footfall.metadata.added.deliveries import put_delivery
    from footfall.settings import DestinationSettings

    if name in settings_for(home).deliver.destinations:
        raise Invalid(f"the destination is one of the settings; change it there: {name}")
    assert set(options) == set(DestinationSettings.__struct_fields__)
    destination = parsed(name, options)
    known = chosen(home, project)
    _check(destination, home, project)
    if name not in known and len(known) >= DESTINATIONS_MAX:
        raise Invalid(f"there are {len(known)} destinations, and no more can be; remove one first")
    if is_tested:
        test_place(home, name, destination)
    put_delivery(open_metadata(home), project, name, msgspec.json.encode(options).decode())
    return "its next file is as it says now" if name in known else "begins with the next epoch"


def _check(destination: DestinationSettings, home: Home, project: str) -> None:
    """Refuse a source, a definition, a query, a column or an app that there is not."""
    from footfall.deliver.operating.checks import Known

    Known.of(home, settings_for(home), open_metadata(home), project).check(destination)


@app.command("test")
def try_place(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Write a small file where a destination's go, and remove it."""
    installed = open_project(home, project)
    destination = destination_of(installed, project, name)
    typer.echo(f"{name}: files can be written to {test_place(installed, name, destination)}")


@app.command("list")
def list_destinations(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show destinations: what they have, what waits, the last error."""
    installed = open_project(home, project)
    found = reports(installed, project)
    if as_json:
        print_json(found)
        return
    for one in found.values():
        typer.echo(str(one))
    for name in chosen(installed, project):
        if name not in found:
            typer.echo(f"{name}: no pipeline has seen it yet; start one with: footfall serve")
    if not found and not chosen(installed, project):
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


app.command("flush")(flush)
app.command("backfill")(backfill)
app.command("check")(check)
app.command("pause")(pause)
app.command("resume")(resume)


def _columns(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, column = text.partition("=")
        if not (name and equals and column):
            raise Invalid(f"write a column as NAME=COLUMN, not {text!r}")
        found[name] = column
    return found
