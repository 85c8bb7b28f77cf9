"""`footfall repair`: put what can be read in the place of what is damaged, and state the rest."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.operating.damage import known_end
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.machine.process import exclusive

if TYPE_CHECKING:
    from footfall.log import SegmentHealth
    from footfall.pipeline import MendedTable

EPOCHS_SHOWN_MAX = 10

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what is damaged; change nothing.")
]
AcceptLossOption = Annotated[
    bool,
    typer.Option(
        "--accept-loss",
        help="Also take data files out of the lake whose rows cannot all be made again.",
    ),
]


class _Repaired(msgspec.Struct, frozen=True):
    catalog: str | None
    """What was wrong with it."""
    log: list[SegmentHealth]
    lake: list[MendedTable]


def repair(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    dry_run: DryRunOption = False,
    accept_loss: AcceptLossOption = False,
    as_json: JsonOption = False,
) -> None:
    """Mend damaged log segments, a lost catalog, damaged data files. Stop the server first.

    Requests that can be read are kept at their offsets. Each one that cannot becomes a failed event
    with the reason `lost`, counted in the ledgers, unless the lake has its events already. The
    damaged segments are kept beside the new ones.

    Data files of the lake are replaced by what can be read of them and what the log still has.
    Where that is not all, they stay until `--accept-loss`, which notes how many rows are lost.
    """
    place = open_project(home, project)
    alone = exclusive(place.run_dir / "serve.lock", "a server runs in this home")
    with contextlib.nullcontext() if dry_run else alone:
        problem, restored = _mend_catalog(place, dry_run=dry_run)
        segments = _mend_log(place, project, dry_run=dry_run)
        if not as_json:
            _tell_catalog(problem, restored)
            _tell_log(segments)
        lake = []
        if place.lake_dir.exists() and place.metadata_file.exists() and not (dry_run and problem):
            lake = _mend_lake(place, project, accept_loss=accept_loss, dry_run=dry_run)
    if as_json:
        print_json(_Repaired(problem, [health for health, _ in segments], lake))
        return
    for mended in lake:
        _tell_lake(mended)
    if settings_for(place).log.kind == "kafka":
        typer.echo("the log lies in Kafka, which mends its own: see footfall doctor")
        if problem is None and not lake:
            typer.echo("nothing is damaged here: every row can be read")
    elif problem is None and not segments and not lake:
        typer.echo("nothing is damaged: every request of the log and every row can be read")


def _mend_catalog(home: Home, *, dry_run: bool) -> tuple[str | None, dict[str, str]]:
    """What is wrong with the lake's catalog, and the tables that were registered again."""
    from footfall.lake import LakePlace, catalog_problem, restore_catalog

    where = LakePlace.of(settings_for(home).lake, home.lake_dir)
    if not (where.has_local_catalog and home.lake_dir.exists()):
        return None, {}
    problem = catalog_problem(where.directory, where.store)
    if problem is None or dry_run:
        return problem, {}
    return problem, restore_catalog(where)


def _mend_log(
    home: Home, project: str, *, dry_run: bool
) -> list[tuple[SegmentHealth, Path | None]]:
    """Segments that are damaged, and where the damaged ones of those that were mended are."""
    from footfall.log import LogSource, inspect_log, mend_log

    directory = LogSource.of(home, project, settings_for(home).log).directory
    if directory is None:
        return []
    end = known_end(home, project)
    if dry_run:
        return [(health, None) for health in inspect_log(directory, end) if health.is_damaged]
    return [*mend_log(directory, end, SystemClock())]


def _mend_lake(home: Home, project: str, *, accept_loss: bool, dry_run: bool) -> list[MendedTable]:
    from footfall.pipeline import mend_lake

    return mend_lake(
        home,
        settings_for(home),
        project,
        SystemClock(),
        accept_loss=accept_loss,
        is_dry=dry_run,
    )


def _tell_catalog(problem: str | None, restored: dict[str, str]) -> None:
    if problem is not None:
        typer.echo(problem)
    for table, file in restored.items():
        typer.echo(f"  {table} is registered again: {file}")


def _tell_log(segments: list[tuple[SegmentHealth, Path | None]]) -> None:
    for health, kept in segments:
        ranges = ", ".join(f"{start} to {after - 1}" for start, after in health.lost)
        if health.lost:
            typer.echo(f"{health.file}: {health.lost_records} requests cannot be read: {ranges}")
        else:
            typer.echo(f"{health.file}: the file is damaged, every request can be read")
        if kept is not None:
            typer.echo(f"  mended; the damaged file is kept as {kept}")


def _tell_lake(mended: MendedTable) -> None:
    for file in mended.files:
        typer.echo(str(file))
        if file.path in mended.replaced:
            typer.echo("  is not in the table any more; maintenance removes it later")
    typer.echo(f"  {mended.rebuilt} of {mended.rows} rows of {mended.table} can be made again")
    if mended.lost:
        typer.echo(f"  {mended.lost} rows are lost: {_of_what(mended)}")
    stays = len(mended.files) - len(mended.replaced)
    if mended.lost and stays:
        typer.echo(
            "  to read the other days again: restore a backup, or give the lost rows up with:"
            " footfall repair --accept-loss"
        )


def _of_what(mended: MendedTable) -> str:
    days = f"of {', '.join(mended.lost_days)}" if mended.lost_days else "of any day"
    epochs = mended.lost_epochs
    if not epochs:
        return f"{days}, of epochs whose ledgers are forgotten or do not count them"
    shown = ", ".join(map(str, epochs[:EPOCHS_SHOWN_MAX]))
    more = f" and {len(epochs) - EPOCHS_SHOWN_MAX} more" if len(epochs) > EPOCHS_SHOWN_MAX else ""
    return f"{days}, epochs {shown}{more}"
