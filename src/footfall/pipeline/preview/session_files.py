"""Files of one definition's sessions, as readers read them: what the lake does not have yet."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.lake.cut import SHOWN_SCHEMA, CutSessions
from footfall.pipeline.preview.numbered import NumberedFiles
from footfall.pipeline.preview.preview import SessionChanges, hot_rows
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import (
    SessionDefinition,
    SessionState,
    is_unwritten,
    unwritten,
    unwritten_parts,
)

_STALE_MOST: Final = 4
"""A kept file is written anew when it has more than so many rows for each that counts."""


class KeptFile(msgspec.Struct, frozen=True):
    """Sessions of a segment as readers read them."""

    name: str
    rows: npt.NDArray[np.bool_]
    """Which rows of the segment are in the file."""
    count: int


class SessionFiles:
    """Writer of one definition's part of the tail."""

    def __init__(self, tail: NumberedFiles, suffix: str) -> None:
        """Write nothing yet; `suffix` is in the names of the files."""
        self._tail = tail
        self._suffix = suffix
        self._hot: tuple[str, ...] = ()
        self._kept: dict[str, KeptFile] = {}
        self._files_kept = 0
        self._named: tuple[str, ...] = ()
        self._shown: str | None = None

    def add(self, changes: SessionChanges, sequence: int) -> None:
        """Write what one micro-batch changed."""
        rows = hot_rows(changes.touched, changes.removed, sequence)
        hot = self._tail.write(f"hot{self._suffix}", rows)
        if hot is not None:
            self._hot = (*self._hot, hot)

    def prepare(self, state: SessionState) -> None:
        """Write what readers need of segments, before `start` names it.

        Those that are new, and those of whose rows most do not count any more: readers map all of a
        file. May run beside everything but `start`: it is a third of an epoch's work.
        """
        for segment in state.segments:
            file = segment.rows.file
            if file is None:
                continue
            wanted = is_unwritten(segment)
            rows = int(np.count_nonzero(wanted))
            known = self._kept.get(file)
            if rows == 0 or (known is not None and known.count <= _STALE_MOST * rows):
                continue
            self._files_kept += 1
            name = f"{file.partition('.')[0]}-{self._files_kept}"
            name = self._tail.write_kept(name, SESSION_SCHEMA, unwritten_parts(segment))
            self._kept[file] = KeptFile(name, wanted, rows)
            if known is not None:
                self._tail.forget([known.name])  # the cut that still names it keeps it

    def start(self, state: SessionState, removed: pa.Table, sequence: int) -> None:
        """Begin an epoch with all sessions of `state` that the lake does not have in this form.

        Large segments are files that were written before; what is written anew is which of their
        rows still count, and the other rows. `removed` has the schema of removals and no rows.
        """
        self.prepare(state)
        self._name_kept(state)
        loose = state.with_segments([one for one in state.segments if one.rows.file is None])
        self._hot = ()
        self.add(SessionChanges(unwritten(loose), removed), sequence)

    def _name_kept(self, state: SessionState) -> None:
        files, names, shown = {}, [], []
        for segment in state.segments:
            kept = self._kept.get(segment.rows.file or "")
            mask = is_unwritten(segment)
            if kept is not None and mask.any():
                files[str(segment.rows.file)] = kept
                names.append(kept.name)
                shown.append(mask[kept.rows])
        self._tail.forget(kept.name for file, kept in self._kept.items() if file not in files)
        self._kept, self._named = files, tuple(names)
        masks = np.concatenate([np.zeros(0, np.bool_), *shown])
        rows = pa.table([pa.array(masks)], schema=SHOWN_SCHEMA)
        self._shown = self._tail.write(f"shown{self._suffix}", rows)

    def named(self, definition: SessionDefinition, watermark: int) -> CutSessions:
        """What a cut says of them."""
        return CutSessions(
            version=definition.version,
            closed_before=definition.closed_before(watermark),
            hot=self._hot,
            kept=self._named,
            shown=self._shown,
        )
