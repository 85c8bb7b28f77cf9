"""The rewrite job: some data files of a partition become others, sorted, through a transform.

Theory of operation. Rows are read in ranges of the table's order, each small enough for memory,
transformed, sorted and written; at the end all old files are swapped for all new ones in one
commit. Whenever a file of some size is complete, a note says what is done. So after a crash

    before the first note                    nothing is there
    between two notes                        it goes on after the last; files written since: orphans
    after the last, before the commit        it commits
    after the commit, before the note goes   the old files are not in the table: the note goes

Rows appended meanwhile lie in other files and are not touched. If someone else replaced one of the
old files, the work was for nothing and is left to orphan removal. Files in the table's order are
read as streams (`_streams`); should one turn out not to be, the job starts over and reads each
range by itself (`_ranges`). Compaction is this job with no
transform, also where rows that wait get to their days (`_waiting`); folding, and whatever changes
history, is it with one. A transform may drop and change rows but not move them to another day, and
sees rows of equal key (`key_columns`) together.
"""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec
import pyarrow as pa
from pyiceberg.manifest import DataFile

from footfall.home import sync_directory, write_atomically
from footfall.lake.commit.data_files import in_order
from footfall.lake.commit.lake import Lake
from footfall.lake.commit.stored_file import StoredFile
from footfall.lake.location import place_of
from footfall.lake.read.ranges import FileRows, Key
from footfall.lake.read.streams import RUNS_MAX, Unsorted, stream_ranges
from footfall.lake.store.store import Store
from footfall.lake.tables.layout import COMPACTED
from footfall.machine.process import give_way

Transform = Callable[[pa.Table], pa.Table]
Outcome = Literal["done", "overtaken", "stopped"]
_Result = TypeVar("_Result")

_PART_BITS: Final = 32
"""Low bits of the UUID in a file's name that differ between the files of one rewrite; see `run_of`.
Drawn anew for each: an attempt that died before its note left files of the same range."""

_STREAMED_PARTS: Final = 4
"""Streams take memory, too; and with them short ranges cost no more than long ones."""


class RewriteJob(msgspec.Struct):
    """A job's note."""

    table: str
    kind: str
    """Names the transform: who resumes the job makes it again from `kind` and `epoch`."""
    epoch: int
    remove: tuple[str, ...]
    """Locations of the old files."""
    splits: tuple[Key, ...]
    run: str
    """UUID whose high bits are in the names of all new files."""
    done: int = 0
    """How many of the `len(splits) + 1` ranges are written."""
    added: tuple[StoredFile, ...] = ()
    is_streamed: bool = False
    """The old files are sorted, as far as is known."""
    days: tuple[int, ...] | None = None
    """Days that get files of their own, of rows that waited; none: as before."""


