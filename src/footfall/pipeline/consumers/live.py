"""The live counters: a consumer that works on micro-batches and keeps nothing.

It counts rows as they are read, before they have a session, and writes `live.json` with each
progress. Should it be too slow for some, or begin anew, it counts the requests that it missed when
the epoch that has them is committed: each event once, a few seconds late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import MINUTE
from footfall.errors import Corrupt
from footfall.home import write_atomically
from footfall.lake import Lake, recent_events
from footfall.live import LiveState, encode_snapshot
from footfall.pipeline.consumers.committed import CommittedEpoch
from footfall.pipeline.consumers.contract import (
    ConsumerPlace,
    EpochConsumer,
    MicroBatch,
    Progress,
)
from footfall.pipeline.consumers.notes import Needs

LIVE_WINDOW = 30 * MINUTE
LIVE_ROWS_MAX = 200_000
"""Events read again for the live counters after a restart; at more than 110 events/s the counters
start with less than half an hour."""


class LiveCounters(EpochConsumer):
    """Feeds `LiveState`; see docs/concepts/live.md."""

    is_durable: ClassVar[bool] = False

    def __init__(self, place: ConsumerPlace, lake: Lake, report: Callable[[str], None]) -> None:
        """Start from what the lake has of the last 30 minutes."""
        self._file = place.home.live_file(place.project)
        self._state = LiveState()
        self._counted_to = place.log_to
        self._missed: list[tuple[int, int]] = []
        self._at = place.now_us
        try:
            since = place.now_us - LIVE_WINDOW
            events = recent_events(lake, since, LIVE_ROWS_MAX, LiveState.COLUMNS)
        except Corrupt as error:
            report(f"live counters start at zero: {error}")
        else:
            # The next epoch may be in the lake already: its micro-batches are still to come.
            self._state.rebuild(_within(events, 0, place.log_to), place.now_us)

    def preview(self, batch: MicroBatch) -> None:
        """Count its events."""
        if batch.log_from > self._counted_to:
            self._missed.append((self._counted_to, batch.log_from))
        self._counted_to = batch.log_to
        self._at = batch.at
        self._state.add(batch.events, batch.at)

    def committed(self, epoch: CommittedEpoch) -> Needs | None:
        """Count what was missed of it."""
        if epoch.log_to > self._counted_to:
            self._missed.append((self._counted_to, epoch.log_to))
            self._counted_to = epoch.log_to
        missed = [(start, end) for start, end in self._missed if start < epoch.log_to]
        if missed:
            events = epoch.rows("events", LiveState.COLUMNS)
            for start, end in missed:
                self._state.add(_within(events, start, end), self._at)
            self._missed = [
                (max(start, epoch.log_to), end) for start, end in self._missed if end > epoch.log_to
            ]
        return None

    def watermark(self, progress: Progress) -> None:
        """Write what is known."""
        self._at = progress.at
        snapshot = self._state.snapshot(
            progress.at,
            open_sessions=progress.open_sessions,
            open_bot_sessions=progress.open_bot_sessions,
            totals=progress.ledger,
            lag_requests=progress.log_end - progress.log_offset,
        )
        write_atomically(self._file, encode_snapshot(snapshot))


def _within(events: pa.Table, log_from: int, log_to: int) -> pa.Table:
    offsets = events.column("log_offset")
    return events.filter(pc.and_(pc.greater_equal(offsets, log_from), pc.less(offsets, log_to)))
