"""`LiveState`: events in, snapshot out."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.ledger import Ledger
from footfall.live._counters import COUNTED, SHOWN, Counters, LiveLimits
from footfall.live._snapshot import (
    BOT_STREAM_EVENTS,
    STREAM_EVENTS,
    LiveSessions,
    LiveSnapshot,
    within_bounds,
)
from footfall.live._windows import Ints

__all__ = ["LiveLimits", "LiveState"]

_REBUILD_ROWS: Final = 50_000


class LiveState:
    """Counters of the last 30 minutes, for one project. Not thread-safe.

    Time only comes in by arguments. Windows are of event time, so what devices send late is counted
    where it happened, and what happened before the window is shown in the stream but not counted.
    Times in the future (a clock was set back) are counted as now. People and bots are apart.
    """

    COLUMNS: Final = tuple(
        dict.fromkeys((*SHOWN, *COUNTED, "request_id", "received_at", "event_time"))
    )
    """What it needs of an event."""

    def __init__(self, limits: LiveLimits | None = None) -> None:
        limits = limits or LiveLimits()
        self._limits = limits
        self._people = Counters(limits, STREAM_EVENTS)
        self._bots = Counters(limits, BOT_STREAM_EVENTS)

    def add(self, events: pa.Table, now_us: int) -> None:
        """Take a micro-batch.

        Args:
            events: Rows with at least `COLUMNS`, in log order.
            now_us: Wall clock, microseconds since 1970 UTC. When it goes back, windows stay.
        """
        self._advance(now_us)
        happened = np.minimum(_microseconds(events, "event_time"), now_us)
        received = np.minimum(_microseconds(events, "received_at"), now_us)
        bots = events["is_bot"].combine_chunks()
        if not pc.any(bots).as_py():
            self._people.add(events, happened, received)
            return
        for counters, mask in ((self._people, pc.invert(bots)), (self._bots, bots)):
            here = mask.to_numpy(zero_copy_only=False)
            counters.add(events.filter(mask), happened[here], received[here])

    def rebuild(self, events: pa.Table, now_us: int) -> None:
        """Forget everything and take `events`: those of the last 30 minutes, in log order."""
        self.__init__(self._limits)  # type: ignore[misc]
        for start in range(0, events.num_rows, _REBUILD_ROWS):
            self.add(events.slice(start, _REBUILD_ROWS), now_us)

    def snapshot(
        self,
        now_us: int,
        *,
        open_sessions: int,
        open_bot_sessions: int = 0,
        totals: Ledger,
        lag_requests: int = 0,
        sessions: LiveSessions | None = None,
    ) -> LiveSnapshot:
        """What is known at `now_us`; also moves the windows on when no events come.

        Args:
            now_us: Wall clock, microseconds since 1970 UTC.
            open_sessions: Sessions of people that are not closed.
            open_bot_sessions: Those of bots.
            totals: Ledger of everything read so far.
            lag_requests: Acknowledged requests that were not read yet.
            sessions: What `SessionMeters` counted.

        Returns:
            At most `SNAPSHOT_BYTES_MAX` as JSON: where texts are so long that it would be more, the
            older events of the stream are left out.
        """
        self._advance(now_us)
        snapshot = LiveSnapshot(
            at=now_us,
            people=self._people.counts(now_us, open_sessions),
            bots=self._bots.counts(now_us, open_bot_sessions),
            totals=totals,
            lag_requests=lag_requests,
            sessions=sessions,
        )
        return within_bounds(snapshot)

    def _advance(self, now_us: int) -> None:
        self._people.advance(now_us)
        self._bots.advance(now_us)


def _microseconds(events: pa.Table, name: str) -> Ints:
    column = events[name].combine_chunks().cast(pa.int64())
    times: Ints = column.to_numpy(zero_copy_only=False)
    return times
