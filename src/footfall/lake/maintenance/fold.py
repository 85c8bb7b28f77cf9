"""Folding: what later epochs said about earlier rows becomes part of the rows, and the notes go.

Theory of operation. Overrides and removals are notes about rows that are in the lake already; every
reader applies them, and the pipeline holds them in memory, so they must not pile up. Folding up to
an epoch E rewrites the days they touch, and then forgets them, in an order that leaves the tables
right for whoever looks between two steps, or after a crash:

    0. rows of epochs up to E that wait for their days get there (`_waiting`; the caller sees to it)
    1. `events`: session ids as the overrides up to E have them, then `footfall.folded-epoch` = E
    2. `sessions` and `other_sessions`: without revisions that others or removals up to E made void,
       then the same there
    3. `session_changes`, then `session_overrides`: without their rows up to E

Applying an override twice changes nothing, and a removal hides only older revisions. So a cut made
before may still carry both; a new one leaves out those up to a table's `folded-epoch`, which is set
only when all of its files are folded. Step 2 finds the days of removed sessions by the overrides,
which are therefore the last to go.

E is the epoch of the oldest checkpoint that is kept. Whoever redoes an epoch after it looks at what
the lake held before that epoch: rows and notes of epochs above E stay as they are, and of older
ones only what none of E's readers could see is missing.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile

from footfall.clock import DAY
from footfall.event import UUID16
from footfall.lake.commit.lake import FOLDED_PROPERTY, Lake
from footfall.lake.maintenance.compaction import by_partition
from footfall.lake.maintenance.rewrite import RewriteJob, Rewriter, Transform
from footfall.lake.read.bounds import upper_bound
from footfall.lake.read.overrides import resolve_overrides
from footfall.lake.tables.specs import TABLES
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA

_VISITOR: Final = ["app_id", "visitor_id"]
_NOTES: Final = ("session_changes", "session_overrides")


class Folding:
    """Folds one project's tables; jobs are resumed through `transforms`."""

    def __init__(self, lake: Lake, rewriter: Rewriter) -> None:
        """Read nothing yet."""
        self._lake = lake
        self._rewriter = rewriter
        self.transforms: dict[str, Callable[[RewriteJob], Transform]] = {
            "fold-events": lambda job: with_overrides(self._overrides(job.epoch)),
            "fold-sessions": lambda job: without_void(self._removed(job.epoch), job.epoch),
            "fold-other_sessions": lambda job: without_void(self._removed(job.epoch), job.epoch),
            "fold-notes": lambda job: without_epochs_to(job.epoch),
        }

    def pending(self, epoch: int) -> int:
        """How many notes of epochs up to `epoch` are not folded yet."""
        return sum(_up_to(self._lake.read(table), epoch).num_rows for table in _NOTES)

    def fold(self, epoch: int) -> bool:
        """Fold all notes of epochs up to `epoch`; `False` if it was stopped before the end.

        Args:
            epoch: At most that of the oldest checkpoint that is kept.

        Raises:
            Conflict, CommitUnknown: as `Lake.replace`; the next call goes on.
        """
        overrides = self._overrides(epoch)
        days = _days(overrides)
        return (
            self._rewrite("events", self._touched(overrides, days), epoch)
            and self._rewrite("sessions", self._voided(days), epoch)
            and self._rewrite("other_sessions", self._voided_others(epoch), epoch)
            and all(self._forget(table, epoch) for table in _NOTES)
        )

    def _overrides(self, epoch: int) -> pa.Table:
        return _up_to(self._lake.read("session_overrides", tuple(OVERRIDE_SCHEMA.names)), epoch)

    def _removed(self, epoch: int) -> pa.Table:
        return _up_to(self._lake.read("session_changes", tuple(REMOVED_SCHEMA.names)), epoch)

    def _touched(self, overrides: pa.Table, days: Collection[int]) -> list[list[DataFile]]:
        """Event files, by day, that may hold an event that an override covers."""
        visitors = sorted(name.encode() for name in set(overrides.column("visitor_id").to_pylist()))
        found = []
        for day, files in _by_day(self._lake.data_files("events")).items():
            if day in days:
                found.append([file for file in files if _may_hold(file, "events", visitors)])
        return [files for files in found if files]

    def _voided(self, days: Collection[int]) -> list[list[DataFile]]:
        """All session files of the days on which a session may have a revision too many."""
        folded = self._lake.folded_epoch("sessions")
        found = []
        for day, files in _by_day(self._lake.data_files("sessions")).items():
            is_revised = any(
                upper_bound("sessions", file, "revision") > 1
                and upper_bound("sessions", file, "epoch") > folded
                for file in files
            )
            if day in days or is_revised:
                found.append(files)
        return found

    def _voided_others(self, epoch: int) -> list[list[DataFile]]:
        """Files of other definitions' sessions of a day that may hold a visitor of a removal.

        And those of days with a revision too many. Of them no override says the days.
        """
        removed = set(self._removed(epoch).column("visitor_id").to_pylist())
        visitors = sorted(name.encode() for name in removed)
        folded = self._lake.folded_epoch("other_sessions")
        return [
            files
            for files in _by_day(self._lake.data_files("other_sessions")).values()
            if any(_may_hold(file, "other_sessions", visitors) for file in files)
            or any(
                upper_bound("other_sessions", file, "revision") > 1
                and upper_bound("other_sessions", file, "epoch") > folded
                for file in files
            )
        ]

    def _rewrite(self, table: str, groups: Sequence[Sequence[DataFile]], epoch: int) -> bool:
        kind = f"fold-{table}"
        job = RewriteJob(table, kind, epoch, (), (), "")
        transform = self.transforms[kind](job)
        for files in groups:
            if self._rewriter.rewrite(table, files, transform, kind=kind, epoch=epoch) != "done":
                return False
        if self._lake.folded_epoch(table) < epoch:
            self._lake.replace(table, (), (), {FOLDED_PROPERTY: str(epoch)})
        return True

    def _forget(self, table: str, epoch: int) -> bool:
        files = self._lake.data_files(table)
        if not files or not _up_to(self._lake.read(table), epoch).num_rows:
            return True
        transform = without_epochs_to(epoch)
        done = self._rewriter.rewrite(table, files, transform, kind="fold-notes", epoch=epoch)
        return done == "done"


