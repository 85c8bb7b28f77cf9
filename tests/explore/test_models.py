"""Each model equals its meaning, row by row: whatever the events, and whoever is listed.

Times are few, and around both changes of clocks of Berlin in 2024, so that ties, events that came
late, visits over midnight and days of 23 and 25 hours are in most examples.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.explore.question import (
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.reading import read
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
def shops(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """When the range starts, and events around it."""
    start = draw(st.sampled_from(STARTS))
    first = oracle.instant(start, ZONE)
    rows = []
    for _ in range(draw(st.integers(0, 16))):
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
    max_examples=scaled(20, 3_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With an event, out of every range, that has each property: none is unknown."""
    sample = {"price": 1, "plan": "a"}
    old = {"event_time": 1_700_000_000_000_000, "event_name": "z", "properties": json.dumps(sample)}
    return [*rows, old]


@slow
@given(
    shops(),
    st.lists(
        st.tuples(
            selectors,
            st.sampled_from(
                [
                    "events",
                    "visitors",
                    "users",
                    "sessions",
                    "distinct",
                    "sum",
                    "avg",
                    "median",
                    "p90",
                    "min",
                    "max",
                ]
            ),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(["none", "previous"]),
    breakdowns,
    st.sampled_from([1, 2, 10]),
    apart,
    st.sampled_from(["monday", "sunday"]),
    filters,
    st.sampled_from(["exclude", "include", "only"]),
    st.data(),
)
def test_events(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    series: Any,
    granularity: str,
    compare: str,
    by: list[str],
    top: int,
    app: str,
    week_start: str,
    where: Any,
    bots: str,
    data: st.DataObject,
) -> None:
    """Counts and values of each bucket, group and period, and totals that are no sums."""
    start, rows = given_
    asked = []
    for selector, measure in series:
        of = {"distinct": "page_path"}.get(measure, "properties.price")
        is_count = measure in ("events", "visitors", "users", "sessions")
        asked.append({**selector, "measure": measure, **({} if is_count else {"of": of})})
    question = read(
        EventsQuestion,
        common(start, 2)
        | {"series": asked, "granularity": granularity, "compare": compare, "by": by, "top": top}
        | {"app": app, "week_start": week_start, "where": where, "bots": bots},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle.events(question, complete)
    left = dict(expected)
    opened = []
    for row in answer.rows:
        bounds = answer.previous_buckets if row.is_previous else answer.buckets
        unit = None
        if row.bucket is not None:
            begins = oracle.instant(bounds[row.bucket].start, ZONE)
            unit = oracle.unit_key(begins, granularity, ZONE, week_start)
        key = (row.number, row.is_previous, unit, (row.scope, row.group))
        value, listed = left.pop(key, (None, []))
        if value is None and question.series[row.number].measure in oracle_counts:
            value = 0
        assert row.value == pytest.approx(value), (key, row)
        opened.append((row.cell, listed, question.series[row.number].measure))
    assert left == {}
    for cell, listed, measure in data.draw(
        st.lists(
            st.sampled_from([one for one in opened if one[1]] or opened),
            max_size=3,
            unique_by=lambda one: one[0],
        )
    ):
        is_event = measure not in oracle_counts or measure == "events"
        demand_listed(shop, question, cell, listed if is_event else set(listed))


oracle_counts = {"events", "visitors", "users", "sessions", "distinct"}


def funnel_cells(answer: Any, expected: Any, count: int) -> list[tuple[str, set[str]]]:
    """Hold every number against what is expected; cells with who is behind them."""
    opened = []
    for row in answer.rows:
        reached = expected.get((row.scope, row.group), {})
        there = {who for who, (far, _) in reached.items() if far >= row.step}
        stayed = {who for who, (far, _) in reached.items() if far == row.step}
        assert row.count == len(there), row
        assert row.dropped == (len(stayed) if row.step < count else 0)
        opened.append((row.cell, there))
        if row.dropped_cell is not None:
            opened.append((row.dropped_cell, stayed))
    for time in answer.times:
        reached = expected.get((time.scope, time.group), {})
        last = max(one.to_seconds for one in answer.times)
        inside = {
            who
            for who, (far, took) in reached.items()
            if far == count
            and time.from_seconds <= took / 1e6
            and (took / 1e6 < time.to_seconds or took / 1e6 == time.to_seconds == last)
        }
        assert time.count == len(inside)
        opened.append((time.cell, inside))
    for speed in answer.speeds:
        took = sorted(
            took / 1e6
            for far, took in expected.get((speed.scope, speed.group), {}).values()
            if far == count
        )
        middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2 if took else None
        assert speed.median_seconds == pytest.approx(middle)
    return opened


@slow
@given(
    shops(),
    st.lists(selectors, min_size=2, max_size=4),
    st.sampled_from(["ordered", "ordered", "strict", "any"]),
    st.sampled_from(["30m", "6h", "1d", "3d"]),
    pers,
    st.lists(selectors, max_size=2),
    st.data(),
    breakdowns,
    st.sampled_from(["first", "each"]),
    st.sampled_from([1, 10]),
    apart,
)
def test_funnel(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    steps: Any,
    order: str,
    window: str,
    per: str,
    excluded: Any,
    data: st.DataObject,
    by: list[str],
    by_step: str,
    top: int,
    app: str,
) -> None:
    """Who reached each step, how long it took, in every order, with ties and what is excluded."""
    start, rows = given_
    exclude = []
    for one in excluded if order != "strict" else []:
        if order == "any":
            exclude.append(one)
            continue
        after = data.draw(st.integers(1, len(steps) - 1))
        exclude.append(
            {**one, "after": after, "before": data.draw(st.integers(after + 1, len(steps)))}
        )
    if order == "any":
        steps = list({json.dumps(one, sort_keys=True): one for one in steps}.values())
        if len(steps) < 2:
            return
    question = read(
        FunnelQuestion,
        common(start, 1)
        | {"steps": steps, "order": order, "window": window, "per": per, "exclude": exclude}
        | {"by": by, "by_step": by_step, "top": top, "app": app},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle.funnel(question, complete)
    count = len(steps)
    parts = {(row.scope, row.group) for row in answer.rows}
    assert parts == {*expected, oracle.ALL}
    opened = funnel_cells(answer, expected, count)
    for cell, listed in data.draw(
        st.lists(
            st.sampled_from([one for one in opened if one[1]] or opened),
            max_size=3,
            unique_by=lambda one: one[0],
        )
    ):
        demand_listed(shop, question, cell, listed)


@slow
@given(
    shops(),
    selectors,
    selectors,
    st.sampled_from(["day", "week", "month"]),
    st.integers(1, 5),
    st.sampled_from(["on", "on_or_after"]),
    pers,
    breakdowns,
    st.sampled_from([1, 10]),
    st.sampled_from(["monday", "sunday"]),
    apart,
    st.data(),
)
def test_retention(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    begin: Any,
    back: Any,
    unit: str,
    periods: int,
    mode: str,
    per: str,
    by: list[str],
    top: int,
    week_start: str,
    app: str,
    data: st.DataObject,
) -> None:
    """Sizes and who came back, by units of the calendar, in cohorts of a whole range."""
    start, rows = given_
    question = read(
        RetentionQuestion,
        common(start, 2)
        | {"start": begin, "back": back, "unit": unit, "periods": periods, "mode": mode}
        | {"per": per, "by": by, "top": top, "week_start": week_start, "app": app},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle.retention(question, complete)
    opened, left = [], dict(expected)
    for row in answer.rows:
        cohort = None
        if row.cohort is not None:
            begins = oracle.instant(answer.cohorts[row.cohort].start, ZONE)
            cohort = oracle.unit_key(begins, unit, ZONE, week_start)
        key = ((row.scope, row.group), cohort)
        left.pop(key, None)
        whose, backs = expected.get(key, (set(), {}))
        came = backs.get(row.period, set())
        assert (row.size, row.count) == (len(whose), len(came)), row
        opened += [(row.cell, came), (row.size_cell, whose)]
    assert left == {}
    for cell, listed in data.draw(
        st.lists(
            st.sampled_from([one for one in opened if one[1]] or opened),
            max_size=3,
            unique_by=lambda one: one[0],
        )
    ):
        demand_listed(shop, question, cell, listed)


walks = st.lists(st.sampled_from(["page_view", "screen_view", "a", "b", "b"]), max_size=16)


@slow
@given(
    shops(),
    walks,
    st.sampled_from(["events", "pages", "pages", "screens"]),
    selectors,
    st.sampled_from(["from", "to"]),
    st.sampled_from([None, "/a", "a", "x", "nowhere"]),
    pers,
    st.sampled_from(["30m", "6h"]),
    st.integers(2, 4),
    st.booleans(),
    st.sampled_from([[], [("/a*", "x"), ("*b", "")], [("*a*", "x"), ("/c", "")]]),
    st.sampled_from([1, 2, 8]),
    apart,
    st.data(),
)
def test_path(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    names: list[str],
    nodes: str,
    events: Any,
    direction: str,
    node: str | None,
    per: str,
    gap: str,
    steps: int,
    merge_repeats: bool,
    rules: Any,
    top: int,
    app: str,
    data: st.DataObject,
) -> None:
    """Who was where at which step and went on to what, by session and by gap, from and to."""
    start, rows = given_
    for row, name in zip(rows, names, strict=False):
        row["event_name"] = name
        row["screen_name"] = row["page_path"]
    question = read(
        PathQuestion,
        common(start, 2)
        | {"nodes": nodes, "direction": direction, "node": node, "per": per, "gap": gap}
        | {"events": events if nodes == "events" else {"where": events["where"]}}
        | {"steps": steps, "merge_repeats": merge_repeats, "top": top, "app": app}
        | {"rules": [{"match": match, "label": label} for match, label in rules]},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    there, went = oracle.path(question, complete)
    opened = []
    for one in answer.nodes:
        whose = there.pop((one.step, None if one.is_rest else one.label))
        assert one.count == len(whose), one
        opened.append((one.cell, whose))
    for row in answer.rows:
        onward = "end" if row.is_end else None if row.next_is_rest else row.next_label
        whose = went.pop((row.step, None if row.is_rest else row.label, onward))
        assert row.count == len(whose), row
        opened.append((row.cell, whose))
    assert not there
    assert not went
    if opened:
        for cell, listed in data.draw(
            st.lists(st.sampled_from(opened), max_size=3, unique_by=lambda one: one[0])
        ):
            demand_listed(shop, question, cell, listed)


@slow
@given(
    shops(),
    selectors,
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["visitor", "user"]),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from(["monday", "sunday"]),
    apart,
    st.data(),
)
def test_lifecycle(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    active: Any,
    unit: str,
    per: str,
    later: int,
    days: int,
    week_start: str,
    app: str,
    data: st.DataObject,
) -> None:
    """Who is new, retained, returning, dormant in each unit, whatever came before the range."""
    start, rows = given_
    begins = oracle.local(oracle.instant(start, ZONE) + later * 24 * HOUR, ZONE).isoformat()
    question = read(
        LifecycleQuestion,
        common(begins, days)
        | {"active": active, "unit": unit, "per": per, "week_start": week_start, "app": app},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle.lifecycle(question, complete)
    keys = [
        oracle.unit_key(oracle.instant(one.start, ZONE), unit, ZONE, week_start)
        for one in answer.units
    ]
    assert keys == list(expected)
    opened = []
    for row in answer.rows:
        whose = expected[keys[row.unit]][row.state]
        assert row.count == len(whose), row
        opened.append((row.cell, whose))
    for one in answer.stickiness:
        states = expected[keys[one.unit]]
        assert one.active == sum(len(states[name]) for name in ("new", "retained", "returning"))
        together = len(states["days"])
        assert one.days == (pytest.approx(together / one.active) if one.active else None)
    for cell, listed in data.draw(
        st.lists(st.sampled_from(opened), max_size=3, unique_by=lambda one: one[0])
    ):
        demand_listed(shop, question, cell, listed)
