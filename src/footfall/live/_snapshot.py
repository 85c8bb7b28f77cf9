"""The live snapshot: the format of `live.json` and of `GET /api/live`."""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.errors import Corrupt
from footfall.ledger import Ledger

SNAPSHOT_VERSION: Final = 2
SNAPSHOT_BYTES_MAX: Final = 150_000
"""Largest encoded snapshot; the oldest events of the stream are left out to stay below it."""
STREAM_EVENTS: Final = 200
BOT_STREAM_EVENTS: Final = 50
TOP_ROWS: Final = 50
TEXT_LENGTH_MAX: Final = 200
"""Characters of a text in a snapshot; the whole is in the event."""


class SecondSeries(msgspec.Struct, frozen=True):
    """Events of each of the last 300 seconds; the last one is not over yet."""

    from_us: int
    """Start of the first second, microseconds since 1970 UTC."""
    events: tuple[int, ...]


class MinuteSeries(msgspec.Struct, frozen=True):
    """Each of the last 30 minutes; the last one is not over yet."""

    from_us: int
    events: tuple[int, ...]
    views: tuple[int, ...]
    visitors: tuple[int, ...]
    """Distinct visitors of each minute."""


class TopRow(msgspec.Struct, frozen=True):
    """One value and its count."""

    value: str | None
    """`None`: the events or visitors that have none (for sources: direct)."""
    count: int


class TopList(msgspec.Struct, frozen=True):
    """The most frequent values of the last 30 minutes."""

    rows: tuple[TopRow, ...]
    """By count, highest first, at most `TOP_ROWS`."""
    others: int
    """Sum of what is not in `rows`."""
    is_exact: bool = True
    """False: there were more distinct values than are kept, so a row may be short of some that
    `others` counts."""


class StreamEvent(msgspec.Struct, frozen=True):
    """An event in the list of the newest; its drawer has all columns."""

    request_id: str
    """UUID."""
    request_index: int
    log_offset: int
    received_at: int
    event_time: int
    event_name: str
    app_id: str
    page: str | None
    """Path of the page, or name of the screen."""
    page_title: str | None
    visitor_id: str | None
    user_id: str | None
    source: str | None
    device: str | None
    browser: str | None
    os: str | None
    is_late: bool
    is_bot: bool


class LiveCounts(msgspec.Struct, frozen=True):
    """Everything counted of people, or of bots; windows are of `event_time`."""

    open_sessions: int
    visitors_5m: int
    """Visitors with an event in the last 5 minutes."""
    visitors_30m: int
    visitors_are_exact: bool
    """False: more visitors than are kept; the numbers are too low."""
    events_30m: int
    views_30m: int
    seconds: SecondSeries
    """By `received_at`: how fast events come in, whenever they happened."""
    minutes: MinuteSeries
    pages: TopList
    """By views."""
    events: TopList
    """By events."""
    sources: TopList
    """By visitors: where they last came from, in the 30 minutes."""
    devices: TopList
    """By visitors: device category."""
    browsers: TopList
    systems: TopList
    stream: tuple[StreamEvent, ...]
    """Newest first, at most `STREAM_EVENTS`, of bots `BOT_STREAM_EVENTS`."""


