"""What readers get: tail files and cuts, in the order that keeps each cut whole."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.lake import Lake, read_tables
from footfall.lake.cut import SHOWN_SCHEMA, Cut
from footfall.pipeline.consumers.contract import Progress
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.preview.preview import PreviewBatch, hot_rows
from footfall.pipeline.preview.tail import Tail
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import (
    SessionState,
    is_unwritten,
    unwritten,
    unwritten_parts,
)

Bools = npt.NDArray[np.bool_]

_STALE_MOST = 4
"""A kept file is written anew when it has more than so many rows for each that counts."""


class KeptFile(msgspec.Struct, frozen=True):
    """Sessions of a segment as readers read them."""

    name: str
    rows: Bools
    """Which rows of the segment are in the file."""
    count: int


class Publisher:
    """Writer of one project's tail and cut."""

    def __init__(self, project: str, gap: int, tail: Tail) -> None:
        """Publish nothing yet."""
        self._project = project
        self._gap = gap
        self._tail = tail
        self._files: dict[str, tuple[str, ...]] = {}
        self._hot: tuple[str, ...] = ()
        self._kept: dict[str, KeptFile] = {}
        self._files_kept = 0
        self._named: tuple[str, ...] = ()
        self._shown: str | None = None
        self._plans: dict[str, str] = {}
        self._overrides: str | None = None
        self._removed: str | None = None

    def add(self, batch: PreviewBatch, overrides: OverrideSet) -> None:
        """Write the files of one micro-batch; the next `publish` names them."""
        sequence = self._tail.next_sequence()
        self._add("events", self._tail.write("events", batch.events))
        self._add("failed_events", self._tail.write("failed", batch.failures))
        hot = self._tail.write("hot", hot_rows(batch.touched, batch.removed, sequence))
        if hot is not None:
            self._hot = (*self._hot, hot)
        if batch.is_renaming:
            self._overrides = self._tail.write("overrides", overrides.table())

    def prepare(self, state: SessionState) -> None:
        """Write what readers need of segments, before `start_epoch` names it.

        Those that are new, and those of whose rows most do not count any more: readers map all of a
        file. May run beside everything but `start_epoch`: it is a third of an epoch's work.
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

    def start_epoch(
        self, lake: Lake, state: SessionState, overrides: OverrideSet, removed: pa.Table
    ) -> None:
        """Name what the lake has now; the tail starts anew. The next `publish` shows it.

        Args:
            lake: Its plans name the data files.
            state: Of its sessions those are shown that the lake does not have in this form. Large
                segments are files that were written before; what is written anew is which of their
                rows still count, and the other rows.
            overrides: All that are not folded into the events yet.
            removed: All rows of `session_changes` that are not folded into the sessions yet.
        """
        sequence = self._tail.next_sequence()
        with lake.locks.committing():  # what a plan names is not removed before it is written
            self._plans = {
                spec.name: self._tail.write_plan(lake.plan(spec.name)) for spec in read_tables()
            }
        self._files = {}
        self.prepare(state)
        self._name_kept(state)
        loose = unwritten(state.with_segments([s for s in state.segments if s.rows.file is None]))
        hot = self._tail.write("hot", hot_rows(loose, removed.slice(0, 0), sequence))
        self._hot = () if hot is None else (hot,)
        self._overrides = self._tail.write("overrides", overrides.table())
        self._removed = self._tail.write("removed", removed)

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
        self._shown = self._tail.write("shown", pa.table([pa.array(masks)], schema=SHOWN_SCHEMA))

    def _add(self, table: str, file: str | None) -> None:
        if file is not None:
            self._files[table] = (*self._files.get(table, ()), file)

    def publish(
        self, progress: Progress, hot_age: int | None = None, *, is_sweeping: bool = False
    ) -> None:
        """Make everything added so far one cut.

        Args:
            progress: How far the pipeline is.
            hot_age: As `Cut.hot_age`.
            is_sweeping: Also remove files that no reader needs any more.
        """
        cut = Cut(
            project=self._project,
            sequence=self._tail.next_sequence(),
            published_at=progress.at,
            log_offset=progress.log_offset,
            epoch=progress.epoch,
            watermark=progress.watermark,
            gap=self._gap,
            ledger=progress.ledger,
            plans=self._plans,
            tail=self._files,
            hot=self._hot,
            kept=self._named,
            shown=self._shown,
            hot_age=hot_age,
            overrides=self._overrides,
            removed=self._removed,
        )
        self._tail.publish(cut)
        if is_sweeping:
            self._tail.sweep(cut)
