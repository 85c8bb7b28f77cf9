"""A lake in a directory of this machine. Nothing is written before what it lies in is durable."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from footfall.clock import random_token
from footfall.errors import Conflict
from footfall.home import make_directory, sync_directory, write_durably
from footfall.lake.store.scan import scan
from footfall.lake.store.store import Listed, Note

_PROBE: Final = ".clock"


class LocalStore:
    """See `footfall.lake.store.store.Store`."""

    def __init__(self, directory: Path) -> None:
        """Make nothing yet."""
        self.root = str(directory)

    def write(self, path: str, data: bytes) -> None:
        """By rename; file and name are synced."""
        make_directory(Path(path).parent)
        write_durably(Path(path), data)

    def create(self, path: str, data: bytes) -> bool:
        """By a second name for a whole file: the kernel lets one of several have it."""
        file = Path(path)
        make_directory(file.parent)
        temporary = file.with_name(f".{file.name}.{random_token()}.tmp")
        try:
            write_durably(temporary, data)
            os.link(temporary, file)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
            sync_directory(file.parent)
        return True

    def read(self, path: str) -> bytes:
        """See `Store`."""
        return Path(path).read_bytes()

    def size(self, path: str) -> int | None:
        """See `Store`."""
        try:
            return Path(path).stat().st_size
        except FileNotFoundError:
            return None

    def list(self, directory: str) -> Iterator[Listed]:
        """See `Store`."""
        for above, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(above, name)
                size = self.size(path)
                if size is not None:
                    yield Listed(path, size)

    def delete(self, path: str) -> None:
        """See `Store`."""
        Path(path).unlink(missing_ok=True)

    def read_note(self, path: str) -> Note | None:
        """See `Store`."""
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            return None
        return Note(data, _tag(data))

    def swap_note(self, path: str, data: bytes, tag: str | None) -> str:
        """Looked at and replaced under a lock beside it."""
        make_directory(Path(path).parent)
        with _alone(Path(f"{path}.lock")):
            before = self.read_note(path)
            if (None if before is None else before.tag) != tag:
                raise Conflict(f"another writer changed the note; read it again: {path=}")
            self.write(path, data)
        return _tag(data)

    def age(self, path: str) -> float | None:
        """By the file system's clock, which gave the file its time as well."""
        probe = Path(self.root) / _PROBE
        make_directory(probe.parent)
        probe.write_bytes(b"")
        try:
            return probe.stat().st_mtime - Path(path).stat().st_mtime
        except FileNotFoundError:
            return None

    def parquet(self, path: str, *, is_checked: bool = False) -> pq.ParquetFile:
        """See `Store`."""
        return pq.ParquetFile(path, memory_map=True, page_checksum_verification=is_checked)

    def dataset(
        self, paths: Sequence[str], schema: pa.Schema, format_: ds.FileFormat
    ) -> ds.Dataset:
        """See `Store`."""
        return ds.dataset(list(paths), schema=schema, format=format_)

    def scan(self, paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
        """See `Store`."""
        return scan(paths, schema)


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    with file.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
