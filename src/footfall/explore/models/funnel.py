"""Funnel: who gets how far; see docs/concepts/explore.md#funnel.

Theory of operation. Every event of an actor that is a step (or excluded) has a place `p` in the
actor's order of events. `l1` of an event is its own place if it is the first step; `lk`, if it is
step k, the latest start of a chain of k steps that ends with it: the greatest `l(k-1)` of the
events before it. The latest start is the best one for the window, so `lk` has a value exactly if
there is any such chain, and no combination of events is ever enumerated: the work is one window
function for each step. Excluded events cut what is before them off: the running count of them (`x`)
divides the events in which `l(k-1)` is looked for. In any order, each event that is a step is a
start, and looks ahead for the first of each other step.

Of each actor the best counts: the one that gets furthest, of those the one that is there first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from sqlglot import exp

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.explore.answer import (
    CELLS_MAX,
    FunnelAnswer,
    FunnelCell,
    FunnelRow,
    FunnelSpeed,
    FunnelStepTime,
    FunnelTime,
    FunnelTrend,
    Group,
    Kind,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    both,
    bucket,
    call,
    case,
    col,
    either,
    flag,
    in_order,
    is_null,
    is_set,
    num,
    over,
    percentile,
    rows,
    same,
)
from footfall.explore.compile.grouping import (
    group_names,
    group_of,
    in_group,
    in_order_of,
    no_groups,
    ranked,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models import funnel_times
from footfall.explore.models.common import about, buckets_of
from footfall.explore.question.common import Selector
from footfall.explore.question.funnel import (
    EXCLUSIONS_MAX,
    STEPS_MAX,
    STEPS_MIN,
    FunnelQuestion,
)
from footfall.explore.question.ranges import BUCKETS_MAX, Grid, grid
from footfall.explore.question.reading import Scene, selector_problems
from footfall.settings import parse_duration

WINDOW_MAX: Final = 366 * DAY
EDGES: Final = (
    *(n * SECOND for n in (0, 10, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 30)),
    *(n * HOUR for n in (1, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 4, 7, 14, 30, 90, 180)),
)
"""Where the bars of the histogram of times begin; the last one ends with the window."""


def problems(question: FunnelQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    count = len(question.steps)
    if not STEPS_MIN <= count <= STEPS_MAX:
        yield f"steps: from {STEPS_MIN} to {STEPS_MAX}"
    for place, step in enumerate(question.steps):
        yield from selector_problems(f"steps[{place}]", step, scene.fields)
    try:
        if not 0 < parse_duration(question.window) <= WINDOW_MAX:
            yield f"window: more than nothing, at most {WINDOW_MAX // DAY}d"
    except ValueError as error:
        yield f"window: {error}"
    if len(question.exclude) > EXCLUSIONS_MAX:
        yield f"exclude: at most {EXCLUSIONS_MAX}"
    for place, one in enumerate(question.exclude):
        where = f"exclude[{place}]"
        yield from selector_problems(where, one, scene.fields)
        before = count if one.before is None else one.before
        if not 1 <= one.after < before <= count:
            yield f"{where}: after and before are numbers of steps, the first before the second"
        if question.order == "any" and (one.after, before) != (1, count):
            yield f"{where}: in any order, what is excluded is so from the first step to the last"
    if question.order == "strict" and question.exclude:
        yield "exclude: strict lets nothing happen in between as it is; leave it out"
    if question.order == "any" and question.step_times:
        yield "step_times: in any order no step is the one before; leave it out"
    yield from _trend_problems(question, scene)
    meant = [(step.names, step.where) for step in question.steps]
    if question.order == "any" and len(set(meant)) < count:
        yield "steps: in any order, each step is another; one event would do for both"


def _trend_problems(question: FunnelQuestion, scene: Scene) -> Iterator[str]:
    if question.granularity is None:
        return
    hours = {"hour": 1, "day": 23, "week": 160, "month": 670}[question.granularity]
    buckets = (scene.span.end - scene.span.start) / hours / HOUR
    if buckets > BUCKETS_MAX:
        yield f"granularity: more than {BUCKETS_MAX} buckets; take a coarser one or a shorter range"
    elif buckets * len(question.steps) * (2 + question.top if question.by else 1) > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer groups (top) or buckets"


def trend_of(question: FunnelQuestion, scene: Scene) -> Grid | None:
    """Buckets of the trend; `None`: it has none."""
    unit = question.granularity
    return None if unit is None else grid(scene.calendar, unit, scene.span)


def statement(question: FunnelQuestion, scene: Scene) -> Statement:
    """A row for each part of the answer: reached 1 …, how long, median.

    With a trend there is a bucket before these: null for the whole range.
    """
    base, made = _best(question, scene)
    count = len(question.steps)
    groups = [col(name) for name in group_names(len(question.by))]
    took = exp.Sub(this=col("t1"), expression=col("t0"))
    is_done = exp.GTE(this=col("k"), expression=num(count))
    shown: list[Expr] = [
        exp.Sum(this=flag(exp.GTE(this=col("k"), expression=num(step + 1))))
        for step in range(count)
    ]
    for low, high in bins(question):
        inside = _within(took, low, high, question)
        shown.append(exp.Sum(this=flag(both(is_done.copy(), inside))))
    shown.append(percentile(0.5, case((is_done.copy(), exp.cast(took.copy(), "double")))))
    if question.step_times:
        made |= funnel_times.walked_back(count)
        shown += funnel_times.numbers(count)
    source = "z1" if question.step_times else "best"
    named = [exp.alias_(one, f"c{place}") for place, one in enumerate(shown)]
    by = [col("r"), *groups]
    units = trend_of(question, scene)
    if units is None:
        found = exp.select(*by, *named).from_(source).group_by(*[one.copy() for one in by])
        return Statement(with_ctes(found, made), base.values.by_name)
    made["timed"] = exp.select("*", exp.alias_(bucket(units, col("t0")), "b")).from_(source)
    found = exp.select(*by, col("b"), *named).from_("timed")
    sets = [exp.Tuple(expressions=[one.copy() for one in each]) for each in (by, [*by, col("b")])]
    found.set("group", exp.Group(grouping_sets=[exp.GroupingSets(expressions=sets)]))
    return Statement(with_ctes(found, made), base.values.by_name)


def members(question: FunnelQuestion, scene: Scene, cell: FunnelCell) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _best(question, scene)
    if cell.group.scope == "all":
        kept: list[Expr] = [exp.Is(this=col("r"), expression=exp.null())]
    else:
        kept = in_group(base, cell.group)
    step = num(cell.step)
    if cell.bin is not None:
        took = exp.Sub(this=col("t1"), expression=col("t0"))
        low, high = bins(question)[cell.bin]
        kept += [exp.EQ(this=col("k"), expression=step), _within(took, low, high, question)]
    elif cell.is_dropped:
        kept.append(exp.EQ(this=col("k"), expression=step))
    else:
        kept.append(exp.GTE(this=col("k"), expression=step))
    units = trend_of(question, scene)
    if cell.bucket is not None and units is not None:
        kept.append(exp.EQ(this=bucket(units, col("t0")), expression=num(cell.bucket)))
    nothing = [exp.cast(exp.null(), "bigint").as_("t"), exp.cast(exp.null(), "double").as_("v")]
    found = exp.select(col("a"), *nothing).from_("best").where(*kept)
    return question.per, Statement(with_ctes(found, made), base.values.by_name)


def answer(question: FunnelQuestion, scene: Scene, found: Found) -> FunnelAnswer:
    """Counts, shares and times, of everything first and then of each group."""
    count, times = len(question.steps), bins(question)
    parts: dict[Group, list[int]] = {Group(): [0] * (count + len(times))}
    medians: dict[Group, float | None] = {Group(): None}
    units = trend_of(question, scene)
    by, timed = len(question.by), {}
    last = len(funnel_times.SHARES) * (count - 1) if question.step_times else 0
    took: dict[Group, list[FunnelStepTime]] = {}
    for whole in sorted(found.rows, key=lambda row: (row[0] is not None, row[0])):
        row = whole[: len(whole) - last]
        group = group_of(row[0], row[1 : 1 + by])
        if units is not None and row[1 + by] is not None:
            timed[group, int(row[1 + by])] = [int(one) for one in row[2 + by : 2 + by + count]]
            continue
        parts[group] = [int(value) for value in row[1 + by + (units is not None) : -1]]
        took[group] = list(funnel_times.step_times(group, whole[len(row) :]))
        medians[group] = None if row[-1] is None else float(row[-1]) / SECOND
    span = (scene.span.start, scene.span.end)
    steps: list[FunnelRow] = []
    histogram: list[FunnelTime] = []
    groups = in_order_of({group: numbers[0] for group, numbers in parts.items()})
    for group in groups:
        numbers = parts[group]
        steps += _steps(question, span, group, numbers[:count])
        for place, (low, high) in enumerate(times):
            key = key_of(FunnelCell(span, count, False, place, group))
            seconds = low / SECOND, high / SECOND
            number = numbers[count + place]
            histogram.append(FunnelTime(group.scope, group.values, *seconds, number, key))
    return FunnelAnswer(
        **about(question, scene, found),
        rows=tuple(steps),
        speeds=tuple(FunnelSpeed(group.scope, group.values, medians[group]) for group in groups),
        times=tuple(histogram),
        buckets=() if units is None else buckets_of(scene, units, found.cut_published_at),
        trend=() if units is None else tuple(_trend(count, span, groups, len(units), timed)),
        step_times=tuple(one for group in groups for one in took.get(group, [])),
    )


def _steps(
    question: FunnelQuestion, span: tuple[int, int], group: Group, reached: list[int]
) -> Iterator[FunnelRow]:
    for place, number in enumerate(reached):
        before = reached[place - 1] if place else number
        is_last = place + 1 == len(reached)
        following = number if is_last else reached[place + 1]
        yield FunnelRow(
            group.scope,
            group.values,
            place + 1,
            question.steps[place].title,
            number,
            number / reached[0] if reached[0] else None,
            number / before if before else None,
            number - following,
            key_of(FunnelCell(span, place + 1, False, None, group)),
            None if is_last else key_of(FunnelCell(span, place + 1, True, None, group)),
        )


def _trend(
    count: int,
    span: tuple[int, int],
    parts: Iterable[Group],
    buckets: int,
    timed: Mapping[tuple[Group, int], list[int]],
) -> Iterator[FunnelTrend]:
    for group in parts:
        for place in range(buckets):
            reached = timed.get((group, place), [0] * count)
            for step, number in enumerate(reached, start=1):
                cell = FunnelCell(span, step, False, None, group, place)
                share = number / reached[0] if reached[0] else None
                whose = group.scope, group.values
                yield FunnelTrend(*whose, place, step, number, share, key_of(cell))


def is_cell(question: FunnelQuestion, scene: Scene, cell: FunnelCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    count = len(question.steps)
    if cell.bucket is not None:
        units = trend_of(question, scene)
        is_plain = cell.bin is None and not cell.is_dropped
        if units is None or not is_plain or not 0 <= cell.bucket < len(units):
            return False
    if cell.bin is not None:
        return cell.step == count and 0 <= cell.bin < len(bins(question)) and not cell.is_dropped
    return 1 <= cell.step <= count - int(cell.is_dropped)


def bins(question: FunnelQuestion) -> list[tuple[int, int]]:
    """Bars of the histogram, up to the window."""
    window = parse_duration(question.window)
    starts = [edge for edge in EDGES if edge < window]
    return list(zip(starts, [*starts[1:], window], strict=True))


def _within(took: Expr, low: int, high: int, question: FunnelQuestion) -> Expr:
    is_last = high == parse_duration(question.window)
    below = exp.LTE if is_last else exp.LT
    return both(
        exp.GTE(this=took.copy(), expression=num(low)),
        below(this=took.copy(), expression=num(high)),
    )


def _best(question: FunnelQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `best`: one row for each actor and part of the answer."""
    base = Base(question, scene)
    window = parse_duration(question.window)
    selectors: tuple[Selector, ...] = (*question.steps, *question.exclude)
    span = scene.span
    made: dict[str, exp.Query] = {
        "e": base.events(
            selectors,
            span.start,
            span.end + window,
            whose=question.per,
            is_whole=question.order == "strict",
        )
    }
    made["o"] = _placed(base, question, span.end)
    is_any = question.order == "any"
    made |= _ahead(question, window, span.end) if is_any else _chained(question, window)
    count = len(question.by)
    started = exp.alias_(exp.to_table("o"), "f")
    ended = exp.alias_(exp.to_table("o"), "g")
    kept = ["a", "k", "t0", "t1", *(["sp", "ep"] if question.step_times else [])]
    shown = [col(name, "q") for name in ("a", "k", *kept[4:])]
    shown.append(exp.alias_(col("t", "f"), "t0"))
    shown += [exp.alias_(col("t", "g"), "t1"), *[col(name, "f") for name in group_names(count)]]
    made["w"] = (
        exp.select(*shown)
        .from_("q")
        .join(started, on=both(_eq("a", "q", "a", "f"), _eq("sp", "q", "p", "f")))
        .join(ended, on=both(_eq("a", "q", "a", "g"), _eq("ep", "q", "p", "g")))
    )
    parts: exp.Query = exp.select(*[col(name) for name in kept], *no_groups(count)).from_("w")
    if count:
        made["tops"] = ranked("w", count, question.top)
        grouped = with_rest("w", "tops", kept, count)
        parts = exp.union(parts, grouped, distinct=False)
    made["u"] = parts
    groups = [col(name) for name in group_names(count)]
    best = over(
        exp.RowNumber(),
        [col("a"), col("r"), *groups],
        in_order(
            col("k"),
            col("t1"),
            col("t0"),
            *([col("ep"), col("sp")] if question.step_times else []),
            down=[0, 2, 4],
        ),
    )
    numbered = exp.select("*", exp.alias_(best, "n")).from_("u")
    made["best"] = (
        exp.select("*")
        .from_(exp.alias_(numbered.subquery(), "x"))
        .where(exp.EQ(this=col("n"), expression=num(1)))
    )
    return base, made


