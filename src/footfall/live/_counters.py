"""Counters of one kind of sender: people, or bots."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import MINUTE, SECOND
from footfall.live._snapshot import (
    TEXT_LENGTH_MAX,
    LiveCounts,
    MinuteSeries,
    SecondSeries,
    StreamEvent,
)
from footfall.live._top import TopWindow
from footfall.live._visitors import VisitorWindow
from footfall.live._windows import Ints, RingCounter
from footfall.session import VIEW_EVENTS

SECONDS: Final = 300
MINUTES: Final = 30
ACTIVE_US: Final = 5 * MINUTE
SHOWN: Final = (
    *("request_index", "log_offset", "event_name", "app_id", "page_title"),
    *("visitor_id", "user_id", "browser", "os", "is_late", "is_bot"),
)
COUNTED: Final = (
    *("event_name", "app_id", "visitor_id", "page_path", "screen_name", "source"),
    *("device_category", "browser", "os"),
)
_VIEWS: Final = pa.array(sorted(VIEW_EVENTS))


class LiveLimits(msgspec.Struct, frozen=True):
    """Bounds of memory, of people and of bots each; the snapshot says what happened at them."""

    visitors_max: int = 500_000
    """Distinct visitors of 30 minutes, 44 bytes each; more are not counted."""
    values_max: int = 5_000
    """Distinct pages and event names; beyond it the rarer half is forgotten."""
    texts_max: int = 2_000
    """Distinct sources, devices, browsers, systems; more become others."""


class Counters:
    """Windows, lists and stream; time comes in by arguments only."""

    def __init__(self, limits: LiveLimits, stream_events: int) -> None:
        self._stream_events = stream_events
        self._seconds = RingCounter(SECONDS)
        self._events = RingCounter(MINUTES)
        self._views = RingCounter(MINUTES)
        self._visitors = VisitorWindow(MINUTES, limits.visitors_max, limits.texts_max)
        self._pages = TopWindow(MINUTES, limits.values_max)
        self._names = TopWindow(MINUTES, limits.values_max)
        self._stream: deque[StreamEvent] = deque(maxlen=stream_events)

    def advance(self, now_us: int) -> None:
        """Move the windows on."""
        self._seconds.advance(now_us // SECOND)
        minute = now_us // MINUTE
        for window in (self._events, self._views, self._visitors, self._pages, self._names):
            window.advance(minute)

    def add(self, events: pa.Table, happened: Ints, received: Ints) -> None:
        """Take events, in log order, after `advance`.

        Args:
            events: Rows with at least `LiveState.COLUMNS`.
            happened: Event time of each, microseconds, not after now.
            received: When each was received, likewise.
        """
        if not events.num_rows:
            return
        newest = events.slice(max(0, events.num_rows - self._stream_events))
        self._stream.extend(_stream_events(newest))
        seconds = received // SECOND
        self._seconds.add(seconds[seconds >= self._seconds.oldest])
        events = events.select(COUNTED)  # rows are picked from: each column picked costs
        is_counted = happened // MINUTE >= self._events.oldest
        if not is_counted.all():
            events = events.filter(pa.array(is_counted))
            happened = happened[is_counted]
        if events.num_rows:
            self._count(events, happened)

    def counts(self, now_us: int, open_sessions: int) -> LiveCounts:
        """What is known, after `advance`."""
        return LiveCounts(
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
        )

    def _count(self, events: pa.Table, happened: Ints) -> None:
        minutes = happened // MINUTE
        self._events.add(minutes)
        names = _text(events, "event_name")
        self._names.add(minutes, names)
        is_view = pc.is_in(names, _VIEWS)
        views = events.filter(is_view)
        view_minutes = minutes[is_view.to_numpy(zero_copy_only=False)]
        self._views.add(view_minutes)
        self._pages.add(view_minutes, _page(views))
        has_visitor = pc.is_valid(events["visitor_id"].combine_chunks())
        known = has_visitor.to_numpy(zero_copy_only=False)
        self._count_visitors(events.filter(has_visitor), happened[known], minutes[known])

    def _count_visitors(self, events: pa.Table, happened: Ints, minutes: Ints) -> None:
        visitors = pl.from_arrow(events.select(["app_id", "visitor_id"]))
        assert isinstance(visitors, pl.DataFrame)
        texts = {
            "source": _text(events, "source"),
            "device": _text(events, "device_category"),
            "browser": _text(events, "browser"),
            "os": _text(events, "os"),
        }
        self._visitors.add(visitors, happened, minutes, texts)


def _text(events: pa.Table, name: str) -> pa.Array:
    """The column, each text cut to what a snapshot shows."""
    texts = events[name].combine_chunks()
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest <= TEXT_LENGTH_MAX:
        return texts  # copying them all costs ten times as much
    return pc.utf8_slice_codeunits(texts, 0, TEXT_LENGTH_MAX)


def _page(events: pa.Table) -> pa.Array:
    return pc.coalesce(_text(events, "page_path"), _text(events, "screen_name"))


def _stream_events(events: pa.Table) -> Iterator[StreamEvent]:
    table = pa.table(
        {
            **{name: _shown(events, name) for name in SHOWN},
            "request_id": events["request_id"],
            "received_at": events["received_at"].cast(pa.int64()),
            "event_time": events["event_time"].cast(pa.int64()),
            "page": _page(events),
            "source": _text(events, "source"),
            "device": _text(events, "device_category"),
        }
    )
    for row in table.to_pylist():
        row["request_id"] = str(uuid.UUID(bytes=row["request_id"]))
        yield StreamEvent(**row)


def _shown(events: pa.Table, name: str) -> pa.Array:
    return _text(events, name) if events[name].type == pa.string() else events[name]
