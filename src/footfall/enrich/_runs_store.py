"""Runs on disk: files named after their content, and a note per epoch that names its runs.

A run file never changes, so epochs share them and a checkpoint writes only what is new. Files and
notes are written under another name, synced and renamed. A note is small JSON and is written last;
without it nothing happened. Then notes that no checkpoint needs any more are removed, and run files
that no note names. Bytes of a run file (little-endian):

    0   8 bytes   "FTFLIDS1"
    8   u64       n, number of keys
    16  n × u64   first halves of the keys, ascending
    …   n × u64   second halves
    …   n × i32   hours since 1970
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from footfall.enrich._runs import ROW_BYTES, Run
from footfall.errors import Corrupt
from footfall.home import make_directory, sync_directory

MAGIC: Final = b"FTFLIDS1"
HEADER_BYTES: Final = 16
NOTES_KEPT: Final = 4
"""States that can be loaded: more than the pipeline keeps checkpoints."""

_NOTE_PREFIX: Final = "ids-"
_RUN_SUFFIX: Final = ".run"


class RunsNote(msgspec.Struct, frozen=True):
    """What a state is besides its runs."""

    epoch: int
    horizon: int
    expired_before: int


class _RunFile(msgspec.Struct, frozen=True):
    file: str
    rows: int
    first_epoch: int
    last_epoch: int
    last_hour: int


class _State(msgspec.Struct, frozen=True):
    note: RunsNote
    runs: tuple[_RunFile, ...]


def write_runs(directory: Path, note: RunsNote, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Make `runs` durable as the state of `note.epoch`; returns them as read through their files.

    Notes of later epochs are removed: they belong to a future that is being done again.
    """
    make_directory(directory)
    written = tuple(run if run.file else _write_run(directory, run) for run in runs)
    files = tuple(
        _RunFile(str(run.file), len(run), run.first_epoch, run.last_epoch, run.last_hour)
        for run in written
    )
    state = msgspec.json.encode(_State(note, files))
    _write(directory, _note_file(directory, note.epoch), [state])
    _remove_old(directory, note.epoch)
    return written


def read_runs(directory: Path, epoch: int) -> tuple[RunsNote, tuple[Run, ...]]:
    """The state of `epoch`.

    Raises:
        Corrupt: it is not there, or damaged; use an older one.
    """
    state = _read_state(_note_file(directory, epoch))
    return state.note, tuple(_map_run(directory, run) for run in state.runs)


def _note_file(directory: Path, epoch: int) -> Path:
    return directory / f"{_NOTE_PREFIX}{epoch:012d}.json"


def _read_state(file: Path) -> _State:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError) as error:
        raise Corrupt(
            f"note of the duplicates is missing or damaged; use an older checkpoint: path={file}"
        ) from error


def _write_run(directory: Path, run: Run) -> Run:
    parts = [
        MAGIC + len(run).to_bytes(8, "little"),
        np.ascontiguousarray(run.primary, "<u8").tobytes(),
        np.ascontiguousarray(run.secondary, "<u8").tobytes(),
        np.ascontiguousarray(run.hours, "<i4").tobytes(),
    ]
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    name = digest.hexdigest() + _RUN_SUFFIX
    if not (directory / name).exists():
        _write(directory, directory / name, parts)
    return _map_run(
        directory, _RunFile(name, len(run), run.first_epoch, run.last_epoch, run.last_hour)
    )


def _map_run(directory: Path, run: _RunFile) -> Run:
    path = directory / run.file
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != HEADER_BYTES + run.rows * ROW_BYTES:
                raise Corrupt(
                    f"run of duplicates has a wrong size; use an older checkpoint: {path}"
                )
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise Corrupt(f"run of duplicates is missing; use an older checkpoint: {path}") from error
    if data[: len(MAGIC)] != MAGIC:
        raise Corrupt(f"run of duplicates is damaged; use an older checkpoint: {path}")
    rows = run.rows
    return Run(
        np.frombuffer(data, "<u8", rows, HEADER_BYTES),
        np.frombuffer(data, "<u8", rows, HEADER_BYTES + 8 * rows),
        np.frombuffer(data, "<i4", rows, HEADER_BYTES + 16 * rows),
        run.first_epoch,
        run.last_epoch,
        run.last_hour,
        run.file,
    )


def _write(directory: Path, file: Path, parts: Iterable[bytes]) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        for part in parts:
            stream.write(part)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
    sync_directory(directory)


def _remove_old(directory: Path, epoch: int) -> None:
    """Keep the newest notes up to `epoch`, and the run files they name."""
    notes = sorted(directory.glob(f"{_NOTE_PREFIX}*.json"))
    kept = [note for note in notes if note <= _note_file(directory, epoch)][-NOTES_KEPT:]
    for note in notes:
        if note not in kept:
            note.unlink(missing_ok=True)
    needed: set[str] = set()
    for note in kept:
        try:
            needed.update(run.file for run in _read_state(note).runs)
        except Corrupt:
            note.unlink(missing_ok=True)
    for file in directory.glob(f"*{_RUN_SUFFIX}"):
        if file.name not in needed:
            file.unlink(missing_ok=True)
    for leftover in directory.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
