"""Maintenance of one project, once: what `footfall maintain` does and the worker starts by itself.

A process of its own, so that its memory goes back to the system and its death harms nobody. It
takes no part in the pipeline's decisions: it conflicts with commits as any other writer, and
removes only what nobody can name (`footfall.lake.maintenance.garbage`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from footfall.clock import Clock, SystemClock, day_text
from footfall.errors import FootfallError, Invalid
from footfall.home import Home, make_directory, write_atomically
from footfall.lake import Lake, LakePlace, Maintenance, waiting_events
from footfall.machine.process import exclusive
from footfall.metadata import Metadata
from footfall.pipeline.consumers.needs import still_needed
from footfall.pipeline.consumers.notes import consumers_dir
from footfall.pipeline.maintenance.courtesy import Courtesy, are_readers_behind
from footfall.pipeline.maintenance.retain import retention_bound
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.settings import Settings


class MaintenanceReport(msgspec.Struct, frozen=True):
    """What one run did; the last one is kept as `report.json`, see docs/formats/maintenance.md."""

    started_at: int
    ended_at: int
    rewrites: int = 0
    files_rewritten: int = 0
    rows_rewritten: int = 0
    """By compaction."""
    notes_folded: int = 0
    """Overrides and removals that became part of the rows."""
    days_dropped: int = 0
    rows_dropped: int = 0
    """By `lake.keep_age` and `lake.bytes_max`."""
    oldest_day: str | None = None
    """First UTC day with events, such as 2026-11-26."""
    snapshots_expired: int = 0
    files_removed: int = 0
    bytes_removed: int = 0
    files_waiting: int = 0
    """Files that nothing names and that are removed after `lake.file_grace`."""
    epochs_forgotten: int = 0
    events_waiting: int = 0
    """Events of days past that are not in a file of their day yet; readers see them."""
    waiting_since: int | None = None
    """When the first of them was received, microseconds."""
    is_stopped: bool = False
    """It was told to stop; the next run goes on."""
    error: str | None = None


def maintain(
    home: Home,
    settings: Settings,
    project: str,
    *,
    full: bool = False,
    clock: Clock | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> MaintenanceReport:
    """Compact, forget snapshots and epochs, remove files; beside a running pipeline or without.

    Args:
        home: Where everything lies.
        settings: Its limits.
        project: Which.
        full: Compact every day and table into one sorted run, also what is still being written.
        clock: For tests.
        should_stop: Asked between steps; work that was begun is noted and gone on with later.

    Raises:
        Conflict: another maintenance of this project runs, or writers kept winning: try later.
        Invalid: nothing is installed there.
        Corrupt: a file it needs is damaged; the message says what to do.
    """
    if settings.metadata.url == "" and not home.metadata_file.exists():
        raise Invalid(f"nothing is installed there; start with footfall serve: {home.root}")
    clock = clock or SystemClock()
    directory = home.maintenance_dir(project)
    make_directory(directory)
    started_at = clock.now_us()
    with exclusive(directory / "lock", "another maintenance of this project runs"):
        try:
            report = _run(home, settings, project, full, clock, should_stop)
        except FootfallError as error:
            failed = MaintenanceReport(started_at, clock.now_us(), error=str(error))
            _keep(directory, failed)
            raise
        report = msgspec.structs.replace(
            report, started_at=started_at, ended_at=clock.now_us(), is_stopped=should_stop()
        )
        _keep(directory, report)
    return report


def _run(
    home: Home,
    settings: Settings,
    project: str,
    full: bool,
    clock: Clock,
    should_stop: Callable[[], bool],
) -> MaintenanceReport:
    lake = Lake(LakePlace.of(settings.lake, home.lake_dir), project, clock)
    work = Maintenance(
        lake,
        home.maintenance_dir(project),
        home.tail_dir(project),
        settings.lake,
        clock,
        should_stop,
        Courtesy(lambda: are_readers_behind(home, project, settings, clock), should_stop, clock),
    )
    work.resume()
    kept = Checkpoints(home.state_dir(project))
    checkpoints = kept.epochs()
    metadata = Metadata.open(home, clock, settings.metadata)
    needed = still_needed(
        consumers_dir(home, project), metadata, project, settings.consumers, clock
    )
    retained = work.retain(retention_bound(metadata, project, kept, settings, needed.epoch))
    folded = work.fold(min(checkpoints[0], needed.epoch - 1)) if checkpoints else 0
    compacted = work.compact(full=full)
    expired = work.expire()
    swept = work.sweep(needed.files)
    waiting = waiting_events(lake)
    return MaintenanceReport(
        0,
        0,
        rewrites=compacted.jobs,
        files_rewritten=compacted.files_before,
        rows_rewritten=compacted.rows,
        notes_folded=folded,
        days_dropped=retained.days,
        rows_dropped=retained.rows,
        oldest_day=None if retained.oldest is None else day_text(retained.oldest),
        snapshots_expired=expired,
        files_removed=swept.removed,
        bytes_removed=swept.removed_bytes,
        files_waiting=swept.waiting,
        epochs_forgotten=_forget_epochs(
            metadata, settings, project, [*checkpoints, needed.epoch], clock
        ),
        events_waiting=waiting.rows,
        waiting_since=waiting.since,
    )


def _forget_epochs(
    metadata: Metadata, settings: Settings, project: str, needed: list[int], clock: Clock
) -> int:
    """Forget plans that nobody needs, and that are older than the log's youngest age.

    The log is trimmed at the newest epoch of that age, which therefore stays. Nothing is forgotten
    before there is a checkpoint.
    """
    if len(needed) < 2:
        return 0
    old = metadata.epoch_at(project, clock.now_us() - settings.log.keep_age_min)
    return metadata.forget_epochs(project, min(*needed, old))


def _keep(directory: Path, report: MaintenanceReport) -> None:
    write_atomically(directory / "report.json", msgspec.json.encode(report))
