"""Retention: who comes back; see docs/concepts/explore.md#retention.

Everybody is in one cohort: the unit of the first start event in the range. `back` has a row for
each of them and each unit in which something that counts as coming back followed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from footfall.explore.answer import (
    CELLS_MAX,
    Group,
    Kind,
    RetentionAnswer,
    RetentionCell,
    RetentionRow,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    both,
    bucket,
    col,
    either,
    flag,
    in_order,
    null,
    num,
    over,
)
from footfall.explore.compile.grouping import (
    group_names,
    group_of,
    in_group,
    in_order_of,
    ranked,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about, buckets_of
from footfall.explore.question.ranges import Grid, Span, grid
from footfall.explore.question.reading import Scene, selector_problems
from footfall.explore.question.retention import PERIODS_MAX, RetentionQuestion

COHORTS_MAX: Final = 366


def problems(question: RetentionQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    yield from selector_problems("start", question.start, scene.fields)
    yield from selector_problems("back", question.back, scene.fields)
    if not 1 <= question.periods <= PERIODS_MAX:
        yield f"periods: from 1 to {PERIODS_MAX}"
        return
    days = (scene.span.end - scene.span.start) / 86_400_000_000
    cohorts = days / {"day": 0.95, "week": 6.9, "month": 28}[question.unit]
    if cohorts > COHORTS_MAX:
        yield f"unit: more than {COHORTS_MAX} cohorts; take a longer unit or a shorter range"
    elif cohorts * (question.periods + 1) * (2 + question.top) > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer groups (top), periods or cohorts"


def cohorts_of(question: RetentionQuestion, scene: Scene) -> Grid:
    """The cohorts: units that the range touches, cut where it begins and ends."""
    return grid(scene.calendar, question.unit, scene.span)


def units_of(question: RetentionQuestion, scene: Scene) -> Grid:
    """All units that are looked at, whole: those of the cohorts and the periods after."""
    calendar, span = scene.calendar, scene.span
    first = calendar.unit_of(calendar.day_of(span.start), question.unit)
    count = len(cohorts_of(question, scene)) + question.periods
    days = [calendar.later(first, question.unit, place) for place in range(count + 1)]
    return Grid(tuple(calendar.midnight(day) for day in days))


def statement(question: RetentionQuestion, scene: Scene) -> Statement:
    """Rows of cohort, group, period and how many; period null: the cohort's size."""
    base, made = _made(question, scene)
    by = [col("c"), col("r"), *[col(name) for name in group_names(len(question.by))]]
    number = exp.Count(this=exp.Star())
    sizes = (
        exp.select(*by, exp.alias_(null("bigint"), "n"), exp.alias_(number, "value"))
        .from_("k")
        .group_by(*[one.copy() for one in by])
    )
    counts = (
        exp.select(*[one.copy() for one in by], col("n"), exp.alias_(number.copy(), "value"))
        .from_("back")
        .group_by(*[one.copy() for one in by], col("n"))
    )
    found = exp.union(sizes, counts, distinct=False)
    return Statement(with_ctes(found, made), base.values.by_name)


def members(
    question: RetentionQuestion, scene: Scene, cell: RetentionCell
) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _made(question, scene)
    kept = in_group(base, cell.group)
    if cell.cohort is not None:
        kept.append(exp.EQ(this=col("c"), expression=num(cell.cohort)))
    elif cell.cohorts is not None:
        kept.append(exp.LT(this=col("c"), expression=num(cell.cohorts)))
    if cell.period is not None:
        compared = exp.GTE if question.mode == "on_or_after" else exp.EQ
        kept.append(compared(this=col("n"), expression=num(cell.period)))
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    source = "k" if cell.period is None else "back"
    found = exp.select(col("a"), *nothing).from_(source)
    return question.per, Statement(
        with_ctes(found.where(*kept) if kept else found, made), base.values.by_name
    )


def answer(question: RetentionQuestion, scene: Scene, found: Found) -> RetentionAnswer:
    """Every period of every cohort, and of all together, of everything and of each group."""
    parts: dict[Group, _Part] = {Group(): _Part(question, scene)}
    for cohort, rest, *others, period, value in found.rows:
        group = group_of(rest, others)
        for one in {Group(), group} if question.by else {Group()}:
            part = parts.setdefault(one, _Part(question, scene))
            if period is None:
                part.sizes[int(cohort)] += int(value)
            else:
                part.backs[int(cohort)][int(period)] += int(value)
    if question.mode == "on_or_after":
        for part in parts.values():
            for counts in part.backs:
                for period in range(question.periods - 1, -1, -1):
                    counts[period] += counts[period + 1]
    over = [
        bound <= found.cut_published_at for bound in units_of(question, scene).bounds[1:]
    ].count(True)
    rows: list[RetentionRow] = []
    for group in in_order_of({group: sum(part.sizes) for group, part in parts.items()}):
        rows += _all_cohorts(question, scene, group, parts[group], over)
        for cohort in range(len(parts[group].sizes)):
            rows += _one_cohort(question, scene, group, parts[group], cohort, found)
    return RetentionAnswer(
        **about(question, scene, found),
        cohorts=buckets_of(scene, cohorts_of(question, scene), found.cut_published_at),
        rows=tuple(rows),
    )


class _Part:
    """What is known of a group."""

    def __init__(self, question: RetentionQuestion, scene: Scene) -> None:
        count = len(cohorts_of(question, scene))
        self.sizes = [0] * count
        self.backs = [[0] * (question.periods + 1) for _ in range(count)]
        """Who came back of each cohort, by period."""


