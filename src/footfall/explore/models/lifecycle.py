"""Life cycle: who is new, came again, came back, stays away; see docs/concepts/explore.md.

`x` has a row for each actor and unit in which they were there, with the unit before and the one
after in which they were. Units before the one that precedes the range are one: only that somebody
was there matters of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from footfall.clock import DAY
from footfall.explore.answer import (
    CELLS_MAX,
    Group,
    Kind,
    LifecycleAnswer,
    LifecycleCell,
    LifecycleRow,
    State,
    Stickiness,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    both,
    bucket,
    case,
    col,
    either,
    in_order,
    is_null,
    null,
    num,
    over,
    text,
)
from footfall.explore.compile.grouping import (
    counted,
    group_names,
    group_of,
    in_group,
    in_order_of,
    ranked,
    union_all,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about, buckets_of
from footfall.explore.question.lifecycle import LifecycleQuestion
from footfall.explore.question.ranges import Grid, Span, grid
from footfall.explore.question.reading import Scene, selector_problems

STATES: Final[tuple[State, ...]] = ("new", "retained", "returning", "dormant")
UNITS_MAX: Final = 366
DAYS: Final = "days"
"""Of statements, in the place of a state: days on which somebody was there."""


def problems(question: LifecycleQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    yield from selector_problems("active", question.active, scene.fields)
    days = (scene.span.end - scene.span.start) / DAY
    units = days / {"day": 0.95, "week": 6.9, "month": 28}[question.unit]
    if units > UNITS_MAX:
        yield f"unit: more than {UNITS_MAX}; take a longer unit or a shorter range"
    elif question.by and units * (len(STATES) + 1) * (2 + question.top) > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer groups (top) or units"


def units_of(question: LifecycleQuestion, scene: Scene) -> Grid:
    """Units of the range, the first whole, the last up to where the range ends."""
    calendar, span = scene.calendar, scene.span
    first = calendar.midnight(calendar.unit_of(calendar.day_of(span.start), question.unit))
    return grid(calendar, question.unit, Span(first, span.end))


def days_of(question: LifecycleQuestion, scene: Scene) -> tuple[Grid, Grid]:
    """Days and units that are told apart: those of the range, after the unit before it."""
    calendar, shown = scene.calendar, units_of(question, scene)
    first = calendar.unit_of(calendar.day_of(shown.bounds[0]), question.unit)
    before = calendar.midnight(calendar.later(first, question.unit, -1))
    days = grid(calendar, "day", Span(before, scene.span.end))
    return days, Grid((before, *shown.bounds))


def statement(question: LifecycleQuestion, scene: Scene) -> Statement:
    """Rows of group, unit, state and how many; state `days`: days on which somebody was there."""
    base, made = _made(question, scene)
    count = len(question.by)
    made["dd"] = (
        exp.select("*", exp.alias_(text(DAYS), "state"))
        .from_("dg" if count else "d")
        .where(exp.GTE(this=col("u"), expression=num(1)))
    )
    number = exp.Count(this=exp.Star())
    parts = [
        part
        for source in ("sg" if count else "st", "dd")
        for part in counted(source, ["u", "state"], number, count)
    ]
    return Statement(with_ctes(union_all(parts), made), base.values.by_name)


def members(
    question: LifecycleQuestion, scene: Scene, cell: LifecycleCell
) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _made(question, scene)
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    found = (
        exp.select(col("a"), *nothing)
        .from_("sg" if question.by else "st")
        .where(
            exp.EQ(this=col("u"), expression=num(cell.unit + 1)),
            exp.EQ(this=col("state"), expression=text(cell.state)),
            *in_group(base, cell.group),
        )
    )
    return question.per, Statement(with_ctes(found, made), base.values.by_name)


def answer(question: LifecycleQuestion, scene: Scene, found: Found) -> LifecycleAnswer:
    """Every state of every unit, and how often the active were there."""
    units = units_of(question, scene)
    counts: dict[tuple[Group, int, str], int] = {}
    sizes: dict[Group, int] = {Group(): 0}
    for rest, *others, unit, state, value in found.rows:
        group = group_of(rest, others)
        sizes[group] = sizes.get(group, 0) + int(value)
        counts[group, int(unit) - 1, state] = int(value)
    groups = in_order_of(sizes)
    span = (scene.span.start, scene.span.end)
    return LifecycleAnswer(
        **about(question, scene, found),
        units=buckets_of(scene, units, found.cut_published_at),
        rows=tuple(
            LifecycleRow(
                group.scope,
                group.values,
                unit,
                state,
                counts.get((group, unit, state), 0),
                key_of(LifecycleCell(span, unit, state, group)),
            )
            for group in groups
            for unit in range(len(units))
            for state in STATES
        ),
        stickiness=tuple(one for group in groups for one in _sticky(scene, units, group, counts)),
    )


def _sticky(
    scene: Scene, units: Grid, group: Group, counts: dict[tuple[Group, int, str], int]
) -> Iterator[Stickiness]:
    for unit in range(len(units)):
        active = sum(counts.get((group, unit, state), 0) for state in STATES[:3])
        days = counts.get((group, unit, DAYS), 0) / active if active else None
        length = len(grid(scene.calendar, "day", Span(units.bounds[unit], units.bounds[unit + 1])))
        share = None if days is None else days / length
        yield Stickiness(group.scope, group.values, unit, active, days, share)


def is_cell(question: LifecycleQuestion, scene: Scene, cell: LifecycleCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    return cell.state in STATES and 0 <= cell.unit < len(units_of(question, scene))


def _made(question: LifecycleQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `st`, who is in which state in which unit; units are counted from 1."""
    base = Base(question, scene)
    days, units = days_of(question, scene)
    is_old = exp.LT(this=col("t"), expression=num(units.bounds[0]))
    made: dict[str, exp.Query] = {
        "e": base.events((question.active,), 0, scene.span.end, whose=question.per)
    }
    made["d"] = (
        exp.select(
            col("a"),
            exp.alias_(case((is_old, num(-1)), default=bucket(units, col("t"))), "u"),
            exp.alias_(case((is_old.copy(), num(-1)), default=bucket(days, col("t"))), "day"),
        )
        .distinct()
        .from_("e")
        .where(base.selects(question.active))
    )
    there = exp.select(col("a"), col("u")).distinct().from_("d")
    order = in_order(col("u"))
    made["x"] = exp.select(
        col("a"),
        col("u"),
        exp.alias_(over(exp.Lag(this=col("u")), [col("a")], order), "was"),
        exp.alias_(over(exp.Lead(this=col("u")), [col("a")], order.copy()), "next"),
    ).from_(exp.alias_(there.subquery(), "y"))
    made["st"] = _states(len(units) - 1)
    if question.by:
        made |= _grouped(base, question)
    return base, made


