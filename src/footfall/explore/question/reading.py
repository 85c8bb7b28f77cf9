"""A question as a person or a program wrote it, read and checked: all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import inspect

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.explore.question.common import (
    BREAKDOWNS_MAX,
    CONDITIONS_MAX,
    DEPTH_MAX,
    TOP_MAX,
    VALUES_MAX,
    Common,
    Filter,
    Selector,
    Value,
)
from footfall.explore.question.fields import OPERATORS, SEGMENT, Field, Fields, near_names
from footfall.explore.question.ranges import Calendar, Span, find_range, moment_of

NAMES_MAX: Final = 50
"""Event names of one selector."""
_Question = TypeVar("_Question", bound=Common)


class SegmentIds(msgspec.Struct, frozen=True):
    """Everybody in a segment, as a SELECT of their ids as text in `a`, each once."""

    unit: Literal["visitor", "user"]
    app: str
    """Whose visitors; "": ids have their app before a `/`."""
    tree: Any
    """A tree of sqlglot's."""
    values: Mapping[str, Any]
    """Of its parameters."""
    definition: Any = None
    """The `footfall.explore.segments.definition.Segment`, for whoever finds them otherwise."""
    listed: tuple[str, ...] = ()
    """Ids of a list."""
    moment: int = 0
    """That it is of, microseconds since 1970 UTC."""


class Scene(msgspec.Struct, frozen=True):
    """What the common options mean: instants, a calendar, fields."""

    calendar: Calendar
    span: Span
    fields: Fields
    segments: Mapping[str, SegmentIds] = MappingProxyType({})
    """Those that the question names."""

    def field(self, text: str) -> Field:
        """One that was checked."""
        found = self.fields.find(text)
        assert isinstance(found, Field)
        return found


def read(kind: type[_Question], given: Mapping[str, Any]) -> _Question:
    """The question that `given` stands for.

    Raises:
        Invalid: with every option that is unknown or of the wrong type in `problems`.
    """
    hints = get_type_hints(kind)
    problems, values = [], {}
    for name, value in given.items():
        if name not in hints:
            near = ", ".join(near_names(name, hints)) or ", ".join(hints)
            problems.append(f"no option {name}; near are: {near}")
            continue
        try:
            values[name] = msgspec.convert(value, hints[name])
        except (msgspec.ValidationError, RecursionError) as error:
            problems.append(f"{name}: {_told(error, hints[name])}")
    needed = set(kind.__struct_fields__[: -len(kind.__struct_defaults__) or None])
    problems += [f"{name}: say it" for name in sorted(needed - given.keys())]
    demand_none(problems)
    return kind(**values)


def _told(error: Exception, hint: Any) -> str:
    """What is wrong, with the words that may stand there instead of one that may not."""
    text = str(error)
    if not text.startswith("Invalid enum value"):
        return text
    place = re.search(r"`\$([^`]*)`$", text)
    kinds = _alternatives(inspect.type_info(hint))
    for name in re.findall(r"\.(\w+)|\[[^\]]*\]", place[1] if place else ""):
        kinds = [one for kind in kinds for one in _inside(kind, name)]
    words = {
        str(one) for kind in kinds if isinstance(kind, inspect.LiteralType) for one in kind.values
    }
    return f"{text}; it is one of {', '.join(sorted(words))}" if words else text


def _inside(kind: inspect.Type, name: str) -> list[inspect.Type]:
    """Types of the field `name`, or without one of what a list has."""
    if isinstance(kind, inspect.StructType):
        found = [one.type for one in kind.fields if one.encode_name == name]
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        found = [kind.item_type]
    else:
        found = []
    return [one for each in found for one in _alternatives(each)]


def _alternatives(kind: inspect.Type) -> list[inspect.Type]:
    return list(kind.types) if isinstance(kind, inspect.UnionType) else [kind]


def demand_none(problems: list[str]) -> None:
    """Refuse a question that has problems.

    Raises:
        Invalid: with all of them.
    """
    if problems:
        raise Invalid("the question cannot be answered as it is:", tuple(problems))


def scene_of(question: Common, fields: Fields, now: int, problems: list[str]) -> Scene:
    """What the common options mean; mistakes are added to `problems`.

    What cannot be understood is replaced, so that the mistakes beyond it are found as well.

    Args:
        question: Any model's.
        fields: What the project has.
        now: For ranges that end now.
        problems: Filled.
    """
    problems += _common_problems(question, fields)
    calendar = _calendar(question)
    if calendar is None:
        near = ", ".join(near_names(question.zone, available_timezones()))
        hint = f"; near are: {near}" if near else "; such as Europe/Berlin"
        problems.append(f"zone: no such IANA time zone: {question.zone!r}{hint}")
        calendar = Calendar(ZoneInfo("UTC"), question.week_start)
    span = find_range(question.range, calendar, now)
    if isinstance(span, str):
        problems.append(span)
        span = Span(now - DAY, now)
    return Scene(calendar, span, fields)


def segments_moment(question: Common, now: int) -> int | str:
    """The moment that segments are of, not after now; or what is wrong with it."""
    calendar = _calendar(question)
    if question.segments_at is None or calendar is None:
        return now
    found = moment_of(question.segments_at, calendar)
    return f"segments_at: {found}" if isinstance(found, str) else min(found, now)


def span_of(question: Common, now: int) -> Span | None:
    """The instants that the question means now; `None` if it has mistakes."""
    calendar = _calendar(question)
    span = None if calendar is None else find_range(question.range, calendar, now)
    return None if isinstance(span, str) else span


def _calendar(question: Common) -> Calendar | None:
    try:
        return Calendar(ZoneInfo(question.zone), question.week_start)
    except (KeyError, ValueError, OSError):
        return None


