"""Checkpoints: the state after an epoch, so that a restart redoes a few epochs and not all of them.

A checkpoint is a directory `checkpoint-<epoch>`, written under another name, synced and renamed: it
is there whole or not at all. Its note has a digest of everything in it, so damage is found before
it counts; a start sets a damaged one aside. The two newest are kept. Hashes for duplicate removal
lie beside them in `duplicates/`, in files of their own; so do large segments of the session state,
in `sessions/`. A checkpoint names these and has what changed of them, and all other rows, which are
few. So writing one takes as long as what is new, and a start maps the rest.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from footfall.duplicates import DuplicateIndex
from footfall.errors import Corrupt
from footfall.home import OWNER_ONLY, Home, make_directory, sync_directory
from footfall.pipeline.recovery.segment_files import CheckedFiles, SegmentFiles
from footfall.positions import Positions
from footfall.sessionize import (
    SegmentNote,
    SessionState,
    SessionStates,
    StateColumns,
    restore,
    save,
)

KEPT: Final = 2
_PREFIX: Final = "checkpoint-"
DAMAGED: Final = "damaged-"
"""Before the name of what was set aside."""


class CheckpointNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The small part of a checkpoint."""

    epoch: int
    log_to: Positions
    watermark: int
    digest: str = ""
    """Of the other files and the numbers above; `signed` fills it."""
    definitions: tuple[str, ...] = ("gap.1",)
    """Keys of the session definitions whose states it has, the default's first."""

    def signed(self, *files: bytes | memoryview) -> CheckpointNote:
        """With the digest that belongs to it and to `files`, bytes of the others."""
        numbers = f"{self.epoch} {self.log_to} {self.watermark} "
        if len(self.definitions) > 1 or self.definitions[0] != "gap.1":
            numbers += f"{' '.join(self.definitions)} "
        digest = hashlib.blake2b(numbers.encode(), digest_size=16)
        for file in files:
            digest.update(file)
        return msgspec.structs.replace(self, digest=digest.hexdigest())


class Checkpoint(msgspec.Struct, frozen=True):
    """State after `note.epoch`."""

    note: CheckpointNote
    sessions: SessionStates
    duplicates: DuplicateIndex
    is_rebuilt: bool = False
    """Made from the lake: it behaves as the one that was lost and need not equal it."""


