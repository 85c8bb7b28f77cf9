"""A web shop's traffic: seeded, realistic, and with its true sessions known by construction.

    settings = ShopSettings(start_us=…, duration_us=3 * HOUR, visitors=500, events=20_000, seed=7)
    requests = shop_requests(settings)     # in order of their time of sending, generated as asked
    truth = shop_truth(settings)           # what the lake must hold afterwards, session by session

A few visitors do most (Pareto); they use different browsers, languages and campaigns, walk a funnel
and mostly leave it. Their events arrive out of order, minutes or hours late, twice, next to broken
records, with clocks that are off; some visitors are bots. Sessions are decided first: pauses
within one are at most the inactivity timeout, pauses between two are longer, some by a millisecond.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import msgspec

from footfall.clock import SECOND, US_PER_MS, US_PER_SECOND
from footfall.ledger import Ledger
from footfall.recipes.shop._people import WRONG_CLOCK_TOLERANCE_US, Visitor
from footfall.recipes.shop._schedule import schedule
from footfall.recipes.shop._settings import ShopSettings
from footfall.recipes.shop._visit import Session, VisitPlan, plan_visit
from footfall.recipes.shop._wire import sent_at_us, write
from footfall.recipes.traffic import TimedRequest
from footfall.recipes.truth import GroundTruth, TrueSession, TrueVisitor

__all__ = ["ShopSettings", "live_shops", "shop_requests", "shop_truth"]

BACKLOG_SENT_WITHIN_US: Final = 10 * SECOND
RECENT_SHARE: Final = 0.2
"""Of the rate from now on: what a laptop takes at once, with bars that can be seen."""


def shop_requests(settings: ShopSettings) -> Iterator[TimedRequest]:
    """All requests in order of `send_at_us`; memory holds only the visits going on at a time."""
    pending: list[tuple[int, int, TimedRequest]] = []
    count = 0
    for visit in schedule(settings):
        starts_us = sent_at_us(settings, visit.start_ms)
        while pending and pending[0][0] <= starts_us:
            yield heapq.heappop(pending)[2]
        plan = plan_visit(settings, visit)
        for delivery in plan.deliveries:
            request = write(settings, plan, delivery)
            count += 1
            heapq.heappush(pending, (request.send_at_us, count, request))
    while pending:
        yield heapq.heappop(pending)[2]


def shop_truth(settings: ShopSettings) -> GroundTruth:
    """What `shop_requests(settings)` amounts to, from the plan and not from the requests."""
    ledger = Ledger()
    sessions: defaultdict[str, list[TrueSession]] = defaultdict(list)
    visitors: dict[str, Visitor] = {}
    for visit in schedule(settings):
        plan = plan_visit(settings, visit)
        visitor = plan.visitor
        visitors[visitor.visitor_id] = visitor
        sessions[visitor.visitor_id] += [_true(session, visitor) for session in plan.sessions]
        ledger += _ledger(plan)
    return GroundTruth(
        ledger,
        tuple(
            TrueVisitor(
                visitor_id,
                tuple(sessions[visitor_id]),
                WRONG_CLOCK_TOLERANCE_US if visitor.clock_is_wrong else 0,
            )
            for visitor_id, visitor in visitors.items()
        ),
    )


def _true(session: Session, visitor: Visitor) -> TrueSession:
    """The session in event time.

    A clock that is a little slow is not corrected, so its offset stays in; one that is off by
    hours is corrected, so it does not.
    """
    shift_ms = 0 if visitor.clock_is_wrong else visitor.clock_offset_ms
    return TrueSession(
        (session.start_ms + shift_ms) * US_PER_MS,
        (session.end_ms + shift_ms) * US_PER_MS,
        session.events,
    )


def _ledger(plan: VisitPlan) -> Ledger:
    requests = len(plan.deliveries)
    undecodable = sum(delivery.broken_body for delivery in plan.deliveries)
    failed = sum(delivery.broken_records for delivery in plan.deliveries)
    delivered = sum(len(delivery.happenings) for delivery in plan.deliveries)
    from_server = sum(
        len(delivery.happenings) for delivery in plan.deliveries if delivery.from_server
    )
    events = sum(session.events for session in plan.sessions) + from_server
    return Ledger(
        requests=requests,
        decoded=requests - undecodable,
        undecodable=undecodable,
        records=delivered + failed,
        events=events,
        failed=failed,
        duplicates=delivered - events,
    )


def live_shops(
    now_us: int,
    *,
    rate: float,
    duration_us: int,
    visitors: int,
    seed: int = 1,
    backlog_us: int = 0,
    recent_us: int = 0,
    write_id: str = "web",
    collect_path: str = "/collect",
) -> tuple[ShopSettings, ...]:
    """Runs for a platform that is watched: traffic from now on and, if asked for, a past.

    Args:
        now_us: The first request is sent now.
        rate: Mean events per second from now on.
        duration_us: How long traffic lasts from now on.
        visitors: How many people and bots come in that time.
        seed: Decides everything.
        backlog_us: With more than 0, a second set of visitors was in the shop this long before now,
            made as many events altogether, and sends them at once, having been offline.
        recent_us: With more than 0, a third set of visitors was in the shop until now, so densely
            that a chart of that time is no desert (`RECENT_SHARE` of the rate); offline likewise.
        write_id: App to send to.
        collect_path: `collector.aws_collect_path` of the platform.

    Returns:
        Settings whose requests are to be merged (`footfall.recipes.traffic.merge`) and whose truths
        are to be added.
    """
    events = max(1, round(rate * duration_us / US_PER_SECOND))
    live = ShopSettings(
        start_us=now_us,
        duration_us=duration_us,
        seed=seed,
        visitors=visitors,
        events=events,
        name="live",
        write_id=write_id,
        collect_path=collect_path,
    )
    shops = [live]
    if recent_us:
        times = RECENT_SHARE * recent_us / duration_us
        shops.insert(0, _until_now(live, "recent", recent_us, times))
    if backlog_us:
        shops.insert(0, _until_now(live, "past", backlog_us, 1))
    return tuple(shops)


def _until_now(live: ShopSettings, name: str, duration_us: int, times: float) -> ShopSettings:
    """A shop that was open before `live`, offline, `times` as many visitors and events in all."""
    return msgspec.structs.replace(
        live,
        start_us=live.start_us - duration_us,
        duration_us=duration_us,
        name=name,
        visitors=max(1, round(live.visitors * times)),
        events=max(1, round(live.events * times)),
        live_from_us=live.start_us,
        backlog_us=min(live.duration_us, BACKLOG_SENT_WITHIN_US),
    )
