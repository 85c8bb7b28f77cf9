"""Paths, life cycles, attribution and comparisons equal their meaning, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    LifecycleQuestion,
    PathQuestion,
)
from footfall.explore.question.reading import read
from tests.explore import oracle, oracle_journeys
from tests.explore.asked import Shop
from tests.explore.shops import (
    HOUR,
    ZONE,
    apart,
    breakdowns,
    common,
    demand_listed,
    known,
    often_any,
    pers,
    selectors,
    shops,
    slow,
)

walks = st.lists(st.sampled_from(["page_view", "page_view", "a", "b", "b"]), max_size=16) | st.just(
    ["page_view", "screen_view"] * 8
)


@slow
@given(
    shops(6),
    walks,
    st.sampled_from(["events", "events", "pages", "screens"]),
    st.just({}) | often_any,
    st.sampled_from(["from", "to"]),
    st.sampled_from([None, None, None, "usual", "usual", "x", "nowhere"]),
    pers,
    st.sampled_from(["30m", "6h"]),
    st.integers(2, 4),
    st.booleans(),
    st.sampled_from([[], [("/a*", "x"), ("*b", "")], [("*a*", "x"), ("/c", "")]]),
    st.sampled_from([1, 2, 8]),
    apart,
    breakdowns,
    st.sampled_from([1, 10]),
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
    by: list[str],
    groups: int,
    data: st.DataObject,
) -> None:
    """Who was where at which step and went on to what, by session and by gap, from and to."""
    start, rows = given_
    for row, name in zip(rows, names, strict=False):
        row["event_name"] = name
        row["screen_name"] = row["page_path"]
    node = {"events": "a", "pages": "/a", "screens": "/a"}[nodes] if node == "usual" else node
    question = read(
        PathQuestion,
        common(start, 2)
        | {"nodes": nodes, "direction": direction, "node": node, "per": per, "gap": gap}
        | {"events": events if nodes == "events" else {"where": events.get("where")}}
        | {"steps": steps, "merge_repeats": merge_repeats, "top": top, "app": app}
        | {"rules": [{"match": match, "label": label} for match, label in rules]}
        | {"by": by, "groups": groups},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    there, went = oracle_journeys.path(question, complete)
    opened = []
    for one in answer.nodes:
        whose = there.pop(((one.scope, one.group), one.step, None if one.is_rest else one.label))
        assert one.count == len(whose), one
        opened.append((one.cell, whose))
    for row in answer.rows:
        onward = "end" if row.is_end else None if row.next_is_rest else row.next_label
        scope = row.scope, row.group
        whose = went.pop((scope, row.step, None if row.is_rest else row.label, onward))
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
    breakdowns,
    st.sampled_from([1, 10]),
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
    by: list[str],
    top: int,
    data: st.DataObject,
) -> None:
    """Who is new, retained, returning, dormant in each unit, whatever came before the range."""
    start, rows = given_
    begins = oracle.local(oracle.instant(start, ZONE) + later * 24 * HOUR, ZONE).isoformat()
    question = read(
        LifecycleQuestion,
        common(begins, days)
        | {"active": active, "unit": unit, "per": per, "week_start": week_start, "app": app}
        | {"by": by, "top": top},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle_journeys.lifecycle(question, complete)
    keys = [
        oracle.unit_key(oracle.instant(one.start, ZONE), unit, ZONE, week_start)
        for one in answer.units
    ]
    assert keys == list(expected[oracle.ALL])
    assert {(row.scope, row.group) for row in answer.rows} <= set(expected)
    opened = []
    shown = {(row.scope, row.group) for row in answer.rows}
    for scope in set(expected) - shown:  # active before the range only, and not since
        assert not any(whose for states in expected[scope].values() for whose in states.values())
    for row in answer.rows:
        whose = expected[row.scope, row.group][keys[row.unit]][row.state]
        assert row.count == len(whose), row
        opened.append((row.cell, whose))
    for one in answer.stickiness:
        states = expected[one.scope, one.group][keys[one.unit]]
        assert one.active == sum(len(states[name]) for name in ("new", "retained", "returning"))
        together = len(states["days"])
        assert one.days == (pytest.approx(together / one.active) if one.active else None)
    for cell, listed in data.draw(
        st.lists(st.sampled_from(opened), max_size=3, unique_by=lambda one: one[0])
    ):
        demand_listed(shop, question, cell, listed)


touch_points = st.lists(
    st.sampled_from([{"event": "b"}, {"event": ["c", "b"], "label": "x"}, {"event": "d"}]),
    min_size=1,
    max_size=3,
    unique_by=str,
)


@slow
@given(
    shops(),
    selectors,
    touch_points | st.sampled_from(["page_path", "session.entry_page", "properties.plan"]),
    st.sampled_from([None, "properties.price"]),
    st.sampled_from(["first", "last", "linear", "position", "time_decay", "markov"]),
    st.sampled_from(["30m", "6h", "3d"]),
    st.sampled_from([(0.4, 0.2, 0.4), (1.0, 0.0, 0.5)]),
    st.sampled_from(["visitor", "user"]),
    apart,
    breakdowns,
    st.sampled_from([1, 10]),
    st.data(),
)
def test_attribution(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    goal: Any,
    touches: Any,
    value: str | None,
    model: str,
    window: str,
    weights: Any,
    per: str,
    app: str,
    by: list[str],
    top: int,
    data: st.DataObject,
) -> None:
    """Every conversion is given away exactly once, by each model, and opens to its conversions."""
    start, rows = given_
    later = oracle.local(oracle.instant(start, ZONE) + 3 * HOUR, ZONE).isoformat()
    touched = {"field": touches} if isinstance(touches, str) else {"touches": touches}
    question = read(
        AttributionQuestion,
        common(later, 2)
        | {"goal": goal, "value": value, "model": model, "window": window, "per": per, "app": app}
        | {"weights": weights, "half_life": "6h", **touched, "by": by, "top": top},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle_journeys.attribution(question, complete)
    whole = oracle.ALL
    assert answer.conversions == len(expected[whole]["worth"])
    told = {(one.scope, one.group): one.conversions for one in answer.groups}
    assert (
        told == {scope: len(one["worth"]) for scope, one in expected.items() if scope != whole}
        or not by
    )
    for scope, one in expected.items():
        rows_ = [row for row in answer.rows if (row.scope, row.group) == scope]
        demand_credits(rows_, one, model, has_value=value is not None)
    assert {(row.scope, row.group) for row in answer.rows} == set(expected)
    for row in data.draw(st.lists(st.sampled_from(answer.rows), max_size=2, unique_by=id)):
        given_credit = expected[row.scope, row.group]["rows"][row.label][1]
        demand_listed(shop, question, row.cell, given_credit)


def demand_credits(rows: list[Any], expected: Any, model: str, *, has_value: bool) -> None:
    """One part of an answer gives away each of its conversions once."""
    parts, worth = dict(expected["rows"]), expected["worth"]
    direct = parts[None][1]
    chance = {
        label: oracle_journeys.walked(expected["paths"], label)
        for label in parts
        if label is not None and model == "markov"
    }
    lost = {
        label: oracle_journeys.walked(expected["paths"], None) - without
        for label, without in chance.items()
    }
    whole = sum(lost.values())
    for row in rows:
        touched, given_credit = parts.pop(row.label)
        credit = sum(given_credit.values())
        of_value = sum(worth[one] * part for one, part in given_credit.items())
        if model == "markov" and row.label is not None:
            share = lost[row.label] / whole if whole else 0.0
            credit = share * (len(worth) - len(direct))
            of_value = share * (sum(worth.values()) - sum(worth[one] for one in direct))
        assert (row.touches, row.count) == (touched, len(given_credit)), row
        assert row.credit == pytest.approx(credit, abs=1e-6)
        assert row.value == (pytest.approx(of_value, abs=1e-6) if has_value else None)
    assert parts == {}
    assert sum(row.credit for row in rows) == pytest.approx(len(worth), abs=1e-6)


@slow
@given(
    shops(6),
    st.sampled_from(["properties.plan", "page_path"]),
    selectors,
    often_any,
    st.sampled_from([None, "a", "/b", "nobody"]),
    st.sampled_from(["visitor", "user"]),
    apart,
    breakdowns,
    st.sampled_from([1, 10]),
)
def test_compare(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    variant: str,
    goal: Any,
    exposure: Any,
    control: str | None,
    per: str,
    app: str,
    by: list[str],
    top: int,
) -> None:
    """Who got which variant, who several, who reached the goal after; each number opens."""
    start, rows = given_
    question = read(
        CompareQuestion,
        common(start, 2)
        | {"variant": variant, "goal": goal, "exposure": exposure, "control": control}
        | {"per": per, "app": app, "by": by, "top": top},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle_journeys.compare(question, complete)
    parts = [(oracle.ALL, answer)] + [((one.scope, one.group), one) for one in answer.groups]
    assert {scope for scope, _ in parts} == set(expected)
    for scope, one in parts:
        several, _ = expected[scope].pop(None, (set(), set()))
        assert one.mixed == len(several)
        demand_listed(shop, question, one.mixed_cell, several)
    for row in answer.rows:
        whose, won = expected[row.scope, row.group].pop(row.variant)
        assert (row.size, row.count) == (len(whose), len(won))
        demand_listed(shop, question, row.cell, won)
        demand_listed(shop, question, row.size_cell, whose)
    assert not any(expected.values())
    everything = [row.is_control for row in answer.rows if row.scope == "all"]
    assert everything == [True, False, False, False][: len(everything)]
