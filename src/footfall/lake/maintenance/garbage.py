"""Removes files of the lake that nothing can name any more, in two phases.

Theory of operation. A file is *garbage* once no snapshot that is kept, no plan file and no rewrite
job names it. From then on nothing can come to name it again: names are given by commits, to files
that their writer wrote while it held `writing`, and by plans, made from the newest snapshot under
the same lock. So

    1. list the files there are
    2. get `writing` once: who was writing has committed or given up; whose lock was broken
       (`StoreLocks`) cannot commit any more
    3. load the tables, read the plan files: what was listed and is not named is garbage
    4. write down which, and since when                         (the first phase, on disk)
    5. get `reading` once: who of ours read by an older snapshot, without a plan file, has ended
    6. remove what was garbage for `grace` already              (the second phase)

Files that were written for a commit that never came, by a process that died, are garbage like any
other. Readers of ours lock the plan file they use, and plan files in use are not removed, so no
clock, however it jumps, takes a file from them. Those on other machines have plan files beside the
lake, which stay longer than a statement may take (`footfall.lake.shared_cut`). `grace` is for other
engines, which read a snapshot for as long as their query takes and tell nobody.

A crash at any point leaves garbage and marks, and the next run goes on. A mark from the future (the
clock was set back) counts from now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock
from footfall.home import write_atomically
from footfall.lake.commit.expiry import files_below, reachable
from footfall.lake.commit.lake import Lake
from footfall.lake.tables.specs import TABLES

_WAITS_MAX: Final = 100
_WAIT_SECONDS: Final = 0.1


class Swept(msgspec.Struct, frozen=True):
    """What one sweep did."""

    removed: int
    """Files."""
    removed_bytes: int
    waiting: int
    """Files that are garbage and not removed yet."""


class Garbage:
    """Finds and removes garbage of one project; one at a time."""

    def __init__(
        self,
        lake: Lake,
        planned: Callable[[], set[str]],
        marks_file: Path,
        clock: Clock,
        grace: int,
    ) -> None:
        """Touch nothing yet.

        Args:
            lake: Whose files.
            planned: Data files that any plan file names.
            marks_file: Where garbage is written down; its directory exists.
            clock: For `grace`.
            grace: Microseconds that garbage stays.
        """
        self._lake = lake
        self._planned = planned
        self._marks_file = marks_file
        self._clock = clock
        self._grace = grace

    def sweep(self, needed: Collection[str] = ()) -> Swept:
        """Do both phases once.

        Args:
            needed: Files to keep though nothing names them yet: those of an unfinished rewrite.

        Raises:
            Corrupt: a plan file is damaged, so it is not known what it names; nothing is removed.
        """
        store = self._lake.store
        found = {
            file.path: file.size
            for table in TABLES
            for file in files_below(self._lake.table(table), store)
        }
        before = self._marks()
        if not self._is_quiet(self._lake.locks.is_anyone_writing):
            return Swept(0, 0, len(before))
        if broken := self._lake.locks.broken():
            self._lake.refuse_staged()
            self._lake.locks.forget(broken)
        named = set(needed) | self._planned()
        for table in TABLES:
            named |= reachable(self._lake.table(table))
        now = self._clock.now_us()
        marks = {file: min(before.get(file, now), now) for file in found if file not in named}
        self._write(marks)
        due = [file for file, since in marks.items() if now - since >= self._grace]
        removed = removed_bytes = 0
        if due and self._is_quiet(self._lake.locks.is_anyone_reading):
            for file in due:
                # Another engine that uses the table may remove it, too.
                removed_bytes += store.size(file) or 0
                store.delete(file)
                removed += 1
                del marks[file]
            self._write(marks)
        return Swept(removed, removed_bytes, len(marks))

    def _is_quiet(self, is_busy: Callable[[], bool]) -> bool:
        """Wait until nobody is busy for a moment; `False` if that takes too long."""
        for _ in range(_WAITS_MAX):
            if not is_busy():
                return True
            self._clock.sleep(_WAIT_SECONDS)
        return False

    def _marks(self) -> dict[str, int]:
        """Garbage of earlier sweeps, and since when; none if that was lost, and it waits anew."""
        try:
            return msgspec.json.decode(self._marks_file.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _write(self, marks: dict[str, int]) -> None:
        write_atomically(self._marks_file, msgspec.json.encode(marks), synced=True)
