"""Live: what happened in the last 30 minutes, in memory, as one small snapshot.

The pipeline feeds each micro-batch of events to a `LiveState` and writes its snapshot as JSON to
`Home.live_file` by atomic rename; the studio reads that file. People and bots are counted apart.
Windows are of `event_time`, as in every report. Counts are exact within stated bounds, and the
snapshot says so where a bound was reached. Nothing here reads a clock or a file. See
docs/concepts/live.md.

`LiveState` needs Arrow; the snapshot's types do not, so that the studio stays light: names are
imported when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.live._snapshot import (
    BOT_STREAM_EVENTS,
    DURATION_BOUNDS,
    EVENTS_BOUNDS,
    SNAPSHOT_BYTES_MAX,
    STREAM_EVENTS,
    TEXT_LENGTH_MAX,
    TOP_ROWS,
    LiveCounts,
    LiveSessions,
    LiveSnapshot,
    MinuteSeries,
    SecondSeries,
    SessionHistogram,
    SessionMeter,
    SessionSeconds,
    StreamEvent,
    TopList,
    TopRow,
    decode_snapshot,
    encode_snapshot,
)

if TYPE_CHECKING:
    from footfall.live._prometheus import prometheus_text as prometheus_text
    from footfall.live._session_meters import SessionMeters as SessionMeters
    from footfall.live._state import LiveLimits as LiveLimits
    from footfall.live._state import LiveState as LiveState

__all__ = [
    "BOT_STREAM_EVENTS",
    "DURATION_BOUNDS",
    "EVENTS_BOUNDS",
    "SNAPSHOT_BYTES_MAX",
    "STREAM_EVENTS",
    "TEXT_LENGTH_MAX",
    "TOP_ROWS",
    "LiveCounts",
    "LiveLimits",
    "LiveSessions",
    "LiveSnapshot",
    "LiveState",
    "MinuteSeries",
    "SecondSeries",
    "SessionHistogram",
    "SessionMeter",
    "SessionMeters",
    "SessionSeconds",
    "StreamEvent",
    "TopList",
    "TopRow",
    "decode_snapshot",
    "encode_snapshot",
    "prometheus_text",
]


def __getattr__(name: str) -> object:
    if name in ("LiveState", "LiveLimits"):
        from footfall.live import _state

        return getattr(_state, name)
    if name == "SessionMeters":
        from footfall.live import _session_meters

        return _session_meters.SessionMeters
    if name == "prometheus_text":
        from footfall.live import _prometheus

        return _prometheus.prometheus_text
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