def _eq(left: str, left_table: str, right: str, right_table: str) -> Expr:
    return exp.EQ(this=col(left, left_table), expression=col(right, right_table))


def _placed(base: Base, question: FunnelQuestion, end: int) -> exp.Select:
    """Each event with its place, which steps it is, and what it ends."""
    shown: list[Expr] = [col("a"), col("t")]
    matches = [base.selects(step) for step in question.steps]
    if question.order != "any":
        matches[0] = both(matches[0], exp.LT(this=col("t"), expression=num(end)))
    marks = [flag(one) for one in matches]
    ended = [flag(base.selects(one)) for one in question.exclude]
    shown += [exp.alias_(one, f"m{place}") for place, one in enumerate(marks, start=1)]
    shown += [exp.alias_(one, f"e{place}") for place, one in enumerate(ended)]
    shown += base.groups()
    place = over(exp.RowNumber(), [col("a")], in_order(*[col(name) for name in ORDER]))
    found = exp.select(*shown, exp.alias_(place, "p")).from_("e")
    if question.order == "strict":
        return found
    return found.where(
        either(*[one.copy() for one in matches], *map(base.selects, question.exclude))
    )


def _parts(question: FunnelQuestion) -> list[Expr]:
    """What events of one chain have in common."""
    names = group_names(len(question.by)) if question.by_step == "each" else []
    return [col("a"), *[col(name) for name in names]]


