"""Events and questions that Hypothesis draws for the models, and what every test of them demands.

Times are few, and around both changes of clocks of Berlin in 2024, so that ties, events that came
late, visits over midnight and days of 23 and 25 hours are in most examples.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.explore import oracle
from tests.explore.asked import Shop
from tests.scale import scaled

ZONE = "Europe/Berlin"
MINUTE, HOUR = 60_000_000, 3_600_000_000
STARTS = ("2024-03-29T22:00", "2024-10-25T23:00", "2024-12-30T12:00")
"""Two days before clocks change, and before a year ends."""

places = st.sampled_from(
    [n * 30 * MINUTE for n in (0, 1, 1, 2, 2, 3, 4, 6, 7, 12, 13, 18, 24)]
    + [n * 6 * HOUR for n in (0, 1, 2, 3, 3, 4, 5, 6, 8, 9, 12, 20)]
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "price": st.sampled_from([1, 2.5, "3", "x", None, -4]),
        "plan": st.sampled_from(["a", "b", True]),
    },
)


@st.composite
def shops(draw: st.DrawFn, least: int = 0) -> tuple[str, list[dict[str, Any]]]:
    """When the range starts, and events around it, at least so many."""
    start = draw(st.sampled_from(STARTS))
    first = oracle.instant(start, ZONE)
    rows = []
    for _ in range(draw(st.integers(least, 16))):
        at = first + draw(places)
        row = {
            "event_time": at,
            "received_at": at + draw(st.sampled_from([0, 0, HOUR])),
            "event_name": draw(st.sampled_from("aaabbbcd")),
            "app_id": draw(st.sampled_from(["shop", "shop", "blog"])),
            "visitor_id": draw(st.sampled_from(["v1", "v1", "v1", "v2", "v3", None])),
            "user_id": draw(st.sampled_from([None, "u1", "u2"])),
            "session": draw(st.sampled_from([None, "s1", "s2", "s3"])),
            "is_bot": draw(st.sampled_from([False] * 5 + [True])),
            "page_path": draw(st.sampled_from(["/a", "/b", "/c", None])),
            "properties": json.dumps(draw(properties)),
        }
        rows.append(row)
    return start, rows


conditions = st.sampled_from(
    [
        {"field": "page_path", "op": op, "value": value}
        for op, value in (("is", "/a"), ("is_not", "/a"), ("contains", "b"), ("is_set", None))
    ]
    + [
        {"field": "page_path", "op": "not_in", "value": ["/a", "/b"]},
        {"field": "properties.price", "op": "gte", "value": 2},
        {"field": "properties.price", "op": "between", "value": [1, 2.5]},
        {"field": "properties.price", "op": "is_not", "value": 3},
        {"field": "properties.plan", "op": "is", "value": True},
        {"field": "properties.plan", "op": "in", "value": ["a", "c"]},
        {"field": "session.entry_page", "op": "is", "value": "/s1"},
        {"field": "user_id", "op": "is_not_set"},
    ]
)
filters = (
    st.none()
    | st.none()
    | st.none()
    | st.recursive(
        conditions,
        lambda inner: st.builds(
            lambda word, several: {word: several},
            st.sampled_from(["all", "any"]),
            st.lists(inner, min_size=1, max_size=2),
        ),
        max_leaves=3,
    )
)
selectors = st.fixed_dictionaries(
    {"event": st.sampled_from(["a", "b", "a", "b", ["b", "c"], "d", None]), "where": filters}
)
often_any = st.just({}) | st.just({}) | st.just({"event": ["a", "b"]}) | selectors
"""Events that most rows are; of those that `selectors` draws many examples have none."""
breakdowns = st.sampled_from([[], [], ["page_path"], ["properties.plan", "session.entry_page"]])
apart = st.sampled_from(["shop", ""])
pers = st.sampled_from(["visitor", "user", "session"])


def common(start: str, days: int) -> dict[str, Any]:
    end = oracle.local(oracle.instant(start, ZONE) + days * 24 * HOUR, ZONE)
    return {"range": {"start": start, "end": end.isoformat()}, "zone": ZONE}


def demand_listed(shop: Shop, question: Any, cell: str, expected: Any) -> None:
    """A cell opens to exactly those who were counted, once each."""
    listed = [one.id for one in shop.members(question, cell).members]
    assert sorted(listed) == sorted(expected)


slow = settings(
    max_examples=scaled(12, 3_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With an event, out of every range, that has each property: none is unknown."""
    sample = {"price": 1, "plan": "a"}
    old = {"event_time": 1_700_000_000_000_000, "event_name": "z", "properties": json.dumps(sample)}
    return [*rows, old]
