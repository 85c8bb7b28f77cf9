"""What every verb shares: where the installation lies, its settings, and errors as one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer

from footfall.errors import FootfallError, Invalid
from footfall.home import Home
from footfall.private import close_home
from footfall.project import DEFAULT_PROJECT
from footfall.settings import Settings, load_settings
from footfall.upgrade import check_format

DEFAULT_HOME = "footfall-data"
EXIT_FAILED = 1
EXIT_INVALID = 2

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="FOOTFALL_HOME", help="Directory of the installation.", show_default=True
    ),
]
ProjectOption = Annotated[str, typer.Option("--project", help="Project to use.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", help="A setting, as section.name=value; may be repeated.", metavar="K=V"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

HOME_DEFAULT = Path(DEFAULT_HOME)
PROJECT_DEFAULT = DEFAULT_PROJECT

Function = TypeVar("Function", bound=Callable[..., Any])


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


def settings_for(home: Home, overrides: Sequence[str] = ()) -> Settings:
    """Settings from all their sources; the only place that reads the environment."""
    return load_settings(home.settings_file, os.environ, overrides)


def settings_arguments(overrides: Sequence[str]) -> list[str]:
    """Command-line arguments that give a child process the same overrides."""
    return [argument for override in overrides for argument in ("--set", override)]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def fail(error: FootfallError) -> NoReturn:
    """End with the error as one sentence (settings: a line each) on standard error."""
    typer.echo(f"footfall: {error}", err=True)
    sys.exit(EXIT_INVALID if isinstance(error, Invalid) else EXIT_FAILED)
