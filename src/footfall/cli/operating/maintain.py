"""`footfall maintain`: compact the lake, remove what nothing needs. Servers do it by themselves."""

from __future__ import annotations

import os
import resource
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    SetOption,
    open_project,
    print_json,
    settings_for,
)
from footfall.clock import SECOND
from footfall.machine.process import stop_on_signals, watch_parent

if TYPE_CHECKING:
    from footfall.pipeline import MaintenanceReport

NICENESS = 10
MEMORY_FACTOR = 8
ADDRESS_SPACE_EXTRA = 4 << 30
"""Libraries, stacks and arenas reserve far more than they use."""

FullOption = Annotated[
    bool, typer.Option("--full", help="Compact everything, also days that are still written to.")
]
ParentOption = Annotated[
    int | None,
    typer.Option("--parent-fd", hidden=True, help="End when the other end of this pipe closes."),
]


def maintain(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    full: FullOption = False,
    as_json: JsonOption = False,
    parent_fd: ParentOption = None,
) -> None:
    """Compact data files, forget old snapshots, remove files. With or without a running server."""
    place = open_project(home, project)
    settings = settings_for(place, overrides)
    os.nice(NICENESS)
    _limit_memory(settings.lake.rewrite_bytes_max * MEMORY_FACTOR + ADDRESS_SPACE_EXTRA)
    from footfall.pipeline import keep_freed
    from footfall.pipeline import maintain as run

    keep_freed()
    stopping = threading.Event()
    watch_parent(parent_fd, lambda: os._exit(1))
    with stop_on_signals(lambda *_: stopping.set()):
        report = run(place, settings, project, full=full, should_stop=stopping.is_set)
    if as_json:
        print_json(report)
    else:
        for line in _lines(report):
            typer.echo(line)


def _limit_memory(size: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _lines(report: MaintenanceReport) -> list[str]:
    compacted = f"{report.files_rewritten:,} files with {report.rows_rewritten:,} rows"
    forgotten = f"{report.snapshots_expired:,} snapshots, {report.epochs_forgotten:,} epochs"
    removed = f"{report.files_removed:,} files, {report.bytes_removed / (1 << 20):,.1f} MiB"
    lines = [
        f"compacted  {compacted} in {report.rewrites:,} rewrites",
        f"folded     {report.notes_folded:,} notes of renamed and removed sessions",
        f"dropped    {report.days_dropped:,} days with {report.rows_dropped:,} rows",
        waiting_line(report),
        f"forgotten  {forgotten}",
        f"removed    {removed}; {report.files_waiting:,} wait",
    ]
    return [*lines, "stopped    the next run goes on"] if report.is_stopped else lines


def waiting_line(report: MaintenanceReport) -> str:
    """How many events of days past a run left without a file of their day, and since when."""
    if report.waiting_since is None:
        return "waiting    no events of days past wait for their day"
    since = datetime.fromtimestamp(report.waiting_since / SECOND, UTC)
    return (
        f"waiting    {report.events_waiting:,} events of days past wait for their day, since"
        f" {since:%Y-%m-%d %H:%M:%S} UTC; queries see them"
    )
