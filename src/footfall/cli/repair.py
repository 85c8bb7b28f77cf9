"""`footfall repair`: put what can be read in the place of what is damaged, and state the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    open_home,
    print_json,
)
from footfall.cli._damage import known_end
from footfall.clock import SystemClock
from footfall.errors import Invalid
from footfall.log import SegmentHealth, inspect_log, mend_log
from footfall.process import exclusive

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what is damaged; change nothing.")
]


def repair(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Mend damaged segments of the log. Stop the server first.

    Requests that can be read are kept at their offsets. Each one that cannot becomes a failed event
    with the reason `lost`, counted in the ledgers, unless the lake has its events already. The
    damaged files are kept beside the new ones.
    """
    place = open_home(home)
    directory = place.log_dir(project)
    if not directory.exists():
        raise Invalid(f"there is no log: {directory}")
    end = known_end(place, project)
    damaged: list[tuple[SegmentHealth, Path | None]]
    if dry_run:
        damaged = [(health, None) for health in inspect_log(directory, end) if health.lost]
    else:
        with exclusive(place.run_dir / "serve.lock", "a server runs in this home"):
            damaged = [*mend_log(directory, end, SystemClock())]
    if as_json:
        print_json([health for health, _ in damaged])
        return
    if not damaged:
        typer.echo("nothing is damaged: every request of the log can be read")
    for health, kept in damaged:
        ranges = ", ".join(f"{start} to {after - 1}" for start, after in health.lost)
        typer.echo(f"{health.file}: {health.lost_records} requests cannot be read: {ranges}")
        if kept is not None:
            typer.echo(f"  mended; the damaged file is kept as {kept}")
