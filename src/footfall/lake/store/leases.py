"""Locks of a lake that several machines share: notes in its object store.

Who commits leaves an empty note below `writing/` from the first byte of a data file until the
commit is in, who reads data files without a plan one below `reading/`; whoever removes files looks
whether there are any. A process that dies leaves its note behind. It is not believed for ever: once
it is older than `age_max`, by the store's own clock, its holder counts as dead.

That may be wrong, about a process that was merely slow, and must harm nobody. So the note of one
who commits is not removed but written over, and each commit of ours looks, after it loaded the
table and before it commits against that very state, whether its note is still empty (`check`). Who
finds notes written over puts a snapshot without rows on each table, then removes them, and only
then looks what is garbage. Whatever the clocks say, one of these is true:

    written over, then looked at                 the commit is given up; its rows are written again
    looked at, written over, snapshot, commit    the commit fails on the snapshot, and looks again
    looked at, committed, snapshot               the files are in the table: they are no garbage

and a death in between leaves the written-over note, for the next one to do the same. A slow
*reader* whose note was removed may miss a file; it says so, and looks again.

`creating` is one note that says who holds it, taken by conditional write, for long only by one who
died: it is taken over when it is older than `age_max`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from footfall.clock import Clock, random_token
from footfall.errors import Conflict, Unavailable
from footfall.lake.store.store import Store

_FREE: Final = b"free"
_BROKEN: Final = b"its holder was taken for dead"
_TRIES_MAX: Final = 300
_TRY_SECONDS: Final = 0.1
_POLITE_TRIES: Final = 50


class StoreLocks:
    """As `LakeLocks`, for a lake in an object store."""

    def __init__(self, store: Store, project: str, clock: Clock, age_max_us: int) -> None:
        """Ask nothing yet.

        Args:
            store: Where the notes lie, below `_locks/`.
            project: Whose tables.
            clock: Waits; its time is never looked at.
            age_max_us: Microseconds after which a note is one of a process that died.
        """
        self._store = store
        self._directory = f"{store.root}/_locks/{project}"
        self._creating = f"{store.root}/_locks/creating"
        self._clock = clock
        self._age_max = age_max_us / 1_000_000
        self._held: list[str] = []

    @contextlib.contextmanager
    def creating(self) -> Iterator[None]:
        """Hold the lock of the catalog alone; look again what is missing.

        Raises:
            Unavailable: another process holds it for long.
        """
        mine = random_token().encode()
        tag = self._take(mine)
        try:
            yield
        finally:
            with contextlib.suppress(Conflict):  # someone took it over
                self._store.swap_note(self._creating, _FREE, tag)

    def _take(self, mine: bytes) -> str:
        for _ in range(_TRIES_MAX):
            note = self._store.read_note(self._creating)
            if note is None or note.data == _FREE or self._is_stale(self._creating):
                with contextlib.suppress(Conflict):
                    tag = None if note is None else note.tag
                    return self._store.swap_note(self._creating, mine, tag)
            self._clock.sleep(_TRY_SECONDS)
        raise Unavailable(
            "another process makes the lake's tables for long; try again, or remove its note:"
            f" path={self._creating}"
        )

    @contextlib.contextmanager
    def committing(self) -> Iterator[None]:
        """Leave a note that a commit is under way, together with others who commit."""
        with self._noted("writing"):
            yield

    @contextlib.contextmanager
    def maintaining(self, clock: Clock) -> Iterator[None]:
        """As `committing`, after a moment without others if there is one; politeness only."""
        for _ in range(_POLITE_TRIES):
            if not self.is_anyone_writing():
                break
            clock.sleep(_TRY_SECONDS)
        with self.committing():
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Keep data files from being removed; any number at a time."""
        with self._noted("reading"):
            yield

    def is_anyone_writing(self) -> bool:
        """Whether there is a note of one who commits; stale ones are written over."""
        return self._is_anyone("writing")

    def is_anyone_reading(self) -> bool:
        """Whether there is a note of one who reads; stale ones are removed."""
        return self._is_anyone("reading")

    def check(self) -> None:
        """See that nobody took this process for dead; between loading a table and committing.

        Raises:
            Conflict: someone did; files that were written may be gone. Write them again.
        """
        for path in [path for path in self._held if "/writing/" in path]:
            if self._store.size(path) != 0:
                raise Conflict(
                    "this commit took longer than lake.lock_age_max, so its files count as"
                    f" garbage; it is done again, with new ones: {path=}"
                )

    def broken(self) -> list[str]:
        """Notes of those who commit that were written over; put a snapshot on each table now."""
        return [note.path for note in self._store.list(f"{self._directory}/writing") if note.size]

    def forget(self, notes: Sequence[str]) -> None:
        """Remove notes that `broken` gave, once each table has its snapshot."""
        for path in notes:
            self._store.delete(path)

    @contextlib.contextmanager
    def _noted(self, kind: str) -> Iterator[None]:
        path = f"{self._directory}/{kind}/{random_token()}"
        self._store.write(path, b"")
        self._held.append(path)
        try:
            yield
        finally:
            self._held.remove(path)
            with contextlib.suppress(Unavailable):  # it becomes stale by itself
                self._store.delete(path)

    def _is_anyone(self, kind: str) -> bool:
        is_any = False
        for note in list(self._store.list(f"{self._directory}/{kind}")):
            if note.size:
                continue
            if note.path in self._held or not self._is_stale(note.path):
                is_any = True
            elif kind == "writing":
                self._store.write(note.path, _BROKEN)
            else:
                self._store.delete(note.path)
        return is_any

    def _is_stale(self, path: str) -> bool:
        age = self._store.age(path)
        return age is not None and age > self._age_max
