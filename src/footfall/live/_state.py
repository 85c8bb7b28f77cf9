"""`LiveState`: events in, snapshot out."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import MINUTE, SECOND
from footfall.ledger import Ledger
from footfall.live._snapshot import (
    STREAM_EVENTS,
    TEXT_LENGTH_MAX,
    LiveSnapshot,
    MinuteSeries,
    SecondSeries,
    StreamEvent,
    within_bounds,
)
from footfall.live._top import TopWindow
from footfall.live._visitors import VisitorWindow
from footfall.live._windows import Ints, RingCounter
from footfall.session import VIEW_EVENTS

SECONDS: Final = 300
MINUTES: Final = 30
ACTIVE_US: Final = 5 * MINUTE
_REBUILD_ROWS: Final = 50_000
_PLAIN: Final = (
    *("request_index", "log_offset", "event_name", "app_id", "page_title"),
    *("visitor_id", "user_id", "browser", "os", "is_late", "is_bot"),
)
_COUNTED: Final = (
    *("event_name", "app_id", "visitor_id", "page_path", "page_host", "referrer_host"),
    *("screen_name", "source", "device_category", "browser", "os"),
)
_VIEWS: Final = pa.array(sorted(VIEW_EVENTS))


class LiveLimits(msgspec.Struct, frozen=True):
    """Bounds of memory; what happens at them is said in the snapshot."""

    visitors_max: int = 500_000
    """Distinct visitors of 30 minutes, 44 bytes each; more are not counted."""
    values_max: int = 5_000
    """Distinct pages and event names; beyond it the rarer half is forgotten."""
    texts_max: int = 2_000
    """Distinct sources, devices, browsers, systems; more become others."""


class LiveState:
    """Counters of the last 30 minutes, for one project. Not thread-safe.

    Time only comes in by arguments. Events received before the window are shown in the stream but
    not counted; those of the future (a clock was set back) are counted as received now.
    """

    COLUMNS: Final = tuple(
        dict.fromkeys((*_PLAIN, *_COUNTED, "request_id", "received_at", "event_time"))
    )
    """What it needs of an event."""

    def __init__(self, limits: LiveLimits | None = None) -> None:
        limits = limits or LiveLimits()
        self._limits = limits
        self._seconds = RingCounter(SECONDS)
        self._events = RingCounter(MINUTES)
        self._views = RingCounter(MINUTES)
        self._visitors = VisitorWindow(MINUTES, limits.visitors_max, limits.texts_max)
        self._pages = TopWindow(MINUTES, limits.values_max)
        self._names = TopWindow(MINUTES, limits.values_max)
        self._stream: deque[StreamEvent] = deque(maxlen=STREAM_EVENTS)

    def add(self, events: pa.Table, now_us: int) -> None:
        """Take a micro-batch.

        Args:
            events: Rows with at least `COLUMNS`, in log order.
            now_us: Wall clock, microseconds since 1970 UTC. When it goes back, windows stay.
        """
        self._advance(now_us)
        newest = events.slice(max(0, events.num_rows - STREAM_EVENTS))
        self._stream.extend(_stream_events(newest))
        received = _microseconds(events)
        events = events.select(_COUNTED)  # rows are picked from: each column picked costs
        is_counted = received // MINUTE >= self._events.oldest
        if not is_counted.all():
            events = events.filter(pa.array(is_counted))
            received = received[is_counted]
        if events.num_rows:
            self._count(events, np.minimum(received, now_us))

    def rebuild(self, events: pa.Table, now_us: int) -> None:
        """Forget everything and take `events`: those of the last 30 minutes, in log order."""
        self.__init__(self._limits)  # type: ignore[misc]
        for start in range(0, events.num_rows, _REBUILD_ROWS):
            self.add(events.slice(start, _REBUILD_ROWS), now_us)

    def snapshot(
        self, now_us: int, *, open_sessions: int, totals: Ledger, lag_requests: int = 0
    ) -> LiveSnapshot:
        """What is known at `now_us`; also moves the windows on when no events come.

        Args:
            now_us: Wall clock, microseconds since 1970 UTC.
            open_sessions: Sessions that are not closed.
            totals: Ledger of everything read so far.
            lag_requests: Acknowledged requests that were not read yet.

        Returns:
            At most `SNAPSHOT_BYTES_MAX` as JSON: where texts are so long that it would be more, the
            older events of the stream are left out.
        """
        self._advance(now_us)
        snapshot = LiveSnapshot(
            at=now_us,
            open_sessions=open_sessions,
            visitors_5m=self._visitors.count_since(now_us - ACTIVE_US),
            visitors_30m=self._visitors.count(),
            visitors_are_exact=self._visitors.is_exact,
            events_30m=self._events.total(),
            views_30m=self._views.total(),
            seconds=SecondSeries(self._seconds.oldest * SECOND, self._seconds.values()),
            minutes=MinuteSeries(
                from_us=self._events.oldest * MINUTE,
                events=self._events.values(),
                views=self._views.values(),
                visitors=self._visitors.per_minute(),
            ),
            pages=self._pages.top(),
            events=self._names.top(),
            sources=self._visitors.top("source"),
            devices=self._visitors.top("device"),
            browsers=self._visitors.top("browser"),
            systems=self._visitors.top("os"),
            stream=tuple(reversed(self._stream)),
            totals=totals,
            lag_requests=lag_requests,
        )
        return within_bounds(snapshot)

    def _advance(self, now_us: int) -> None:
        self._seconds.advance(now_us // SECOND)
        minute = now_us // MINUTE
        for window in (self._events, self._views, self._visitors, self._pages, self._names):
            window.advance(minute)

    def _count(self, events: pa.Table, received: Ints) -> None:
        minutes = received // MINUTE
        seconds = received // SECOND
        self._events.add(minutes)
        self._seconds.add(seconds[seconds >= self._seconds.oldest])
        names = _text(events, "event_name")
        self._names.add(minutes, names)
        is_view = pc.is_in(names, _VIEWS)
        views = events.filter(is_view)
        view_minutes = minutes[is_view.to_numpy(zero_copy_only=False)]
        self._views.add(view_minutes)
        self._pages.add(view_minutes, _page(views))
        has_visitor = pc.is_valid(events["visitor_id"].combine_chunks())
        known = has_visitor.to_numpy(zero_copy_only=False)
        self._count_visitors(events.filter(has_visitor), received[known], minutes[known])

    def _count_visitors(
        self,
        events: pa.Table,
        received: Ints,
        minutes: Ints,
    ) -> None:
        visitors = pl.from_arrow(events.select(["app_id", "visitor_id"]))
        assert isinstance(visitors, pl.DataFrame)
        texts = {
            "source": _source(events),
            "device": _text(events, "device_category"),
            "browser": _text(events, "browser"),
            "os": _text(events, "os"),
        }
        self._visitors.add(visitors, received, minutes, texts)


def _microseconds(events: pa.Table) -> Ints:
    column = events["received_at"].combine_chunks().cast(pa.int64())
    received: Ints = column.to_numpy(zero_copy_only=False)
    return received


def _text(events: pa.Table, name: str) -> pa.Array:
    """The column, each text cut to what a snapshot shows."""
    texts = events[name].combine_chunks()
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest <= TEXT_LENGTH_MAX:
        return texts  # copying them all costs ten times as much
    return pc.utf8_slice_codeunits(texts, 0, TEXT_LENGTH_MAX)


def _page(events: pa.Table) -> pa.Array:
    return pc.coalesce(_text(events, "page_path"), _text(events, "screen_name"))


def _source(events: pa.Table) -> pa.Array:
    """The campaign's source, else the referring host if it is not the site itself."""
    referrer = _text(events, "referrer_host")
    is_outside = pc.fill_null(pc.not_equal(referrer, _text(events, "page_host")), True)
    nothing = pa.scalar(None, pa.string())
    return pc.coalesce(_text(events, "source"), pc.if_else(is_outside, referrer, nothing))


def _stream_events(events: pa.Table) -> Iterator[StreamEvent]:
    table = pa.table(
        {
            **{name: _shown(events, name) for name in _PLAIN},
            "request_id": events["request_id"],
            "received_at": events["received_at"].cast(pa.int64()),
            "event_time": events["event_time"].cast(pa.int64()),
            "page": _page(events),
            "source": _source(events),
            "device": _text(events, "device_category"),
        }
    )
    for row in table.to_pylist():
        row["request_id"] = str(uuid.UUID(bytes=row["request_id"]))
        yield StreamEvent(**row)


def _shown(events: pa.Table, name: str) -> pa.Array:
    return _text(events, name) if events[name].type == pa.string() else events[name]
