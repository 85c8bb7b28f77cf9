"""Two locks beside a project's tables, held for moments; the kernel lets go of them with a process.

`writing` is held from the first byte of a new data file until a commit names it, and while a plan
is made durable. So who gets it once knows: no file that lay there before is about to be named.
`reading` is shared by those of ours who read data files without a plan file. Neither is needed for
a commit to be right, the catalog decides that; they are what makes *removing* files safe without
trusting any clock.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import msgspec


class LakeLocks(msgspec.Struct, frozen=True):
    """The locks of one project."""

    directory: Path
    project: str

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one lock of writers, after waiting for the others."""
        with _held(self._file("writing"), fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Keep data files from being removed; any number at a time."""
        with _held(self._file("reading"), fcntl.LOCK_SH):
            yield

    def is_anyone_reading(self) -> bool:
        """Whether someone holds `reading` now."""
        try:
            with _held(self._file("reading"), fcntl.LOCK_EX | fcntl.LOCK_NB):
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
