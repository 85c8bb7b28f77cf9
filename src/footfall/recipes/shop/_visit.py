"""One visit in full: sessions, events with their true times, and how they travel.

Here the truth is decided. Sessions are made first, with pauses that are known to be shorter or
longer than the timeout; then the events are put into deliveries, some late, some twice, some next
to broken records. Nothing is computed back from the events.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from footfall.clock import HOUR, MINUTE, US_PER_MS
from footfall.recipes.shop._journey import Moment
from footfall.recipes.shop._journey import visit as walk
from footfall.recipes.shop._people import Dialect, Visitor, WayIn, meet, random_uuid, way_in
from footfall.recipes.shop._schedule import Edge, Visit
from footfall.recipes.shop._settings import ShopSettings

RECORDS_PER_DELIVERY_MAX: Final = 100
_MINUTE_MS: Final = MINUTE // US_PER_MS
_HOUR_MS: Final = HOUR // US_PER_MS
_BATCH_MS: Final = 5_000
_LONG_PAUSE_MARGIN_MS: Final = 2 * _MINUTE_MS
_SHIPPED_SHARE: Final = 0.5
"""Orders whose shipping a server reports, without a visitor."""


class Happening(msgspec.Struct, gc=False):
    """An event of the visit."""

    event_id: str
    at_ms: int
    """True time."""
    moment: Moment
    session_number: int
    session_start_ms: int
    way: WayIn
    is_logged_in: bool


class Session(msgspec.Struct, gc=False):
    """A true session."""

    start_ms: int
    end_ms: int
    events: int


class Delivery(msgspec.Struct, gc=False):
    """One request to come."""

    send_ms: int
    """True time at which it is sent."""
    happenings: list[Happening]
    stamp_ms: int
    """True time the sender states as sent: that of the first attempt, when it is a retry."""
    broken_records: int = 0
    broken_body: bool = False
    from_server: bool = False
    """Sent by the shop's back end: knows the customer, not the visitor."""


class VisitPlan(msgspec.Struct):
    """Everything about one visit."""

    visitor: Visitor
    visit: Visit
    sessions: list[Session]
    deliveries: list[Delivery]
    rng: Random
    """For what is left to draw when requests are written."""


def plan_visit(settings: ShopSettings, visit: Visit) -> VisitPlan:
    """Draw the visit; the same every time."""
    rng = Random(f"{settings.seed}/{settings.name}/visit/{visit.visitor}/{visit.number}")
    visitor = meet(settings, visit.visitor)
    happenings, sessions = _live(rng, settings, visitor, visit)
    deliveries = _deliver(rng, settings, visitor, happenings)
    deliveries += _shipped(rng, settings, happenings)
    return VisitPlan(visitor, visit, sessions, deliveries, rng)


