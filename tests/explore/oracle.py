"""What the models mean, row by row in plain Python; written from docs/concepts/explore.md alone.

Rows are dictionaries as `footfall.testing.events.event_table` takes them. Nothing of
`footfall.explore` but the questions' structs is used here.
"""

from __future__ import annotations

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"m": 60, "h": 3600, "d": 86_400}
ALL, REST = ("all", ()), ("rest", ())


def instant(text: str, zone: str) -> int:
    """Microseconds of an ISO text, local to `zone` if it has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return (moment - EPOCH) // timedelta(microseconds=1)


def local(t: int, zone: str) -> datetime:
    return (EPOCH + timedelta(microseconds=t)).astimezone(ZoneInfo(zone))


def unit_key(t: int, unit: str, zone: str, week_start: str) -> Any:
    """What all instants of one unit have in common, and no others."""
    day = local(t, zone).date()
    if unit == "hour":
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        return day, (EPOCH + timedelta(microseconds=t) - midnight) // timedelta(hours=1)
    if unit == "day":
        return day
    if unit == "month":
        return day.year, day.month
    back = day.weekday() if week_start == "monday" else (day.weekday() + 1) % 7
    return day - timedelta(days=back)


def units_between(first: Any, second: Any, unit: str) -> int:
    """How many units later the second is."""
    if unit == "month":
        return (second[0] - first[0]) * 12 + second[1] - first[1]
    assert isinstance(first, date)
    return (second - first).days // (7 if unit == "week" else 1)


def value_of(row: Row, field: str) -> Any:
    origin, dot, name = field.partition(".")
    if not dot:
        return row.get(field)
    if origin == "session":
        return row.get("__session", {}).get(name)
    found = json.loads(row.get(origin) or "{}").get(name)
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found)


def number_of(row: Row, field: str) -> float | None:
    found = value_of(row, field)
    if not isinstance(found, str):
        return found
    pattern = r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?"
    return float(found) if re.fullmatch(pattern, found) else None


def holds(given: Any, row: Row) -> bool:
    """Whether a filter leaves a row."""
    if given is None:
        return True
    if given.all is not None:
        return all(holds(one, row) for one in given.all)
    if given.any is not None:
        return any(holds(one, row) for one in given.any)
    op, value = given.op, given.value
    sample = value[0] if isinstance(value, tuple) else value
    if isinstance(sample, bool) and "." in given.field:
        found, value = value_of(row, given.field), "true" if value else "false"
    elif isinstance(sample, int | float) and not isinstance(sample, bool):
        found = number_of(row, given.field)
    else:
        found = value_of(row, given.field)
    opposite = {"is_not": "is", "not_in": "in", "not_contains": "contains", "is_not_set": "is_set"}
    if op in opposite:
        return not _simple(opposite[op], found, value)
    return _simple(op, found, value)


def _simple(op: str, found: Any, value: Any) -> bool:
    if found is None:
        return False
    return {
        "is_set": lambda: True,
        "is": lambda: found == value,
        "in": lambda: found in value,
        "contains": lambda: value in found,
        "starts_with": lambda: found.startswith(value),
        "gt": lambda: found > value,
        "gte": lambda: found >= value,
        "lt": lambda: found < value,
        "lte": lambda: found <= value,
        "between": lambda: value[0] <= found <= value[1],
    }[op]()


def selected(selector: Any, row: Row) -> bool:
    names = (selector.event,) if isinstance(selector.event, str) else selector.event
    return (names is None or row["event_name"] in names) and holds(selector.where, row)


def order_key(row: Row) -> Any:
    return row["event_time"], row["received_at"], row["request_id"], row["request_index"]


def looked_at(question: Any, rows: Iterable[Row], start: int, end: int) -> list[Row]:
    """Rows of the range that the common options leave, in order."""
    kept = [
        row
        for row in rows
        if start <= row["event_time"] < end
        and (question.bots == "include" or row["is_bot"] == (question.bots == "only"))
        and (not question.app or row["app_id"] == question.app)
        and holds(question.where, row)
    ]
    return sorted(kept, key=order_key)


def actor(question: Any, row: Row, per: str) -> str | None:
    if per == "user":
        return row.get("user_id")
    if per == "session":
        return row.get("session_text")
    visitor = row.get("visitor_id")
    return visitor if question.app or visitor is None else f"{row['app_id']}/{visitor}"


def group(question: Any, row: Row) -> tuple[str | None, ...]:
    return tuple(value_of(row, field) for field in question.by)


def top_groups(
    question: Any, groups: Iterable[tuple[str | None, ...]], top: int | None = None
) -> set[Any]:
    counts: dict[Any, int] = defaultdict(int)
    for one in groups:
        counts[one] += 1
    ranked = sorted(
        counts, key=lambda one: (-counts[one], [(value is None, value or "") for value in one])
    )
    return set(ranked[: top or question.top])


def scopes(question: Any, one: tuple[str | None, ...], tops: set[Any]) -> list[Any]:
    """Parts of the answer that a row with this group belongs to."""
    if not question.by:
        return [ALL]
    return [ALL, ("group", one) if one in tops else REST]


def span_of(question: Any) -> tuple[int, int]:
    start, end = question.range.start, question.range.end
    return instant(start, question.zone), instant(end, question.zone)


def events(question: Any, rows: Sequence[Row]) -> dict[Any, Any]:
    """(series, is previous, unit or None, scope) → (value, what is listed for it)."""
    start, end = span_of(question)
    first = start - (end - start) if question.compare == "previous" else start
    hits = []
    for row in looked_at(question, rows, first, end):
        for number, series in enumerate(question.series):
            if not selected(series, row):
                continue
            listed, amount = row["event_text"], None
            if series.measure in ("visitors", "users", "sessions"):
                listed = actor(question, row, series.measure[:-1])
            elif series.measure == "distinct":
                listed = value_of(row, series.of)
            elif series.measure != "events":
                amount = number_of(row, series.of)
                listed = None if amount is None else listed
            if listed is not None:
                hits.append((number, row, listed, amount))
    tops = top_groups(question, [group(question, row) for _, row, _, _ in hits])
    found: dict[Any, Any] = defaultdict(lambda: ([], []))
    for number, row, listed, amount in hits:
        is_previous = row["event_time"] < start
        unit = unit_key(row["event_time"], question.granularity, question.zone, question.week_start)
        for scope in scopes(question, group(question, row), tops):
            for place in (unit, None):
                names, amounts = found[number, is_previous, place, scope]
                names.append(listed)
                amounts.append(amount)
    return {
        key: (_measured(question.series[key[0]].measure, *each), each[0])
        for key, each in found.items()
    }


def _measured(measure: str, names: list[str], amounts: list[float]) -> float:
    if measure == "events":
        return len(names)
    if measure in ("visitors", "users", "sessions", "distinct"):
        return len(set(names))
    ordered = sorted(amounts)
    if measure == "p90":
        place = 0.9 * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
    return {
        "sum": sum,
        "avg": statistics.fmean,
        "median": statistics.median,
        "min": min,
        "max": max,
    }[measure](ordered)


def funnel(question: Any, rows: Sequence[Row]) -> dict[Any, dict[str, tuple[int, int, int]]]:
    """Scope → actor → (steps reached, microseconds that it took, instant of the first)."""
    found = _chains(question, rows)
    tops = top_groups(question, [group(question, chain[0]) for _, _, chain in found])
    parts: dict[Any, dict[str, Any]] = defaultdict(dict)
    for who, reached, chain in found:
        mark = (reached, -chain[-1]["event_time"], chain[0]["event_time"])
        for scope in scopes(question, group(question, chain[0]), tops):
            known = parts[scope].get(who)
            parts[scope][who] = mark if known is None else max(known, mark)
    return {
        scope: {who: (reached, -end - begun, begun) for who, (reached, end, begun) in each.items()}
        for scope, each in parts.items()
    }


def funnel_step_times(question: Any, rows: Sequence[Row]) -> dict[Any, dict[int, list[float]]]:
    """Scope → step, from 2 → seconds that it took each who took it; everybody is in one group."""
    found = _chains(question, rows)
    tops = top_groups(question, [group(question, chain[0]) for _, _, chain in found])
    parts: dict[Any, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _, _, chain in found:
        for scope in scopes(question, group(question, chain[0]), tops):
            for step, (before, row) in enumerate(pairwise(chain), 2):
                parts[scope][step].append((row["event_time"] - before["event_time"]) / 1e6)
    return parts


def _chains(question: Any, rows: Sequence[Row]) -> list[tuple[str, int, list[Row]]]:
    """Who, how far, and the chain that counts; in any order of it the first and the last event."""
    start, end = span_of(question)
    window = int(question.window[:-1]) * UNITS[question.window[-1]] * 1_000_000
    of_actor: dict[str, list[Row]] = defaultdict(list)
    for row in looked_at(question, rows, start, end + window):
        who = actor(question, row, question.per)
        if who is not None:
            of_actor[who].append(row)
    found = []
    for who, mine in of_actor.items():
        groups = {group(question, row) for row in mine}
        for one in groups if question.by_step == "each" and question.by else [None]:
            best = max(_attempts(question, mine, end, window, one), default=None)
            if best is not None:
                reached, minus_last, first, places = best
                chain = [mine[place] for place in reversed(places)]
                found.append((who, reached, chain or [mine[first], mine[-minus_last]]))
    return found


def _attempts(
    question: Any, mine: list[Row], end: int, window: int, only: Any
) -> Iterable[tuple[int, int, int, tuple[int, ...]]]:
    """Every chain: (steps, minus its end, its start, its places from the last); more is better."""
    if question.order == "any":
        yield from _in_any_order(question, mine, end, window, only)
        return
    usable = [only is None or group(question, row) == only for row in mine]
    steps = question.steps

    def go_on(chain: list[int]) -> Iterable[tuple[int, int, int, tuple[int, ...]]]:
        yield len(chain), -chain[-1], chain[0], tuple(reversed(chain))
        if len(chain) == len(steps):
            return
        for place in range(chain[-1] + 1, len(mine)):
            row = mine[place]
            if question.order == "strict" and place > chain[-1] + 1:
                return
            if row["event_time"] - mine[chain[0]]["event_time"] > window:
                return
            if _is_cut(question, mine, chain[-1], place, len(chain)):
                return
            if usable[place] and selected(steps[len(chain)], row):
                yield from go_on([*chain, place])

    for place, row in enumerate(mine):
        if row["event_time"] < end and usable[place] and selected(steps[0], row):
            yield from go_on([place])


def _is_cut(question: Any, mine: list[Row], after: int, upto: int, step: int) -> bool:
    """Whether an excluded event follows step number `step`, up to and with `upto`."""
    for one in question.exclude:
        before = len(question.steps) if one.before is None else one.before
        if one.after <= step < before and any(
            selected(one, mine[place]) for place in range(after + 1, upto + 1)
        ):
            return True
    return False


def _in_any_order(
    question: Any, mine: list[Row], end: int, window: int, only: Any
) -> Iterable[tuple[int, int, int, tuple[int, ...]]]:
    for first, row in enumerate(mine):
        if row["event_time"] >= end or (only is not None and group(question, row) != only):
            continue
        if not any(selected(step, row) for step in question.steps):
            continue
        places = []
        for step in question.steps:
            for place in range(first, len(mine)):
                other = mine[place]
                is_excluded = place > first and any(
                    selected(one, other) for one in question.exclude
                )
                if other["event_time"] - row["event_time"] > window or is_excluded:
                    break
                is_usable = only is None or group(question, other) == only
                if is_usable and selected(step, other):
                    places.append(place)
                    break
        yield len(places), -max(places), first, ()


def retention(question: Any, rows: Sequence[Row]) -> dict[Any, tuple[set[str], dict[int, set]]]:
    """(Scope, cohort's unit or None) → who is in it, and period → who came back."""
    start, end = span_of(question)
    of_actor: dict[str, list[Row]] = defaultdict(list)
    for row in looked_at(question, rows, start, 1 << 60):
        who = actor(question, row, question.per)
        if who is not None:
            of_actor[who].append(row)
    found = []
    for who, mine in of_actor.items():
        starts = [
            place
            for place, row in enumerate(mine)
            if row["event_time"] < end and selected(question.start, row)
        ]
        if not starts:
            continue
        first = mine[starts[0]]
        cohort = unit_key(first["event_time"], question.unit, question.zone, question.week_start)
        later = set()
        for row in mine[starts[0] + 1 :]:
            if selected(question.back, row):
                unit = unit_key(
                    row["event_time"], question.unit, question.zone, question.week_start
                )
                later.add(units_between(cohort, unit, question.unit))
        found.append((who, group(question, first), cohort, later))
    tops = top_groups(question, [one for _, one, _, _ in found])
    cells: dict[Any, tuple[set[str], dict[int, set]]] = defaultdict(lambda: (set(), {}))
    for who, one, cohort, later in found:
        later &= set(range(question.periods + 1))
        for scope in scopes(question, one, tops):
            for place in (cohort, None):
                whose, backs = cells[scope, place]
                whose.add(who)
                for period in range(question.periods + 1):
                    is_back = (
                        period in later
                        if question.mode == "on"
                        else max(later, default=-1) >= period
                    )
                    if is_back:
                        backs.setdefault(period, set()).add(who)
    return cells


def observed(
    question: Any, cells: dict[Any, tuple[set[str], dict[int, set]]], scope: Any, at: int
) -> list[tuple[set[str], set[str]]]:
    """Of all cohorts: those whose period was over at `at`, and who of them came back, by period."""
    now = unit_key(at, question.unit, question.zone, question.week_start)
    found = []
    for period in range(question.periods + 1):
        whose, came = set(), set()
        for (one, cohort), (members, backs) in cells.items():
            if one != scope or cohort is None:
                continue
            if units_between(cohort, now, question.unit) > period:
                whose |= members
                came |= backs.get(period, set())
        found.append((whose, came))
    return found
