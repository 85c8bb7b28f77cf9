"""`footfall deliver flush`, `backfill`, `pause`, `resume`, `check`: when files are written."""

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
from footfall.cli.terminal.errors import EXIT_FAILED, complain
from footfall.clock import DAY, SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.deliver.operating.access import Deliveries
    from footfall.deliver.operating.report import DeliveryReport
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
    if _deliveries(installed, project).paused_at(name):
        raise Invalid(f"it is paused; go on with it first: footfall deliver resume {name}")
    known = reports(installed, project).get(name)
    if known is not None and known.held:
        raise Invalid(f"it is held: {known.held}")
    if not have_files(installed, project, name, wait):
        known = reports(installed, project).get(name)
        why = f": {known.error}" if known is not None and known.error else ""
        complain(
            f"not all is there after {wait} s; it goes on, look with: footfall deliver list{why}"
        )
        raise typer.Exit(EXIT_FAILED)


def pause(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Write no files to a destination until it is resumed.

    What comes waits for it, within consumers.keep_age_max and consumers.log_bytes_max.
    """
    installed = open_project(home, project)
    _deliveries(installed, project).pause(name)
    bounds = settings_for(installed).consumers
    typer.echo(
        f"{name}: paused; what comes waits for {bounds.keep_age_max / DAY:g} days at most, its"
        f" requests up to {bounds.log_bytes_max / (1 << 30):g} GiB of the log, and what is beyond"
        f" is lost for it; go on with: footfall deliver resume {name}"
    )


def resume(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Go on with a destination that is paused; what waited is written."""
    installed = open_project(home, project)
    _deliveries(installed, project).resume(name)
    typer.echo(f"{name}: goes on with what waited; look with: footfall deliver list")


def check(
    names: Annotated[bool, typer.Option("--names", help="Try no place.")] = False,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Look whether all destinations can be, and be written to.

    `footfall serve` looks at names before it starts, and refuses a source that there is not.
    """
    from footfall.deliver.operating.checks import Known, refuse_mistakes, sentences, unreachable

    installed = open_project(home, project)
    settings = settings_for(installed)
    refuse_mistakes(settings.deliver.destinations)
    known = Known.of(installed, settings, open_metadata(installed), project)
    destinations = chosen(installed, project)
    wrong = known.mistakes(destinations)
    away = {} if names else unreachable(destinations, settings, installed)
    for sentence in sentences(wrong | away):
        complain(sentence)
    if wrong or away:
        raise typer.Exit(EXIT_FAILED)
    found = "name what is there" if names else "can be written to"
    typer.echo(f"{len(destinations)} destinations {found}")


def _deliveries(home: Home, project: str) -> Deliveries:
    from footfall.deliver.operating.access import Deliveries

    return Deliveries(home, project, settings_for(home))


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
    return {one.name: one for one in _deliveries(home, project).list()}


def chosen(home: Home, project: str) -> dict[str, DestinationSettings]:
    """All destinations, by name."""
    from footfall.deliver.chosen import chosen_destinations

    found = chosen_destinations(settings_for(home), metadata_place(home), project)
    return {name: one.destination for name, one in found.items()}
