"""`footfall deliver flush` and `backfill`: having files now, and files of what came before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    ProjectOption,
    metadata_place,
    open_metadata,
    open_project,
    settings_for,
)
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.deliver.report import DeliveryReport
    from footfall.home import Home
    from footfall.positions import Positions
    from footfall.settings import DestinationSettings

_LOOK_SECONDS: Final = 0.2
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the destination.")]


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
    destination_of(installed, project, name)
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
        found = reports(home, project).get(name)
        if found is not None and reached <= found.delivered_to:
            return True
        if clock.monotonic() >= until:
            return False
        clock.sleep(_LOOK_SECONDS)


def backfill(
    name: NameArgument,
    since: Annotated[
        str, typer.Option("--from", help="Only what came from then on: 2026-11-01, or T12:00.")
    ] = "",
    until: Annotated[str, typer.Option("--to", help="Only what came before; UTC.")] = "",
    place: Annotated[
        str, typer.Option(help="Another directory or s3://bucket/prefix: all, not what is missing.")
    ] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Write files of what came before a destination began, or was lost.

    Nothing is written twice to a place. Stopped, it goes on when it is said again.
    """
    from footfall.deliver.backfill import Backfill
    from footfall.deliver.chosen import parsed_place

    installed = open_project(home, project)
    destination = destination_of(installed, project, name)
    from_us, to_us = _moment("--from", since), _moment("--to", until)
    if from_us is not None and to_us is not None and from_us >= to_us:
        raise Invalid(f"--from is before --to; change one of them: {since} {until}")
    work = Backfill(
        installed,
        settings_for(installed),
        project,
        name,
        destination,
        parsed_place(name, destination, place),
    )
    metadata = open_metadata(installed)
    done = work.run(
        metadata, from_us, to_us, lambda so_far: typer.echo(f"{name}: {so_far}", err=True)
    )
    typer.echo(f"{name}: {done}" if done.epochs_of else f"{name}: nothing is missing")


def _moment(option: str, text: str) -> int | None:
    """Microseconds since 1970; what has no offset is UTC."""
    from datetime import UTC, datetime

    from footfall.clock import SECOND

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"{option} is a date, 2026-11-01, or a time, 2026-11-01T12:00, in UTC; not {text!r}"
        ) from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return int(found.timestamp()) * SECOND


def test_place(home: Home, name: str, destination: DestinationSettings) -> str:
    """Try whether files can be written where a destination's go; where that is.

    Raises:
        Invalid: they cannot.
        Unavailable: the store does not answer.
    """
    from footfall.deliver.outlet import outlet_of, place_of

    place = place_of(name, destination, home)
    outlet_of(place, settings_for(home)).test()
    return place


def destination_of(home: Home, project: str, name: str) -> DestinationSettings:
    """One that there is.

    Raises:
        Invalid: there is none; the message names those there are.
    """
    known = chosen(home, project)
    if name not in known:
        raise Invalid(f"there is no destination {name!r}; there are: {', '.join(known) or 'none'}")
    return known[name]


def reports(home: Home, project: str) -> dict[str, DeliveryReport]:
    """How each destination gets on, by name."""
    from footfall.deliver.report import delivery_reports

    return {one.name: one for one in delivery_reports(home, project, SystemClock().now_us())}


def chosen(home: Home, project: str) -> dict[str, DestinationSettings]:
    """All destinations, by name."""
    from footfall.deliver.chosen import chosen_destinations

    found = chosen_destinations(settings_for(home), metadata_place(home), project)
    return {name: one.destination for name, one in found.items()}
