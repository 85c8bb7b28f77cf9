"""The shop's traffic: deterministic, realistic, and truly what its truth says.

The recount below reads the requests as a server would, from their bytes alone, with rules written
again from the wire formats and the clock rule. So plan and wire check each other.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from datetime import datetime
from random import Random
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec
import pytest

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.errors import Invalid
from footfall.ledger import Ledger
from footfall.recipes.shop import ShopSettings, live_shops, shop_requests, shop_truth
from footfall.recipes.shop._schedule import schedule
from footfall.recipes.shop._visit import plan_visit
from footfall.recipes.traffic import TimedRequest, merge
from footfall.recipes.truth import GroundTruth, sessions_of

NOON_US = 20_000 * DAY + DAY // 2
AFTERNOON = ShopSettings(start_us=NOON_US, duration_us=3 * HOUR, visitors=120, events=3_000, seed=7)


class Counted(NamedTuple):
    """What the recount found."""

    ledger: Ledger
    times: dict[str, list[int]]
    """Visitor → derived times of unique events."""


def recount(requests: list[TimedRequest], latency: Random) -> Counted:
    """A server of twenty lines: receive, decode, correct clocks, drop repeats."""
    sums: Counter[str] = Counter()
    seen: set[str] = set()
    times: defaultdict[str, list[int]] = defaultdict(list)
    for request in requests:
        received_us = request.send_at_us + latency.randrange(2 * SECOND)
        sums["requests"] += 1
        try:
            document = json.loads(request.body)
        except ValueError:
            sums["undecodable"] += 1
            continue
        is_aws = isinstance(document, list)
        sent_us = (
            int(parse_qs(request.query)["upload_timestamp"][0]) * 1_000
            if is_aws
            else microseconds(document["sent_at"])
        )
        for record in document if is_aws else document["events"]:
            sums["records"] += 1
            read = read_aws(record) if is_aws else read_footfall(record)
            if read is None:
                sums["failed"] += 1
            elif read[0] in seen:
                sums["duplicates"] += 1
            else:
                sums["events"] += 1
                seen.add(read[0])
                if read[1] is not None:
                    times[read[1]].append(event_time(read[2], sent_us, received_us))
    decoded = sums["requests"] - sums["undecodable"]
    return Counted(Ledger(decoded=decoded, **sums), dict(times))


def event_time(created_us: int, sent_us: int, received_us: int) -> int:
    """Within ten minutes a device's clock is believed, else its offset is taken out."""
    if abs(received_us - sent_us) > 10 * MINUTE:
        created_us += received_us - sent_us
    assert created_us <= received_us, "an event from the future: its time would depend on arrival"
    return created_us


def read_aws(record: dict[str, Any]) -> tuple[str, str | None, int] | None:
    if not is_event(record, record.get("event_type")):
        return None
    return record["event_id"], record["unique_id"], record["timestamp"] * 1_000


def read_footfall(record: dict[str, Any]) -> tuple[str, str | None, int] | None:
    if not is_event(record, record.get("name")):
        return None
    return record["event_id"], record.get("visitor_id"), microseconds(record["timestamp"])


def is_event(record: dict[str, Any], name: object) -> bool:
    """It has a name, and is not for an app that nobody here knows."""
    return isinstance(name, str) and name != "" and record.get("app_id") != "another_shop"


def microseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000) * 1_000


def compare(truth: GroundTruth, requests: list[TimedRequest], gap_us: int = 30 * MINUTE) -> None:
    counted = recount(requests, Random(1))  # noqa: S311 (seeded)
    assert truth.ledger == counted.ledger
    assert truth.ledger.problems() == []
    rows = [
        (visitor.visitor_id, session.start_us, session.end_us, session.events)
        for visitor in sessions_of(counted.times, gap_us)
        for session in visitor.sessions
    ]
    assert truth.differences(rows) == []
    assert truth.sessions == len(rows)