def _chained(question: FunnelQuestion, window: int) -> dict[str, exp.Query]:
    """`q`: of each chain's end that is furthest, its start; one way through the steps in order."""
    whose = [col("a")]
    by_place = in_order(col("p"))
    reach = over(
        call(exp.Min, col("p")),
        whose,
        exp.Order(expressions=[exp.Ordered(this=col("t"))]),
        rows(-window, 0, "RANGE"),
    )
    counts = [
        exp.alias_(
            over(call(exp.Sum, col(f"e{place}")), whose, by_place.copy(), rows("first", 0)),
            f"x{place}",
        )
        for place in range(len(question.exclude))
    ]
    first = case((_is_one("m1"), col("p")))
    made: dict[str, exp.Query] = {
        "s1": exp.select("*", exp.alias_(reach, "w"), exp.alias_(first, "l1"), *counts).from_("o")
    }
    count = len(question.steps)
    for step in range(2, count + 1):
        before = f"b{step}"
        inner = exp.select("*", exp.alias_(_before(question, step), before))
        if question.step_times:
            inner = inner.select(exp.alias_(_place_before(question, step), f"v{step}"))
        inner = inner.from_(f"s{step - 1}")
        is_next = both(_is_one(f"m{step}"), exp.GTE(this=col(before), expression=col("w")))
        linked = exp.alias_(case((is_next, col(before))), f"l{step}")
        made[f"s{step}"] = exp.select("*", linked).from_(exp.alias_(inner.subquery(), "x"))
    steps = range(count, 0, -1)
    far = case(*[(is_set(col(f"l{step}")), num(step)) for step in steps])
    start = exp.Coalesce(this=col(f"l{count}"), expressions=[col(f"l{n}") for n in steps[1:]])
    ends = exp.select(
        col("a"),
        exp.alias_(far, "k"),
        exp.alias_(start, "sp"),
        exp.alias_(col("p"), "ep"),
        *[col(name) for name in group_names(len(question.by))],
    ).from_(f"s{count}")
    made["d"] = ends
    made["q"] = _furthest(question)
    return made


