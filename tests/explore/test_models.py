"""Each model equals its meaning, row by row: whatever the events, and whoever is listed."""

from __future__ import annotations

import json
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import DAY
from footfall.explore.question import EventsQuestion, FunnelQuestion, RetentionQuestion
from footfall.explore.question.reading import read
from tests.explore import oracle
from tests.explore.asked import Shop
from tests.explore.shops import (
    ZONE,
    apart,
    breakdowns,
    common,
    demand_listed,
    filters,
    known,
    pers,
    selectors,
    shops,
    slow,
)


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
        there = {who for who, (far, _, _) in reached.items() if far >= row.step}
        stayed = {who for who, (far, _, _) in reached.items() if far == row.step}
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
            for who, (far, took, _) in reached.items()
            if far == count
            and time.from_seconds <= took / 1e6
            and (took / 1e6 < time.to_seconds or took / 1e6 == time.to_seconds == last)
        }
        assert time.count == len(inside)
        opened.append((time.cell, inside))
    for speed in answer.speeds:
        took = sorted(
            took / 1e6
            for far, took, _ in expected.get((speed.scope, speed.group), {}).values()
            if far == count
        )
        middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2 if took else None
        assert speed.median_seconds == pytest.approx(middle)
    return opened


def demand_step_times(answer: Any, question: Any, rows: Any) -> None:
    """Median and 90th percentile of each step, of those who took it."""
    times = [one for one in answer.step_times if one.scope == "all" or question.by_step == "first"]
    if question.by and question.by_step == "each":
        times = [one for one in times if one.scope == "group"]  # of two as good chains, either
    assert bool(answer.step_times) == (question.step_times and bool(oracle.funnel(question, rows)))
    expected = oracle.funnel_step_times(question, rows) if times else {}
    for one in times:
        took = sorted(expected[one.scope, one.group][one.step])
        if not took:
            assert (one.median_seconds, one.p90_seconds) == (None, None)
            continue
        assert one.median_seconds == pytest.approx(statistics.median(took))
        place = 0.9 * (len(took) - 1)
        low, high = took[int(place)], took[min(int(place) + 1, len(took) - 1)]
        assert one.p90_seconds == pytest.approx(low + (high - low) * (place - int(place)))


def trend_cells(answer: Any, expected: Any, unit: str | None) -> list[tuple[str, set[str]]]:
    """Of each bucket those whose chain began in it, and of all buckets everybody."""
    opened, seen = [], 0
    for row in answer.trend:
        begins = oracle.instant(answer.buckets[row.bucket].start, ZONE)
        key = oracle.unit_key(begins, unit, ZONE, "monday")
        there = {
            who
            for who, (far, _, begun) in expected.get((row.scope, row.group), {}).items()
            if far >= row.step and oracle.unit_key(begun, unit, ZONE, "monday") == key
        }
        assert row.count == len(there), row
        seen += row.count
        opened.append((row.cell, there))
    assert seen == (0 if unit is None else sum(row.count for row in answer.rows))
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
    st.sampled_from([None, "hour", "day", "week"]),
    st.booleans(),
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
    unit: str | None,
    has_times: bool,
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
        | {"by": by, "by_step": by_step, "top": top, "app": app, "granularity": unit}
        | {"step_times": has_times and order != "any"},
    )
    complete = shop.set(known(rows))
    answer = shop.answer(question)
    expected = oracle.funnel(question, complete)
    count = len(steps)
    parts = {(row.scope, row.group) for row in answer.rows}
    assert parts == {*expected, oracle.ALL}
    demand_step_times(answer, question, complete)
    opened = funnel_cells(answer, expected, count) + trend_cells(answer, expected, unit)
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
    st.sampled_from([1, 2, 3, 9, 40]),
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
    days_over: int,
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
    shop.published_at = oracle.instant(start, ZONE) + days_over * DAY
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
        counted, came = whose, backs.get(row.period, set())
        if cohort is None:
            parts = oracle.observed(question, expected, key[0], answer.cut_published_at)
            counted, came = parts[row.period]
        numbers = (len(whose), len(counted), len(came))
        assert (row.size, row.observed, row.count) == numbers, row
        assert row.rate in (None, len(came) / max(len(counted), 1))
        opened += [(row.cell, came), (row.size_cell, whose), (row.observed_cell, counted)]
    assert left == {}
    for cell, listed in data.draw(
        st.lists(
            st.sampled_from([one for one in opened if one[1]] or opened),
            max_size=3,
            unique_by=lambda one: one[0],
        )
    ):
        demand_listed(shop, question, cell, listed)
