"""`footfall settings`: each with default, unit, meaning, and where its value came from."""

from __future__ import annotations

import os
import textwrap
from typing import Annotated

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    HomeOption,
    JsonOption,
    SetOption,
    open_home,
    print_json,
    settings_for,
)
from footfall.cli.terminal.errors import complain
from footfall.errors import Invalid
from footfall.home import is_home
from footfall.reference import Setting, as_toml, describe

_INDENT = "    "
_WIDTH = 80


def _names() -> list[str]:
    """For completion: sections and settings."""
    found = [setting.name for setting in describe()]
    return [*dict.fromkeys(name.partition(".")[0] for name in found), *found]


def settings(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Only this one, such as log.bytes_max, or a section, such as log.",
            autocompletion=_names,
        ),
    ] = None,
    home: HomeOption = HOME_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that are not as delivered.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show settings, and where each value came from.

    To change one: a line in footfall.toml in the home, a variable such as
    FOOTFALL__LOG__BYTES_MAX, or --set log.bytes_max=10GiB, in this order, later ones winning.
    """
    place = open_home(home)
    settings_for(place, overrides)  # mistakes that only all settings together show
    found = _chosen(describe(place.settings_file, os.environ, overrides), name)
    if changed:
        found = [setting for setting in found if not setting.is_default]
    if as_json:
        print_json([msgspec.to_builtins(setting) for setting in found])
        return
    for number, setting in enumerate(found):
        if number:
            typer.echo()
        for line in _lines(setting):
            typer.echo(line)
    if not found:
        typer.echo("every setting is as delivered")
    if not is_home(place.root):
        complain(f"nothing is installed in {place.root} yet: it would start with these")


def _chosen(found: list[Setting], name: str | None) -> list[Setting]:
    if name is None:
        return found
    chosen = [one for one in found if name in (one.name, one.name.partition(".")[0])]
    if chosen:
        return chosen
    section = name.partition(".")[0]
    beside = [one.name for one in found if one.name.startswith(f"{section}.")]
    sections = dict.fromkeys(one.name.partition(".")[0] for one in found)
    there = f"there are: {', '.join(beside or sections)}"
    raise Invalid(f"no setting {name!r}; {there}")


def _lines(setting: Setting) -> list[str]:
    default = "" if setting.value == setting.default else f"default {as_toml(setting.default)}, "
    source = "as delivered" if setting.is_default else f"set by {setting.source}"
    value = f"{setting.name} = {as_toml(setting.value)}"
    is_list = isinstance(setting.value, (list, tuple))
    return [
        *(textwrap.wrap(value, _WIDTH, subsequent_indent=_INDENT) if is_list else [value]),
        f"{_INDENT}{setting.unit}; {default}{source}",
        *textwrap.wrap(setting.meaning, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT),
    ]