def selector_problems(where: str, selector: Selector, fields: Fields) -> Iterator[str]:
    """What is wrong with one series or step."""
    if selector.names is not None and not 1 <= len(selector.names) <= NAMES_MAX:
        yield f"{where}.event: from 1 to {NAMES_MAX} names, or null for any event"
    yield from filter_problems(f"{where}.where", selector.where, fields)


def filter_problems(where: str, given: Filter | None, fields: Fields) -> Iterator[str]:
    """What is wrong with a filter, at every place of it."""
    if given is None:
        return
    pending, count = [(where, given, 1)], 0
    while pending:
        place, one, depth = pending.pop()
        count += 1
        if count > CONDITIONS_MAX or depth > DEPTH_MAX:
            yield f"{where}: at most {CONDITIONS_MAX} conditions, {DEPTH_MAX} levels deep"
            return
        forms = (one.field, one.all, one.any)
        if sum(form is not None for form in forms) != 1:
            yield f"{place}: say one of field, all, any"
            continue
        for word, several in (("all", one.all), ("any", one.any)):
            if several is not None and not several:
                yield f"{place}.{word}: name at least one condition"
            pending += [
                (f"{place}.{word}[{n}]", inner, depth + 1) for n, inner in enumerate(several or ())
            ]
        if one.field is not None:
            found = fields.find(one.field)
            said = found if isinstance(found, str) else _condition_problem(one, found)
            if said:
                yield f"{place}: {said}"
            else:
                unknown = [fields.find(name) for name in segment_fields(one)]
                yield from (f"{place}: {said}" for said in unknown if isinstance(said, str))


def segment_fields(one: Filter) -> list[str]:
    """`segment.x` for each segment that a condition on the field `segment` names."""
    if one.field != SEGMENT:
        return []
    several = one.value if isinstance(one.value, tuple) else (one.value,)
    return [f"{SEGMENT}.{name}" for name in several]


def all_fields(question: Common, selectors: tuple[Selector, ...]) -> list[str]:
    """Every field that a question names in filters and breakdowns, once each."""
    found = dict.fromkeys(question.by)
    pending = [question.where, *(one.where for one in selectors)]
    while pending:
        one = pending.pop()
        if one is not None:
            pending += [*(one.all or ()), *(one.any or ())]
            if one.field == SEGMENT:
                found |= dict.fromkeys(segment_fields(one))
            elif one.field is not None:
                found[one.field] = None
    return list(found)


def _common_problems(question: Common, fields: Fields) -> Iterator[str]:
    yield from filter_problems("where", question.where, fields)
    if len(question.by) > BREAKDOWNS_MAX or len(set(question.by)) < len(question.by):
        yield f"by: at most {BREAKDOWNS_MAX} fields, each once"
    for text in question.by:
        found = fields.find(text)
        if isinstance(found, str):
            yield f"by: {found}"
        elif found.kind == "segment":
            yield "by: say which segment, as segment.name; it is true for those in it"
        elif found.kind in ("list", "time"):
            yield f"by: {text} is a {found.kind}; break down by fields of one value, not instants"
    if not 1 <= question.top <= TOP_MAX:
        yield f"top: from 1 to {TOP_MAX}"


def kind_of(field: Field, value: Value | tuple[Value, ...] | None) -> str:
    """What a field is taken for; a property for what it is compared with."""
    if field.kind != "property":
        return field.kind
    one = value[0] if isinstance(value, tuple) and value else value
    if isinstance(one, bool):
        return "boolean"
    return "number" if isinstance(one, int | float) else "text"


def _condition_problem(  # noqa: PLR0911 (one for each mistake)
    one: Filter, field: Field
) -> str | None:
    kind = kind_of(field, one.value)
    if field.kind == "property" and one.op in _ORDERED and kind != "number":
        return f"{one.field} {one.op}: compare a property with a number"
    operators = next(known for name, known in OPERATORS.items() if name == kind)
    if one.op not in operators:
        return f"{one.field} is a {kind}; it takes: {', '.join(sorted(operators))}"
    if one.op in ("is_set", "is_not_set"):
        return None if one.value is None else f"{one.field} {one.op}: takes no value"
    if one.op in ("in", "not_in"):
        if not isinstance(one.value, tuple) or not 1 <= len(one.value) <= VALUES_MAX:
            return f"{one.field} {one.op}: value is a list, of 1 to {VALUES_MAX}"
        values: tuple[Any, ...] = one.value
    elif one.op == "between":
        if not isinstance(one.value, tuple) or len(one.value) != 2:
            return f"{one.field} between: value is a list of two, the lower end first"
        values = one.value
    else:
        values = (one.value,)
    if not all(_fits(value, kind) for value in values):
        return f"{one.field} {one.op}: value is {_WANTED[kind]}"
    if kind == "time":
        found = [moment_of(str(value), Calendar(ZoneInfo("UTC"))) for value in values]
        values = tuple(found)
        if wrong := next((each for each in found if isinstance(each, str)), None):
            return f"{one.field}: {wrong}"
    if one.op == "between" and values[0] > values[1]:
        return f"{one.field} between: the lower end comes first"
    return None


_ORDERED: Final = ("gt", "gte", "lt", "lte", "between")
_WANTED: Final = {
    "text": "a text",
    "list": "a text",
    "segment": "the name of a segment",
    "number": "a number",
    "boolean": "true or false",
    "time": "a time, such as 2024-10-04T12:00:00Z",
}


def _fits(value: object, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and -_NUMBER_MAX <= value <= _NUMBER_MAX  # type: ignore[operator]
    return isinstance(value, str) and "\0" not in value


_NUMBER_MAX: Final = 1e18
"""Whole numbers beyond 64 bits have no parameter; nobody compares with them."""
