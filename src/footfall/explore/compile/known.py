"""What a question asks for and the project has never seen: properties, events, a time.

A property nobody sent is a mistake: a filter with `is_not` would silently hold for everything. An
event nobody sent is a note: tomorrow's answer may have it. So is a range without any event.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from footfall.errors import Invalid
from footfall.explore.compile.blocks import Expr, Values, col, is_set
from footfall.explore.found import Found
from footfall.explore.question.common import Common, Selector
from footfall.explore.question.fields import near_names
from footfall.explore.question.reading import Scene, all_fields

if TYPE_CHECKING:
    from footfall.explore.asking import Ask

NAMES_MAX: Final = 1_000
"""Names that are looked through for those that are near."""


def missing_names(
    question: Common, scene: Scene, selectors: Sequence[Selector], more: Iterable[str]
) -> Generator[Ask, Found, list[str]]:
    """Notes about events that never happened.

    Raises:
        Invalid: for properties that no event has, with those that are near.
    """
    from footfall.explore.asking import Ask, NamesAsked

    texts = dict.fromkeys([*all_fields(question, tuple(selectors)), *more])
    fields = [scene.field(text) for text in texts]
    properties = {(one.origin, one.name): None for one in fields if one.kind == "property"}
    events = dict.fromkeys(name for one in selectors for name in one.names or ())
    wanted: list[tuple[str, str]] = [*properties, *(("event", name) for name in events)]
    if not wanted:
        return []
    values = Values()
    tests = [_exists(values, origin, name) for origin, name in wanted]
    asked = None if properties else NamesAsked(tuple(events))
    found = yield Ask(exp.select(*tests).sql("duckdb"), values.by_name, None, asked)
    absent = [one for one, is_there in zip(wanted, found.rows[0], strict=True) if not is_there]
    problems, notes = [], []
    for origin, name in absent:
        listed = yield Ask(_listing(origin).sql("duckdb"), {}, NAMES_MAX)
        near = ", ".join(near_names(name, [str(row[0]) for row in listed.rows]))
        if origin == "event":
            hint = f"; near are: {near}" if near else ""
            notes.append(f"no event {name!r} was ever received{hint}")
        else:
            hint = f"; near are: {near}" if near else ""
            problems.append(f"no event has {origin}.{name}{hint}")
    if problems:
        raise Invalid("the question cannot be answered as it is:", tuple(problems))
    return notes


def range_note(question: Common, scene: Scene) -> Generator[Ask, Found, list[str]]:
    """What to know of an answer without anything in it: when there are events, if not then."""
    from footfall.explore.asking import Ask

    values = Values()
    time = exp.UnixMicros(this=col("event_time"))
    known = exp.select(exp.Min(this=time), exp.Max(this=time.copy())).from_("events")
    if question.app:
        known = known.where(exp.EQ(this=col("app_id"), expression=values.bind(question.app)))
    found = yield Ask(known.sql("duckdb"), values.by_name, 1)
    first, last = found.rows[0]
    if first is None or last is None:
        whose = f"the app {question.app!r}" if question.app else "the project"
        return [f"{whose} has no events yet"]
    if first < scene.span.end and last >= scene.span.start:
        return []
    days = [scene.calendar.day_of(int(one)).isoformat() for one in (first, last)]
    return [f"no event is in this range; there are some from {days[0]} to {days[1]}"]


def _exists(values: Values, origin: str, name: str) -> Expr:
    """Whether any event has it; stops at the first."""
    if origin == "event":
        holds: Expr = exp.EQ(this=col("event_name"), expression=values.bind(name))
    else:
        path = values.bind(f'$."{name}"')
        holds = is_set(exp.Paren(this=exp.JSONExtractScalar(this=col(origin), expression=path)))
    one = exp.select(exp.Literal.number(1)).from_("events").where(holds).limit(1)
    return exp.alias_(is_set(one.subquery()), f"x{len(values.by_name)}")


def _listing(origin: str) -> exp.Select:
    if origin == "event":
        return exp.select(col("event_name")).distinct().from_("events").limit(NAMES_MAX)
    keys = exp.Anonymous(this="JSON_KEYS", expressions=[col(origin)])
    named = exp.select(exp.alias_(exp.Anonymous(this="UNNEST", expressions=[keys]), "k"))
    inner = named.from_("events").where(is_set(col(origin)))
    return exp.select(col("k")).distinct().from_(exp.alias_(inner.subquery(), "x")).limit(NAMES_MAX)
