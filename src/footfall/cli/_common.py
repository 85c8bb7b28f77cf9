"""What every verb shares: where the installation lies, which projects it has, its settings."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from footfall.errors import Invalid
from footfall.home import Home, is_home
from footfall.machine.private import close_home
from footfall.metadata.keys.access import project_names
from footfall.metadata.place import MetadataPlace
from footfall.project import DEFAULT_PROJECT, ID_PATTERN
from footfall.settings import Settings, load_settings, parse_duration
from footfall.upgrade import check_format

if TYPE_CHECKING:
    from footfall.metadata import Metadata

DEFAULT_HOME = "footfall-data"
HOMES_SHOWN_MAX: Final = 5
PLACES_LOOKED_AT_MAX: Final = 500

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="FOOTFALL_HOME", help="Directory of the installation.", show_default=True
    ),
]
ProjectOption = Annotated[str, typer.Option("--project", help="Project of the installation.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", help="A setting, as section.name=value; may be repeated.", metavar="K=V"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

HOME_DEFAULT = Path(DEFAULT_HOME)
PROJECT_DEFAULT = DEFAULT_PROJECT


def open_home(path: Path) -> Home:
    """The installation at `path`, as an absolute path, closed to other users; nothing is created.

    Raises:
        Invalid: the path has a character that the locations of Iceberg files cannot have, or a
            newer version of the program wrote what is there, or another user's home it is.
    """
    resolved = path.expanduser().resolve()
    if set("?#%") & set(str(resolved)):
        raise Invalid(f"the path of the home must not contain ?, # or %; name another: {resolved}")
    home = Home(resolved)
    for line in close_home(home):
        typer.echo(f"footfall: {line}", err=True)
    check_format(home)
    return home


def existing_home(path: Path) -> Home:
    """The installation at `path`, if there is one.

    Raises:
        Invalid: there is none; the message names those near by.
    """
    home = open_home(path)
    if not is_home(home.root):
        raise Invalid(
            f"nothing is installed in {home.root}; there {_those_near(home.root)};"
            " start one with: footfall serve"
        )
    return home


def open_project(path: Path, project: str) -> Home:
    """The installation at `path`, if there is one and it has the project.

    Raises:
        Invalid: there is none, or it has no such project; the message names those there are.
    """
    home = existing_home(path)
    check_project(home, project)
    return home


def check_project(home: Home, project: str) -> None:
    """Refuse a project that the installation does not have, if it has any."""
    known = projects_of(home)
    if known and project not in known:
        raise Invalid(
            f"no project {project!r}; there are: {', '.join(known)};"
            f" make it with: footfall project create {project}"
        )
    if not ID_PATTERN.match(project):
        raise Invalid(f"not a project's name, letters, digits and .-_ only: {project!r}")


def projects_of(home: Home) -> list[str]:
    """Projects, oldest first: those of the metadata, then those of which there are only files."""
    found = dict.fromkeys(project_names(metadata_place(home)))
    for directory in (home.log_dir("x").parent, home.tail_dir("x").parent):
        if directory.is_dir():
            found |= dict.fromkeys(sorted(path.name for path in directory.iterdir()))
    return [name for name in found if ID_PATTERN.match(name)]


def _those_near(root: Path) -> str:
    """Installations beside `root` and in the working directory, for a person who mistyped one."""
    found: dict[str, None] = {}
    for directory in (Path.cwd(), root.parent):
        with contextlib.suppress(OSError):
            beside = itertools.islice(directory.iterdir(), PLACES_LOOKED_AT_MAX)
            found |= dict.fromkeys(sorted(str(path) for path in beside if is_home(path)))
    names = list(found)[:HOMES_SHOWN_MAX]
    return f"are: {', '.join(names)}" if names else "is none beside it"


def metadata_place(home: Home) -> MetadataPlace:
    """Where the installation's metadata is, by its settings."""
    return MetadataPlace.of(home, settings_for(home).metadata)


def open_metadata(home: Home) -> Metadata:
    """The installation's metadata, made if need be; see `Metadata.open`."""
    from footfall.metadata import Metadata

    return Metadata.open(home, settings=settings_for(home).metadata)


def settings_for(home: Home, overrides: Sequence[str] = ()) -> Settings:
    """Settings from all their sources; the only place that reads the environment."""
    return load_settings(home.settings_file, os.environ, overrides)


PORT_HELP = "0 takes a free one and prints it."
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65_535, help=f"Port for events, as collector.port; {PORT_HELP}"
    ),
]
StudioPortOption = Annotated[
    int | None,
    typer.Option(
        "--studio-port", min=0, max=65_535, help=f"Port for pages, as studio.port; {PORT_HELP}"
    ),
]


def with_ports(overrides: Sequence[str], port: int | None, studio_port: int | None) -> list[str]:
    """The overrides, and those that the two options stand for; an option wins over its setting."""
    named = (("collector.port", port), ("studio.port", studio_port))
    return [*overrides, *(f"{name}={given}" for name, given in named if given is not None)]


def check_steps(settings: Settings) -> None:
    """Tell what is wrong with the steps of enrichment; the default ones are not loaded for it.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    if settings.enrich != load_settings().enrich:
        from footfall.enrich import plan_steps

        plan_steps(settings.enrich)


def duration_of(option: str, text: str) -> int:
    """Microseconds of an option's text such as 30m.

    Raises:
        Invalid: it is none; the message names the option.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Invalid(f"{option}: {error}") from None


def settings_arguments(overrides: Sequence[str]) -> list[str]:
    """Command-line arguments that give a child process the same overrides."""
    return [argument for override in overrides for argument in ("--set", override)]


def settings_environ(overrides: Sequence[str]) -> dict[str, str]:
    """Environment that gives processes which have no such arguments the same overrides.

    A child of a child, such as a crawl that the pipeline starts, then reads settings as we do.
    """
    pairs = (override.partition("=")[::2] for override in overrides)
    return {
        f"FOOTFALL__{key.strip().upper().replace('.', '__')}": value.strip() for key, value in pairs
    }


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
