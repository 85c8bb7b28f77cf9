"""Large segments in files, and a state as a checkpoint has it: names of files, and what changed.

A segment's rows never change, so a file is written once, shared by all states that have the
segment, and read in place. What does change is small and stays in memory: which rows are dead, or
dirty, and their revisions. Rows in no file are few; a checkpoint has them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from footfall.sessionize.rows.columns import StateColumns
from footfall.sessionize.rows.packed import Packed, pack
from footfall.sessionize.rows.packing import Bools
from footfall.sessionize.rows.state import Segment, SessionState, merged
from footfall.sessionize.rows.visitors import visitor_keys


class SegmentStore(Protocol):
    """Keeps segments' rows by name."""

    def save(self, data: pa.Buffer) -> tuple[str, pa.Buffer]:
        """Keep `data`; its name, and the same bytes read from where they lie now."""

    def open(self, name: str) -> pa.Buffer:
        """What was kept under `name`."""


class SegmentNote(msgspec.Struct, frozen=True):
    """A segment in a file, as a checkpoint names it."""

    file: str
    rows: int
    dead: bytes
    """A bit for each row; so are those of `dirty`."""
    dirty: bytes
    revision: bytes
    revision_bytes: int
    """Bytes of each revision, little-endian."""
    waits_from: int | None
    """Start of the earliest session that waits for its repair; none if none does."""


def in_files(state: SessionState, store: SegmentStore, rows_min: int) -> SessionState:
    """The same state with segments of at least `rows_min` rows in the store."""
    return state.with_segments(
        [
            segment if segment.rows.file or len(segment.rows) < rows_min else _saved(segment, store)
            for segment in state.segments
        ]
    )


def _saved(segment: Segment, store: SegmentStore) -> Segment:
    rows, every = segment.rows, np.arange(len(segment.rows))
    packed = (
        rows
        if isinstance(rows, Packed)
        else pack(len(rows), lambda name: rows.series(name, every), rows.columns)
    )
    name, data = store.save(packed.to_bytes())
    return segment.of_rows(Packed.from_bytes(data, name, rows.columns))


def files_of(state: SessionState) -> set[str]:
    """Names of the files that a state needs."""
    return {segment.rows.file for segment in state.segments if segment.rows.file}


def save(state: SessionState) -> tuple[SessionState, list[SegmentNote]]:
    """What a checkpoint has to say: rows that are in no file, and the others by name."""
    loose = [segment for segment in state.segments if not segment.rows.file]
    notes = [_note(segment) for segment in state.segments if segment.rows.file]
    return state.with_segments(loose), notes


def restore(loose: SessionState, notes: Sequence[SegmentNote], store: SegmentStore) -> SessionState:
    """Inverse of `save`.

    Raises:
        ValueError, OSError, pa.ArrowInvalid: a file is missing, or not what its note says.
    """
    named = [_segment(note, store, loose.columns) for note in notes]
    return loose.with_segments([*named, *loose.segments])


def _note(segment: Segment) -> SegmentNote:
    waiting = segment.rows.series("started_at", segment.pending).min()
    return SegmentNote(
        file=str(segment.rows.file),
        rows=len(segment.rows),
        dead=np.packbits(segment.dead).tobytes(),
        dirty=np.packbits(segment.dirty).tobytes(),
        revision=segment.revision.astype(segment.revision.dtype.newbyteorder("<")).tobytes(),
        revision_bytes=segment.revision.itemsize,
        waits_from=waiting if isinstance(waiting, int) else None,
    )


def _segment(note: SegmentNote, store: SegmentStore, columns: StateColumns) -> Segment:
    rows = Packed.from_bytes(store.open(note.file), note.file, columns)
    if len(rows) != note.rows:
        raise ValueError("a segment has other rows than its note says")
    every = np.arange(note.rows)
    keys = visitor_keys(rows.series("app_id", every), rows.series("visitor_id", every))
    revision = np.frombuffer(note.revision, f"<u{note.revision_bytes}")
    segment = Segment(rows, keys, _bits(note.dead, note), revision, _bits(note.dirty, note))
    is_ascending = bool((keys[1:] >= keys[:-1]).all())
    return segment if is_ascending else merged([segment])  # another version hashes otherwise


def _bits(packed: bytes, note: SegmentNote) -> Bools:
    return np.unpackbits(np.frombuffer(packed, np.uint8), count=note.rows).astype(np.bool_)
