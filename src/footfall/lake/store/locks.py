"""Locks beside a project's tables, held for moments; the kernel lets go of them with a process.

`writing` is held from the first byte of a new data file until a commit names it, and while a plan
is made durable: shared by those who commit, so that one of them that was paused in between cannot
hold up the others. So who gets it alone once knows: no file that lay there before is about to be
named.
`reading` is shared by those of ours who read data files without a plan file. Neither is needed for
a commit to be right, the catalog decides that; they are what makes *removing* files safe without
trusting any clock.
`catalog` is held while the catalog or its tables are made, by one process at a time: PyIceberg
looks whether they are there and then makes them, and whoever comes second fails.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock

_ALONE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB
_TRIES_MAX: Final = 500
_TRY_SECONDS: Final = 0.01


class LakeLocks(msgspec.Struct, frozen=True):
    """The locks of one project, and that of the catalog it shares with others."""

    directory: Path
    project: str

    @contextlib.contextmanager
    def creating(self) -> Iterator[None]:
        """Hold the lock of the catalog alone, whatever the project; look again what is missing."""
        with _held(self.directory / "catalog.lock", fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def committing(self) -> Iterator[None]:
        """Hold the lock of writers together with others who commit."""
        with _held(self._file("writing"), fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def maintaining(self, clock: Clock) -> Iterator[None]:
        """As `committing`, alone if that can be had within seconds.

        Replacing files takes longer than appending some, so beside appends without a pause it
        would lose every race. Politeness only: who commits while others do is right as well.
        """
        for _ in range(_TRIES_MAX):
            with contextlib.suppress(BlockingIOError), _held(self._file("writing"), _ALONE):
                yield
                return
            clock.sleep(_TRY_SECONDS)
        with self.committing():
            yield

    def is_anyone_writing(self) -> bool:
        """Whether someone holds the lock of writers now."""
        return self._is_held("writing")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Keep data files from being removed; any number at a time."""
        with _held(self._file("reading"), fcntl.LOCK_SH):
            yield

    def is_anyone_reading(self) -> bool:
        """Whether someone holds `reading` now."""
        return self._is_held("reading")

    def check(self) -> None:
        """The kernel lets go of nothing while its holder lives; see `StoreLocks`."""

    def broken(self) -> list[str]:
        """None, for the same reason."""
        return []

    def forget(self, notes: Sequence[str]) -> None:
        """There are none."""

    def _is_held(self, name: str) -> bool:
        try:
            with _held(self._file(name), _ALONE):
                return False
        except BlockingIOError:
            return True

    def _file(self, name: str) -> Path:
        return self.directory / f"{self.project}.{name}.lock"


@contextlib.contextmanager
def _held(file: Path, operation: int) -> Iterator[None]:
    with file.open("a") as stream:
        fcntl.flock(stream, operation)
        yield