class Rewriter:
    """Runs one job at a time, with its note in `note_file`; the caller holds a lock."""

    def __init__(
        self,
        lake: Lake,
        note_file: Path,
        bytes_max: int,
        should_stop: Callable[[], bool] = lambda: False,
        stretch_bytes: int = COMPACTED.file_bytes // 2,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """Read nothing yet.

        Args:
            lake: Where.
            note_file: The job's note; its directory exists.
            bytes_max: Arrow memory of the rows of one range; where runs are read as streams ranges
                are a quarter of that. The job takes up to eight times as much.
            should_stop: Asked after each range; the job can go on later.
            stretch_bytes: A file of this size is ended with its range, for a note to say so.
            rest: Called after each range; may wait.
        """
        self._lake = lake
        self._note_file = note_file
        self._bytes_max = bytes_max
        self._should_stop = should_stop
        self._stretch_bytes = stretch_bytes
        self._rest = rest
        self.written: list[DataFile] = []
        """What the last job that was done put in place of the old files."""

    def pending(self) -> RewriteJob | None:
        """The job that was not finished, if any.

        A damaged note counts as none, and what the job wrote as orphans.
        """
        try:
            return msgspec.json.decode(self._note_file.read_bytes(), type=RewriteJob)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def rewrite(
        self,
        table: str,
        files: Sequence[DataFile],
        transform: Transform | None = None,
        *,
        kind: str = "compact",
        epoch: int = 0,
        days: Collection[int] | None = None,
    ) -> Outcome:
        """Rewrite `files`, all of one partition. No other job may be pending.

        Args:
            table: One of `TABLES`.
            files: Of its newest snapshot.
            transform: What becomes of their rows; none: nothing.
            kind: Names the transform, for who resumes the job.
            epoch: The same.
            days: Of files that wait: days whose rows get files of their own; the others go on
                waiting. None: all of one day, or a table without days.

        Raises:
            Conflict, CommitUnknown: as `Lake.replace`; `resume` goes on.
        """
        paths = [file.file_path for file in files]
        is_streamed = len(set(map(run_of, paths))) <= RUNS_MAX
        range_bytes = max(1, self._bytes_max // (_STREAMED_PARTS if is_streamed else 1))
        schema, store = self._lake.schema(table), self._lake.store
        splits = _apart(lambda: FileRows(table, _places(paths), schema, store).splits(range_bytes))
        job = RewriteJob(
            table,
            kind,
            epoch,
            tuple(paths),
            tuple(splits),
            str(self._lake.new_id()),
            is_streamed=is_streamed,
            days=None if days is None else tuple(days),
        )
        self._note(job)
        return self._run(job, files, transform)

    def resume(self, job: RewriteJob, transform: Transform | None = None) -> Outcome:
        """Go on with a pending job; `transform` as it was."""
        named = {file.file_path: file for file in self._lake.data_files(job.table)}
        if not named.keys() >= set(job.remove):
            self.forget()
            return "overtaken"
        return self._run(job, [named[path] for path in job.remove], transform)

    def _run(
        self, job: RewriteJob, old: Sequence[DataFile], transform: Transform | None
    ) -> Outcome:
        schema = self._lake.schema(job.table)  # after the files were listed: it has all they have
        try:
            is_written = _apart(lambda: self._write(job, transform, schema))
        except Unsorted:
            job.is_streamed, job.done, job.added = False, 0, ()
            self._note(job)
            is_written = _apart(lambda: self._write(job, transform, schema))
        if not is_written:
            return "stopped"
        new = [file.data_file() for file in job.added]
        is_swapped = self._lake.replace(job.table, old, new)
        self.written = new if is_swapped else []
        self.forget()
        return "done" if is_swapped else "overtaken"

    def _write(self, job: RewriteJob, transform: Transform | None, schema: pa.Schema) -> bool:
        """Write the ranges that are not done; whether all are, or it was told to stop."""
        paths = _places(job.remove)
        store = self._lake.store
        ranges = len(job.splits) + 1
        if job.is_streamed:
            runs = defaultdict(list)
            for path in paths:
                runs[run_of(path)].append(path)
            parts = stream_ranges(
                job.table, list(runs.values()), job.splits, job.done, schema, store
            )
        else:
            parts = _read_ranges(job, paths, schema, store)
        while job.done < ranges:
            self._write_stretch(job, parts, transform)
            if self._should_stop() and job.done < ranges:
                return False
        return True

    def _write_stretch(
        self, job: RewriteJob, parts: Iterator[pa.Table], transform: Transform | None
    ) -> None:
        """Write ranges until they make a large file, or are all; then note it."""
        done = job.done
        days = None if job.days is None else frozenset(job.days)
        with self._lake.writer(job.table, self._file_name(job), days) as writer:
            while done <= len(job.splits) and writer.open_bytes < self._stretch_bytes:
                part = next(parts)
                writer.write(in_order(job.table, part if transform is None else transform(part)))
                done += 1
                if self._should_stop():
                    break
                self._rest()
        job.added += tuple(map(StoredFile.of, writer.files))
        job.done = done
        self._note(job)

    def _file_name(self, job: RewriteJob) -> uuid.UUID:
        part = self._lake.new_id().int % (1 << _PART_BITS)
        return uuid.UUID(int=uuid.UUID(job.run).int >> _PART_BITS << _PART_BITS | part)

    def forget(self) -> None:
        """Drop the note; what the job wrote and did not commit is left to orphan removal."""
        self._note_file.unlink(missing_ok=True)
        sync_directory(self._note_file.parent)

    def _note(self, job: RewriteJob) -> None:
        write_atomically(self._note_file, msgspec.json.encode(job), synced=True)


def _apart(work: Callable[[], _Result]) -> _Result:
    """Do what takes long in a thread that gives way to all others; commits are not made so."""
    with ThreadPoolExecutor(1, "rewrite", give_way) as executor:
        return executor.submit(work).result()


def _read_ranges(
    job: RewriteJob, paths: Sequence[str], schema: pa.Schema, store: Store
) -> Iterator[pa.Table]:
    rows = FileRows(job.table, paths, schema, store)
    bounds: list[Key | None] = [None, *job.splits, None]
    for start, stop in itertools.pairwise(bounds[job.done :]):
        yield rows.read(start, stop)


def _places(locations: Sequence[str]) -> list[str]:
    return [place_of(location) for location in locations]


def run_of(location: str) -> str:
    """What the files of one rewrite have in common: they are sorted, and hold disjoint ranges.

    Every other file is a run of its own.
    """
    stem = location.rsplit("/", 1)[-1].removesuffix(".parquet")
    try:
        number = uuid.UUID(stem[-36:])
    except ValueError:
        return location
    return f"{number.int >> _PART_BITS:x}"
