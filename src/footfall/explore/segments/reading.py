"""A segment as somebody wrote it, read and checked: all mistakes at once, each with its path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.explore.question.common import Common, Filter, Selector
from footfall.explore.question.fields import Field, Fields
from footfall.explore.question.ranges import Calendar, Range, Span, find_range, moment_of
from footfall.explore.question.reading import (
    all_fields,
    filter_problems,
    scene_of,
    selector_problems,
)
from footfall.explore.question.short import short_filter, short_range, short_selector
from footfall.explore.segments.definition import (
    LIST_BYTES_MAX,
    LIST_MAX,
    RULES_DEPTH_MAX,
    RULES_MAX,
    STEPS_MAX,
    Anchor,
    Did,
    Has,
    Segment,
    SegmentRule,
    walk,
)
from footfall.explore.segments.definition import (
    Sequence as Steps,
)
from footfall.settings import parse_duration

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
ID_LENGTH_MAX: Final = 1_000
WITHIN_MAX: Final = 366 * DAY
_FORMS: Final = ("all", "any", "none", "did", "sequence", "has", "segment", "behind")


def check_name(name: str) -> str:
    """A segment's name, which stands in addresses, filters and commands.

    Raises:
        Invalid: it is none.
    """
    if not NAME.fullmatch(name):
        raise Invalid(
            f"a segment's name has small letters, digits, - and _, at most 63: name={name[:80]!r}"
        )
    return name


def read_segment(given: Any) -> Segment:
    """A segment from JSON, from what it holds, or in the short forms of Python.

    Raises:
        Invalid: it is no segment; says where.
    """
    if isinstance(given, Segment):
        return given
    try:
        if isinstance(given, str | bytes):
            given = json.loads(given)
        whole = given if isinstance(given, Mapping) and "rule" in given else {"rule": given}
        return msgspec.convert({**whole, "rule": _long(whole["rule"], 0)}, Segment)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Invalid(f"the segment cannot be read: {error}") from error


def _long(given: Any, depth: int) -> Any:
    """A rule with short selectors and ranges written out; a list is all of them."""
    if depth > 2 * RULES_DEPTH_MAX:
        raise Invalid(f"rules are at most {RULES_DEPTH_MAX} levels deep")
    if isinstance(given, list | tuple):
        return {"all": [_long(one, depth + 1) for one in given]}
    if not isinstance(given, Mapping):
        return given
    found = dict(given)
    for word in ("all", "any", "none"):
        if isinstance(found.get(word), list | tuple):
            found[word] = [_long(one, depth + 1) for one in found[word]]
        elif isinstance(found.get(word), Mapping):
            found[word] = [_long(found[word], depth + 1)]
    if found.get("did") is not None:
        did = short_selector(found["did"])
        found["did"] = _parts(did, "after", "before") if isinstance(did, Mapping) else did
    if isinstance(found.get("sequence"), list | tuple):
        found["sequence"] = {"steps": list(found["sequence"])}
    if isinstance(found.get("sequence"), Mapping):
        steps = found["sequence"].get("steps", ())
        if isinstance(steps, list | tuple):
            found["sequence"] = _parts(found["sequence"]) | {
                "steps": [short_selector(one) for one in steps]
            }
    if isinstance(found.get("has"), Mapping):
        found["has"] = _parts(found["has"])
    return found


def _parts(given: Mapping[str, Any], *anchors: str) -> dict[str, Any]:
    found = dict(given)
    if found.get("range") is not None:
        found["range"] = short_range(found["range"])
    if isinstance(found.get("times"), int | float) and not isinstance(found["times"], bool):
        found["times"] = {"op": "gte" if found["times"] else "is", "value": found["times"]}
    for name in anchors:
        if found.get(name) is not None:
            found[name] = short_selector(found[name])
    if "where" in found:
        found["where"] = short_filter(found["where"])
    return found


def segments_in(segment: Segment) -> set[str]:
    """Names of other segments that it is made of: by rules, and by filters within rules."""
    named = {one.segment for one in walk(segment.rule) if one.segment is not None}
    filters = {name for name in fields_in(segment) if name.startswith("segment.")}
    return named | {name.partition(".")[2] for name in filters}


def fields_in(segment: Segment) -> list[str]:
    """Every field that its rules name, once each.

    Raises:
        Invalid: a question in it cannot be read.
    """
    selectors: list[Selector] = []
    fields: dict[str, None] = {}
    for rule in walk(segment.rule):
        if rule.did is not None:
            selectors += [rule.did, *filter(None, (rule.did.after, rule.did.before))]
            fields |= {rule.did.of: None} if rule.did.of else {}
        if rule.sequence is not None:
            selectors += rule.sequence.steps
        if rule.has is not None:
            fields[rule.has.field] = None
        if rule.behind is not None:
            from footfall.explore.segments.behind import fields_behind

            fields |= dict.fromkeys(fields_behind(rule.behind))
    return list(dict.fromkeys([*all_fields(Common(), tuple(selectors)), *fields]))


def selectors_in(segment: Segment) -> list[Selector]:
    """What its rules look for, to tell of names that nobody ever sent."""
    found: list[Selector] = []
    for rule in walk(segment.rule):
        if rule.did is not None:
            found += [rule.did, *filter(None, (rule.did.after, rule.did.before))]
        if rule.sequence is not None:
            found += rule.sequence.steps
    return found


def problems_of(segment: Segment, fields: Fields, now: int) -> list[str]:
    """Everything that is wrong with a segment, or nothing."""
    common = Common(app=segment.app, zone=segment.zone, week_start=segment.week_start)
    problems: list[str] = []
    scene = scene_of(common, fields, now, problems)
    if problems or segment.rule is None:
        return problems
    pending, count = [("rule", segment.rule, 1)], 0
    while pending:
        where, rule, depth = pending.pop(0)
        count += 1
        if count > RULES_MAX or depth > RULES_DEPTH_MAX:
            return [f"rule: at most {RULES_MAX} rules, {RULES_DEPTH_MAX} levels deep"]
        forms = [name for name in _FORMS if getattr(rule, name) is not None]
        if len(forms) != 1:
            problems.append(f"{where}: say one of {', '.join(_FORMS)}")
            continue
        for word in ("all", "any", "none"):
            several = getattr(rule, word)
            if several is not None and not several:
                problems.append(f"{where}.{word}: name at least one rule")
            pending += [
                (f"{where}.{word}[{n}]", one, depth + 1) for n, one in enumerate(several or ())
            ]
        problems += _leaf_problems(where, rule, segment, fields, scene.calendar, now)
    return problems


def _leaf_problems(
    where: str, rule: SegmentRule, segment: Segment, fields: Fields, calendar: Calendar, now: int
) -> Iterator[str]:
    if rule.did is not None:
        yield from _did_problems(f"{where}.did", rule.did, fields)
        yield from _range_problems(f"{where}.did", rule.did.range, calendar, now)
    if rule.sequence is not None:
        yield from _sequence_problems(f"{where}.sequence", rule.sequence, fields)
        yield from _range_problems(f"{where}.sequence", rule.sequence.range, calendar, now)
    if rule.has is not None:
        yield from _has_problems(f"{where}.has", rule.has, fields)
        yield from _range_problems(f"{where}.has", rule.has.range, calendar, now)
    if rule.segment is not None and rule.segment not in fields.segments:
        yield f"{where}.segment: no segment {rule.segment!r}; footfall segment list says which"
    if rule.behind is not None:
        from footfall.explore.segments.behind import behind_problems

        yield from behind_problems(f"{where}.behind", rule.behind, segment.unit, fields, now)


def span_of_rule(asked: Range, calendar: Calendar, now: int) -> Span | str:
    """Instants of a rule's range, none of them after now; or what is wrong with it.

    As of an earlier moment it may not have begun yet; it has no instants then.
    """
    start = None if asked.start is None else moment_of(asked.start, calendar)
    latest = max(now, start) if isinstance(start, int) else now
    found = find_range(asked, calendar, latest)
    return found if isinstance(found, str) else Span(found.start, min(found.end, now + 1))


def _range_problems(where: str, asked: Range | None, calendar: Calendar, now: int) -> Iterator[str]:
    found = None if asked is None else span_of_rule(asked, calendar, now)
    if isinstance(found, str):
        yield f"{where}.{found}"


def _did_problems(where: str, did: Did, fields: Fields) -> Iterator[str]:
    yield from selector_problems(where, did, fields)
    if did.times.op == "between":
        if did.times.to is None or did.times.to < did.times.value:
            yield f"{where}.times: between has value and to, not less"
    elif did.times.to is not None:
        yield f"{where}.times: to is for between"
    if did.measure in ("sum", "distinct"):
        field = fields.find(did.of or "")
        if did.of is None:
            yield f"{where}.of: say the field whose {did.measure} it is"
        elif isinstance(field, str):
            yield f"{where}.of: {field}"
        elif did.measure == "sum" and field.kind not in ("number", "property"):
            yield f"{where}.of: {did.of} is no number"
    elif did.of is not None:
        yield f"{where}.of: say measure sum or distinct as well"
    if did.measure == "days" and did.range is None:
        yield f"{where}.range: say within which days are counted"
    for name, anchor in (("after", did.after), ("before", did.before)):
        if anchor is not None:
            yield from _anchor_problems(f"{where}.{name}", anchor, fields)


def _anchor_problems(where: str, anchor: Anchor, fields: Fields) -> Iterator[str]:
    yield from selector_problems(where, anchor, fields)
    if anchor.within is not None:
        yield from _duration_problems(f"{where}.within", anchor.within)


def _duration_problems(where: str, written: str) -> Iterator[str]:
    try:
        if not 0 < parse_duration(written) <= WITHIN_MAX:
            yield f"{where}: more than nothing, at most {WITHIN_MAX // DAY}d"
    except ValueError as error:
        yield f"{where}: {error}"


def _sequence_problems(where: str, sequence: Steps, fields: Fields) -> Iterator[str]:
    if not 2 <= len(sequence.steps) <= STEPS_MAX:
        yield f"{where}.steps: from 2 to {STEPS_MAX}"
    for place, step in enumerate(sequence.steps):
        yield from selector_problems(f"{where}.steps[{place}]", step, fields)
    yield from _duration_problems(f"{where}.window", sequence.window)
    meant = [(step.names, step.where) for step in sequence.steps]
    if sequence.order == "any" and len(set(meant)) < len(meant):
        yield f"{where}.steps: in any order, each step is another; one event would do for both"


def _has_problems(where: str, has: Has, fields: Fields) -> Iterator[str]:
    yield from filter_problems(where, Filter(has.field, has.op, has.value), fields)
    found = fields.find(has.field)
    if isinstance(found, Field) and found.origin == "segment":
        yield f"{where}.field: say segment instead, as a rule of its own"


def read_ids(given: Sequence[Any]) -> tuple[str, ...]:
    """Ids of a list, each once, in their order.

    Raises:
        Invalid: some are no text, too long or too many; says what to do.
    """
    texts = [one.strip() if isinstance(one, str) else one for one in given]
    found = tuple(dict.fromkeys(one for one in texts if one != ""))
    for one in found:
        if not isinstance(one, str) or len(one) > ID_LENGTH_MAX or "\0" in one:
            raise Invalid(
                f"an id is a text of at most {ID_LENGTH_MAX} characters: {str(one)[:60]!r}"
            )
    if not found:
        raise Invalid("the list has no ids; give at least one")
    if len(found) > LIST_MAX or len(msgspec.json.encode(found)) > LIST_BYTES_MAX:
        raise Invalid(
            f"a list has at most {LIST_MAX} ids and {LIST_BYTES_MAX >> 20} MiB; say by a rule who"
            f" is meant, or split it: ids={len(found)}"
        )
    return found