def _all_cohorts(
    question: RetentionQuestion, scene: Scene, group: Group, part: _Part, over: int
) -> Iterator[RetentionRow]:
    """All cohorts together, of each period those that it is over for.

    With the others, who had no time yet to come back would count as those who stayed away.

    Args:
        question: Was read.
        scene: Where it is asked.
        group: Of whom the rows are.
        part: What was found of them.
        over: How many units were over, from the first cohort's own.
    """
    count, span = len(part.sizes), (scene.span.start, scene.span.end)
    size_cell = key_of(RetentionCell(span, None, None, group))
    for period in range(question.periods + 1):
        meant = min(max(over - period, 0), count)
        observed = sum(part.sizes[:meant])
        number = sum(counts[period] for counts in part.backs[:meant])
        first = meant if meant < count else None
        last = question.periods if question.mode == "on_or_after" else period
        yield RetentionRow(
            group.scope,
            group.values,
            None,
            sum(part.sizes),
            period,
            number,
            number / observed if observed else None,
            0 < meant <= over - last,
            key_of(RetentionCell(span, None, period, group, first)),
            size_cell,
            observed,
            key_of(RetentionCell(span, None, None, group, first)),
        )


def _one_cohort(
    question: RetentionQuestion,
    scene: Scene,
    group: Group,
    part: _Part,
    cohort: int,
    found: Found,
) -> Iterator[RetentionRow]:
    """One cohort as far as it is known: its last periods may still grow."""
    bounds, span = units_of(question, scene).bounds, (scene.span.start, scene.span.end)
    size = part.sizes[cohort]
    for period, number in enumerate(part.backs[cohort]):
        last = question.periods if question.mode == "on_or_after" else period
        # Nobody could come back in a period that is still to come: no share, rather than 0 %.
        is_known = size and (number or bounds[cohort + period] < found.cut_published_at)
        size_cell = key_of(RetentionCell(span, cohort, None, group))
        yield RetentionRow(
            group.scope,
            group.values,
            cohort,
            size,
            period,
            number,
            number / size if is_known else None,
            bounds[cohort + last + 1] <= found.cut_published_at,
            key_of(RetentionCell(span, cohort, period, group)),
            size_cell,
            size,
            size_cell,
        )


def is_cell(question: RetentionQuestion, scene: Scene, cell: RetentionCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    count = len(cohorts_of(question, scene))
    is_cohort = cell.cohort is None or (0 <= cell.cohort < count and cell.cohorts is None)
    is_first = cell.cohorts is None or 0 <= cell.cohorts <= count
    is_period = cell.period is None or 0 <= cell.period <= question.periods
    return is_cohort and is_first and is_period


def _made(question: RetentionQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `k`, who is in which cohort, and `back`."""
    base = Base(question, scene)
    units = units_of(question, scene)
    span = Span(scene.span.start, units.bounds[-1])
    made: dict[str, exp.Query] = {
        "e": base.events((question.start, question.back), span.start, span.end, whose=question.per)
    }
    starts = both(
        base.selects(question.start),
        exp.LT(this=col("t"), expression=num(scene.span.end)),
    )
    comes = base.selects(question.back)
    place = over(exp.RowNumber(), [col("a")], in_order(*[col(name) for name in ORDER]))
    shown = [col("a"), exp.alias_(flag(starts), "is_start"), exp.alias_(flag(comes), "is_back")]
    shown += [exp.alias_(bucket(units, col("t")), "u"), exp.alias_(place, "p"), *base.groups()]
    made["o"] = exp.select(*shown).from_("e").where(either(starts.copy(), comes.copy()))
    is_start = exp.EQ(this=col("is_start"), expression=num(1))
    groups = [col(name) for name in group_names(len(question.by))]
    number = over(exp.RowNumber(), [col("a")], in_order(col("p")))
    numbered = (
        exp.select(col("a"), col("u"), col("p"), *groups, exp.alias_(number, "z"))
        .from_("o")
        .where(is_start)
    )
    made["h"] = (
        exp.select(col("a"), exp.alias_(col("u"), "c"), col("p"), *[one.copy() for one in groups])
        .from_(exp.alias_(numbered.subquery(), "x"))
        .where(exp.EQ(this=col("z"), expression=num(1)))
    )
    count = len(question.by)
    if count:
        made["tops"] = ranked("h", count, question.top)
    made["k"] = with_rest("h", "tops", ["a", "c", "p"], count)
    made["back"] = _back(question, count)
    return base, made


def _back(question: RetentionQuestion, count: int) -> exp.Select:
    """Who came back in which period; on or after: in which last."""
    names = ["a", "c", "r", *group_names(count)]
    later = exp.Sub(this=col("u", "o"), expression=col("c", "k"))
    on = both(
        exp.EQ(this=col("a", "o"), expression=col("a", "k")),
        exp.GT(this=col("p", "o"), expression=col("p", "k")),
    )
    came = (
        exp.select(*[col(name, "k") for name in names], exp.alias_(later, "n"))
        .from_("o")
        .join("k", on=on)
        .where(
            exp.EQ(this=col("is_back", "o"), expression=num(1)),
            exp.LTE(this=later.copy(), expression=num(question.periods)),
        )
    )
    number: Expr = col("n")
    by = [col(name) for name in names]
    if question.mode == "on":
        return exp.select(*by, number).distinct().from_(exp.alias_(came.subquery(), "x"))
    return (
        exp.select(*by, exp.alias_(exp.Max(this=number), "n"))
        .from_(exp.alias_(came.subquery(), "x"))
        .group_by(*[one.copy() for one in by])
    )
