"""Reads the duplicates of version 0.1.0: runs of several hours, without fingerprints.

Bytes of such a file, little-endian: "FTFLIDS1", u64 n, n × u64 first halves ascending, n × u64
second halves, n × i32 hours. Its note has no version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from footfall.duplicates.fingerprint import UNKNOWN
from footfall.duplicates.runs import Run, make_run
from footfall.duplicates.runs_store import RunsNote, note_file, write_run
from footfall.errors import Corrupt

_MAGIC: Final = b"FTFLIDS1"
_HEADER_BYTES: Final = 16
_ROW_BYTES: Final = 8 + 8 + 4


class _OldRun(msgspec.Struct, frozen=True):
    file: str
    rows: int
    first_epoch: int
    last_epoch: int


class _OldState(msgspec.Struct, frozen=True):
    note: RunsNote
    runs: tuple[_OldRun, ...]
    version: int = 1


def read_old_state(directory: Path, epoch: int) -> tuple[RunsNote, tuple[Run, ...]] | None:
    """The state of `epoch` in today's files; `None` if its note is not of version 0.1.0.

    New files are written beside the old ones, an old file at a time; whatever interrupts it, the
    old note stays until the next checkpoint.

    Raises:
        Corrupt: a file is missing or damaged.
    """
    try:
        state = msgspec.json.decode(note_file(directory, epoch).read_bytes(), type=_OldState)
    except (OSError, msgspec.DecodeError):
        return None
    if state.version != 1:
        return None
    runs: list[Run] = []
    for old in state.runs:
        runs += _converted(directory, old, state.note.expired_before)
    return state.note, tuple(runs)


def _converted(directory: Path, old: _OldRun, expired_before: int) -> list[Run]:
    primary, secondary, hours = _read(directory / old.file, old.rows)
    found = []
    for hour in np.unique(hours[hours >= expired_before]).tolist():
        rows = hours == hour
        unknown = np.full(int(rows.sum()), UNKNOWN, dtype=np.uint64)
        epochs = old.first_epoch, old.last_epoch
        run = make_run(primary[rows], secondary[rows], unknown, hour, epochs)
        found.append(write_run(directory, run))
    return found


def _read(path: Path, rows: int) -> tuple[Any, Any, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Corrupt(f"run of duplicates is missing; use an older checkpoint: {path}") from error
    header = _MAGIC + rows.to_bytes(8, "little")
    if data[:_HEADER_BYTES] != header or len(data) != _HEADER_BYTES + rows * _ROW_BYTES:
        raise Corrupt(f"run of duplicates is damaged; use an older checkpoint: {path}")
    return (
        np.frombuffer(data, "<u8", rows, _HEADER_BYTES),
        np.frombuffer(data, "<u8", rows, _HEADER_BYTES + 8 * rows),
        np.frombuffer(data, "<i4", rows, _HEADER_BYTES + 16 * rows),
    )
