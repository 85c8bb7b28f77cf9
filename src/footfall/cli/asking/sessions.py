"""`footfall sessions`: session definitions over all history; see, compare, switch."""

from __future__ import annotations

import os
import threading
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final

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
from footfall.cli.operating.maintain import NICENESS, ParentOption
from footfall.cli.terminal.verbs import group
from footfall.errors import Invalid
from footfall.machine.process import stop_on_signals, watch_parent

if TYPE_CHECKING:
    from footfall.metadata import DefinitionNote
    from footfall.redefine import Difference, Kpis, Listed

app = group("Define what a session is, over all history; compare, switch.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a definition.")]
_LISTS: Final = frozenset({"key", "keep_alive", "not_interaction"})
_EXAMPLE: Final = "gap=5m cut_on_user=other"


@app.command("define")
def define(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new one: letters, digits and _.")],
    options: Annotated[
        list[str],
        typer.Argument(
            metavar="OPTION=VALUE",
            help=f"As in a table of [sessions.definitions], such as {_EXAMPLE}; kind is gap,"
            " unless it says another. Lists with commas: key=user_id,device_id.",
        ),
    ],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Add a definition. The running server computes it over all history, beside the others."""
    place = open_project(home, project)
    from footfall import redefine

    metadata, settings = open_metadata(place), settings_for(place).sessions
    note = redefine.define(metadata, settings, project, name, _read(options))
    if as_json:
        print_json(_of(redefine.listed(metadata, settings, project), name))
        return
    typer.echo(
        f"defined {note.key}; the server begins with it and computes its past:"
        f" footfall sessions list. Its view is sessions_{name}"
    )


@app.command("list")
def list_definitions(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show every definition, and how far its past is computed."""
    place = open_project(home, project)
    from footfall import redefine

    found = redefine.listed(open_metadata(place), settings_for(place).sessions, project)
    if as_json:
        print_json(found)
        return
    for one in found:
        mark = "*" if one.is_default else " "
        typer.echo(
            f"{mark} {one.name + '.' + str(one.version):<20} {_state(one):<24} {one.options}"
        )
    typer.echo("* is the default: the views events and sessions follow it")


@app.command("diff")
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="Name of a definition.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Name of another.")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    samples: Annotated[
        int, typer.Option("--samples", min=0, max=100, help="Most visitors to show.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Show how each number moves from A to B, and for whom."""
    place = open_project(home, project)
    from footfall.explore.access import Project

    found = Project(place.root, project).sessions.diff(a, b, samples)
    if as_json:
        print_json(found)
        return
    for line in _compared(found):
        typer.echo(line)


@app.command("switch")
def switch(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Make it the default that events and sessions follow."""
    place = open_project(home, project)
    from footfall import redefine

    redefine.switch(open_metadata(place), settings_for(place).sessions, project, name)
    typer.echo(f"switched to {name}; readers see it with the server's next cut, within seconds")


@app.command("drop")
def drop(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Stop a definition that was added. Its view goes; its rows stay in the lake."""
    place = open_project(home, project)
    from footfall import redefine

    redefine.drop(open_metadata(place), project, name)
    typer.echo(f"dropped {name}")


@app.command("fill")
def fill(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    as_json: JsonOption = False,
    parent_fd: ParentOption = None,
) -> None:
    """Compute the past of definitions the server began with. It does so by itself."""
    place = open_project(home, project)
    settings = settings_for(place, overrides)
    os.nice(NICENESS)
    from footfall.redefine.filling import fill as run

    def told(note: DefinitionNote, done: int, total: int) -> None:
        if not as_json:
            typer.echo(f"{note.key}: {done:,} of {total:,} events", err=True)

    stopping = threading.Event()
    watch_parent(parent_fd, lambda: os._exit(1))
    with stop_on_signals(lambda *_: stopping.set()):
        found = run(place, settings, project, should_stop=stopping.is_set, on_progress=told)
    if as_json:
        print_json(found)
        return
    for one in found:
        end = "its past is whole" if one.is_whole else "stopped; the next run goes on"
        typer.echo(f"{one.name}.{one.version}: {one.sessions:,} sessions written; {end}")
    if not found:
        typer.echo("nothing to compute: every definition's past is whole")


def _read(options: list[str]) -> dict[str, Any]:
    """`gap=5m` and the like as a table of the settings' file."""
    found: dict[str, Any] = {"kind": "gap"}
    for option in options:
        name, equals, text = option.partition("=")
        if not equals or not name:
            raise Invalid(f"an option is NAME=VALUE, such as {_EXAMPLE}: {option!r}")
        if name in _LISTS and not text.startswith("["):
            found[name] = [part for part in text.split(",") if part]
            continue
        try:
            found[name] = tomllib.loads(f"x = {text}")["x"]
        except tomllib.TOMLDecodeError:
            found[name] = text
    return found


def _of(found: list[Listed], name: str) -> Listed:
    return next(one for one in found if one.name == name)


def _state(one: Listed) -> str:
    if one.state == "fills":
        share = one.events_done / one.events_total if one.events_total else 0.0
        return f"past computed to {share:.0%}"
    return "waits for the server" if one.state == "waits" else "whole"


def _compared(found: Difference) -> list[str]:
    a, b = found.a, found.b
    lines = [f"{'':<22}{found.name_a:>16}{found.name_b:>16}{'':>4}moves by"]
    for title, name, form in _ROWS:
        one, other = getattr(a, name), getattr(b, name)
        moved = "" if not one or other is None else f"{(other - one) / one:+.1%}"
        lines.append(f"{title:<22}{_shown(one, form):>16}{_shown(other, form):>16}{moved:>12}")
    lines.append("entry pages")
    lines += _pages(a, b)
    lines.append(f"visitors whose sessions differ: {found.visitors_differing:,}")
    for sample in found.samples:
        lines.append(f"  {sample.app_id} {sample.visitor_id}")
        for name, sessions in ((found.name_a, sample.a), (found.name_b, sample.b)):
            spans = " ".join(
                f"[{one.started_at:%Y-%m-%d %H:%M:%S}–{one.ended_at:%H:%M:%S} {one.events}]"
                for one in sessions
            )
            lines.append(f"    {name:<14} {spans or 'none'}")
    return lines


_ROWS: Final = (
    ("sessions", "sessions", ",d"),
    ("visitors", "visitors", ",d"),
    ("events in sessions", "events", ",d"),
    ("events per session", "events_per_session", ".2f"),
    ("duration, mean", "duration_mean_ms", "s"),
    ("duration, median", "duration_median_ms", "s"),
    ("bounced", "bounce_rate", ".1%"),
    ("engaged", "engaged_rate", ".1%"),
)


def _shown(value: float | None, form: str) -> str:
    if value is None:
        return "-"
    return f"{value / 1000:,.1f} s" if form == "s" else format(value, form)


def _pages(a: Kpis, b: Kpis) -> list[str]:
    ours, theirs = ({one.page: one.sessions for one in kpis.entry_pages} for kpis in (a, b))
    names = dict.fromkeys((*ours, *theirs))
    return [f"  {name[:60]:<60} {_count(ours, name)} → {_count(theirs, name)}" for name in names]


def _count(pages: dict[str, int], name: str) -> str:
    return f"{pages[name]:,}" if name in pages else "not among the first"
