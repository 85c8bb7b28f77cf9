"""What paths, life cycles, attribution and comparisons mean, row by row; as `oracle`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.explore.oracle import (
    ALL,
    EPOCH,
    UNITS,
    Row,
    actor,
    group,
    local,
    looked_at,
    number_of,
    scopes,
    selected,
    span_of,
    top_groups,
    unit_key,
    units_between,
    value_of,
)


def path(question: Any, rows: Sequence[Row]) -> tuple[dict[Any, set[str]], dict[Any, set[str]]]:
    """Nodes: (scope, step, label or None for the rest) → who; ways: (…, to or "end") → who."""
    start, end = span_of(question)
    of_actor: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for row in looked_at(question, rows, start, end):
        who, label = actor(question, row, question.per), _node(question, row)
        if who is not None and label is not None:
            of_actor[who].append((row["event_time"], (label, group(question, row))))
    walks = []
    for who, mine in of_actor.items():
        for journey in _journeys(question, mine):
            kept = [
                one
                for place, one in enumerate(journey)
                if not (question.merge_repeats and place and journey[place - 1][0] == one[0])
            ]
            if question.direction == "to":
                kept.reverse()
            names = [label for label, _ in kept]
            if question.node is not None:
                since = names.index(question.node) if question.node in names else len(names)
                kept, names = kept[since:], names[since:]
            if names:
                walks.append((who, names[: question.steps], kept[0][1]))
    tops = top_groups(question, [one for _, _, one in walks], question.groups)
    shown = _shown(question, walks)
    merged: dict[Any, set[str]] = defaultdict(set)
    ways: dict[Any, set[str]] = defaultdict(set)
    for who, names, one in walks:
        seen = [(label if (step, label) in shown else None) for step, label in enumerate(names, 1)]
        for scope in scopes(question, one, tops):
            for step, label in enumerate(seen, 1):
                merged[scope, step, label].add(who)
                if step < question.steps:
                    onward = seen[step] if step < len(seen) else "end"
                    ways[scope, step, label, onward].add(who)
    return merged, ways


def _shown(question: Any, walks: list[Any]) -> set[tuple[int, str]]:
    """Nodes of each step with most; among as many, by name."""
    nodes: dict[Any, set[str]] = defaultdict(set)
    for who, names, _ in walks:
        for step, label in enumerate(names, 1):
            nodes[step, label].add(who)
    shown = set()
    for step in range(1, question.steps + 1):
        of_step = [(-len(whose), label) for (at, label), whose in nodes.items() if at == step]
        shown |= {(step, label) for _, label in sorted(of_step)[: question.top]}
    return shown


def _node(question: Any, row: Row) -> str | None:
    if not selected(question.events, row):
        return None
    kinds = {"pages": ("page_view", "page_path"), "screens": ("screen_view", "screen_name")}
    name, field = kinds.get(question.nodes, (row["event_name"], "event_name"))
    label = row.get(field) if row["event_name"] == name else None
    if label is None:
        return None
    for rule in question.rules:
        pattern = re.escape(rule.match).replace(r"\*", ".*")
        if re.fullmatch(pattern, label, re.DOTALL):
            return rule.label or rule.match
    return label


def _journeys(question: Any, mine: list[tuple[int, Any]]) -> list[list[Any]]:
    gap = int(question.gap[:-1]) * UNITS[question.gap[-1]] * 1_000_000
    found: list[list[Any]] = []
    last = None
    for at, label in mine:
        if last is None or (question.per != "session" and at - last > gap):
            found.append([])
        found[-1].append(label)
        last = at
    return found


def lifecycle(question: Any, rows: Sequence[Row]) -> dict[Any, dict[Any, dict[str, set[Any]]]]:
    """Scope → unit (its key) → state → who; state "days" → (who, day)."""
    start, end = span_of(question)
    units: dict[str, set[Any]] = defaultdict(set)
    days: dict[Any, set[Any]] = defaultdict(set)
    first: dict[str, Any] = {}
    for row in looked_at(question, rows, 0, end):
        who = actor(question, row, question.per)
        if who is not None and selected(question.active, row):
            first.setdefault(who, group(question, row))
            named = question.unit, question.zone, question.week_start
            unit = unit_key(row["event_time"], *named)
            units[who].add(unit)
            days[unit].add((who, local(row["event_time"], question.zone).date()))
    found: dict[Any, dict[str, set[str]]] = {}
    step = timedelta(hours=6)
    moment, last = local(start, question.zone), local(end - 1, question.zone)
    keys = []
    while moment <= last + step:
        at = min(moment, last)
        key = unit_key(
            (at - EPOCH) // timedelta(microseconds=1),
            question.unit,
            question.zone,
            question.week_start,
        )
        keys += [key] if key not in keys else []
        moment = (moment.astimezone(UTC) + step).astimezone(ZoneInfo(question.zone))
    for key in keys:
        states: dict[str, set[Any]] = defaultdict(set)
        states["days"] = days[key]
        for who, mine in units.items():
            earlier = [units_between(one, key, question.unit) for one in mine]
            was_before = 1 in earlier
            if 0 in earlier:
                is_first = max(earlier) == 0
                states["new" if is_first else "retained" if was_before else "returning"].add(who)
            elif was_before:
                states["dormant"].add(who)
        found[key] = states
    tops = top_groups(question, first.values())
    parts = {scope for one in first.values() for scope in scopes(question, one, tops)} | {ALL}

    def only(scope: Any, members: set[Any]) -> set[Any]:
        named = ((one[0] if isinstance(one, tuple) else one, one) for one in members)
        return {one for who, one in named if scope in scopes(question, first[who], tops)}

    return {
        scope: {
            key: defaultdict(set, {name: only(scope, whose) for name, whose in states.items()})
            for key, states in found.items()
        }
        for scope in parts
    }


def attribution(question: Any, rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
    """Scope → `rows`: label (None: direct) → [touches, {conversion: credit}]; `worth`; `paths`."""
    start, end = span_of(question)
    window = int(question.window[:-1]) * UNITS[question.window[-1]] * 1_000_000
    of_actor = _touching(question, rows, start - window, end)
    goals = [
        group(question, row)
        for mine in of_actor.values()
        for row, _ in mine
        if selected(question.goal, row) and row["event_time"] >= start
    ]
    tops = top_groups(question, goals)
    found: dict[Any, dict[str, Any]] = defaultdict(
        lambda: {"rows": defaultdict(lambda: [0, {}], {None: [0, {}]}), "worth": {}, "paths": []}
    )

    def of(row: Row) -> list[dict[str, Any]]:
        return [found[scope] for scope in scopes(question, group(question, row), tops)]

    of_everything = found[ALL]
    assert of_everything["worth"] == {}
    for mine in of_actor.values():
        since: list[tuple[Row, str]] = []
        for row, label in mine:
            if not selected(question.goal, row):
                assert label is not None
                if row["event_time"] >= start:
                    for part in of(row):
                        part["rows"][label][0] += 1
                since.append((row, label))
                continue
            near = [one for one in since if row["event_time"] - one[0]["event_time"] <= window]
            since = []
            if row["event_time"] < start:
                continue
            for part in of(row):
                _give(part, question, row, near)
        lost = [(row, label) for row, label in since if row["event_time"] >= start]
        for part in of(lost[-1][0]) if lost else ():
            part["paths"].append(([label for _, label in lost], False))
    return found


def _give(part: dict[str, Any], question: Any, row: Row, near: list[tuple[Row, str]]) -> None:
    """A conversion and its credit."""
    half = int(question.half_life[:-1]) * UNITS[question.half_life[-1]] * 1_000_000
    goal = row["event_text"]
    part["worth"][goal] = 1.0 if question.value is None else number_of(row, question.value) or 0.0
    if near:
        part["paths"].append(([label for _, label in near], True))
    else:
        part["rows"][None][1][goal] = 1.0
    ages = [row["event_time"] - one[0]["event_time"] for one in near]
    for (_, name), credit in zip(near, _credits(question, ages, half), strict=True):
        given = part["rows"][name][1]
        given[goal] = given.get(goal, 0.0) + credit


def _touching(
    question: Any, rows: Sequence[Row], first: int, end: int
) -> dict[str, list[tuple[Row, str | None]]]:
    """Goals and touch points of each, in order."""
    kept = looked_at(question, rows, first, end)
    kept = [row for row in kept if actor(question, row, question.per) is not None]
    firsts: dict[Any, Row] = {}
    for row in kept:
        if row["session_text"] is not None:
            firsts.setdefault(row["session_text"], row)
    of_actor: dict[str, list[tuple[Row, str | None]]] = defaultdict(list)
    for row in kept:
        label = _touch(question, row, is_first=firsts.get(row["session_text"]) is row)
        if selected(question.goal, row) or label is not None:
            of_actor[actor(question, row, question.per)].append((row, label))
    return of_actor


def _touch(question: Any, row: Row, *, is_first: bool) -> str | None:
    if question.field is None:
        return next((one.title for one in question.touches if selected(one, row)), None)
    return (value_of(row, question.field) or None) if is_first else None


def _credits(question: Any, ages: list[int], half: int) -> list[float]:
    count = len(ages)
    if not count:
        return []
    if question.model in ("first", "last"):
        whole = 0 if question.model == "first" else count - 1
        return [float(place == whole) for place in range(count)]
    if question.model == "time_decay":
        parts = [0.5 ** (age / half) for age in ages]
        return [part / sum(parts) for part in parts]
    if question.model != "position" or count == 1:
        return [1 / count] * count
    first, middle, last = question.weights
    if count == 2:
        return [first / (first + last), last / (first + last)]
    whole = first + middle + last
    return [first / whole, *[middle / whole / (count - 2)] * (count - 2), last / whole]


def walked(paths: list[tuple[list[str], bool]], without: str | None, rounds: int = 400) -> float:
    """Chance to convert of somebody who steps as people did, by following them for long."""
    steps: dict[str, list[str]] = defaultdict(list)
    for labels, is_won in paths:
        for here, there in zip(["<", *labels], [*labels, "won" if is_won else "lost"], strict=True):
            steps[here].append(there)
    at: dict[str, float] = {"<": 1.0}
    won = 0.0
    for _ in range(rounds):
        onward: dict[str, float] = defaultdict(float)
        for here, share in at.items():
            for there in steps[here]:
                part = share / len(steps[here])
                if there == "won":
                    won += part
                elif there not in ("lost", without):
                    onward[there] += part
        at = onward
    return won


def compare(question: Any, rows: Sequence[Row]) -> dict[Any, Any]:
    """Scope → variant (None: several) → who got it, who of them reached the goal."""
    start, end = span_of(question)
    seen: dict[str, set[str]] = defaultdict(set)
    first: dict[str, Any] = {}
    won: set[str] = set()
    for row in looked_at(question, rows, start, end):
        who, got = actor(question, row, question.per), value_of(row, question.variant)
        if who is None:
            continue
        if who in seen and selected(question.goal, row):
            won.add(who)
        if got is not None and selected(question.exposure, row):
            seen[who].add(str(got))
            first.setdefault(who, group(question, row))
    tops = top_groups(question, first.values())
    found: dict[Any, Any] = defaultdict(lambda: defaultdict(lambda: (set(), set())))
    assert not found[ALL]
    for who, variants in seen.items():
        one = min(variants) if len(variants) == 1 else None
        for scope in scopes(question, first[who], tops):
            found[scope][one][0].add(who)
            found[scope][one][1].update({who} & won)
    return found