def _grouped(base: Base, question: LifecycleQuestion) -> dict[str, exp.Query]:
    """`sg`, `dg`: the states and the days, each with the group of whose they are.

    Everybody is in one group, whatever the unit: that of the first time they were ever active.
    """
    count = len(question.by)
    place = over(exp.RowNumber(), [col("a")], in_order(*[col(name) for name in ORDER]))
    numbered = (
        exp.select(col("a"), *base.groups(), exp.alias_(place, "z"))
        .from_("e")
        .where(base.selects(question.active))
    )
    first = exp.select(col("a"), *[col(name) for name in group_names(count)])
    is_first = exp.EQ(this=col("z"), expression=num(1))
    made: dict[str, exp.Query] = {
        "f": first.from_(exp.alias_(numbered.subquery(), "x")).where(is_first),
        "tops": ranked("f", count, question.top),
        "gr": with_rest("f", "tops", ["a"], count),
    }
    groups = [col(name, "gr") for name in ("r", *group_names(count))]
    for name, source, columns in (
        ("sg", "st", ("a", "u", "state")),
        ("dg", "d", ("a", "u", "day")),
    ):
        on = exp.EQ(this=col("a", source), expression=col("a", "gr"))
        shown = [col(one, source) for one in columns]
        made[name] = exp.select(*shown, *groups).from_(source).join("gr", on=on)
    return made


def _states(count: int) -> exp.Query:
    one_less = exp.Sub(this=col("u"), expression=num(1))
    state: Expr = case(
        (is_null(col("was")), text("new")),
        (exp.EQ(this=col("was"), expression=one_less), text("retained")),
        default=text("returning"),
    )
    active = (
        exp.select(col("a"), col("u"), exp.alias_(state, "state"))
        .from_("x")
        .where(exp.GTE(this=col("u"), expression=num(1)))
    )
    following = exp.Add(this=col("u"), expression=num(1))
    is_away = either(is_null(col("next")), exp.GT(this=col("next"), expression=following.copy()))
    away = (
        exp.select(col("a"), exp.alias_(following, "u"), exp.alias_(text("dormant"), "state"))
        .from_("x")
        .where(both(is_away, exp.Between(this=col("u"), low=num(0), high=num(count - 1))))
    )
    return exp.union(active, away, distinct=False)
