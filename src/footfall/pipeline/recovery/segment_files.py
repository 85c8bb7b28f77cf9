"""Files of the session state's segments: named after their content, written once, read in place.

A file is not synced when it is written: until a checkpoint names it nobody needs it after a crash.
The checkpoint syncs what it names before it is there itself, each file once. What no checkpoint
names is removed when one was written, and at a start; who has it mapped goes on reading it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa

from footfall.errors import Corrupt
from footfall.home import make_directory, sync_directory

SUFFIX: Final = ".segment"


class SegmentFiles:
    """A `SegmentStore` in one directory, which one process writes at a time."""

    def __init__(self, directory: Path) -> None:
        """Use `directory`; it is made when the first file is."""
        self._directory = directory
        self._synced: set[str] = set()

    def save(self, data: pa.Buffer) -> tuple[str, pa.Buffer]:
        """See `SegmentStore.save`."""
        name = _name_of(data)
        file = self._directory / name
        if not file.exists():
            make_directory(self._directory)
            temporary = file.with_name(f".{name}")
            with temporary.open("wb") as stream:
                stream.write(memoryview(data))
            temporary.rename(file)
        return name, self.open(name)

    def open(self, name: str) -> pa.Buffer:
        """See `SegmentStore.open`."""
        with pa.memory_map(str(self._directory / name)) as file:
            return file.read_buffer()

    def sync(self, names: Iterable[str]) -> None:
        """Make files durable."""
        new = [name for name in names if name not in self._synced]
        for name in new:
            with (self._directory / name).open("rb") as stream:
                os.fsync(stream.fileno())
        if new:
            sync_directory(self._directory)
            self._synced.update(new)

    def remove_but(self, needed: set[str]) -> None:
        """Remove all other files."""
        if not self._directory.exists():
            return
        for file in self._directory.iterdir():
            if file.name not in needed:
                file.unlink(missing_ok=True)
        self._synced &= needed


class CheckedFiles(SegmentFiles):
    """The same for who reads a checkpoint: every byte is looked at before it counts."""

    def open(self, name: str) -> pa.Buffer:
        """See `SegmentStore.open`.

        Raises:
            Corrupt: the file is damaged.
        """
        data = super().open(name)
        if _name_of(data) != name:
            raise Corrupt(f"a file of session state is damaged: {self._directory / name}")
        return data


def _name_of(data: pa.Buffer) -> str:
    return hashlib.blake2b(memoryview(data), digest_size=16).hexdigest() + SUFFIX