def _live(
    rng: Random, settings: ShopSettings, visitor: Visitor, visit: Visit
) -> tuple[list[Happening], list[Session]]:
    """The sessions of the visit, and its events in order of time."""
    parts = 2 if visit.edge is Edge.BEYOND_GAP else 1
    edge_ms = 0 if visit.edge is Edge.NONE else settings.gap_ms + 1
    span_ms = (visit.span_ms - edge_ms) // parts
    happenings: list[Happening] = []
    sessions: list[Session] = []
    start_ms = visit.start_ms
    for part in range(parts):
        moments = walk(
            rng,
            visitor,
            way := way_in(rng),
            events=max(1, visit.events // parts),
            is_first=visit.number == 0 and part == 0,
            long_pause_ms=settings.gap_ms - _LONG_PAUSE_MARGIN_MS,
        )
        pauses = _fit([moment.pause_ms for moment in moments], span_ms)
        if visit.edge is Edge.EXACTLY_GAP and len(pauses) > 1:
            pauses[rng.randrange(1, len(pauses))] = settings.gap_ms
        lived = _happen(rng, visitor, way, moments, pauses, start_ms, visit.session_number + part)
        sessions.append(Session(start_ms, lived[-1].at_ms, len(lived)))
        happenings += lived
        start_ms = lived[-1].at_ms + settings.gap_ms + 1
    return happenings, sessions


def _happen(
    rng: Random,
    visitor: Visitor,
    way: WayIn,
    moments: list[Moment],
    pauses: list[int],
    start_ms: int,
    session_number: int,
) -> list[Happening]:
    at_ms = start_ms
    is_logged_in = visitor.logs_in and session_number > 1
    happenings = []
    for moment, pause in zip(moments, pauses, strict=True):
        at_ms += pause
        is_logged_in = is_logged_in or moment.name == "_profile_set"
        happenings.append(
            Happening(
                event_id=random_uuid(rng),
                at_ms=at_ms,
                moment=moment,
                session_number=session_number,
                session_start_ms=start_ms,
                way=way,
                is_logged_in=is_logged_in,
            )
        )
    return happenings


def _fit(pauses: list[int], span_ms: int) -> list[int]:
    """Shorten all pauses so that their sum is within the span; the first is 0."""
    pauses = [0, *pauses[1:]]
    total = sum(pauses)
    if total <= span_ms:
        return pauses
    return [pause * span_ms // total for pause in pauses]


def _deliver(
    rng: Random, settings: ShopSettings, visitor: Visitor, happenings: list[Happening]
) -> list[Delivery]:
    """Put events into requests, then let the network do its worst."""
    if visitor.dialect is Dialect.AWS_IMMEDIATE:
        deliveries = [_delivery(item.at_ms, [item], _latency(rng)) for item in happenings]
    else:
        deliveries = [
            _delivery(_flush_time(batch), batch, _latency(rng)) for batch in _batches(happenings)
        ]
    if rng.random() < settings.late_share:
        deliveries = _lose_connection(rng, settings, deliveries)
    repeats = [
        _repeat(rng, settings, visitor, delivery)
        for delivery in deliveries
        if rng.random() < settings.duplicate_share
    ]
    deliveries += repeats
    for delivery in deliveries:
        if rng.random() < settings.broken_share:
            delivery.broken_records = rng.choice((1, 1, 2))
    deliveries += [
        Delivery(delivery.send_ms, [], delivery.send_ms, broken_body=True)
        for delivery in deliveries
        if rng.random() < settings.broken_share
    ]
    return deliveries


def _delivery(at_ms: int, happenings: list[Happening], latency_ms: int) -> Delivery:
    return Delivery(at_ms + latency_ms, happenings, at_ms + latency_ms)


def _latency(rng: Random) -> int:
    """From the event to the request: mostly tens of milliseconds, so neighbours change places."""
    return 1 + min(int(rng.lognormvariate(3.5, 0.9)), 2_000)


def _batches(happenings: list[Happening]) -> list[list[Happening]]:
    """Events that wait for the same five-second flush, in requests of bounded size."""
    batches: list[list[Happening]] = []
    flush = None
    for item in happenings:
        due = item.at_ms // _BATCH_MS
        if due != flush or len(batches[-1]) >= RECORDS_PER_DELIVERY_MAX:
            batches.append([])
            flush = due
        batches[-1].append(item)
    return batches


def _flush_time(batch: list[Happening]) -> int:
    return (batch[-1].at_ms // _BATCH_MS + 1) * _BATCH_MS


def _lose_connection(
    rng: Random, settings: ShopSettings, deliveries: list[Delivery]
) -> list[Delivery]:
    """From some point on nothing gets through; all of it comes minutes or hours later, at once."""
    cut = rng.randrange(len(deliveries))
    kept, held = deliveries[:cut], deliveries[cut:]
    delay_ms = (
        rng.randint(2 * _MINUTE_MS, 20 * _MINUTE_MS)
        if rng.random() < 0.7
        else rng.randint(_HOUR_MS, 5 * _HOUR_MS)
    )
    last_ms = max(delivery.send_ms for delivery in held)
    send_ms = max(last_ms, min(last_ms + delay_ms, settings.end_ms))
    items = [item for delivery in held for item in delivery.happenings]
    for first in range(0, len(items), RECORDS_PER_DELIVERY_MAX):
        kept.append(_delivery(send_ms, items[first : first + RECORDS_PER_DELIVERY_MAX], 0))
    return kept


def _repeat(rng: Random, settings: ShopSettings, visitor: Visitor, delivery: Delivery) -> Delivery:
    """The same events again.

    In immediate mode the SDK retries at once and with the same URL, its upload time included. A
    batch is sent again from the device's store, with the time of the new attempt. Where the clock
    is wrong the platform needs the time of the attempt to correct it, whichever copy comes first.
    """
    is_retry = visitor.dialect is Dialect.AWS_IMMEDIATE and not visitor.clock_is_wrong
    later_ms = rng.randint(20, 60) if is_retry else rng.randint(500, 90_000)
    send_ms = min(delivery.send_ms + later_ms, max(delivery.send_ms, settings.end_ms))
    return Delivery(send_ms, delivery.happenings, delivery.stamp_ms if is_retry else send_ms)


def _shipped(rng: Random, settings: ShopSettings, happenings: list[Happening]) -> list[Delivery]:
    """The back end reports an order as shipped: an event of a user, outside any session."""
    deliveries = []
    for item in happenings:
        if item.moment.name == "purchase" and rng.random() < _SHIPPED_SHARE:
            at_ms = min(item.at_ms + rng.randint(1, 40) * _MINUTE_MS, settings.end_ms)
            order: dict[str, Any] = {"order_id": item.moment.properties["order_id"]}
            moment = Moment(0, "order_shipped", item.moment.page, None, order)
            shipped = msgspec.structs.replace(
                item, event_id=random_uuid(rng), at_ms=at_ms, moment=moment
            )
            deliveries.append(Delivery(at_ms, [shipped], at_ms, from_server=True))
    return deliveries
