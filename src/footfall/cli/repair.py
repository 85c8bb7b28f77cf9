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
from footfall.home import Home
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
    """Mend damaged segments of the log, and a lost catalog of the lake. Stop the server first.

    Requests that can be read are kept at their offsets. Each one that cannot becomes a failed event
    with the reason `lost`, counted in the ledgers, unless the lake has its events already. The
    damaged files are kept beside the new ones.
    """
    place = open_home(home)
    directory = place.log_dir(project)
    if not place.root.exists():
        raise Invalid(f"nothing is installed there: {place.root}")
    problem, restored = _mend_catalog(place, dry_run=dry_run)
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
    if problem is not None:
        typer.echo(problem)
        for table, file in restored.items():
            typer.echo(f"  {table} is registered again: {file}")
    if not damaged and problem is None:
        typer.echo("nothing is damaged: every request of the log can be read")
    for health, kept in damaged:
        ranges = ", ".join(f"{start} to {after - 1}" for start, after in health.lost)
        typer.echo(f"{health.file}: {health.lost_records} requests cannot be read: {ranges}")
        if kept is not None:
            typer.echo(f"  mended; the damaged file is kept as {kept}")


def _mend_catalog(home: Home, *, dry_run: bool) -> tuple[str | None, dict[str, Path]]:
    """What is wrong with the lake's catalog, and the tables that were registered again."""
    from footfall.lake import catalog_problem, restore_catalog

    problem = catalog_problem(home.lake_dir) if home.lake_dir.exists() else None
    if problem is None or dry_run:
        return problem, {}
    with exclusive(home.run_dir / "serve.lock", "a server runs in this home"):
        return problem, restore_catalog(home.lake_dir)
