"""Files of a place, on this machine or in an object store, and their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

import msgspec

from footfall.errors import Invalid, LimitReached, Unavailable
from footfall.home import Home
from footfall.lake.store.options import SCHEME, S3Options


class Found(msgspec.Struct, frozen=True):
    """A file that is there."""

    path: str
    """Below the place, with `/`."""
    size: int
    stamp: str


class Place(Protocol):
    """Where files lie."""

    root: str

    def files(self, files_max: int) -> list[Found]:
        """All of them, by path; raises `LimitReached` for more than `files_max`."""

    def open(self, path: str) -> IO[bytes]:
        """Its bytes, from the first."""


def place_of(root: str, options: S3Options) -> Place:
    """The place of an address that `checked_place` made."""
    return BucketPlace(root, options) if root.startswith(SCHEME) else LocalPlace(root)


def checked_place(text: str, home: Home) -> str:
    """An address as it is kept.

    Raises:
        Invalid: it is no directory, or the installation's own files are there.
    """
    if text.startswith(SCHEME):
        bucket, _, _ = text.removeprefix(SCHEME).partition("/")
        if not bucket or set("?#*[") & set(text):
            raise Invalid(f"name a bucket as s3://bucket/prefix: place={text}")
        return text.rstrip("/")
    path = Path(text.removeprefix("file://")).expanduser().resolve()
    if not path.is_dir():
        raise Invalid(f"there is no such folder; name one, or s3://bucket/prefix: place={path}")
    root = home.root.resolve()
    beside = (home.log_dir("x"), home.tail_dir("x"), home.state_dir("x"))
    own = (*(one.parent for one in beside), home.lake_dir, home.run_dir)
    if root.is_relative_to(path) or any(path.is_relative_to(one.resolve()) for one in own):
        raise Invalid(
            f"the installation keeps its own files there; name a folder beside them: place={path}"
        )
    return str(path)


class LocalPlace:
    """A folder. Links are not followed: what is read lies below it."""

    def __init__(self, root: str) -> None:
        """Look at nothing yet."""
        self.root = root

    def files(self, files_max: int) -> list[Found]:
        """See `Place`."""
        if not Path(self.root).is_dir():
            raise Unavailable(f"the folder is not there now; see that it is: place={self.root}")
        found: list[Found] = []
        for file in _walk(self.root):
            if len(found) >= files_max:
                raise _too_many(self.root, files_max)
            status = file.stat(follow_symlinks=False)
            path = os.path.relpath(file.path, self.root).replace(os.sep, "/")
            found.append(Found(path, status.st_size, str(status.st_mtime_ns)))
        return sorted(found, key=lambda one: one.path)

    def open(self, path: str) -> IO[bytes]:
        """See `Place`."""
        return Path(self.root, path).open("rb")


class BucketPlace:
    """Objects below a prefix."""

    def __init__(self, root: str, options: S3Options) -> None:
        """Ask nothing yet."""
        from pyarrow.fs import FileSelector

        from footfall.lake.store.objects import file_system

        self.root = root
        self._files = file_system(options)
        self._selector = FileSelector(
            root.removeprefix(SCHEME), allow_not_found=False, recursive=True
        )

    def files(self, files_max: int) -> list[Found]:
        """See `Place`."""
        from pyarrow.fs import FileType

        prefix = len(self.root.removeprefix(SCHEME)) + 1
        try:
            infos = self._files.get_file_info(self._selector)
        except OSError as error:
            raise Unavailable(
                f"the store does not list the place; see that it is there and may be read:"
                f" place={self.root} ({' '.join(str(error).split())[:200]})"
            ) from error
        found = [
            Found(info.path[prefix:], info.size, str(info.mtime_ns))
            for info in infos
            if info.type == FileType.File and not _is_hidden(info.path[prefix:])
        ]
        if len(found) > files_max:
            raise _too_many(self.root, files_max)
        return sorted(found, key=lambda one: one.path)

    def open(self, path: str) -> IO[bytes]:
        """See `Place`."""
        stream: Any = self._files.open_input_stream(f"{self.root.removeprefix(SCHEME)}/{path}")
        return cast("IO[bytes]", stream)


def _walk(root: str) -> Iterator[os.DirEntry[str]]:
    pending = [root]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except FileNotFoundError:
            continue
        for entry in entries:
            if _is_hidden(entry.name) or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield entry


def _is_hidden(path: str) -> bool:
    """What writers put beside data: `_SUCCESS`, `.crc`, files that are not finished."""
    return any(part.startswith(("_", ".")) for part in path.split("/"))


def _too_many(root: str, files_max: int) -> LimitReached:
    return LimitReached(
        "the place has more files than a crawl may have; crawl a folder of it, merge files, or"
        f" raise catalog.files_max: place={root} files_max={files_max}"
    )
