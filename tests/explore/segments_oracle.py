"""What a segment means, row by row in plain Python, written from docs/concepts/segments.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from tests.explore import oracle
from tests.explore.oracle import Row

OPPOSITE = {
    "is_not": "is",
    "not_in": "in",
    "not_contains": "contains",
    "is_not_set": "is_set",
}


def members(
    segment: Any, rows: Iterable[Row], now: int, others: Mapping[str, set[str]]
) -> set[str]:
    """Ids of everybody in a segment at a moment; `others` has those of the segments it names."""
    of_actor = by_actor(segment, rows, now)
    candidates = set(of_actor)
    for one in others.values():
        candidates |= one
    return {who for who in candidates if _holds(segment, segment.rule, who, of_actor, now, others)}


def by_actor(segment: Any, rows: Iterable[Row], now: int) -> dict[str, list[Row]]:
    """Whoever has an event, with their events in order."""
    found: dict[str, list[Row]] = defaultdict(list)
    options = SimpleNamespace(bots=segment.bots, app=segment.app, where=None)
    for row in oracle.looked_at(options, rows, 0, now + 1):
        who = oracle.actor(options, row, segment.unit)
        if who is not None:
            found[who].append(row)
    return found


def _holds(  # noqa: PLR0911 (one for each form)
    segment: Any,
    rule: Any,
    who: str,
    of_actor: Mapping[str, list[Row]],
    now: int,
    others: Mapping[str, set[str]],
) -> bool:
    def inner(one: Any) -> bool:
        return _holds(segment, one, who, of_actor, now, others)

    mine = of_actor.get(who, [])
    if rule.all is not None:
        return all(map(inner, rule.all))
    if rule.any is not None:
        return any(map(inner, rule.any))
    if rule.none is not None:
        return not any(map(inner, rule.none))
    if rule.segment is not None:
        return who in others[rule.segment]
    if rule.did is not None:
        return _often(rule.did.times, _measure(segment, rule.did, mine, now))
    if rule.has is not None:
        return _has(segment, rule.has, mine, now)
    return _took_every_step(segment, rule.sequence, mine, now)


def _often(times: Any, number: float) -> bool:
    if times.op == "between":
        return bool(times.value <= number <= times.to)
    return bool(
        {"gte": number >= times.value, "lte": number <= times.value, "is": number == times.value}[
            times.op
        ]
    )


def _measure(segment: Any, did: Any, mine: list[Row], now: int) -> float:
    hits = [row for row in mine if _within(segment, did.range, row, now)]
    hits = [row for row in hits if oracle.selected(did, row)]
    for anchor, side in ((did.after, 1), (did.before, -1)):
        if anchor is not None:
            anchors = [row for row in mine if oracle.selected(anchor, row)]
            if not anchors:
                return 0
            one = anchors[0 if anchor.which == "first" else -1]
            hits = [row for row in hits if _is_beside(row, one, side, anchor.within)]
    if did.measure == "days":
        return len({oracle.local(row["event_time"], segment.zone).date() for row in hits})
    if did.measure == "distinct":
        return len({oracle.value_of(row, did.of) for row in hits} - {None})
    if did.measure == "sum":
        return sum(oracle.number_of(row, did.of) or 0 for row in hits)
    return len(hits)


def _is_beside(row: Row, anchor: Row, side: int, within: str | None) -> bool:
    later, earlier = (row, anchor) if side > 0 else (anchor, row)
    if not oracle.order_key(earlier) < oracle.order_key(later):
        return False
    return within is None or later["event_time"] - earlier["event_time"] <= _duration(within)


def _has(segment: Any, has: Any, mine: list[Row], now: int) -> bool:
    op = OPPOSITE.get(has.op, has.op)
    condition = SimpleNamespace(field=has.field, op=op, value=has.value, all=None, any=None)
    valued = [
        row
        for row in mine
        if _within(segment, has.range, row, now) and oracle.value_of(row, has.field) is not None
    ]
    if has.which != "any":
        valued = valued[:1] if has.which == "first" else valued[-1:]
    found = any(oracle.holds(condition, row) for row in valued)
    return found == (op == has.op)


def _took_every_step(segment: Any, sequence: Any, mine: list[Row], now: int) -> bool:
    start, end = span(segment, sequence.range, now)
    question = SimpleNamespace(
        steps=sequence.steps,
        order=sequence.order,
        window=sequence.window,
        exclude=(),
        by=(),
        by_step="first",
        per=segment.unit,
        bots="include",
        app=segment.app,
        where=None,
        top=10,
        zone="UTC",
        range=SimpleNamespace(start=_text(start), end=_text(end)),
    )
    reached = oracle.funnel(question, mine).get(oracle.ALL, {})
    return any(steps == len(sequence.steps) for steps, *_ in reached.values())


def _within(segment: Any, asked: Any, row: Row, now: int) -> bool:
    start, end = span(segment, asked, now)
    return start <= row["event_time"] < end


def span(segment: Any, asked: Any, now: int) -> tuple[int, int]:
    """Instants of a range, none after now."""
    if asked is None:
        return 0, now + 1
    if asked.start is not None:
        end = now + 1 if asked.end is None else oracle.instant(asked.end, segment.zone)
        return oracle.instant(asked.start, segment.zone), min(end, now + 1)
    assert asked.unit == "day"
    first = oracle.local(now, segment.zone).date() - timedelta(days=asked.last - 1)
    midnight = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(segment.zone))
    return (midnight - oracle.EPOCH) // timedelta(microseconds=1), now + 1


def _duration(text: str) -> int:
    return int(text[:-1]) * oracle.UNITS[text[-1]] * 1_000_000


def _text(t: int) -> str:
    return oracle.local(t, "UTC").isoformat()