DURATION_BOUNDS: Final = (0, 1, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds: upper ends of the histogram's parts, included; the last part has no end."""
EVENTS_BOUNDS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


class SessionHistogram(msgspec.Struct, frozen=True):
    """Of sessions that were written for the first time."""

    counts: tuple[int, ...]
    """By `DURATION_BOUNDS` (seconds) or `EVENTS_BOUNDS`, one more than those."""
    sum: int
    """Milliseconds, or events."""


class SessionSeconds(msgspec.Struct, frozen=True):
    """What happened to sessions second by second, a place of each list for each second.

    Seconds in which nothing did are left out.
    """

    at: tuple[int, ...] = ()
    """Seconds after `LiveSessions.from_us`, ascending."""
    started: tuple[int, ...] = ()
    """Began, less those that late events joined to others."""
    closed: tuple[int, ...] = ()
    repaired: tuple[int, ...] = ()
    """Closed before, and written or to be written anew."""
    duration_ms: tuple[int, ...] = ()
    """Sum over those closed."""
    events: tuple[int, ...] = ()
    """The same."""


class SessionMeter(msgspec.Struct, frozen=True):
    """Sessions of one definition and app."""

    definition: str
    app_id: str
    open: int
    closed: int
    """Rows with revision 1 that epochs from `since_epoch` to `to_epoch` wrote."""
    repaired: int
    """Their rows with a higher one."""
    provisional: int
    """Closed since, and in no epoch yet: in `seconds`, not in the totals."""
    duration: SessionHistogram
    events: SessionHistogram
    seconds: SessionSeconds
    """Of the last 300; only the meters that closed most have them."""


class LiveSessions(msgspec.Struct, frozen=True):
    """Sessions as they open and close; see docs/concepts/sessions.md."""

    since_epoch: int
    to_epoch: int
    from_us: int
    """Start of the first of 300 seconds, microseconds since 1970 UTC."""
    meters: tuple[SessionMeter, ...]
    """Those that closed most first."""
    is_whole: bool
    """False: more definitions and apps than are counted."""


class LiveSnapshot(msgspec.Struct, frozen=True):
    """The last 30 minutes: 29 whole minutes and the current one, by `event_time`.

    A visitor id that people and bots use is one visitor of each, so both together are their sum.
    """

    at: int
    """Pipeline's clock when it was made, microseconds since 1970 UTC."""
    people: LiveCounts
    bots: LiveCounts
    """What says by its user agent that it is no person."""
    totals: Ledger
    """Sum over everything read so far."""
    lag_requests: int = 0
    """Acknowledged requests that were not read yet at `at`."""
    sessions: LiveSessions | None = None
    """None where nothing counts them."""
    version: int = SNAPSHOT_VERSION


def within_bounds(snapshot: LiveSnapshot) -> LiveSnapshot:
    """The snapshot, with as many of the newest events as `SNAPSHOT_BYTES_MAX` allows.

    If the lists alone are too long, with no events and the upper parts of the lists.
    """
    while len(encode_snapshot(snapshot)) > SNAPSHOT_BYTES_MAX:
        has_stream = bool(snapshot.people.stream or snapshot.bots.stream)
        shorten = _half_of_stream if has_stream else _half_of_lists
        snapshot = msgspec.structs.replace(
            snapshot, people=shorten(snapshot.people), bots=shorten(snapshot.bots)
        )
    return snapshot


_LISTS: Final = ("pages", "events", "sources", "devices", "browsers", "systems")


def _half_of_stream(counts: LiveCounts) -> LiveCounts:
    return msgspec.structs.replace(counts, stream=counts.stream[: len(counts.stream) // 2])


def _half_of_lists(counts: LiveCounts) -> LiveCounts:
    halves = {name: _upper_half(getattr(counts, name)) for name in _LISTS}
    return msgspec.structs.replace(counts, **halves)


def _upper_half(top: TopList) -> TopList:
    kept = top.rows[: len(top.rows) // 2]
    left_out = sum(row.count for row in top.rows[len(kept) :])
    return TopList(kept, top.others + left_out, top.is_exact)


def encode_snapshot(snapshot: LiveSnapshot) -> bytes:
    """JSON, as in `live.json`."""
    return msgspec.json.encode(snapshot)


_decoder = msgspec.json.Decoder(LiveSnapshot)


def decode_snapshot(data: bytes) -> LiveSnapshot:
    """Inverse of `encode_snapshot`.

    Raises:
        Corrupt: not a snapshot; the pipeline replaces it within a second when it runs.
    """
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"live snapshot is damaged; start the pipeline to write it anew: {error}"
        ) from error