@pytest.mark.parametrize("seed", range(5))
def test_truth_equals_an_independent_recount(seed: int) -> None:
    """The demo and crash tests believe the truth; if it were wrong they would blame the lake."""
    settings = msgspec.structs.replace(AFTERNOON, seed=seed)
    compare(shop_truth(settings), list(shop_requests(settings)))


@pytest.mark.parametrize(
    "harsh",
    [
        {"late_share": 1.0},
        {"duplicate_share": 1.0},
        {"broken_share": 1.0},
        {"wrong_clock_share": 1.0},
        {"slow_clock_share": 1.0, "wrong_clock_share": 0.0, "late_share": 0.5},
        {"footfall_share": 1.0},
        {"batch_share": 1.0, "footfall_share": 0.0, "duplicate_share": 0.5, "late_share": 0.5},
        {"bot_share": 1.0},
        {"gap_us": 5 * MINUTE},
        {"visitors": 1, "events": 400},
        {"visitors": 400, "events": 400, "duration_us": 20 * SECOND},
        {"duration_us": 3 * DAY, "visitors": 40},
    ],
    ids=str,
)
def test_truth_holds_when_everything_goes_wrong(harsh: dict[str, Any]) -> None:
    """Each kind of trouble alone and at its worst: none of them may make the truth wrong."""
    settings = msgspec.structs.replace(AFTERNOON, **({"events": 800, "visitors": 60} | harsh))
    compare(shop_truth(settings), list(shop_requests(settings)), settings.gap_us)


def test_truth_holds_for_a_backlog_sent_at_once() -> None:
    """The demo's past was offline: stamped when it is sent, it must keep the times it was lived."""
    shops = live_shops(
        NOON_US, rate=40, duration_us=30 * SECOND, visitors=80, seed=3, backlog_us=3 * HOUR
    )
    requests = list(merge(*(shop_requests(shop) for shop in shops)))
    truth = shop_truth(shops[0]) + shop_truth(shops[1])
    compare(truth, requests)
    assert all(NOON_US <= request.send_at_us < NOON_US + 60 * SECOND for request in requests)


def test_the_last_half_hour_is_full_and_true() -> None:
    """The demo's live page starts with visits in each minute, all of them sent from now on."""
    shops = live_shops(
        NOON_US, rate=20, duration_us=30 * SECOND, visitors=50, seed=3, recent_us=30 * MINUTE
    )
    assert [shop.name for shop in shops] == ["recent", "live"]
    requests = list(merge(*(shop_requests(shop) for shop in shops)))
    recent = shop_truth(shops[0])
    compare(recent + shop_truth(shops[1]), requests)
    assert all(NOON_US <= request.send_at_us < NOON_US + 60 * SECOND for request in requests)
    sessions = [session for visitor in recent.visitors for session in visitor.sessions]
    for minute in range(30):
        start = NOON_US - (minute + 1) * MINUTE
        assert any(one.start_us < start + MINUTE and one.end_us >= start for one in sessions)


def test_equal_settings_give_equal_bytes() -> None:
    """A failure that comes with its seed can be repeated; another seed is another shop."""
    again = ShopSettings(start_us=NOON_US, duration_us=3 * HOUR, visitors=120, events=3_000, seed=7)
    other = msgspec.structs.replace(AFTERNOON, seed=8)
    assert list(shop_requests(AFTERNOON)) == list(shop_requests(again))
    assert shop_truth(AFTERNOON) == shop_truth(again)
    bodies = {request.body for request in shop_requests(AFTERNOON) if request.events}
    assert bodies.isdisjoint(request.body for request in shop_requests(other) if request.events)


def test_requests_come_in_order_and_within_the_time() -> None:
    """The sender takes them one by one and waits: a step back would send too late."""
    times = [request.send_at_us for request in shop_requests(AFTERNOON)]
    assert times == sorted(times)
    assert times[0] >= NOON_US
    assert times[-1] <= NOON_US + 3 * HOUR + 10 * SECOND


def test_runs_of_different_names_share_no_visitor() -> None:
    """Two runs into one project add up only if they are about different people."""
    other = msgspec.structs.replace(AFTERNOON, name="other")
    both = shop_truth(AFTERNOON) + shop_truth(other)
    assert len(both.visitors) == 240


