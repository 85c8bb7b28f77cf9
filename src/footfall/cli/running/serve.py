"""`footfall serve`: the whole platform as one process tree."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from footfall.app import Supervisor
from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    PortOption,
    ProjectOption,
    SetOption,
    StudioPortOption,
    check_project,
    check_steps,
    metadata_place,
    open_home,
    print_json,
    settings_arguments,
    settings_environ,
    settings_for,
    with_ports,
)
from footfall.cli.operating.upgrade import upgrade_first
from footfall.cli.terminal.errors import EXIT_INVALID, complain
from footfall.cli.terminal.waiting import Waiting, waiting
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.machine.process import Ready, exclusive, stop_on_signals
from footfall.metadata.place import MetadataPlace
from footfall.upgrade import is_stamped, needs_upgrade, stamp_new

FIRST_APP = "web"
MAKE_SECONDS_MAX = 60
"""A new home is made in a second or two; a disk that takes so long is not fit to use."""

NoStudioOption = Annotated[bool, typer.Option("--no-studio", help="Do not serve the pages.")]


def serve(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    port: PortOption = None,
    studio_port: StudioPortOption = None,
    no_studio: NoStudioOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run everything: collector, pipeline, pages. Stop with Ctrl-C or SIGTERM."""
    overrides = with_ports(overrides, port, studio_port)
    place = open_home(home)
    # All mistakes are told here, once, before anything starts.
    settings = settings_for(place, overrides)
    check_steps(settings)
    check_project(place, project)
    with waiting() as wait:
        prepare(place, project, FIRST_APP, wait)
        if settings.deliver.destinations:
            wait.for_("looking at the destinations of files")
            check_destinations(place, project, overrides)
    parts = ("collector", "worker") if no_studio else ("collector", "worker", "studio")
    with (
        running_tree(place, project, overrides, parts) as supervisor,
        # Before anything is told: who reads the addresses may send SIGTERM the next moment.
        stop_on_signals(supervisor.request_stop),
    ):
        with waiting() as wait:
            ready = supervisor.start(lambda part: wait.for_(f"starting the {part}"))
        tell(ready, supervisor.studio_token, place, as_json=as_json)
        supervisor.watch()


@contextmanager
def running_tree(
    home: Home, project: str, overrides: Sequence[str], parts: Sequence[str]
) -> Iterator[Supervisor]:
    """The only supervisor of this home, to be started; its parts are stopped at the end.

    Raises:
        Conflict: another server runs there.
    """
    arguments = ["--project", project, *settings_arguments(overrides)]
    supervisor = Supervisor(
        home,
        arguments,
        dict(os.environ),
        parts=parts,
        report=lambda line: typer.echo(f"footfall: {line}", err=True),
    )
    with exclusive(home.run_dir / "serve.lock", "another server runs in this home"):
        try:
            yield supervisor
        finally:
            with waiting() as wait:
                wait.for_("stopping; what was acknowledged goes to the lake first")
                supervisor.stop()


def prepare(home: Home, project: str, app_id: str, wait: Waiting) -> None:
    """Bring the home up to date; make it, with a project of one app, on first start.

    A process of its own does it: the supervisor stays for months and need not hold the
    database libraries in memory.

    Raises:
        Unavailable: it failed, and its own message says why; or it took too long.
    """
    if is_stamped(home) and needs_upgrade(home):
        wait.for_("bringing the home up to date, which may take minutes")
        upgrade_first(home)
    place = metadata_place(home)
    if place.file.exists() if place.is_local else _has_apps(place, project):
        stamp_new(home)
        return
    wait.for_(f"making a new home in {home.root}")
    stamp_new(home)
    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", app_id]
    command += ["--home", str(home.root), "--project", project, "--quiet"]
    try:
        done = subprocess.run(command, check=False, timeout=MAKE_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"the home was not made in {MAKE_SECONDS_MAX} s; try again") from None
    if done.returncode != 0:
        raise Unavailable("the metadata database could not be made; see the message above")


def check_destinations(home: Home, project: str, overrides: Sequence[str]) -> None:
    """Refuse destinations of the settings that cannot be; of what is named and gone only tell.

    A process of its own does it, as in `prepare`. No place is tried: a store that does not answer
    would hold up the collector, and what comes waits for it.

    Raises:
        Exit: it was told what to mend.
    """
    command = [sys.executable, "-m", "footfall.cli.main", "deliver", "check", "--names"]
    command += ["--home", str(home.root), "--project", project]
    environ = {**os.environ, **settings_environ(overrides)}
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=MAKE_SECONDS_MAX,
            env=environ,
            stdout=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        complain("destinations of files were not looked at; do it with: footfall deliver check")
        return
    if done.returncode == EXIT_INVALID:
        raise typer.Exit(EXIT_INVALID)


def _has_apps(place: MetadataPlace, project: str) -> bool:
    """Whether the project was made, perhaps on another machine."""
    return bool(place.rows("SELECT 1 FROM apps WHERE project = ? LIMIT 1", (project,)))


def _home_option(home: Home) -> str:
    """What to add to a verb that is typed next, in another terminal perhaps."""
    is_found = home.root == HOME_DEFAULT.resolve()
    return "" if is_found else f" --home {shlex.quote(str(home.root))}"


def tell(ready: dict[str, Ready], token: str, home: Home, *, as_json: bool) -> None:
    """Print where to send events and where to look."""
    collector = ready["collector"].url or ""
    studio = ready["studio"].url if "studio" in ready else None
    link = None if studio is None else f"{studio}/open?token={token}"
    if as_json:
        print_json(
            {
                "collector": collector,
                "studio": link,
                "home": str(home.root),
                "pids": {name: part.pid for name, part in ready.items()},
            }
        )
    else:
        typer.echo(f"collector  {collector}")
        typer.echo(f"           {collector}/collect for AWS Clickstream SDKs")
        if link is not None:
            typer.echo(f"studio     {link}")
            typer.echo(f"           opens once; another: footfall studio link{_home_option(home)}")
        typer.echo(f"data       {home.root}")
    sys.stdout.flush()
