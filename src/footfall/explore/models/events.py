"""Events: each series' measure, by bucket and group; see docs/concepts/explore.md#events.

`h` has a row for everything that counts: series `s`, bucket `b` of both periods one after another,
`a` (whose it is, or the value that is told apart), `v` (the number that is summed), groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlglot import exp

from footfall.explore.answer import (
    CELLS_MAX,
    EventsAnswer,
    EventsCell,
    EventsRow,
    Group,
    Kind,
    key_of,
)
from footfall.explore.compile.base import Base
from footfall.explore.compile.blocks import (
    Expr,
    as_text,
    bucket,
    case,
    col,
    count_distinct,
    is_set,
    null,
    num,
    percentile,
)
from footfall.explore.compile.grouping import (
    group_names,
    group_of,
    in_group,
    ranked,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about, buckets_of
from footfall.explore.models.formula import Formula, parse_formula
from footfall.explore.question.events import (
    COUNTS,
    FORMULAS_MAX,
    OF_PROPERTY,
    SERIES_MAX,
    EventsQuestion,
    Series,
)
from footfall.explore.question.ranges import BUCKETS_MAX, Grid, Span, compared_span, grid
from footfall.explore.question.reading import Scene, selector_problems


def problems(question: EventsQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    if not 1 <= len(question.series) <= SERIES_MAX:
        yield f"series: from 1 to {SERIES_MAX}"
    for place, one in enumerate(question.series):
        yield from selector_problems(f"series[{place}]", one, scene.fields)
        yield from _measure_problems(f"series[{place}]", one, scene)
    if len(question.formulas) > FORMULAS_MAX:
        yield f"formulas: at most {FORMULAS_MAX}"
    for place, text in enumerate(question.formulas):
        found = parse_formula(text, len(question.series))
        if isinstance(found, str):
            yield f"formulas[{place}]: {found}"
    span = scene.span
    hours = (
        (span.end - span.start)
        / {"hour": 1, "day": 23, "week": 160, "month": 670}[question.granularity]
        / 3_600_000_000
    )
    if hours > BUCKETS_MAX:
        yield f"granularity: more than {BUCKETS_MAX} buckets; take a coarser one or a shorter range"
        return
    now, before = grids(question, scene)
    if before is not None and before.bounds[-1] > now.bounds[0]:
        yield "compare: a range of more than a year overlaps with the year before; take a shorter"
        return
    numbers = len(question.series) + len(question.formulas)
    groups = 2 + question.top if question.by else 1
    if numbers * groups * len(now) > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer series, groups (top) or buckets"


def _measure_problems(place: str, one: Series, scene: Scene) -> Iterator[str]:
    if one.measure not in OF_PROPERTY:
        if one.of is not None:
            yield f"{place}.of: {one.measure} counts; only {', '.join(sorted(OF_PROPERTY))} need it"
        return
    if one.of is None:
        yield f"{place}.of: say which field's {one.measure}"
        return
    field = scene.fields.find(one.of)
    if isinstance(field, str):
        yield f"{place}.of: {field}"
    elif field.kind == "list" or (
        one.measure != "distinct" and field.kind not in ("number", "property")
    ):
        yield f"{place}.of: {one.of} is a {field.kind}, which has no {one.measure}"


def grids(question: EventsQuestion, scene: Scene) -> tuple[Grid, Grid | None]:
    """Buckets of the range, and of the one that it is compared with."""
    now = grid(scene.calendar, question.granularity, scene.span)
    if question.compare == "none":
        return now, None
    before = compared_span(question.compare, scene.span, question.range, scene.calendar)
    return now, grid(scene.calendar, question.granularity, before)


def joined(now: Grid, before: Grid | None) -> tuple[Grid, int, Span | None]:
    """Both as one, the index of the first bucket of `now`, and what lies between them, if anything.

    What lies between is a bucket of the whole that nothing is counted in.
    """
    if before is None:
        return now, 0, None
    if before.bounds[-1] == now.bounds[0]:
        return Grid((*before.bounds[:-1], *now.bounds)), len(before), None
    between = Span(before.bounds[-1], now.bounds[0])
    return Grid((*before.bounds, *now.bounds)), len(before) + 1, between


def statement(question: EventsQuestion, scene: Scene) -> Statement:
    """All numbers."""
    base = _base(question, scene)
    made = _counted(base, question, scene, has_ids=False)
    groups = [col(name) for name in group_names(len(question.by))]
    sets = [[col("p"), col("b")], [col("p")]]
    if question.by:
        sets += [[*one, col("r"), *groups] for one in sets[:2]]
    parts = []
    for number, series in enumerate(question.series):
        shown: list[Expr] = [exp.alias_(num(number), "s"), col("p"), col("b")]
        shown += [col("r"), *groups] if question.by else [exp.alias_(null("int"), "r")]
        part = exp.select(*shown, exp.alias_(_measure(series), "value")).from_("k")
        part = part.where(exp.EQ(this=col("s"), expression=num(number)))
        tuples = [exp.Tuple(expressions=[one.copy() for one in each]) for each in sets]
        part.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=tuples)]))
        parts.append(part)
    whole = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    return Statement(with_ctes(whole, made), base.values.by_name)


def members(question: EventsQuestion, scene: Scene, cell: EventsCell) -> tuple[Kind, Statement]:
    """The rows behind one number: `id`, `at`, `value`; ordered."""
    series = question.series[cell.series]
    base = _base(question, scene)
    made = _counted(base, question, scene, has_ids=True)
    now, before = grids(question, scene)
    conditions: list[Expr] = [
        exp.EQ(this=col("s"), expression=num(cell.series)),
        exp.EQ(this=col("p"), expression=num(int(cell.is_previous))),
        *in_group(base, cell.group),
    ]
    if cell.bucket is not None:
        offset = 0 if cell.is_previous else joined(now, before)[1]
        conditions.append(exp.EQ(this=col("b"), expression=num(offset + cell.bucket)))
    kind = _kind(series)
    if kind == "event":
        shown = [col("a"), col("t"), exp.cast(col("v"), "double")]
        rows = exp.select(*shown).from_("k").where(*conditions)
    else:
        nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
        rows = exp.select(col("a"), *nothing).distinct().from_("k").where(*conditions)
    return kind, Statement(with_ctes(rows, made), base.values.by_name)


def answer(question: EventsQuestion, scene: Scene, found: Found) -> EventsAnswer:
    """Rows for every number, those that are 0 included, and the formulas over them."""
    now, before = grids(question, scene)
    offset = joined(now, before)[1]
    values: dict[tuple[int, bool, int | None, Group], float | None] = {}
    groups: dict[Group, None] = {Group(): None}
    for series, period, b, rest, *others in found.rows:
        group = group_of(rest, others[:-1])
        groups[group] = None
        place = None if b is None else int(b) - (0 if period else offset)
        value = None if others[-1] is None else float(others[-1])
        values[int(series), bool(period), place, group] = value
    formulas = [parse_formula(text, len(question.series)) for text in question.formulas]
    rows: list[EventsRow] = []
    for is_previous, one in ((False, now), (True, before)):
        for place in () if one is None else (None, *range(len(one))):
            for group in groups:
                numbers: list[float | None] = []
                for number, series in enumerate(question.series):
                    empty = 0.0 if series.measure in COUNTS else None
                    numbers.append(values.get((number, is_previous, place, group), empty))
                for formula in formulas:
                    assert isinstance(formula, Formula)
                    numbers.append(formula.of(numbers))
                rows += _rows(question, scene, is_previous, place, group, numbers)
    published = found.cut_published_at
    return EventsAnswer(
        **about(question, scene, found),
        buckets=buckets_of(scene, now, published),
        previous_buckets=() if before is None else buckets_of(scene, before, published),
        rows=tuple(rows),
    )


def _rows(
    question: EventsQuestion,
    scene: Scene,
    is_previous: bool,
    place: int | None,
    group: Group,
    numbers: list[float | None],
) -> Iterator[EventsRow]:
    titles = [_title(series) for series in question.series] + list(question.formulas)
    span = (scene.span.start, scene.span.end)
    for number, (title, value) in enumerate(zip(titles, numbers, strict=True)):
        cell = None
        if number < len(question.series):
            cell = key_of(EventsCell(span, number, is_previous, place, group))
        yield EventsRow(title, number, is_previous, place, group.scope, group.values, value, cell)


def is_cell(question: EventsQuestion, scene: Scene, cell: EventsCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    now, before = grids(question, scene)
    one = before if cell.is_previous else now
    return (
        0 <= cell.series < len(question.series)
        and one is not None
        and (cell.bucket is None or 0 <= cell.bucket < len(one))
    )


def _title(series: Series) -> str:
    if series.label or series.measure == "events":
        return series.title
    of = "" if series.of is None else f" of {series.of}"
    return f"{series.title}: {series.measure}{of}"


def _base(question: EventsQuestion, scene: Scene) -> Base:
    return Base(question, scene, [one.of for one in question.series if one.of is not None])


def _counted(
    base: Base, question: EventsQuestion, scene: Scene, *, has_ids: bool
) -> dict[str, exp.Query]:
    """The CTEs up to `k`, whose rows are what counts, with their groups."""
    now, before = grids(question, scene)
    whole, offset, between = joined(now, before)
    ends = whole.bounds[0], whole.bounds[-1]
    made: dict[str, exp.Query] = {"e": base.events(question.series, *ends)}
    parts = [
        _hits(base, series, number, whole, has_ids=has_ids)
        for number, series in enumerate(question.series)
    ]
    if between is not None:
        sides = (exp.LT, between.start), (exp.GTE, between.end)
        inside = [kind(this=col("t"), expression=num(at)) for kind, at in sides]
        parts = [one.where(exp.or_(*[side.copy() for side in inside])) for one in parts]
    made["h"] = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    count = len(question.by)
    if count:
        made["tops"] = ranked("h", count, question.top)
    kept = ["s", "b", "a", "v", *(["t"] if has_ids else [])]
    rows = with_rest("h", "tops", kept, count)
    is_previous = case((exp.LT(this=col("b"), expression=num(offset)), num(1)), default=num(0))
    made["k"] = rows.select(exp.alias_(is_previous, "p"))
    return made


def _hits(base: Base, series: Series, number: int, whole: Grid, *, has_ids: bool) -> exp.Select:
    a, v = null(), null("double")
    kept = [base.selects(series)]
    if series.measure in ("visitors", "users", "sessions"):
        a = base.entity(_PER[series.measure])
        kept.append(is_set(a))
    elif series.measure == "distinct":
        assert series.of is not None
        a = as_text(base.value(series.of))
        kept.append(is_set(a))
    elif has_ids:
        a = as_text(col("event_id"))
    if series.measure in OF_PROPERTY - {"distinct"}:
        assert series.of is not None
        v = base.number(series.of)
        kept.append(is_set(v))
    shown = [exp.alias_(num(number), "s"), exp.alias_(bucket(whole, col("t")), "b")]
    shown += [exp.alias_(a, "a"), exp.alias_(v, "v"), *base.groups()]
    if has_ids:
        shown.append(col("t"))
    return exp.select(*shown).from_("e").where(*[one.copy() for one in kept])


_PER: Final[dict[str, Any]] = {"visitors": "visitor", "users": "user", "sessions": "session"}


def _kind(series: Series) -> Kind:
    if series.measure == "distinct":
        return "value"
    kind: Kind = _PER.get(series.measure, "event")
    return kind


def _measure(series: Series) -> Expr:
    if series.measure == "events":
        found: Expr = exp.Count(this=exp.Star())
    elif series.measure in COUNTS:
        found = count_distinct(col("a"))
    elif series.measure in ("median", "p90"):
        found = percentile(0.5 if series.measure == "median" else 0.9, col("v"))
    else:
        found = _AGGREGATES[series.measure](this=col("v"))
    return exp.cast(found, "double")


_AGGREGATES: Final[dict[str, type[exp.AggFunc]]] = {
    "sum": exp.Sum,
    "avg": exp.Avg,
    "min": exp.Min,
    "max": exp.Max,
}
