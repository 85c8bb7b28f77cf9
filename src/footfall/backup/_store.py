"""Where backups lie: objects named after their content, and a manifest that names them by path.

    backup.json          the manifest, replaced by rename when everything it names is durable
    objects/ab/ab12…     content, named after its BLAKE2b-256 hash; never changed
    backup.lock          locked by the process at work

An object that the manifest does not name is a leftover, removed by the next backup that ends well.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec

from footfall.errors import Corrupt, Invalid
from footfall.home import make_directory, sync_directory, write_durably
from footfall.machine.private import close_directory

VERSION: Final = 1
_MANIFEST: Final = "backup.json"
_OBJECTS: Final = "objects"
_CHUNK_BYTES: Final = 1 << 20
_DIGEST: Final = r"^[0-9a-f]{64}\Z"
"""It becomes a path."""


class StoredFile(msgspec.Struct, frozen=True):
    """One file of the home."""

    path: str
    """Relative to the home, with `/`."""
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    digest: Annotated[str, msgspec.Meta(pattern=_DIGEST)]
    """BLAKE2b-256 of its content, in hex; names the object."""


class Manifest(msgspec.Struct, frozen=True):
    """One backup."""

    home: str
    """Where the home lay."""
    began_at: int
    """Microseconds since 1970 UTC: everything acknowledged before is in it."""
    files: tuple[StoredFile, ...]
    version: int = VERSION


class Store:
    """The directory of one home's backup; one process at a time."""

    def __init__(self, directory: Path) -> None:
        """Open nothing yet."""
        self._directory = directory
        self._objects = directory / _OBJECTS
        self._touched: set[Path] = set()

    @property
    def lock_file(self) -> Path:
        """To be held while writing."""
        return self._directory / "backup.lock"

    def manifest(self) -> Manifest | None:
        """The newest whole backup; `None` before the first.

        Raises:
            Invalid: a newer version of the program wrote it.
            Corrupt: it cannot be read.
        """
        file = self._directory / _MANIFEST
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Manifest)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise Corrupt(f"the manifest of the backup is damaged; use another: {file}") from error
        if found.version > VERSION:
            raise Invalid(
                f"a newer version of Footfall made this backup; upgrade the program: {file}"
            )
        return found

    def prepare(self) -> None:
        """Make the directory, or see that it is a backup's.

        Raises:
            Invalid: something else lies there.
        """
        exists = self._directory.is_dir() and any(self._directory.iterdir())
        if (exists and not self._objects.is_dir()) or self._directory.is_file():
            raise Invalid(f"not a backup, so it is left alone; name another: {self._directory}")
        make_directory(self._objects)
        close_directory(self._directory)

    def has(self, stored: StoredFile) -> bool:
        """Whether the object is there, of the right size; its bytes are not read."""
        try:
            return self._object(stored.digest).stat().st_size == stored.bytes
        except FileNotFoundError:
            return False

    def add(self, path: str, source: Path) -> tuple[StoredFile, bool]:
        """Keep a file's content; whether it had to be written.

        Raises:
            FileNotFoundError: `source` is gone.
        """
        temporary = self._objects / "new.tmp"
        with source.open("rb") as reader, temporary.open("wb") as writer:
            digest, size = _copy(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
        stored = StoredFile(path, size, digest)
        if self.has(stored):
            return stored, False
        target = self._object(digest)
        make_directory(target.parent)
        temporary.replace(target)
        self._touched.add(target.parent)
        return stored, True

    def publish(self, manifest: Manifest) -> None:
        """Make `manifest` the backup, then remove what it does not name."""
        for directory in (*self._touched, self._objects):
            sync_directory(directory)
        self._touched.clear()
        write_durably(self._directory / _MANIFEST, msgspec.json.encode(manifest))
        named = {stored.digest for stored in manifest.files}
        for file in self._objects.rglob("*"):
            if file.is_file() and file.name not in named:
                file.unlink()

    def extract(self, stored: StoredFile, target: Path) -> None:
        """Write an object's content to `target`, durably.

        Raises:
            Corrupt: the object is missing or is not what was stored.
        """
        try:
            with _unlinked(self._object(stored.digest)) as reader, target.open("xb") as writer:
                digest, size = _copy(reader, writer)
                writer.flush()
                os.fsync(writer.fileno())
        except FileNotFoundError as error:
            raise Corrupt(
                f"the backup lacks a file; use another: path={stored.path} {stored.digest}"
            ) from error
        if (digest, size) != (stored.digest, stored.bytes):
            raise Corrupt(
                f"a file of the backup is damaged; use another: path={stored.path} {stored.digest}"
            )

    def _object(self, digest: str) -> Path:
        return self._objects / digest[:2] / digest


def _unlinked(file: Path) -> BinaryIO:
    """`file` open for reading; a link is refused, whatever it names."""
    try:
        return open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Corrupt(f"a file of the backup is a link; use another: {file}") from error
        raise


def _copy(reader: BinaryIO, writer: BinaryIO) -> tuple[str, int]:
    """Hash and size of what was copied."""
    digest = hashlib.blake2b(digest_size=32)
    size = 0
    while chunk := reader.read(_CHUNK_BYTES):
        digest.update(chunk)
        writer.write(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
