"""Files of a place, on this machine or in an object store, and their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

import msgspec

from footfall.catalog.crawls.beside import left_out_note, why_hidden, why_left_out
from footfall.errors import Invalid, LimitReached, Unavailable
from footfall.home import Home
from footfall.lake.store.options import SCHEME, S3Options


class Found(msgspec.Struct, frozen=True):
    """A file that is there."""

    path: str
    """Below the place, with `/`."""
    size: int
    stamp: str


class Listing(msgspec.Struct, frozen=True):
    """Files of a place."""

    files: list[Found]
    """By path."""
    notes: tuple[str, ...] = ()
    """What is there and was left out."""


class Place(Protocol):
    """Where files lie."""

    root: str

    def files(self, files_max: int) -> Listing:
        """All of them; raises `LimitReached` for more than `files_max`."""

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

    def files(self, files_max: int) -> Listing:
        """See `Place`."""
        if not Path(self.root).is_dir():
            raise Unavailable(f"the folder is not there now; see that it is: place={self.root}")
        found: list[Found] = []
        left_out = _LeftOut(self.root)
        for file in _walk(self.root, left_out):
            if len(found) >= files_max:
                raise _too_many(self.root, files_max)
            try:
                status = file.stat(follow_symlinks=False)
            except FileNotFoundError:  # taken away since its folder was read
                continue
            path = _below(self.root, file.path)
            found.append(Found(path, status.st_size, str(status.st_mtime_ns)))
        found.sort(key=lambda one: one.path)
        return Listing(found, left_out.notes())

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

    def files(self, files_max: int) -> Listing:
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
        left_out = _LeftOut(self.root)
        found = [
            Found(info.path[prefix:], info.size, str(info.mtime_ns))
            for info in infos
            if info.type == FileType.File and not left_out.has(info.path[prefix:])
        ]
        if len(found) > files_max:
            raise _too_many(self.root, files_max)
        return Listing(sorted(found, key=lambda one: one.path), left_out.notes())

    def open(self, path: str) -> IO[bytes]:
        """See `Place`."""
        stream: Any = self._files.open_input_stream(f"{self.root.removeprefix(SCHEME)}/{path}")
        return cast("IO[bytes]", stream)


class _LeftOut:
    """What is no file of the place, for a person who looks for it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._found: dict[str, list[str]] = {}

    def add(self, path: str, why: str) -> None:
        """One more, by its path below the root."""
        self._found.setdefault(why, []).append(path.encode(errors="replace").decode())

    def has(self, path: str) -> bool:
        """Whether a file is left out by its name."""
        why = why_left_out(path)
        if why:
            self.add(path, why)
        return why != ""

    def notes(self) -> tuple[str, ...]:
        return tuple(left_out_note(paths, why) for why, paths in self._found.items())


def _walk(root: str, left_out: _LeftOut) -> Iterator[os.DirEntry[str]]:
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            continue
        except PermissionError:
            left_out.add(_below(root, folder), "closed to this user")
            continue
        for entry in entries:
            path = _below(root, entry.path)
            if why := _why_not(entry):
                left_out.add(path, why)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif not left_out.has(path):
                yield entry


def _below(root: str, path: str) -> str:
    """Of what was found by walking from `root`, which its path begins with."""
    return path.removeprefix(root).strip(os.sep).replace(os.sep, "/") or "."


def _why_not(entry: os.DirEntry[str]) -> str:
    """Why an entry of a folder is neither looked into nor read; empty if it is."""
    if entry.name.startswith(("_", ".")):
        return why_hidden(entry.name)
    if entry.is_symlink():
        return "links, as what is read lies in the place itself"
    if not _is_text(entry.name):
        return "no UTF-8 text by their names; rename them"
    if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
        return "pipes, sockets or devices"
    return ""


def _is_text(name: str) -> bool:
    """Whether a name can be told; bytes that are no UTF-8 stand in it as half characters."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_many(root: str, files_max: int) -> LimitReached:
    return LimitReached(
        "the place has more files than a crawl may have; crawl a folder of it, merge files, or"
        f" raise catalog.files_max: place={root} files_max={files_max}"
    )
