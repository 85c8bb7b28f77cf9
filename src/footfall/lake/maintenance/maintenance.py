"""Keeps a project's tables quick to read and to commit to, beside a running pipeline."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec
from pyiceberg.manifest import DataFile

from footfall.clock import Clock
from footfall.home import make_directory, write_atomically
from footfall.lake.commit.lake import Lake
from footfall.lake.cut import planned_files
from footfall.lake.location import place_of
from footfall.lake.maintenance.compaction import (
    Compacted,
    Partition,
    Run,
    by_partition,
    due,
    is_over,
    runs_of,
)
from footfall.lake.maintenance.fold import Folding
from footfall.lake.maintenance.garbage import Garbage, Swept
from footfall.lake.maintenance.retention import (
    Retained,
    RetentionBound,
    drop_days,
    first_kept_day,
    oldest_day,
)
from footfall.lake.maintenance.rewrite import Rewriter
from footfall.lake.maintenance.waiting import COMPACT, Placing
from footfall.lake.read.bounds import NO_BOUND
from footfall.lake.read.streams import RUNS_MAX
from footfall.lake.shared_cut import SharedCut
from footfall.lake.tables.days import is_waiting
from footfall.lake.tables.specs import TABLES
from footfall.settings import LakeSettings


class Maintenance:
    """One project's maintenance; the caller sees to it that there is one at a time.

    Every step may be stopped, or killed, and the next run goes on from the notes in `directory`.
    """

    def __init__(
        self,
        lake: Lake,
        directory: Path,
        tail_dir: Path,
        settings: LakeSettings,
        clock: Clock,
        should_stop: Callable[[], bool] = lambda: False,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """Read nothing yet.

        Args:
            lake: What to maintain.
            directory: For notes; made if it is not there.
            tail_dir: Where plan files lie.
            settings: Limits.
            clock: Tells whether a day is over, and how old things are.
            should_stop: Asked between steps.
            rest: Called between pieces of long work; may wait.
        """
        make_directory(directory)
        self._lake = lake
        self._settings = settings
        self._clock = clock
        self._should_stop = should_stop
        self._folded_file = directory / "folded.json"
        self.rewriter = Rewriter(
            lake, directory / "job.json", settings.rewrite_bytes_max, should_stop, rest=rest
        )
        self.folding = Folding(lake, self.rewriter)
        self.placing = Placing(
            lake, self.rewriter, settings, clock, directory / "placed.json", should_stop
        )
        self._garbage = Garbage(
            lake,
            lambda: _planned(lake, tail_dir, settings),
            directory / "garbage.json",
            clock,
            settings.file_grace,
        )

    def resume(self) -> None:
        """Go on with the job that was not finished, if any; one of an unknown kind is dropped."""
        job = self.rewriter.pending()
        if job is None:
            return
        make = self.folding.transforms.get(job.kind)
        if make is not None:
            self.rewriter.resume(job, make(job))
        elif job.kind == COMPACT:
            self.rewriter.resume(job)
        else:
            self.rewriter.forget()

    def compact(self, *, full: bool = False) -> Compacted:
        """Rewrite what is due, or with `full` every partition that is not one run.

        Without `full` at most `lake.rewrites_max` jobs, what waits for its day first.

        Raises:
            Conflict, CommitUnknown: as `Lake.replace`; the next run goes on.
        """
        jobs_max = NO_BOUND if full else self._settings.rewrites_max
        done = Compacted()
        for table in _day_tables():
            done += self.placing.place(table, jobs_max - done.jobs, full=full)
        for table in TABLES:
            for partition, files in by_partition(self._lake.data_files(table)).items():
                more = self._compact(table, partition, files, full, jobs_max - done.jobs)
                done += more
                if self._should_stop() or done.jobs >= jobs_max:
                    return done
        return done

    def _compact(
        self, table: str, partition: Partition, files: list[DataFile], full: bool, jobs_max: int
    ) -> Compacted:
        """Rewrite what is due of one partition, in at most `jobs_max` jobs."""
        done = Compacted()
        stay = () if is_waiting(table, files[0]) else None
        while done.jobs < jobs_max and (chosen := self._due(partition, files, full=full)):
            if self._should_stop():
                break
            old = [file for run in chosen for file in run.files]
            outcome = self.rewriter.rewrite(table, old, kind=COMPACT, days=stay)
            if outcome == "stopped":
                break
            done += Compacted(1, len(old), sum(run.rows for run in chosen))
            if outcome == "overtaken":
                break
            gone = {file.file_path for file in old}
            files = [file for file in files if file.file_path not in gone] + self.rewriter.written
            if self._due(partition, files, full=full):
                # Only then: a thousand days would read the table a thousand times.
                files = by_partition(self._lake.data_files(table)).get(partition, [])
        return done

    def _due(self, partition: Partition, files: list[DataFile], *, full: bool) -> list[Run]:
        """Runs of a partition to make one of next, no more than can be read side by side."""
        runs = runs_of(files)
        if full:
            chosen = runs if len(runs) > 1 else []
        else:
            chosen = due(runs, self._settings.merge_runs, is_over=self._is_over(partition))
        return chosen[:RUNS_MAX]

    def fold(self, epoch: int) -> int:
        """Fold notes of epochs up to `epoch` if there are enough, or old ones; how many.

        Args:
            epoch: At most that of the oldest checkpoint that is kept; see `fold` beside this.
        """
        notes = self.folding.pending(epoch)
        is_due = notes >= self._settings.fold_rows or (
            notes and self._clock.now_us() - self._folded_at() >= self._settings.fold_age_max
        )
        if not is_due or not self._fold(epoch):
            return 0
        write_atomically(self._folded_file, msgspec.json.encode(self._clock.now_us()))
        return notes

    def _fold(self, epoch: int) -> bool:
        """Fold what is about rows in their days, all rows it can be about; whether to the end."""
        self._lake.change_up_to(epoch)
        tables = ("events", "sessions", "other_sessions")
        is_placed = all(self.placing.place_all(table, epoch) for table in tables)
        return is_placed and self.folding.fold(epoch)

    def _folded_at(self) -> int:
        """When notes were folded last; a clock that was set back counts from then on."""
        try:
            at = msgspec.json.decode(self._folded_file.read_bytes(), type=int)
        except (FileNotFoundError, msgspec.DecodeError):
            return 0
        return at if at <= self._clock.now_us() else 0

    def retain(self, bound: RetentionBound | None) -> Retained:
        """Drop old days as the settings say and `bound` allows; none: drop nothing.

        Raises:
            Conflict, CommitUnknown, Corrupt: as `drop_days`; the next run goes on.
        """
        if bound is None:
            return Retained(oldest=oldest_day(self._lake))
        until = first_kept_day(self._lake, self._settings, bound)
        oldest = oldest_day(self._lake)
        # Notes about a day's rows go by becoming part of them; none is left about a dropped day.
        has_notes = oldest is not None and oldest < until and self.folding.pending(bound.epoch) > 0
        if has_notes and not self._fold(bound.epoch):
            return Retained(oldest=oldest)
        if oldest is not None and oldest < until:
            self._lake.change_up_to(bound.epoch)
            for table in _day_tables():
                self.placing.place_all(table, bound.epoch)
        return drop_days(self._lake, until, bound)

    def expire(self) -> int:
        """Forget old snapshots of every table; how many."""
        settings = self._settings
        return sum(
            self._lake.expire(table, settings.snapshots_max, settings.snapshot_age_max)
            for table in TABLES
        )

    def sweep(self, needed: Collection[str] = ()) -> Swept:
        """Remove files that nothing has named for long; see `footfall.lake.maintenance.garbage`.

        Those that are `needed`, absolute paths, stay.
        """
        job = self.rewriter.pending()
        written = () if job is None else job.added
        kept = {place_of(file.file_path) for file in written}
        return self._garbage.sweep(kept.union(needed))

    def _is_over(self, partition: Partition) -> bool:
        return is_over(partition, self._clock.now_us(), self._settings.day_settled_after)


def _day_tables() -> list[str]:
    """Tables with days, whose rows may wait for theirs."""
    return [spec.name for spec in TABLES.values() if spec.day is not None]


def _planned(lake: Lake, tail_dir: Path, settings: LakeSettings) -> set[str]:
    """Data files that readers of any cut need, whichever machine they are on."""
    named = planned_files(tail_dir)
    if settings.cuts == "lake":
        named |= SharedCut(lake.store, lake.project).planned_files()
    return named
