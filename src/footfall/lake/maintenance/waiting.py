"""Rows that wait get to their days in bulk.

Theory of operation. An epoch leaves rows of days that are not live in a file without a day
(`_days`). Files of that kind are one more partition: merged by tiers while they come, so there are
few. Once there are `lake.waiting_rows` of them, and at least every `lake.waiting_age_max`, they are
rewritten: rows of the fullest days, at most `lake.bulk_days_max`, go to files of their own, and the
rest to one that goes on waiting. It is a rewrite like any other: one commit swaps old files for new
ones, a crash before it leaves everything as it was and a note to go on from, and a reader's cut
names the files of one side of it. So a row is there once, at every moment, whatever dies.

What decides by day asks first that nothing waits: folding looks for all revisions of a session in
its day, retention drops whole days. Both let all rows wait no longer (`place_all`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

import msgspec
import polars as pl
from pyiceberg.manifest import DataFile

from footfall.clock import DAY, Clock
from footfall.home import write_atomically
from footfall.lake.commit.lake import Lake
from footfall.lake.location import place_of
from footfall.lake.maintenance.compaction import Compacted, runs_of
from footfall.lake.maintenance.rewrite import Rewriter
from footfall.lake.read.bounds import lower_bound
from footfall.lake.read.streams import RUNS_MAX
from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.lake.tables.days import is_waiting
from footfall.lake.tables.specs import TABLES
from footfall.settings import LakeSettings

COMPACT: Final = "compact"


class WaitingRows(msgspec.Struct, frozen=True):
    """Events that have no day of their own yet."""

    rows: int = 0
    since: int | None = None
    """When the first of them was received, microseconds; none without rows."""


def waiting_events(lake: Lake) -> WaitingRows:
    """What waits in `events`."""
    files = waiting_files("events", lake.data_files("events"))
    since = min((lower_bound("events", file, "received_at") for file in files), default=None)
    return WaitingRows(sum(file.record_count for file in files), since)


def waiting_files(table: str, files: Sequence[DataFile]) -> list[DataFile]:
    """Those of `files` whose rows wait."""
    return [file for file in files if is_waiting(table, file)]


class Placing:
    """Gives waiting rows to their days, as a job of `rewriter`."""

    def __init__(
        self,
        lake: Lake,
        rewriter: Rewriter,
        settings: LakeSettings,
        clock: Clock,
        note_file: Path,
        should_stop: Callable[[], bool],
    ) -> None:
        """Read nothing yet; `note_file` says when rows were placed last, its directory exists."""
        self._lake = lake
        self._rewriter = rewriter
        self._settings = settings
        self._clock = clock
        self._note_file = note_file
        self._should_stop = should_stop

    def place(self, table: str, jobs_max: int, *, full: bool = False) -> Compacted:
        """Place rows of `table` if there are enough, or old ones; with `full` all, in any case.

        Raises:
            Conflict, CommitUnknown: as `Lake.replace`; the next call goes on.
        """
        done = Compacted()
        while done.jobs < jobs_max and not self._should_stop():
            files = waiting_files(table, self._lake.data_files(table))
            rows = sum(file.record_count for file in files)
            is_due = full or rows >= self._settings.waiting_rows or self._is_old(table)
            more = self._place(table, files) if files and is_due else None
            if more is None:
                break
            done += more
        return done

    def place_all(self, table: str, epoch: int) -> bool:
        """Place all rows of epochs up to `epoch`; `False` if it was stopped before the end.

        Raises:
            Conflict, CommitUnknown: as `Lake.replace`; the next call goes on.
        """
        while True:
            files = waiting_files(table, self._lake.data_files(table))
            old = [file for file in files if lower_bound(table, file, "epoch") <= epoch]
            if not old:
                return True
            if self._should_stop() or self._place(table, old) is None:
                return False

    def _place(self, table: str, files: Sequence[DataFile]) -> Compacted | None:
        """One job, over as many runs as can be read side by side; none: it did not end."""
        chosen = [file for run in runs_of(files)[-RUNS_MAX:] for file in run.files]
        days = fullest(rows_by_day(table, chosen, self._lake.store), self._settings.bulk_days_max)
        outcome = self._rewriter.rewrite(table, chosen, kind=COMPACT, days=days)
        self._note(table)
        if outcome != "done":
            return None
        return Compacted(1, len(chosen), sum(file.record_count for file in chosen))

    def _is_old(self, table: str) -> bool:
        """Whether rows were placed long ago; a clock that was set back counts from then on."""
        now = self._clock.now_us()
        at = self._notes().get(table, 0)
        return at > now or now - at >= self._settings.waiting_age_max

    def _note(self, table: str) -> None:
        notes = {**self._notes(), table: self._clock.now_us()}
        write_atomically(self._note_file, msgspec.json.encode(notes))

    def _notes(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self._note_file.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}


def rows_by_day(table: str, files: Sequence[DataFile], store: Store) -> dict[int, int]:
    """How many rows of each day (since 1970) `files` of a table with days have.

    Raises:
        Corrupt: one of them is damaged.
    """
    paths = [place_of(file.file_path) for file in files]
    with naming(paths[0] if len(paths) == 1 else f"one of {len(paths)}, such as {paths[0]}"):
        day = pl.col(str(TABLES[table].day)).dt.timestamp("us") // DAY
        found = store.scan(paths, TABLES[table].schema).group_by(day=day).len().collect()
    return dict(zip(found["day"].to_list(), found["len"].to_list(), strict=True))


def fullest(rows: dict[int, int], days_max: int) -> Collection[int]:
    """At most `days_max` days, those with most rows; the newest of equal ones."""
    return sorted(rows, key=lambda day: (-rows[day], -day))[:days_max]
