"""Segments asked: how large, who, and how they overlap; as of a moment and a cut.

Generators, as in `footfall.explore.asking`: they yield what to run and are sent what came back.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import product
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlglot import exp

from footfall.errors import Invalid
from footfall.explore.answer import Members
from footfall.explore.asking import Ask, demand_page, fields_for, members_of, opened_cell, paged
from footfall.explore.compile.blocks import Expr, Values, call, col, flag, is_set, null, num
from footfall.explore.compile.known import missing_names
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.question.common import Common
from footfall.explore.question.fields import Fields
from footfall.explore.question.ranges import Calendar
from footfall.explore.question.reading import SegmentIds, scene_of
from footfall.explore.segments.behind import people
from footfall.explore.segments.compiling import in_form_of, population
from footfall.explore.segments.definition import LIST_MAX, Segment, Unit, walk
from footfall.explore.segments.kept import Overlap, Region, Shelf
from footfall.explore.segments.reading import fields_in, problems_of, selectors_in
from footfall.explore.segments.using import DRAFT, Parts, parts_of

OVERLAP_MIN: Final = 2
OVERLAP_MAX: Final = 3
_Result = TypeVar("_Result")
Run = Generator[Ask, Found, _Result]


class Sized(msgspec.Struct, frozen=True):
    """How large a segment is."""

    size: int
    total: int
    """Everybody that its rules are asked about."""
    notes: tuple[str, ...]
    """What to know before believing it, such as an event that never happened."""
    sql: str
    """The statement that lists them, values included."""
    cut_sequence: int
    cut_published_at: int


def checking(segment: Segment, now: int, shelf: Shelf) -> Run[tuple[str, ...]]:
    """Notes about a segment, which can be kept then.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    _, fields = yield from _ready(segment, now, shelf, DRAFT)
    question = Common(app=segment.app, zone=segment.zone, week_start=segment.week_start)
    names = [name for name in fields_in(segment) if not name.startswith("segment.")]
    scene = scene_of(question, fields, now, [])
    notes = yield from missing_names(question, scene, selectors_in(segment), names)
    return tuple(notes)