def test_few_visitors_do_most() -> None:
    """A shop where all are equal would never show what one busy visitor does to the others."""
    sizes = sorted(
        (
            sum(session.events for session in visitor.sessions)
            for visitor in shop_truth(AFTERNOON).visitors
        ),
        reverse=True,
    )
    assert sum(sizes[: len(sizes) // 5]) > 0.5 * sum(sizes)


def test_sessions_touch_the_timeout_to_the_millisecond() -> None:
    """Exactly the timeout is the same session, a millisecond more is the next: both must occur."""
    gap_ms = AFTERNOON.gap_ms
    pauses = Counter(
        later.at_ms - earlier.at_ms
        for happenings in happenings_by_visitor(AFTERNOON).values()
        for earlier, later in itertools.pairwise(happenings)
    )
    assert pauses[gap_ms] > 0
    assert pauses[gap_ms + 1] > 0


def happenings_by_visitor(settings: ShopSettings) -> dict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for visit in schedule(settings):
        plan = plan_visit(settings, visit)
        unique = {
            item.event_id: item
            for delivery in plan.deliveries
            if not delivery.from_server
            for item in delivery.happenings
        }
        found[plan.visitor.visitor_id] += sorted(unique.values(), key=lambda item: item.at_ms)
    return dict(found)


def test_traffic_has_what_real_traffic_has() -> None:
    """Late by hours, out of order, several browsers, languages and campaigns, a whole funnel."""
    requests = list(shop_requests(msgspec.structs.replace(AFTERNOON, late_share=0.15)))
    aws = [request for request in requests if request.path == "/collect"]
    events = [
        (request, event)
        for request in aws
        if request.body.startswith(b"[")
        for event in json.loads(request.body)
        if isinstance(event.get("timestamp"), int) and isinstance(event.get("event_type"), str)
    ]
    names = {event["event_type"] for _, event in events}
    assert names >= {
        "_first_open", "_session_start", "_page_view", "_user_engagement", "_scroll", "_search",
        "_click", "_profile_set", "view_item", "add_to_cart", "begin_checkout", "purchase",
    }  # fmt: skip
    uploads = [
        int(parse_qs(request.query)["upload_timestamp"][0]) - event["timestamp"]
        for request, event in events
    ]
    assert max(uploads) > HOUR // 1_000
    arrivals = [event["timestamp"] for _, event in events]
    assert arrivals != sorted(arrivals)
    assert len({dict(request.headers)["user-agent"] for request in requests}) > 6
    assert len({event["locale"] for _, event in events}) > 6
    urls = " ".join(event["attributes"]["_page_url"] for _, event in events)
    assert all(sign in urls for sign in ("utm_campaign=autumn_sale", "gclid=", "fbclid="))
    assert {request.path for request in requests} == {"/collect", "/v1/events"}


def test_purchases_have_value_and_items() -> None:
    """Revenue is the sum people look at first; an order's value is the sum of its items."""
    orders = [
        event
        for request in shop_requests(AFTERNOON)
        if request.path == "/collect" and request.body.startswith(b"[")
        for event in json.loads(request.body)
        if event.get("event_type") == "purchase"
    ]
    assert orders
    for order in orders:
        total = sum(item["price"] * item["quantity"] for item in order["items"])
        assert order["attributes"]["_value"] == pytest.approx(total)
        assert order["attributes"]["_currency"] == "EUR"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"late_share": 1.5}, "late_share: 1.5 is not between 0 and 1"),
        ({"duration_us": 5}, "duration_us: at least a second"),
        ({"gap_us": MINUTE}, "gap_us: at least 5 minutes"),
        ({"visitors": 0}, "visitors and events: at least 1"),
    ],
)
def test_mistakes_in_settings_are_named(wrong: dict[str, Any], said: str) -> None:
    """A share of 150 % would not fail by itself, it would make other traffic than asked for."""
    with pytest.raises(Invalid) as caught:
        msgspec.structs.replace(AFTERNOON, **wrong)
    assert caught.value.problems == (said,)
