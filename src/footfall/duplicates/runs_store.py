"""Runs on disk: immutable files, and a note per epoch that names its runs.

A run file never changes, so epochs share them and a checkpoint writes only what is new. Files and
notes are written under another name, synced and renamed. A note is small JSON and is written last;
without it nothing happened. Then notes that no checkpoint needs any more are removed, and run files
that no note names. Bytes of both: docs/formats/duplicates.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np

from footfall.duplicates import filter as _filter
from footfall.duplicates.runs import FENCE_ROWS, Run
from footfall.errors import Corrupt
from footfall.home import make_directory, sync_directory

MAGIC: Final = b"FTFLIDS2"
PAGE_BYTES: Final = 4096
NOTE_VERSION: Final = 2
NOTES_KEPT: Final = 4
"""States that can be loaded: more than the pipeline keeps checkpoints."""

NOTE_PREFIX: Final = "ids-"
RUN_SUFFIX: Final = ".run"


class RunsNote(msgspec.Struct, frozen=True):
    """What a state is besides its runs."""

    epoch: int
    horizon: int
    expired_before: int


class RunFile(msgspec.Struct, frozen=True):
    """A run as a note names it."""

    file: str
    rows: int
    hour: int
    first_epoch: int
    last_epoch: int


class _State(msgspec.Struct, frozen=True):
    note: RunsNote
    runs: tuple[RunFile, ...]
    version: int


def write_state(
    directory: Path, note: RunsNote, runs: Iterable[Run], in_use: frozenset[str]
) -> None:
    """Make `runs`, all of them in files, durable as the state of `note.epoch`.

    Notes of later epochs are removed: they belong to a future that is being done again.

    Args:
        directory: Where all files lie.
        note: The rest of the state.
        runs: Oldest first.
        in_use: Files to leave alone that no note names: those being made.
    """
    files = tuple(
        RunFile(str(run.file), len(run), run.hour, run.first_epoch, run.last_epoch) for run in runs
    )
    file = note_file(directory, note.epoch)
    with new_file(file) as stream:
        stream.write(msgspec.json.encode(_State(note, files, NOTE_VERSION)))
    _remove_old(directory, note.epoch, in_use)


def read_state(directory: Path, epoch: int) -> tuple[RunsNote, tuple[Run, ...]]:
    """The state of `epoch`.

    Raises:
        Corrupt: it is not there, or damaged; use an older one.
    """
    state = _read_note(note_file(directory, epoch))
    if state.version != NOTE_VERSION:
        raise Corrupt(
            "note of the duplicates is of another version; use the one that wrote it:"
            f" version={state.version} known={NOTE_VERSION} path={directory}"
        )
    return state.note, tuple(map_run(directory, run) for run in state.runs)


def read_note(directory: Path, epoch: int) -> tuple[bytes, tuple[str, ...]]:
    """The note of a state as it is in its file, and the names of the run files beside it.

    Put under the same names into another directory they are the same state there.
    """
    file = note_file(directory, epoch)
    named = tuple(run.file for run in _read_note(file).runs)
    return file.read_bytes(), named


def write_run(directory: Path, run: Run) -> Run:
    """Put a run of memory into a file named after its content; returns it as read through it."""
    make_directory(directory)
    digest = hashlib.blake2b(digest_size=16)
    parts = [
        np.ascontiguousarray(column, "<u8").data
        for column in (run.primary, run.secondary, run.fingerprints)
    ]
    for part in parts:
        digest.update(part)
    digest.update(run.hour.to_bytes(8, "little", signed=True))
    name = digest.hexdigest() + RUN_SUFFIX
    if not (directory / name).exists():
        with new_file(directory / name) as stream:
            write_filter(stream, len(run), words_of(run))
            for part in parts:
                stream.write(part)
    return map_run(directory, RunFile(name, len(run), run.hour, run.first_epoch, run.last_epoch))


def words_of(run: Run) -> Any:
    """The filter of a run, also of one too small to have used any."""
    if run.words.shape[1]:
        return run.words
    return _filter.build(_filter.Probe.of(run.primary, run.secondary), len(run))


def write_filter(stream: BinaryIO, rows: int, words: Any) -> None:
    """Everything before the keys."""
    header = MAGIC + rows.to_bytes(8, "little") + words.shape[1].to_bytes(8, "little")
    stream.write(header.ljust(PAGE_BYTES, b"\0"))
    stream.write(np.ascontiguousarray(words, "<u8").data)
    stream.write(bytes(keys_offset(rows) - PAGE_BYTES - words.nbytes))


def keys_offset(rows: int) -> int:
    """Where the keys of a run file begin."""
    words_bytes = 2 * 8 * _filter.word_count(rows)
    return PAGE_BYTES + -(-words_bytes // PAGE_BYTES) * PAGE_BYTES


def map_run(directory: Path, run: RunFile) -> Run:
    """A run through its file, of which the filter is read soon and the keys rarely.

    Raises:
        Corrupt: it is missing, or not what the note says.
    """
    path = directory / run.file
    rows, count, start = run.rows, _filter.word_count(run.rows), keys_offset(run.rows)
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size != start + 3 * 8 * rows:
                raise Corrupt(
                    f"run of duplicates has a wrong size; use an older checkpoint: {path}"
                )
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise Corrupt(f"run of duplicates is missing; use an older checkpoint: {path}") from error
    header = MAGIC + rows.to_bytes(8, "little") + count.to_bytes(8, "little")
    if data[: len(header)] != header:
        raise Corrupt(f"run of duplicates is damaged; use an older checkpoint: {path}")
    if hasattr(mmap, "MADV_RANDOM"):
        data.madvise(mmap.MADV_RANDOM, start)
    primary = np.frombuffer(data, "<u8", rows, start)
    return Run(
        primary,
        np.frombuffer(data, "<u8", rows, start + 8 * rows),
        np.frombuffer(data, "<u8", rows, start + 16 * rows),
        np.frombuffer(data, "<u8", 2 * count, PAGE_BYTES).reshape(2, count),
        primary[::FENCE_ROWS].copy(),
        run.hour,
        run.first_epoch,
        run.last_epoch,
        run.file,
        data,
    )


def let_go(runs: Sequence[Run]) -> None:
    """Give back the memory of pages of keys that were looked at; filters stay."""
    for run in runs:
        if run.mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            run.mapped.madvise(mmap.MADV_DONTNEED, keys_offset(len(run)))


def note_file(directory: Path, epoch: int) -> Path:
    """The note of the state after `epoch`."""
    return directory / f"{NOTE_PREFIX}{epoch:012d}.json"


@contextlib.contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
    """Write a file that is there whole and durable when the block ends, or not at all."""
    temporary = temporary_of(file)
    with temporary.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)
    sync_directory(file.parent)


def temporary_of(file: Path) -> Path:
    """What it is called while it is written."""
    return file.with_name(f".{file.name}.tmp")


def _read_note(file: Path) -> _State:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError) as error:
        raise Corrupt(
            f"note of the duplicates is missing or damaged; use an older checkpoint: path={file}"
        ) from error


def _remove_old(directory: Path, epoch: int, in_use: frozenset[str]) -> None:
    """Keep the newest notes up to `epoch`, and the run files they name."""
    notes = sorted(directory.glob(f"{NOTE_PREFIX}*.json"))
    kept = [note for note in notes if note <= note_file(directory, epoch)][-NOTES_KEPT:]
    for note in notes:
        if note not in kept:
            note.unlink(missing_ok=True)
    needed = set(in_use)
    for note in kept:
        try:
            needed.update(run.file for run in _read_note(note).runs)
        except Corrupt:
            note.unlink(missing_ok=True)
    for file in [*directory.glob(f"*{RUN_SUFFIX}"), *directory.glob(".*.tmp")]:
        if file.name not in needed:
            file.unlink(missing_ok=True)
