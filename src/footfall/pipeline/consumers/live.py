"""The live counters: a consumer that works on micro-batches and keeps nothing.

It counts rows as they are read, before they have a session, and writes `live.json` with each
progress. Should it be too slow for some, or begin anew, it counts the requests that it missed when
the epoch that has them is committed: each event once, a few seconds late.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import ClassVar

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import MINUTE, SECOND
from footfall.errors import Corrupt, Unavailable
from footfall.home import make_directory, write_atomically
from footfall.lake import Lake, recent_events
from footfall.live import LiveState, SessionMeters, encode_snapshot
from footfall.metadata.progress.published import PublishedProgress
from footfall.pipeline.consumers.committed import CommittedEpoch
from footfall.pipeline.consumers.contract import (
    ConsumerPlace,
    EpochConsumer,
    MicroBatch,
    Progress,
    SessionsSeen,
)
from footfall.pipeline.consumers.notes import Needs
from footfall.positions import Positions

LIVE_WINDOW = 30 * MINUTE
LIVE_ROWS_MAX = 200_000
"""Events read again for the live counters after a restart; at more than 110 events/s the counters
start with less than half an hour."""
SHARE_INTERVAL = 5 * SECOND
"""How often other machines are shown counters between epochs: a snapshot is tens of kilobytes."""
Share = Callable[[PublishedProgress, bytes], None]
SESSION_COLUMNS = SessionMeters.COLUMNS
_COLUMNS = (*LiveState.COLUMNS, "log_partition")


class LiveCounters(EpochConsumer):
    """Feeds `LiveState`; see docs/concepts/live.md."""

    is_durable: ClassVar[bool] = False

    def __init__(
        self,
        place: ConsumerPlace,
        lake: Lake,
        report: Callable[[str], None],
        share: Share | None = None,
        default: str = "gap",
    ) -> None:
        """Start from what the lake has of the last 30 minutes.

        `default` is the name of the default session definition. `share` shows others what is
        written, after each epoch and every `SHARE_INTERVAL`.
        """
        self._share = share
        self._default = default
        self._shared_at = self._shared_epoch = -1
        self._file = place.home.live_file(place.project)
        make_directory(self._file.parent)  # where cuts lie beside the lake, nobody else does
        self._state = LiveState()
        self._sessions = SessionMeters(place.first_epoch)
        self._counted_to = place.log_to
        self._missed: list[tuple[Positions, Positions]] = []
        self._at = place.now_us
        try:
            since = place.now_us - LIVE_WINDOW
            events = recent_events(lake, since, LIVE_ROWS_MAX, _COLUMNS)
        except Corrupt as error:
            report(f"live counters start at zero: {error}")
        else:
            # The next epoch may be in the lake already: its micro-batches are still to come.
            self._state.rebuild(_within(events, Positions(), place.log_to), place.now_us)

    def preview(self, batch: MicroBatch) -> None:
        """Count its events."""
        if not batch.log_from <= self._counted_to:
            self._missed.append((self._counted_to, batch.log_from))
        self._counted_to = batch.log_to
        self._at = batch.at
        self._state.add(batch.events, batch.at)

    def sessions(self, seen: SessionsSeen) -> None:
        """Count what closed, until its epoch says what it was."""
        for name, one in seen.definitions.items():
            for app, counts in one.apps.items():
                # Where nothing is previewed a session is known when it closes.
                started = counts.closed if counts.open is None else counts.opened - counts.joined
                self._sessions.start(name, app, seen.at, started, counts.open or 0)
            rows = pl.DataFrame(pl.from_arrow(one.rows.select(SESSION_COLUMNS)))
            self._sessions.see(name, rows, seen.at, seen.watermark)

    def committed(self, epoch: CommittedEpoch) -> Needs | None:
        """Count what was missed of it."""
        self._count_sessions(epoch)
        if not epoch.log_to <= self._counted_to:
            self._missed.append((self._counted_to, epoch.log_to))
            self._counted_to = epoch.log_to
        missed = [(start, end) for start, end in self._missed if not epoch.log_to <= start]
        if missed:
            events = epoch.rows("events", _COLUMNS)
            for start, end in missed:
                self._state.add(_within(events, start, end), self._at)
            self._missed = [
                (start.maximum(epoch.log_to), end)
                for start, end in self._missed
                if not end <= epoch.log_to
            ]
        return None

    def _count_sessions(self, epoch: CommittedEpoch) -> None:
        """Its rows take the place of what was seen of them."""
        default = pl.DataFrame(pl.from_arrow(epoch.rows("sessions", SESSION_COLUMNS)))
        names = (*SESSION_COLUMNS, "definition")
        others = pl.DataFrame(pl.from_arrow(epoch.rows("other_sessions", names)))
        rows = default.with_columns(definition=pl.lit(self._default))
        both = pl.concat([rows.select(names), others.select(names)])
        self._sessions.commit(epoch.number, both, self._at, epoch.watermark)

    def watermark(self, progress: Progress) -> None:
        """Write what is known."""
        self._at = progress.at
        snapshot = self._state.snapshot(
            progress.at,
            open_sessions=progress.open_sessions,
            open_bot_sessions=progress.open_bot_sessions,
            totals=progress.ledger,
            lag_requests=progress.lag_requests,
            sessions=self._sessions.shown(progress.at),
        )
        data = encode_snapshot(snapshot)
        write_atomically(self._file, data)
        self._share_with_others(progress, data)

    def _share_with_others(self, progress: Progress, data: bytes) -> None:
        is_due = (
            progress.epoch != self._shared_epoch or progress.at - self._shared_at >= SHARE_INTERVAL
        )
        if self._share is None or not is_due:
            return
        shown = PublishedProgress(
            progress.positions, progress.epoch, progress.watermark, progress.at, progress.ledger
        )
        with contextlib.suppress(Unavailable):  # the next one is newer anyway
            self._share(shown, data)
            self._shared_at, self._shared_epoch = progress.at, progress.epoch


def _within(events: pa.Table, log_from: Positions, log_to: Positions) -> pa.Table:
    """Events of requests between the two."""
    partitions = pc.fill_null(events.column("log_partition"), 0)
    offsets = events.column("log_offset")
    kept = [
        events.filter(
            pc.and_(
                pc.equal(partitions, partition),
                pc.and_(pc.greater_equal(offsets, start), pc.less(offsets, stop)),
            )
        )
        for partition, start, stop in log_from.slices_to(log_to)
    ]
    return pa.concat_tables([events.slice(0, 0), *kept])