def _before(question: FunnelQuestion, step: int) -> Expr:
    """The start of the best chain that has every step before `step`, before an event."""
    by_place = in_order(col("p"))
    known = col(f"l{step - 1}")
    if question.order == "strict":
        found = over(exp.Lag(this=known), [col("a")], by_place)
        if question.by_step == "first" or not question.by:
            return found
        equal = [
            same(col(name), over(exp.Lag(this=col(name)), [col("a")], by_place.copy()))
            for name in group_names(len(question.by))
        ]
        return case((both(*equal), found))
    return over(call(exp.Max, known), _divided(question, step), by_place, rows("first", -1))


def _divided(question: FunnelQuestion, step: int) -> list[Expr]:
    """What events of one chain have in common, from the step before to this one."""
    divided = [
        col(f"x{place}")
        for place, one in enumerate(question.exclude)
        if one.after < step <= (len(question.steps) if one.before is None else one.before)
    ]
    return [*_parts(question), *divided]


def _place_before(question: FunnelQuestion, step: int) -> Expr:
    if question.order == "strict":
        return exp.Sub(this=col("p"), expression=num(1))
    return funnel_times.place_before(step, _divided(question, step))


def _furthest(question: FunnelQuestion) -> exp.Select:
    order = in_order(col("k"), col("ep"), col("sp"), down=[0, 2])
    place = over(exp.RowNumber(), _parts(question), order)
    numbered = exp.select("*", exp.alias_(place, "z")).from_("d").where(is_set(col("k")))
    return (
        exp.select(col("a"), col("k"), col("sp"), col("ep"))
        .from_(exp.alias_(numbered.subquery(), "x"))
        .where(exp.EQ(this=col("z"), expression=num(1)))
    )


