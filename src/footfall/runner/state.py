"""State between epochs: each bucket's sessions and ids, in files of the lake's store.

A file is named after its content (that of a run of ids after what it was made of), so one that is
there is whole and right, whoever wrote it and however often. A *note* names the files of all
buckets after an epoch, and is written when the epoch is committed; the two newest are kept. What no
note names is garbage: of tasks that were done twice, of epochs that were begun.

Below `{lake}/_runner/{project}/`: `state-<epoch>-<term>.json`, and `files/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import pyarrow as pa

from footfall.duplicates import DuplicateIndex, note_file, read_note
from footfall.errors import Corrupt, LeaseLost
from footfall.lake import LakePlace
from footfall.positions import Positions
from footfall.runner.parts import from_bytes, to_bytes
from footfall.sessionize import (
    SegmentNote,
    SessionState,
    SessionStates,
    StateColumns,
    in_files,
    joined,
    raised,
    restore,
    save,
)
from footfall.settings import DuplicateSettings

KEPT: Final = 2
_NOTE: Final = "state-"


class IdsPart(msgspec.Struct, frozen=True):
    """The ids of one bucket."""

    note: str = ""
    """See `footfall.duplicates.read_note`; empty before the first epoch."""
    epoch: int = 0
    files: tuple[str, ...] = ()
    hours: dict[int, int] = {}
    """How many ids of each hour."""


class SessionsPart(msgspec.Struct, frozen=True):
    """The sessions of one bucket and definition."""

    file: str
    segments: tuple[str, ...] = ()


class BucketPart(msgspec.Struct, frozen=True):
    """The state of one bucket."""

    ids: IdsPart = IdsPart()
    sessions: dict[str, SessionsPart] = {}
    """By key of the definition; none before the first epoch."""

    @property
    def files(self) -> Iterator[str]:
        """All that it needs."""
        yield from self.ids.files
        for part in self.sessions.values():
            yield part.file
            yield from part.segments


class StateNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state after an epoch."""

    epoch: int
    log_to: Positions
    watermark: int
    term: int
    """Of the lease that it was written under."""
    definitions: tuple[str, ...]
    parts: tuple[BucketPart, ...]
    """By bucket."""
    ids_from: int = 0
    """The first hour whose ids count."""
    floors: dict[str, int] = {}
    """By definition: sessions that ended before it are evicted."""


class _Sessions(msgspec.Struct, frozen=True):
    """What a file of sessions has."""

    loose: bytes
    notes: list[SegmentNote]


