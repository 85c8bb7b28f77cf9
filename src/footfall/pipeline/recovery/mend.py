"""Damaged data files of the lake: replaced by what can be made again of them, the rest stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from pyiceberg.manifest import DataFile

from footfall.clock import Clock, day_text
from footfall.errors import Conflict, Corrupt
from footfall.home import Home, make_directory
from footfall.lake import (
    TABLES,
    DamagedFile,
    Lake,
    LakePlace,
    LostRows,
    day_of,
    inspect_data_files,
    replace_damaged,
)
from footfall.lake.location import place_of
from footfall.log import LogSource
from footfall.machine.process import exclusive
from footfall.metadata import Metadata
from footfall.pipeline.recovery.checkpoint import Checkpoint, Checkpoints
from footfall.pipeline.recovery.rebuild import FROM_LOG, Rebuilder, Rebuilt
from footfall.settings import Settings


class MendedTable(msgspec.Struct, frozen=True):
    """What became of one table's damaged files."""

    table: str
    files: tuple[DamagedFile, ...]
    rows: int
    """That they had."""
    rebuilt: int
    """Rows that could be made again."""
    lost: int
    lost_days: tuple[str, ...]
    lost_epochs: tuple[int, ...]
    """As far as ledgers are known."""
    replaced: tuple[str, ...]
    """Paths of files that are not in the table any more."""


def mend_lake(
    home: Home,
    settings: Settings,
    project: str,
    clock: Clock,
    *,
    accept_loss: bool = False,
    is_dry: bool = False,
) -> list[MendedTable]:
    """Look at every page of the lake, and replace damaged data files where no row is lost.

    Args:
        home: No server runs in it.
        settings: Which log, bounds of what is decoded at a time, and where the lake lies.
        project: Whose lake.
        clock: For names of files.
        accept_loss: Replace them also where rows are lost; these are noted in the table.
        is_dry: Only say what would be done.

    Raises:
        Conflict: maintenance runs, or an epoch is half committed: see the message.
        Corrupt: table metadata, or the metadata database, is damaged.
    """
    directory = home.maintenance_dir(project)
    make_directory(directory)
    with exclusive(directory / "lock", "another maintenance of this project runs"):
        lake = Lake(LakePlace.of(settings.lake, home.lake_dir), project, clock)
        found = [file for file in inspect_data_files(lake, is_deep=True) if file is not None]
        if not found:
            return []
        metadata = Metadata.open(home, clock, settings.metadata)
        log = LogSource.of(home, project, settings.log).reader()
        checkpoint = _newest(Checkpoints(home.state_dir(project)))
        if accept_loss:
            _check_committed(found, metadata, project)
        if not is_dry:
            lake.evolve(as_pipeline=False)  # what is made again may have columns that are new
        rebuilder = Rebuilder(project, settings.pipeline, log, lake, metadata, checkpoint)
        mended = []
        # Sessions before events: those that are made again from the log are put in them.
        for table in sorted(TABLES, key=lambda name: name in FROM_LOG):
            damaged = [file for file in found if file.table == table]
            if damaged:
                made = rebuilder.rebuild(table, damaged)
                mended.append(_mend(lake, table, damaged, made, accept_loss, is_dry))
        return mended


def _mend(
    lake: Lake,
    table: str,
    damaged: Sequence[DamagedFile],
    made: Rebuilt,
    accept_loss: bool,
    is_dry: bool,
) -> MendedTable:
    # A file whose rows waited is one of any day: then all of them are judged together.
    has_day = all(file.day is not None for file in damaged)
    had: Counter[int | None] = Counter()
    for file in damaged:
        had[file.day if has_day else None] += file.rows
    lost = had - made.rows
    taken = [
        file.path for file in damaged if accept_loss or not lost[file.day if has_day else None]
    ]
    days = {file.day if has_day else None for file in damaged if file.path in taken}
    used = [file for file in made.files if day_of(file) in days and not is_dry]
    lost_epochs = made.lost if lost else {}
    if taken and not is_dry:
        gone = LostRows(lost.total(), lost_epochs) if accept_loss else LostRows()
        replace_damaged(lake, table, taken, used, gone)
    _remove(lake, [file for file in made.files if file not in used])
    return MendedTable(
        table,
        tuple(damaged),
        had.total(),
        had.total() - lost.total(),
        lost.total(),
        tuple(day_text(day) for day in sorted(day for day in lost if day is not None)),
        tuple(lost_epochs),
        () if is_dry else tuple(taken),
    )


def _remove(lake: Lake, files: Sequence[DataFile]) -> None:
    """What no commit names."""
    for file in files:
        lake.store.delete(place_of(file.file_path))


def _newest(checkpoints: Checkpoints) -> Checkpoint | None:
    for epoch in reversed(checkpoints.epochs()):
        try:
            return checkpoints.read(epoch)
        except Corrupt:
            continue  # set aside at the next start
    return None


def _check_committed(files: Sequence[DamagedFile], metadata: Metadata, project: str) -> None:
    """A half committed epoch is done again by a start, and what is lost of it not counted twice."""
    last = metadata.last_epochs(project, 1)
    is_open = bool(last) and last[0].committed_at is None
    if is_open and any(file.last_epoch >= last[0].epoch for file in files):
        raise Conflict(
            "an epoch is half committed; start the server once, stop it, then run this again:"
            f" epoch={last[0].epoch}"
        )