def with_overrides(overrides: pa.Table) -> Transform:
    """Events with the session ids that `overrides` (`OVERRIDE_SCHEMA`) give them.

    An override is about events of earlier epochs than its own.
    """
    assert overrides.schema.names == OVERRIDE_SCHEMA.names
    intervals = resolve_overrides(pl.DataFrame(pl.from_arrow(overrides))).select(
        *_VISITOR, "from_time", "to_time", "session_id", since="epoch"
    )
    ids = intervals["session_id"].to_arrow(compat_level=pl.CompatLevel.oldest()).cast(UUID16)
    intervals = intervals.drop("session_id").with_row_index("place")

    def transform(events: pa.Table) -> pa.Table:
        keys = pl.DataFrame(pl.from_arrow(events.select([*_VISITOR, "event_time", "epoch"])))
        hits = (
            keys.with_row_index("row")
            .drop_nulls("visitor_id")
            .sort("event_time")
            .join_asof(
                intervals,
                left_on="event_time",
                right_on="from_time",
                by=_VISITOR,
                strategy="backward",
                check_sortedness=False,
            )
            .filter(pl.col("event_time") <= pl.col("to_time"), pl.col("epoch") < pl.col("since"))
        )
        place = np.full(events.num_rows, -1)
        place[hits["row"].to_numpy()] = hits["place"].to_numpy()
        given = ids.take(pa.array(place, mask=place < 0))
        number = events.schema.get_field_index("session_id")
        changed = pc.coalesce(pa.chunked_array([given]), events.column("session_id"))
        return events.set_column(number, events.schema.field("session_id"), changed)

    return transform


def without_void(removed: pa.Table, epoch: int) -> Transform:
    """Sessions without revisions of epochs up to `epoch` that no reader shows any more.

    Those that a removal of `removed` (up to the same epoch) hides, and all but the newest of what
    it leaves.
    """
    last = (
        pl.DataFrame(pl.from_arrow(removed))
        .group_by("session_id")
        .agg(pl.col("epoch").max().alias("removed_epoch"))
    )

    def transform(sessions: pa.Table) -> pa.Table:
        rows = pl.DataFrame(pl.from_arrow(sessions.select(["session_id", "revision", "epoch"])))
        rows = rows.with_row_index("row").join(last, on="session_id", how="left")
        old = rows.filter(pl.col("epoch") <= epoch)
        shown = (
            old.filter(~(pl.col("removed_epoch") > pl.col("epoch")).fill_null(value=False))
            .sort("epoch", "revision")
            .unique("session_id", keep="last")
        )
        is_kept = np.ones(sessions.num_rows, np.bool_)
        is_kept[old["row"].to_numpy()] = False
        is_kept[shown["row"].to_numpy()] = True
        return sessions.filter(pa.array(is_kept))

    return transform


def without_epochs_to(epoch: int) -> Transform:
    """Rows of later epochs only."""
    return lambda rows: rows.filter(pc.greater(rows.column("epoch"), epoch))


def _by_day(files: Sequence[DataFile]) -> dict[int, list[DataFile]]:
    """Files of each day, the newest first; not those whose rows wait."""
    return {
        partition[0]: found
        for partition, found in by_partition(files).items()
        if partition and partition[0] is not None
    }


def _up_to(rows: pa.Table, epoch: int) -> pa.Table:
    return rows.filter(pc.less_equal(rows.column("epoch"), epoch))


def _days(overrides: pa.Table) -> set[int]:
    """Days that the intervals touch."""
    bounds = {
        (start // DAY, end // DAY)
        for start, end in zip(
            overrides.column("from_time").cast(pa.int64()).to_pylist(),
            overrides.column("to_time").cast(pa.int64()).to_pylist(),
            strict=True,
        )
    }
    return {day for first, last in bounds for day in range(first, last + 1)}


def _may_hold(file: DataFile, table: str, visitors: Sequence[bytes]) -> bool:
    """Whether one of `visitors` (ascending) lies between the file's bounds, as far as they say."""
    number = TABLES[table].id_of("visitor_id")
    low, high = (file.lower_bounds or {}).get(number), (file.upper_bounds or {}).get(number)
    if low is None or high is None:
        return True
    at = bisect.bisect_left(visitors, low)
    return at < len(visitors) and visitors[at] <= high