def _ahead(question: FunnelQuestion, window: int, end: int) -> dict[str, exp.Query]:
    """`q`, in any order: each step's event is a start and looks ahead for every step."""
    count = len(question.steps)
    reach = over(
        call(exp.Max, col("p")),
        [col("a")],
        exp.Order(expressions=[exp.Ordered(this=col("t"))]),
        rows(0, window, "RANGE"),
    )
    firsts = [
        exp.alias_(_first_ahead(f"m{step}", _parts(question), 0), f"n{step}")
        for step in range(1, count + 1)
    ]
    ends = [
        exp.alias_(_first_ahead(f"e{place}", [col("a")], 1), f"x{place}")
        for place in range(len(question.exclude))
    ]
    seen = exp.select("*", exp.alias_(reach, "w"), *firsts, *ends).from_("o")
    reached = []
    for step in range(1, count + 1):
        place = col(f"n{step}")
        kept: list[Expr] = [exp.LTE(this=place, expression=col("w"))]
        for number in range(len(question.exclude)):
            stop = col(f"x{number}")
            kept.append(either(is_null(stop), exp.LT(this=place.copy(), expression=stop.copy())))
        reached.append(exp.alias_(case((both(*kept), place.copy())), f"i{step}"))
    names = [f"i{step}" for step in range(1, count + 1)]
    groups = [col(name) for name in group_names(len(question.by))]
    is_step = either(*[_is_one(f"m{step}") for step in range(1, count + 1)])
    is_start = both(is_step, exp.LT(this=col("t"), expression=num(end)))
    made = exp.select(col("a"), col("p"), *groups, *reached).from_(exp.alias_(seen.subquery(), "x"))
    made = made.where(is_start)
    far = flag(is_set(col(names[0])))
    for name in names[1:]:
        far = exp.Add(this=far, expression=flag(is_set(col(name))))
    last = exp.Greatest(
        this=exp.Coalesce(this=col(names[0]), expressions=[num(0)]),
        expressions=[exp.Coalesce(this=col(name), expressions=[num(0)]) for name in names[1:]],
    )
    found = exp.select(
        col("a"),
        exp.alias_(far, "k"),
        exp.alias_(col("p"), "sp"),
        exp.alias_(last, "ep"),
        *[one.copy() for one in groups],
    ).from_(exp.alias_(made.subquery(), "x"))
    return {"d": found, "q": _furthest(question)}


def _first_ahead(mark: str, parts: list[Expr], start: int) -> Expr:
    marked = case((_is_one(mark), col("p")))
    return over(call(exp.Min, marked), parts, in_order(col("p")), rows(start, "last"))


def _is_one(mark: str) -> Expr:
    return exp.EQ(this=col(mark), expression=num(1))