class StateFiles:
    """Files of one project's state; any process may read and write them."""

    def __init__(self, place: LakePlace, project: str) -> None:
        """Use the store of `place`; nothing is read yet."""
        self._store = place.store
        self._is_local = place.is_local
        self._directory = f"{place.store.root}/_runner/{project}"

    def save(self, data: pa.Buffer | bytes) -> tuple[str, pa.Buffer]:
        """See `footfall.sessionize.SegmentStore.save`."""
        held = bytes(memoryview(data))
        name = _name_of(held)
        self._write(name, held)
        return name, pa.py_buffer(held)

    def open(self, name: str) -> pa.Buffer:
        """See `footfall.sessionize.SegmentStore.open`.

        Raises:
            Corrupt: the file is missing or damaged.
        """
        data = self._read(name)
        if _name_of(data) != name:
            raise _damaged(self._path(name))
        return pa.py_buffer(data)

    def save_sessions(self, state: SessionState, rows_min: int) -> SessionsPart:
        """Keep a state; segments of at least `rows_min` rows in files that states share."""
        loose, notes = save(in_files(state, self, rows_min))
        data = msgspec.msgpack.encode(_Sessions(to_bytes(loose.to_arrow()), notes))
        return SessionsPart(self.save(data)[0], tuple(note.file for note in notes))

    def sessions(self, part: SessionsPart) -> SessionState:
        """What `save_sessions` kept.

        Raises:
            Corrupt: a file is missing or damaged.
        """
        try:
            found = msgspec.msgpack.decode(memoryview(self.open(part.file)), type=_Sessions)
            rows = from_bytes(found.loose)
            loose = SessionState.from_arrow(rows, StateColumns.of(rows.column_names))
            return restore(loose, found.notes, self)
        except (ValueError, pa.ArrowInvalid, msgspec.DecodeError) as error:
            raise _damaged(self._path(part.file)) from error

    def states(self, note: StateNote, buckets: range) -> SessionStates:
        """Sessions of some buckets as one.

        Raises:
            Corrupt: a file is missing or damaged.
        """
        found = {}
        for key in note.definitions:
            parts = [self.sessions(note.parts[one].sessions[key]) for one in buckets]
            found[key] = raised(joined(parts), note.floors.get(key, parts[0].floor))
        return SessionStates(found)

    @contextlib.contextmanager
    def ids(self, part: IdsPart, settings: DuplicateSettings) -> Iterator[OpenIds]:
        """The ids of a bucket, as long as the block lasts.

        Raises:
            Corrupt: a file is missing or damaged.
        """
        with TemporaryDirectory(prefix="footfall-ids-") as name:
            directory = Path(name)
            if not part.note:
                yield OpenIds(self, directory, DuplicateIndex.empty(settings))
                return
            for file in part.files:
                self._fetch(file, directory / file)
            note_file(directory, part.epoch).write_text(part.note)
            index = DuplicateIndex.load(directory, part.epoch, settings)
            yield OpenIds(self, directory, index)

    def keep_file(self, file: Path) -> None:
        """Keep a file that is named after what is in it."""
        if not file.is_symlink():
            self._write(file.name, file.read_bytes())

    def notes(self) -> list[StateNote]:
        """Those that can be read, the newest first; of one epoch the newest writer's."""
        found = []
        for listed in self._store.list(self._directory):
            if listed.path.startswith(f"{self._directory}/{_NOTE}"):
                with contextlib.suppress(msgspec.DecodeError, FileNotFoundError):
                    data = self._store.read(listed.path)
                    found.append(msgspec.json.decode(data, type=StateNote))
        return sorted(found, key=lambda note: (note.epoch, note.term), reverse=True)

    def write(self, note: StateNote) -> None:
        """Make `note` the newest; forget all but two, and files that none of these names.

        No task may be at work.

        Raises:
            LeaseLost: a driver of a higher term wrote one; stop.
        """
        known = self.notes()
        if any(one.term > note.term for one in known):
            raise LeaseLost(
                "another driver has taken this project over; this one stops and writes nothing more"
                f" of its state: term={note.term}"
            )
        self._store.write(self._note_path(note), msgspec.json.encode(note))
        before = [one for one in known if one.epoch < note.epoch]  # later ones are done again
        self._keep([note, *before][:KEPT])

    def forget(self, note: StateNote) -> None:
        """Take a note out of use whose files are damaged.

        Files that only it names go: what is damaged must not be taken for what is made again.
        """
        self._keep([one for one in self.notes() if one != note])

    def _keep(self, notes: list[StateNote]) -> None:
        needed = {self._path(file) for one in notes for part in one.parts for file in part.files}
        needed.update(map(self._note_path, notes))
        for listed in list(self._store.list(self._directory)):
            if listed.path not in needed:
                self._store.delete(listed.path)

    def _write(self, name: str, data: bytes) -> None:
        if self._store.size(self._path(name)) is None:
            self._store.write(self._path(name), data)

    def _read(self, name: str) -> bytes:
        try:
            return self._store.read(self._path(name))
        except FileNotFoundError as error:
            raise _damaged(self._path(name)) from error

    def _fetch(self, name: str, target: Path) -> None:
        if self._is_local:
            os.symlink(self._path(name), target)
        else:
            target.write_bytes(self._read(name))

    def _path(self, name: str) -> str:
        return f"{self._directory}/files/{name}"

    def _note_path(self, note: StateNote) -> str:
        return f"{self._directory}/{_NOTE}{note.epoch:012d}-{note.term:08d}.json"


class OpenIds:
    """A bucket's ids, and where their files are for now."""

    def __init__(self, files: StateFiles, directory: Path, index: DuplicateIndex) -> None:
        self._files = files
        self.directory = directory
        self.index = index

    def keep(self, epoch: int) -> IdsPart:
        """Keep the state after `epoch`; runs that became many are merged."""
        self.index.persist(self.directory, epoch)
        self.index.settle()
        self.index.persist(self.directory, epoch)
        self.index.settle()
        note, names = read_note(self.directory, epoch)
        for name in names:
            self._files.keep_file(self.directory / name)
        return IdsPart(note.decode(), epoch, names, self.index.hours())


def _name_of(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest() + ".state"


def _damaged(path: str) -> Corrupt:
    return Corrupt(f"a file of the runner's state is missing or damaged: {path}")
