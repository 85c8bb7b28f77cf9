"""What lies on disk: flat arrays, and one file that names them, with their lengths and checksums.

A part is a directory that is written under another name, synced and renamed, and then never
changes. `index.json` is replaced last, by rename, and names the parts that belong together; so a
reader has the old index or the new one, and a power cut leaves whole parts that nobody names.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from footfall.errors import Corrupt
from footfall.home import OWNER_ONLY, make_directory, sync_directory, write_durably

VERSION: Final = 1
INDEX: Final = "index.json"
WhoseRows = Literal["visitor", "session", "user"]
_CHUNK: Final = 1 << 22


class File(msgspec.Struct, frozen=True):
    """One array."""

    bytes: int
    checksum: int
    """CRC-32 of all its bytes."""
    kind: str
    """NumPy's name of its numbers, such as `<i8`; `names`: an Arrow file with one column."""


class Part(msgspec.Struct, frozen=True):
    """Rows of one kind of actor."""

    per: WhoseRows
    directory: str
    rows: int
    actors: int
    """Those who have names; rows of nobody lie after theirs, in actors without."""
    files: dict[str, File]
    replaces: str = ""
    """Part whose actors in the array `replaced` have their rows here, all of them."""


class Seen(msgspec.Struct, frozen=True):
    """What of a cut says which rows its events have: equal here, equal there."""

    sequence: int
    published_at: int
    epoch: int
    marks: tuple[str, ...]
    """Names of its plan and of its files of events, and of what says which session they are in."""


class Base(msgspec.Struct, frozen=True):
    """What the older parts have, so that a later cut can say whether it is still so."""

    epoch: int
    """The last one whose rows they have."""
    prints: dict[WhoseRows, dict[int, tuple[int, str]]]
    """See `footfall.explore.journeys.source.Source.prints`."""


class Index(msgspec.Struct, frozen=True):
    """`index.json`."""

    version: int
    seen: Seen
    base: Base
    names: tuple[str, ...]
    """Of all events; `columns` may have some that only an older cut had."""
    columns: dict[str, tuple[str, ...]]
    """Field → its values: code n of a row is the n-th, from 1; 0: it has none."""
    parts: tuple[Part, ...]
    bytes: int
    """All files together."""
    skipped: tuple[str, ...] = ()
    """Fields that were asked for and have too many values."""


class Segment:
    """One part, mapped."""

    def __init__(self, root: Path, part: Part, is_live: NDArray[Any] | None = None) -> None:
        """Map its files; they stay readable when they are removed."""
        self.per, self.rows, self.actors = part.per, part.rows, part.actors
        self.is_live = is_live
        directory = root / part.directory
        self._directory = directory
        self.arrays: dict[str, NDArray[Any]] = {
            name: _mapped(directory / name, file.kind, file.bytes)
            for name, file in part.files.items()
            if file.kind != "names"
        }
        self.offsets = self.arrays["offsets"]
        self.times = self.arrays["times"]
        self._names: pa.ChunkedArray | None = None

    def names(self, actors: NDArray[Any]) -> list[str]:
        """Names of actors, in the order given."""
        return list(self.all_names().take(pa.array(actors)).to_pylist())

    def all_names(self) -> pa.ChunkedArray:
        """Of every actor, by number."""
        if self._names is None:
            with pa.memory_map(str(self._directory / "names")) as source:
                self._names = ipc.open_file(source).read_all().column(0)
        return self._names


def _mapped(file: Path, kind: str, size: int) -> NDArray[Any]:
    if size == 0:
        return np.empty(0, kind)
    # Copied when written, which nobody does: kernels are compiled for arrays that may be.
    return np.asarray(np.memmap(file, kind, "c"))


