"""Local files that survive a power cut before a commit names them.

PyIceberg writes and never syncs: after a power cut its catalog can name files whose bytes are gone.
`SyncedFileIO` syncs every file and the directories that lead to it when it is closed. Object stores
acknowledge durable writes themselves and are left to PyIceberg.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, cast

from pyiceberg.io import InputFile, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from footfall.home import make_directory, sync_directory
from footfall.lake.location import local_path

_AS_ABOVE: Final = 0o777
"""Directories of a table are the owner's by the process's mask, unless the lake has an access
control list for those who read it with other engines."""


class SyncedFileIO(PyArrowFileIO):
    """PyIceberg's file layer with local writes that are durable when closed."""

    def new_output(self, location: str) -> OutputFile:  # type: ignore[override]
        """A file to write at `location`; local ones are synced on close."""
        path = local_path(location)
        if path is None:
            return super().new_output(location)
        return _SyncedFile(location, path, self)


class _SyncedFile(OutputFile):
    def __init__(self, location: str, path: Path, io: PyArrowFileIO) -> None:
        super().__init__(location)
        self._path = path
        self._io = io

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def to_input_file(self) -> InputFile:
        return self._io.new_input(self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        make_directory(self._path.parent, _AS_ABOVE)
        return cast("OutputStream", _SyncedStream(self._path, "wb" if overwrite else "xb"))


class _SyncedStream:
    """A binary stream; leaving it without an error makes bytes and name durable."""

    def __init__(self, path: Path, mode: str) -> None:
        self._path = path
        self._stream = cast("BinaryIO", path.open(mode))

    def write(self, data: bytes) -> int:
        return self._stream.write(data)

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return self._stream.closed

    def close(self) -> None:
        if self._stream.closed:
            return
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        sync_directory(self._path.parent)

    def __enter__(self) -> _SyncedStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
