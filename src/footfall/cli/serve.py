"""`footfall serve`: the whole platform as one process tree."""

from __future__ import annotations

import os
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
    ProjectOption,
    SetOption,
    open_home,
    print_json,
    settings_arguments,
    settings_for,
)
from footfall.cli.upgrade import upgrade_first
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.process import Ready, exclusive, stop_on_signals
from footfall.upgrade import stamp_new

FIRST_APP = "web"

NoStudioOption = Annotated[bool, typer.Option("--no-studio", help="Do not serve the pages.")]


def serve(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    no_studio: NoStudioOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run everything: collector, pipeline, pages. Stop with Ctrl-C or SIGTERM."""
    place = open_home(home)
    settings_for(place, overrides)  # all mistakes are told here, once, before anything starts
    prepare(place, project, FIRST_APP)
    parts = ("collector", "worker") if no_studio else ("collector", "worker", "studio")
    with (
        running_tree(place, project, overrides, parts) as supervisor,
        # Before anything is told: who reads the addresses may send SIGTERM the next moment.
        stop_on_signals(supervisor.request_stop),
    ):
        ready = supervisor.start()
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
            supervisor.stop()


def prepare(home: Home, project: str, app_id: str) -> None:
    """Bring the home up to date; make it, with a project of one app, on first start.

    A process of its own does it: the supervisor stays for months and need not hold the
    database libraries in memory.

    Raises:
        Unavailable: it failed; its own message says why.
    """
    upgrade_first(home)
    if home.metadata_file.exists():
        return
    stamp_new(home)
    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", app_id]
    command += ["--home", str(home.root), "--project", project, "--quiet"]
    if subprocess.run(command, check=False).returncode != 0:
        raise Unavailable("the metadata database could not be made; see the message above")


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
        typer.echo(f"collector  {collector}   (AWS Clickstream SDKs: {collector}/collect)")
        if link is not None:
            typer.echo(f"studio     {link}   (opens once)")
        typer.echo(f"data       {home.root}")
    sys.stdout.flush()