class Checkpoints:
    """Checkpoints of one project."""

    def __init__(self, directory: Path) -> None:
        """Keep them below `directory`."""
        make_directory(directory)
        self._directory = directory
        self.duplicates = directory / "duplicates"
        """Where duplicate removal keeps what it remembers."""
        self.segments = SegmentFiles(directory / "sessions")
        """Where large segments of the state lie."""

    def write(self, checkpoint: Checkpoint) -> None:
        """Make `checkpoint` durable and forget all but the newest two."""
        epoch = checkpoint.note.epoch
        make_directory(self.duplicates)
        checkpoint.duplicates.persist(self.duplicates, epoch)
        self._remove([path for path in [self._path(epoch)] if path.exists()])
        temporary = self._directory / f".{_PREFIX}{epoch:012d}"
        temporary.mkdir(OWNER_ONLY)
        files: dict[str, memoryview] = {}
        for place, (key, state) in enumerate(checkpoint.sessions.items()):
            rows_file, segments_file = _files_of(place, key)
            loose, notes = save(state)
            files[rows_file] = _to_bytes(loose.to_arrow())
            if notes:
                self.segments.sync(note.file for note in notes)
                files[segments_file] = memoryview(msgspec.msgpack.encode(notes))
        for name, data in files.items():
            _write_bytes(temporary / name, data)
        keys = checkpoint.sessions.keys
        note = msgspec.structs.replace(checkpoint.note, definitions=keys).signed(*files.values())
        _write_bytes(temporary / "note.json", msgspec.json.encode(note))
        sync_directory(temporary)
        temporary.rename(self._path(epoch))
        sync_directory(self._directory)
        # Before those that go now: who copies one of them meanwhile still finds its files.
        self.remove_unnamed()
        self._remove([self._path(old) for old in self.epochs()[:-KEPT]])

    def remove_unnamed(self) -> None:
        """Remove files of segments that no checkpoint names; only the writer may."""
        named: set[str] = set()
        for epoch in self.epochs():
            try:
                for _, segments_file in self._files(epoch):
                    named.update(note.file for note in self._segments(epoch, segments_file))
            except Corrupt:
                continue  # set aside at the next start
        self.segments.remove_but(named)

    def _files(self, epoch: int) -> list[tuple[str, str]]:
        """Names of the two files of each definition's state."""
        keys = self.note(epoch).definitions
        return [_files_of(place, key) for place, key in enumerate(keys)]

    def _segments(self, epoch: int, name: str) -> list[SegmentNote]:
        """What a checkpoint says of its segments; one without large ones says nothing."""
        file = self._path(epoch) / name
        try:
            return msgspec.msgpack.decode(file.read_bytes(), type=list[SegmentNote])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            raise _damaged(self._path(epoch)) from error

    def _remove(self, paths: Iterable[Path]) -> None:
        """Remove checkpoints, and leftovers of a crash.

        They lose their names first: what has a checkpoint's name is one, whatever dies here.
        """
        self._remove_leftovers()
        for path in paths:
            path.rename(path.with_name(f".{path.name}"))
        sync_directory(self._directory)
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        for path in self._directory.glob(f".{_PREFIX}*"):
            shutil.rmtree(path)

    def set_aside(self, epoch: int) -> Path:
        """Take a damaged one out of use, kept for a person to look at; where it is now.

        Files that only it named go: what is damaged of them must not be taken for what is made
        again under the same name.
        """
        aside = self._directory / f"{DAMAGED}{_PREFIX}{epoch:012d}"
        if aside.exists():
            shutil.rmtree(aside)
        self._path(epoch).rename(aside)
        sync_directory(self._directory)
        self.remove_unnamed()
        return aside

    def epochs(self) -> list[int]:
        """Epochs that have a checkpoint, ascending."""
        found = (path.name.removeprefix(_PREFIX) for path in self._directory.glob(f"{_PREFIX}*"))
        return sorted(int(name) for name in found if name.isdigit())

    def note(self, epoch: int) -> CheckpointNote:
        """The small part of a checkpoint that exists."""
        try:
            return msgspec.json.decode(
                (self._path(epoch) / "note.json").read_bytes(), type=CheckpointNote
            )
        except (OSError, msgspec.DecodeError) as error:
            raise _damaged(self._path(epoch)) from error

    def oldest_pending(self, epoch: int) -> int | None:
        """When the first session that waits for its repair began (microseconds); none if none does.

        Raises:
            Corrupt: the file of its sessions cannot be read.
        """
        began: list[int] = []
        for rows_file, segments_file in self._files(epoch):
            try:
                with pa.memory_map(str(self._path(epoch) / rows_file)) as file:
                    began += _waiting(ipc.open_file(file).read_all())
            except (OSError, pa.ArrowInvalid) as error:
                raise _damaged(self._path(epoch)) from error
            notes = self._segments(epoch, segments_file)
            began += [note.waits_from for note in notes if note.waits_from is not None]
        return min(began, default=None)

    def read(self, epoch: int) -> Checkpoint:
        """Load one. States of definitions that this version does not have are left out.

        Raises:
            Corrupt: damaged or incomplete; an older one, or none, still gives the same state,
                later.
        """
        note = self.note(epoch)
        try:
            data: dict[str, bytes] = {}
            for rows_file, segments_file in self._files(epoch):
                data[rows_file] = (self._path(epoch) / rows_file).read_bytes()
                if (self._path(epoch) / segments_file).exists():
                    data[segments_file] = (self._path(epoch) / segments_file).read_bytes()
            if note.epoch != epoch or note.digest != note.signed(*data.values()).digest:
                raise ValueError("digest")
            sessions = self._states(note, data)
            duplicates = DuplicateIndex.load(self.duplicates, epoch)
        except (OSError, pa.ArrowInvalid, ValueError) as error:
            raise _damaged(self._path(epoch)) from error
        return Checkpoint(note, sessions, duplicates)

    def _states(self, note: CheckpointNote, data: dict[str, bytes]) -> SessionStates:
        checked = CheckedFiles(self._directory / "sessions")
        states = {}
        for place, key in enumerate(note.definitions):
            rows_file, segments_file = _files_of(place, key)
            rows = ipc.open_file(data[rows_file]).read_all()
            loose = SessionState.from_arrow(rows, StateColumns.of(rows.column_names))
            states[key] = restore(loose, self._segments(note.epoch, segments_file), checked)
        return SessionStates(states)

    def _path(self, epoch: int) -> Path:
        return self._directory / f"{_PREFIX}{epoch:012d}"


def _files_of(place: int, key: str) -> tuple[str, str]:
    """Files of a definition's state: rows, and notes of segments. The default's have no name."""
    of = f".{key}" if place else ""
    return f"sessions{of}.arrow", f"segments{of}.msgpack"


def _waiting(rows: pa.Table) -> list[int]:
    """Starts of the rows that wait for their repair."""
    if "pending_since" not in rows.column_names:
        return []
    is_waiting = pc.greater(rows.column("pending_since").cast(pa.int64()), 0)
    found: list[int] = rows.column("started_at").filter(is_waiting).cast(pa.int64()).to_pylist()
    return found


def _damaged(path: Path) -> Corrupt:
    return Corrupt(f"checkpoint is damaged; a start uses another: {path}")


def _to_bytes(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _write_bytes(file: Path, data: bytes | memoryview) -> None:
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def checkpoint_epochs(home: Home, project: str) -> list[int]:
    """Epochs after which the project's checkpoints were taken; each is read in whole.

    Raises:
        Corrupt: one is damaged.
    """
    checkpoints = Checkpoints(home.state_dir(project))
    return [checkpoints.read(epoch).note.epoch for epoch in checkpoints.epochs()]
