"""Takes an epoch back that only some tables have: its rows go, as if it had never begun.

A redone epoch gives the rows it gave, and a table that has it takes nothing. That holds as long as
the state before it is the same. A state made anew from the lake behaves as the lost one and need
not equal it (`footfall.sessionize.restore`): what waits for repair may be known more or less well.
Both ways of doing the epoch are right, half of one and half of the other is not. So before an epoch
is done again on such a state, the tables that have it give it back.
"""

from __future__ import annotations

import pyarrow.compute as pc
from pyiceberg.manifest import DataFile

from footfall.errors import Conflict
from footfall.lake.commit.lake import EPOCH_PROPERTY, Lake
from footfall.lake.commit.landing import COMMIT_ATTEMPTS_MAX
from footfall.lake.location import place_of
from footfall.lake.read.bounds import lower_bound, upper_bound
from footfall.lake.read.ranges import FileRows
from footfall.lake.tables.days import NO_DAYS, is_waiting
from footfall.lake.tables.specs import TABLES


def take_back(lake: Lake, epoch: int) -> bool:
    """Remove rows of `epoch` and later ones from every table; `False` if none has any.

    Args:
        lake: Written to under the lease of its term.
        epoch: Not marked committed, and the log has its requests: call this just before it is
            done again. Whoever dies in between begins there again.

    Raises:
        LeaseLost: another pipeline took over; stop.
        Conflict, CommitUnknown: as `Lake.commit`; call again.
        Corrupt: a data file is damaged; it is named.
    """
    tables = [table for table in TABLES if lake.epoch(table) >= epoch]
    for table in tables:
        with lake.locks.committing():
            if not any(_is_taken(lake, table, epoch) for _ in range(COMMIT_ATTEMPTS_MAX)):
                raise Conflict(f"data files are replaced again and again: {table=}")
    return bool(tables)


def _is_taken(lake: Lake, table: str, epoch: int) -> bool:
    """One attempt; it fails if maintenance replaced one of the files meanwhile."""
    remove: list[DataFile] = []
    rest: dict[bool, list[str]] = {True: [], False: []}  # by whether their rows wait
    for file in lake.data_files(table):
        if upper_bound(table, file, "epoch") >= epoch:
            remove.append(file)
            if lower_bound(table, file, "epoch") < epoch:
                rest[is_waiting(table, file)].append(place_of(file.file_path))
    kept: list[DataFile] = []
    for waits, paths in rest.items():
        if paths:
            rows = FileRows(table, paths, lake.schema(table), lake.store).read(None, None)
            rows = rows.filter(pc.less(rows.column("epoch"), epoch))
            kept += lake.write_files(table, rows, lake.new_id(), NO_DAYS if waits else None)
    return lake.replace(table, remove, kept, {EPOCH_PROPERTY: str(epoch - 1)}, as_pipeline=True)