def sizing(segment: Segment, now: int, shelf: Shelf, name: str = DRAFT) -> Run[Sized]:
    """How large a segment is, kept (`name`) or not.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    found, _ = yield from _sized(segment, now, shelf, name, 0)
    return found


def noting(
    segment: Segment, now: int, shelf: Shelf, name: str
) -> Run[tuple[Sized, tuple[str, ...] | None]]:
    """The same with who is in it, of the same cut; `None` where they are more than `LIST_MAX`."""
    return (yield from _sized(segment, now, shelf, name, LIST_MAX))


def _sized(
    segment: Segment, now: int, shelf: Shelf, name: str, listed_max: int
) -> Run[tuple[Sized, tuple[str, ...] | None]]:
    notes = yield from checking(segment, now, shelf)
    parts, fields = yield from _ready(segment, now, shelf, name)
    ids = parts.ids(fields, now)[name]
    values = Values()
    counts = [
        exp.alias_(exp.select(call(exp.Count)).from_(_sub(values, one)).subquery(), alias)
        for one, alias in ((ids, "size"), (population(segment, fields, now), "total"))
    ]
    tree: exp.Query = exp.select(*counts)
    if listed_max:
        # One more than is kept tells that they are too many, without listing all of them.
        who = exp.select(col("a")).from_(_sub(values, ids)).limit(listed_max + 1)
        sides = exp.select(col("size", "n"), col("total", "n"), col("a", "w"))
        tree = with_ctes(
            sides.from_("n").join("w", on=exp.true(), join_type="left"), {"n": tree, "w": who}
        )
    made = Statement(tree, values.by_name)
    found = yield Ask(made.text(), made.values, max(1, listed_max))
    size, total = found.rows[0][:2]
    shown = Statement(ids.tree, dict(ids.values)).shown()
    cut = found.cut_sequence, found.cut_published_at
    sized = Sized(int(size), int(total), notes, shown, *cut)
    if not listed_max or int(size) > listed_max:
        return sized, None
    return sized, tuple(str(row[2]) for row in found.rows if row[2] is not None)


def listing(
    name: str,
    now: int,
    shelf: Shelf,
    *,
    draft: Segment | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> Run[Members]:
    """Who is in a segment, in the order of their ids; page by page as a cell's members are.

    Args:
        name: Of a kept one, or any if it is a draft.
        now: The moment that it is of.
        shelf: Where segments are kept.
        draft: One that is not kept yet.
        after: `next` of the page before.
        limit: Most on a page; without it all are on one.

    Raises:
        Invalid: there is none of this name, or the draft has mistakes.
    """
    demand_page(after, limit)
    ids, segment = yield from ids_now(name, now, shelf, draft)
    return (yield from _listed(statement_of(ids), ids.unit, segment, after, limit))


def ids_now(
    name: str, now: int, shelf: Shelf, draft: Segment | None = None
) -> Run[tuple[SegmentIds, Segment]]:
    """A segment as a SELECT; raises as `listing`."""
    if draft is not None:
        parts, fields = yield from _ready(draft, now, shelf, name)
    else:
        parts = parts_of([name], shelf)
        fields = yield from _fields(parts)
    return parts.ids(fields, now)[name], parts.segments[name]


def statement_of(ids: SegmentIds) -> Statement:
    """A SELECT of members as those of a cell: id, and nothing about when and how much."""
    values = Values()
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    return Statement(exp.select(col("a"), *nothing).from_(_sub(values, ids)), values.by_name)


def exporting(name: str, now: int, shelf: Shelf) -> Run[Ask]:
    """What to run for a file of all ids, in their order; raises as `listing`."""
    ids, _ = yield from ids_now(name, now, shelf)
    values = Values()
    tree = exp.select(exp.alias_(col("a"), "id")).from_(_sub(values, ids))
    made = Statement(tree.order_by(col("a")), values.by_name)
    return Ask(made.text(), made.values, None)


def overlapping(names: Sequence[str], now: int, shelf: Shelf) -> Run[Overlap]:
    """How two or three segments overlap, to the person.

    Raises:
        Invalid: they are too many, of different units, or one is not there.
    """
    marked, unit, parts = yield from _marked(names, now, shelf)
    by = [col(f"m{place}") for place in range(len(names))]
    values = Values()
    tree = exp.select(*by, exp.alias_(call(exp.Count), "n")).from_(_sub(values, marked))
    made = Statement(tree.group_by(*[one.copy() for one in by]), values.by_name)
    found = yield Ask(made.text(), made.values, None)
    counts = {tuple(bool(one) for one in row[:-1]): int(row[-1]) for row in found.rows}
    every = [one for one in product((True, False), repeat=len(names)) if any(one)]
    return Overlap(
        tuple(names),
        unit,
        tuple(Region(one, counts.get(one, 0)) for one in every),
        parts.used,
        found.cut_sequence,
        found.cut_published_at,
    )


def region_listing(
    names: Sequence[str],
    inside: Sequence[bool],
    now: int,
    shelf: Shelf,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Run[Members]:
    """Who is in one region of an overlap; raises as `overlapping`."""
    demand_page(after, limit)
    if len(inside) != len(names) or not any(inside):
        raise Invalid("inside says of each segment whether they are in it; in one at least")
    marked, unit, _ = yield from _marked(names, now, shelf)
    conditions = [
        exp.EQ(this=col(f"m{place}"), expression=num(int(one))) for place, one in enumerate(inside)
    ]
    values = Values()
    tree = exp.select(col("a")).from_(_sub(values, marked)).where(*conditions)
    ids = SegmentIds(unit, "", tree, values.by_name)
    return (yield from _listed(statement_of(ids), unit, Segment(), after, limit))


def collecting(
    question: Common, key: str, now: int, shelf: Shelf, unit: Unit
) -> Run[tuple[tuple[str, ...], Found]]:
    """Ids of the people behind a number, for a list; of sessions and events, whose they are.

    Raises:
        Invalid: the cell is of another question, counts values, or too many people.
    """
    model, scene, cell = yield from opened_cell(question, key, now, shelf)
    kind, _ = model.members(question, scene, cell)
    if kind not in (unit, "session", "event"):
        raise Invalid(f"the number counts {kind}s; a segment of {unit}s cannot be made of it")
    ids = people(question, model, scene, cell, unit)
    values = Values()
    made = Statement(exp.select(col("a")).from_(_sub(values, ids)), values.by_name)
    found = yield Ask(made.text(), made.values, LIST_MAX)
    if found.is_cut_off:
        raise Invalid(
            f"more than {LIST_MAX} people are behind it; save it as a definition instead of a list"
        )
    return tuple(sorted(str(row[0]) for row in found.rows)), found


def _fields(parts: Parts) -> Run[Fields]:
    fields = yield from fields_for(parts.fields)
    return msgspec.structs.replace(fields, segments=frozenset(parts.segments))


def _ready(segment: Segment, now: int, shelf: Shelf, name: str) -> Run[tuple[Parts, Fields]]:
    """A segment with all its parts; its mistakes are told at once."""
    parts = parts_of([name], shelf, {name: segment})
    fields = yield from _fields(parts)
    problems = problems_of(segment, fields, now)
    if not problems:
        named = [rule.segment for rule in walk(segment.rule) if rule.segment is not None]
        problems = [
            f"segment {part!r} is of {parts.segments[part].unit}s, and this one of {segment.unit}s"
            for part in named
            if parts.segments[part].unit != segment.unit
        ]
    if problems:
        raise Invalid("the segment cannot be used as it is:", tuple(problems))
    return parts, fields


def _marked(names: Sequence[str], now: int, shelf: Shelf) -> Run[tuple[SegmentIds, Unit, Parts]]:
    """A row for everybody in any of the segments, with `m0`, `m1` …: 1 where they are in it."""
    if not OVERLAP_MIN <= len(set(names)) == len(names) <= OVERLAP_MAX:
        raise Invalid(f"name from {OVERLAP_MIN} to {OVERLAP_MAX} segments, each once")
    parts = parts_of(names, shelf)
    fields = yield from _fields(parts)
    ids = parts.ids(fields, now)
    units = {ids[name].unit for name in names}
    if len(units) > 1:
        raise Invalid("one is of visitors and one of users; only segments of one unit overlap")
    apps = {ids[name].app for name in names}
    app = apps.pop() if len(apps) == 1 else ""
    values = Values()
    made = {f"s{place}": in_form_of(ids[name], app, values) for place, name in enumerate(names)}
    every: exp.Query = exp.select(col("a")).from_("s0")
    for place in range(1, len(names)):
        every = exp.union(every, exp.select(col("a")).from_(f"s{place}"), distinct=True)
    places = range(len(names))
    shown = [exp.alias_(flag(is_set(col("a", f"s{n}"))), f"m{n}") for n in places]
    rows = exp.select(col("a", "u"), *shown).from_("u")
    for place in places:
        on = exp.EQ(this=col("a", f"s{place}"), expression=col("a", "u"))
        rows = rows.join(f"s{place}", on=on, join_type="left")
    tree = with_ctes(rows, {**made, "u": every})
    (unit,) = units
    return SegmentIds(unit, app, tree, values.by_name), unit, parts


def _listed(
    made: Statement, unit: Unit, segment: Segment, after: str | None, limit: int | None
) -> Run[Members]:
    page = paged(made, after, limit)
    found = yield Ask(page.text(), page.values, None if limit is None else limit + 1)
    calendar = Calendar(ZoneInfo(segment.zone), segment.week_start)
    return members_of(unit, calendar, found, limit)


def _sub(values: Values, ids: SegmentIds) -> Any:
    tree: Expr = exp.Subquery(this=values.take(ids.tree, ids.values))
    return exp.alias_(tree, "p", table=True)
