"""`footfall upgrade`: bring the home to this version; `serve` does it by itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from footfall.cli._common import HOME_DEFAULT, HomeOption, existing_home
from footfall.cli.operating.ready import make_ready
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.machine.process import exclusive
from footfall.upgrade import is_stamped, needs_upgrade
from footfall.upgrade import upgrade as bring_up

QuickOption = Annotated[
    bool, typer.Option("--quick", hidden=True, help="A server is about to start: it catches up.")
]


def upgrade(home: HomeOption = HOME_DEFAULT, quick: QuickOption = False) -> None:
    """Bring an older or moved home up to date; stop the server first."""
    place = existing_home(home)
    with exclusive(place.run_dir / "serve.lock", "a server runs in this home"):
        done = bring_up(place)
        typer.echo(f"upgraded: {'; '.join(done)}" if done else "nothing to do")
        if done and not quick:
            make_ready(place)


def upgrade_first(home: Home) -> None:
    """Upgrade if need be, before any part starts, in a process of its own.

    The libraries of the lake would stay in the memory of a supervisor for months.

    Raises:
        Unavailable: it failed; its own message says why.
    """
    if not is_stamped(home) or not needs_upgrade(home):
        return
    command = [sys.executable, "-m", "footfall.cli.main", "upgrade", "--quick"]
    command += ["--home", str(home.root)]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        raise Unavailable("the home could not be upgraded; see the message above")
