"""What readers get: tail files, cuts and live snapshots, in the order that keeps each cut whole."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa

from footfall.clock import MINUTE, Clock
from footfall.home import write_atomically
from footfall.lake import Lake, recent_events
from footfall.lake.cut import Cut
from footfall.ledger import Ledger
from footfall.live import LiveState
from footfall.pipeline._overrides import OverrideSet
from footfall.pipeline._preview import PreviewBatch, hot_rows
from footfall.pipeline._tail import Tail
from footfall.sessionize import OpenSessions

READ_TABLES = ("events", "sessions", "failed_events")
"""Tables that readers see as data files; the others reach them as `overrides` and `removed`."""


LIVE_WINDOW = 30 * MINUTE
LIVE_ROWS_MAX = 200_000
"""Events read again for the live counters after a restart; at more than 110 events/s the counters
start with less than half an hour."""


class Position(msgspec.Struct, frozen=True):
    """How far the pipeline is."""

    log_offset: int
    log_end: int
    epoch: int
    watermark: int
    ledger: Ledger
    open_sessions: OpenSessions


class Publisher:
    """Writer of one project's tail, cut and live snapshot."""

    def __init__(
        self, project: str, gap: int, tail: Tail, live_file: Path, live: LiveState, clock: Clock
    ) -> None:
        """Publish nothing yet."""
        self._project = project
        self._gap = gap
        self._tail = tail
        self._live_file = live_file
        self._live = live
        self._clock = clock
        self._files: dict[str, tuple[str, ...]] = {}
        self._hot: tuple[str, ...] = ()
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

    def count(self, events: pa.Table) -> None:
        """Let the live counters see new events, once each."""
        self._live.add(events, self._clock.now_us())

    def recount(self, lake: Lake) -> None:
        """Start the live counters from what the lake has of the last 30 minutes."""
        now = self._clock.now_us()
        events = recent_events(lake, now - LIVE_WINDOW, LIVE_ROWS_MAX, LiveState.COLUMNS)
        self._live.rebuild(events, now)

    def start_epoch(
        self, lake: Lake, sessions: pa.Table, overrides: OverrideSet, removed: pa.Table
    ) -> None:
        """Name what the lake has now; the tail starts anew. The next `publish` shows it.

        Args:
            lake: Its plans name the data files.
            sessions: Hot sessions that the lake does not have in this form, `SESSION_SCHEMA`.
            overrides: All that are not folded into the events yet.
            removed: All rows of `session_changes` that are not folded into the sessions yet.
        """
        sequence = self._tail.next_sequence()
        with lake.locks.committing():  # what a plan names is not removed before it is written
            self._plans = {table: self._tail.write_plan(lake.plan(table)) for table in READ_TABLES}
        self._files = {}
        hot = self._tail.write("hot", hot_rows(sessions, removed.slice(0, 0), sequence))
        self._hot = () if hot is None else (hot,)
        self._overrides = self._tail.write("overrides", overrides.table())
        self._removed = self._tail.write("removed", removed)

    def _add(self, table: str, file: str | None) -> None:
        if file is not None:
            self._files[table] = (*self._files.get(table, ()), file)

    def publish(self, position: Position, *, is_sweeping: bool = False) -> None:
        """Make everything added so far one cut, and tell the live page.

        `is_sweeping` also removes files that no reader needs any more.
        """
        now = self._clock.now_us()
        cut = Cut(
            project=self._project,
            sequence=self._tail.next_sequence(),
            published_at=now,
            log_offset=position.log_offset,
            epoch=position.epoch,
            watermark=position.watermark,
            gap=self._gap,
            ledger=position.ledger,
            plans=self._plans,
            tail=self._files,
            hot=self._hot,
            overrides=self._overrides,
            removed=self._removed,
        )
        self._tail.publish(cut)
        if is_sweeping:
            self._tail.sweep(cut)
        snapshot = self._live.snapshot(
            now,
            open_sessions=position.open_sessions.people,
            open_bot_sessions=position.open_sessions.bots,
            totals=position.ledger,
            lag_requests=position.log_end - position.log_offset,
        )
        write_atomically(self._live_file, msgspec.json.encode(snapshot))