class PartWriter:
    """Writes the arrays of one part, piece by piece."""

    def __init__(self, root: Path, directory: str, per: WhoseRows) -> None:
        """Begin; what was left of one by this name goes."""
        self._root, self._name, self._per = root, directory, per
        self._path = root / f".{directory}.new"
        shutil.rmtree(self._path, ignore_errors=True)
        make_directory(root)
        self._path.mkdir(OWNER_ONLY)
        self._streams: dict[str, Any] = {}
        self._files: dict[str, File] = {}

    def append(self, name: str, piece: NDArray[Any]) -> None:
        """More numbers of an array; all pieces of one are of one type."""
        if name not in self._streams:
            self._streams[name] = (self._path / name).open("wb")
            self._files[name] = File(0, 0, piece.dtype.str)
        known = self._files[name]
        data = np.ascontiguousarray(piece).tobytes()
        self._streams[name].write(data)
        checksum = zlib.crc32(data, known.checksum)
        self._files[name] = File(known.bytes + len(data), checksum, known.kind)

    def names(self, pieces: Sequence[pa.Array]) -> None:
        """Names of all actors, in order."""
        file = self._path / "names"
        schema = pa.schema([pa.field("name", pa.large_string())])
        with ipc.new_file(str(file), schema) as writer:
            for piece in pieces:
                if len(piece):
                    writer.write_batch(pa.record_batch([piece.cast(pa.large_string())], schema))
        self._files["names"] = File(file.stat().st_size, _checksum(file), "names")

    def close(self) -> None:
        """Let go of its files; what was not finished is removed."""
        for stream in self._streams.values():
            stream.close()
        shutil.rmtree(self._path, ignore_errors=True)

    def finish(self, rows: int, actors: int, replaces: str = "") -> Part:
        """Sync and name it."""
        for stream in self._streams.values():
            stream.close()
        for name in self._files:
            with (self._path / name).open("rb+") as stream:
                _sync(stream)
        sync_directory(self._path)
        target = self._root / self._name
        shutil.rmtree(target, ignore_errors=True)
        self._path.rename(target)
        sync_directory(self._root)
        return Part(self._per, self._name, rows, actors, self._files, replaces)


def _sync(stream: Any) -> None:
    import os

    os.fsync(stream.fileno())


def _checksum(file: Path) -> int:
    found = 0
    with file.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            found = zlib.crc32(piece, found)
    return found


def publish(root: Path, index: Index) -> None:
    """Make it the one that readers open, and remove the parts that it does not name."""
    write_durably(root / INDEX, msgspec.json.encode(index))
    named = {part.directory for part in index.parts}
    for entry in root.iterdir():
        if entry.is_dir() and entry.name not in named and entry.name != "kernels":
            shutil.rmtree(entry, ignore_errors=True)


def read_index(root: Path) -> Index | None:
    """What `index.json` says; `None` where there is none, or one of another version.

    Raises:
        Corrupt: it is damaged; remove the directory, and it is made anew.
    """
    try:
        data = (root / INDEX).read_bytes()
        if msgspec.json.decode(data, type=_Versioned).version != VERSION:
            return None
        return msgspec.json.decode(data, type=Index)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.MsgspecError as error:
        raise damaged(root) from error


def mapped_bytes(root: Path) -> int:
    """Bytes of the newest index's files; 0 where there is none."""
    try:
        return msgspec.json.decode((root / INDEX).read_bytes(), type=_Sized).bytes
    except (OSError, msgspec.MsgspecError):
        return 0


class _Sized(msgspec.Struct, frozen=True):
    bytes: int


class _Versioned(msgspec.Struct, frozen=True):
    version: int


def check(root: Path, parts: Iterable[Part], known: Mapping[str, Part]) -> None:
    """Hold every file of parts against length and checksum, but for those known to be whole.

    Raises:
        Corrupt: one is not as it was written.
        FileNotFoundError: it was removed; there is a newer index.
    """
    for part in parts:
        if known.get(part.directory) == part:
            continue
        for name, said in part.files.items():
            file = root / part.directory / name
            if file.stat().st_size != said.bytes or _checksum(file) != said.checksum:
                raise damaged(file)


def damaged(path: Path) -> Corrupt:
    """What to say of a file that is not as it was written."""
    return Corrupt(f"the journey index is damaged; remove it, and it is made anew: path={path}")
