"""A segment as a sentence: "visitors who did purchase at least 2 times in the last 30 days"."""

from __future__ import annotations

from typing import Any, Final

from footfall.explore.question.common import Filter, Selector
from footfall.explore.question.ranges import Range
from footfall.explore.segments.definition import Anchor, Did, Has, Segment, SegmentRule, Times

SHOWN_VALUES: Final = 5
_OPERATORS: Final = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "is_set": "is there",
    "is_not_set": "is not there",
}
_WHICH: Final = {"first": "first", "last": "last", "any": "ever"}


def sentence(segment: Segment, listed: int | None = None) -> str:
    """What a segment means, for people.

    Args:
        segment: Was checked.
        listed: How many ids a list has.
    """
    if segment.rule is None:
        count = "a list" if listed is None else f"a list of {listed:,}"
        return f"{count} {segment.unit}{'' if listed == 1 else 's'}"
    of = f" of {segment.app}" if segment.app else ""
    return f"{segment.unit}s{of} who {_rule(segment.rule)}"


def _rule(  # noqa: PLR0911 (one for each form)
    rule: SegmentRule, *, is_inner: bool = False
) -> str:
    for several, word in ((rule.all, " and "), (rule.any, " or ")):
        if several is not None:
            parts = [_rule(one, is_inner=len(several) > 1) for one in several]
            joined = word.join(parts)
            return f"({joined})" if is_inner and len(parts) > 1 else joined
    if rule.none is not None:
        if len(rule.none) == 1 and (did := rule.none[0].did) is not None and _is_once(did.times):
            return f"did not do {_selector(did)}{_when(did)}"
        parts = [_rule(one, is_inner=len(rule.none) > 1) for one in rule.none]
        return f"are not those who {' or '.join(parts)}"
    if rule.did is not None:
        return _did(rule.did)
    if rule.sequence is not None:
        steps = " then ".join(map(_selector, rule.sequence.steps))
        if rule.sequence.order == "any":
            steps = " and ".join(map(_selector, rule.sequence.steps)) + " in any order"
        strict = " with nothing in between" if rule.sequence.order == "strict" else ""
        return f"did {steps}{strict} within {rule.sequence.window}{_range(rule.sequence.range)}"
    if rule.has is not None:
        return _has(rule.has)
    if rule.segment is not None:
        return f"are in the segment {rule.segment}"
    assert rule.behind is not None
    return f"are behind a number of this {rule.behind.model} question: {_place(rule.behind.cell)}"


def _place(cell: str) -> str:
    """Which number of an answer a cell is."""
    from footfall.explore.answer import FunnelCell, LifecycleCell, RetentionCell, cell_of

    found: Any = cell_of(cell)
    group = ", ".join("none" if one is None else one for one in found.group.values)
    tail = f" ({group})" if group else " (the rest)" if found.group.scope == "rest" else ""
    if isinstance(found, FunnelCell):
        if found.is_dropped:
            return f"dropped after step {found.step}{tail}"
        return f"reached step {found.step}{tail}"
    if isinstance(found, RetentionCell):
        return f"came back in period {found.period}{tail}" if found.period else f"cohort{tail}"
    if isinstance(found, LifecycleCell):
        return f"{found.state}{tail}"
    return f"one of its cells{tail}"


def _did(did: Did) -> str:
    what = _selector(did)
    if did.measure == "sum":
        return f"have a sum of {did.of} {_times(did.times)} in {what}{_when(did)}"
    if did.measure == "distinct":
        return f"had {_times(did.times)} different {did.of} in {what}{_when(did)}"
    if did.times.op == "is" and did.times.value == 0:
        return f"did not do {what}{_when(did)}"
    if did.measure == "times" and _is_once(did.times):
        return f"did {what}{_when(did)}"
    unit = "day" if did.measure == "days" else "time"
    last = did.times.value if did.times.to is None else did.times.to
    on = "on " if did.measure == "days" else ""
    return f"did {what} {on}{_times(did.times)} {unit}{'' if last == 1 else 's'}{_when(did)}"


def _is_once(times: Times) -> bool:
    return times.op == "gte" and times.value == 1


def _times(times: Times) -> str:
    value = f"{times.value:g}"
    if times.op == "between":
        return f"{value} to {times.to:g}"
    return {"gte": f"at least {value}", "lte": f"at most {value}", "is": f"exactly {value}"}[
        times.op
    ]


def _when(did: Did) -> str:
    found = _range(did.range)
    for anchor, word in ((did.after, "after"), (did.before, "before")):
        if anchor is not None:
            found += f" {_anchor(anchor, word)}"
    return found


def _anchor(anchor: Anchor, word: str) -> str:
    within = f"within {anchor.within} " if anchor.within is not None else ""
    return f"{within}{word} their {anchor.which} {_selector(anchor)}"


def _range(asked: Range | None) -> str:
    if asked is None:
        return ""
    if asked.last is not None:
        many = "" if asked.last == 1 else "s"
        return f" in the last {asked.last} {asked.unit}{many}"
    return f" from {asked.start}" + (f" to {asked.end}" if asked.end is not None else "")


def _has(has: Has) -> str:
    which = _WHICH[has.which]
    said = _compared(has.op, has.value)
    ever = (
        f"whose {has.field} ever {said}" if which == "ever" else f"whose {which} {has.field} {said}"
    )
    return f"{'are those ' + ever}{_range(has.range)}"


def _selector(selector: Selector) -> str:
    return selector.title + (f" with {_filter(selector.where)}" if selector.where else "")


def _filter(given: Filter) -> str:
    for several, word in ((given.all, " and "), (given.any, " or ")):
        if several is not None:
            return f"({word.join(map(_filter, several))})"
    return f"{given.field} {_compared(given.op, given.value)}"


def _compared(op: str, value: Any) -> str:
    word = _OPERATORS[op]
    if value is None:
        return word
    if isinstance(value, tuple):
        shown = ", ".join(str(one) for one in value[:SHOWN_VALUES])
        return f"{word} {shown}" + (" …" if len(value) > SHOWN_VALUES else "")
    return f"{word} {value}"
