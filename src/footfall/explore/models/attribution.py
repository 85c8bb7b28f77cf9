"""Attribution: what led to a goal; see docs/concepts/explore.md#attribution.

`o` has goal events and touch points of each actor, in order; `k` numbers the conversions, so that
touches with a conversion's number are those since the one before it. `p` has each conversion of the
range with its touches within the window, `i` of `n`. Every credit but Markov's follows from these
and from the touch's age; Markov's from how often one touch follows another (`ways`), which are few
numbers, and is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlglot import exp

from footfall.clock import DAY
from footfall.explore.answer import (
    CELLS_MAX,
    AttributionAnswer,
    AttributionCell,
    AttributionGroup,
    AttributionRow,
    Group,
    Kind,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    as_text,
    both,
    call,
    case,
    col,
    count_distinct,
    flag,
    in_order,
    is_null,
    is_set,
    null,
    num,
    over,
    rows,
    text,
)
from footfall.explore.compile.grouping import (
    group_names,
    group_of,
    in_group,
    in_order_of,
    no_groups,
    ranked,
    union_all,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about
from footfall.explore.models.credit import credit_of, markov
from footfall.explore.question.attribution import TOUCHES_MAX, AttributionQuestion
from footfall.explore.question.common import Selector
from footfall.explore.question.reading import Scene, selector_problems
from footfall.settings import parse_duration

WINDOW_MAX: Final = 366 * DAY
LABELS_MAX: Final = 200
"""Touch points by a field; those with fewest touches beyond it are `(other)`."""
OTHER: Final = "(other)"


def selectors(question: AttributionQuestion) -> tuple[Selector, ...]:
    """Events it looks at."""
    touches = question.touches if question.field is None else (Selector(),)
    return (question.goal, *touches)


def more(question: AttributionQuestion) -> tuple[str, ...]:
    """Fields it reads."""
    return tuple(one for one in (question.value, question.field) if one is not None)


def problems(question: AttributionQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    yield from selector_problems("goal", question.goal, scene.fields)
    if (question.field is None) == (not question.touches):
        yield "say either touches (events) or field (whose values name the sessions)"
    if len(question.touches) > TOUCHES_MAX:
        yield f"touches: at most {TOUCHES_MAX}"
    for place, touch in enumerate(question.touches):
        yield from selector_problems(f"touches[{place}]", touch, scene.fields)
    titles = [touch.title for touch in question.touches]
    if len(set(titles)) < len(titles):
        yield "touches: two have the same name; give them labels"
    if question.by and (2 + question.top) * LABELS_MAX > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer groups (top)"
    if sum(question.weights) <= 0 or question.weights[0] + question.weights[2] <= 0:
        yield "weights: the first or the last touch has some"
    yield from _field_problems(question, scene)
    for name, given in (("window", question.window), ("half_life", question.half_life)):
        try:
            if not 0 < parse_duration(given) <= WINDOW_MAX:
                yield f"{name}: more than nothing, at most {WINDOW_MAX // DAY}d"
        except ValueError as error:
            yield f"{name}: {error}"


def _field_problems(question: AttributionQuestion, scene: Scene) -> Iterator[str]:
    for name, given in (("value", question.value), ("field", question.field)):
        if given is None:
            continue
        found = scene.fields.find(given)
        if isinstance(found, str):
            yield f"{name}: {found}"
        elif name == "value" and found.kind not in ("number", "property"):
            yield f"value: {given} is a {found.kind}; take a number"
        elif name == "field" and found.kind in ("list", "time"):
            yield f"field: {given} is a {found.kind}; take one of single values"


def statement(question: AttributionQuestion, scene: Scene) -> Statement:
    """Rows of what, group, label, label after it, number, credit, value."""
    base, made = _made(question, scene)
    credit, worth = (
        exp.Sum(this=col("credit")),
        exp.Sum(this=exp.Mul(this=col("credit"), expression=col("w"))),
    )
    numbers: list[tuple[str, str, Expr, Expr | None, Expr | None, list[str]]] = [
        ("touch", "p", count_distinct(col("id")), credit, worth, ["l"]),
        ("seen", "seen", call(exp.Count), None, None, ["l"]),
        ("direct", "direct", call(exp.Count), None, exp.Sum(this=col("w")), []),
        ("total", "goals", call(exp.Count), None, exp.Sum(this=col("w")), []),
    ]
    if question.model == "markov":
        numbers.append(("way", "ways", call(exp.Count), None, None, ["l", "l2"]))
    count = len(question.by)
    parts: list[exp.Query] = [_row(count, False, *one) for one in numbers]
    if count:
        for _, source, *_ in numbers:
            made[f"{source}_g"] = _grouped(source, made, count)
        parts += [_row(count, True, one[0], f"{one[1]}_g", *one[2:]) for one in numbers]
    return Statement(with_ctes(union_all(parts), made), base.values.by_name)


def members(
    question: AttributionQuestion, scene: Scene, cell: AttributionCell
) -> tuple[Kind, Statement]:
    """The conversions that a touch point had a part in, with its credit; or those that had none."""
    base, made = _made(question, scene)
    source = "direct" if cell.label is None else "p"
    if cell.group.scope != "all":
        made[f"{source}_g"] = _grouped(source, made, len(question.by))
        source = f"{source}_g"
    kept = in_group(base, cell.group)
    if cell.label is None:
        shown = [exp.alias_(col("id"), "a"), col("t"), exp.alias_(col("w"), "v")]
        found = exp.select(*shown).from_(source).where(*kept)
    else:
        bound = base.values.bind(cell.label)
        credit: Expr = exp.Sum(this=col("credit"))
        if question.model == "markov":  # of all conversions together, not of each
            credit = null("double")
        found = (
            exp.select(
                exp.alias_(col("id"), "a"),
                exp.alias_(exp.Max(this=col("tc")), "t"),
                exp.alias_(credit, "v"),
            )
            .from_(source)
            .where(exp.EQ(this=col("l"), expression=bound), *kept)
            .group_by(col("id"))
        )
    return "event", Statement(with_ctes(found, made), base.values.by_name)


def answer(question: AttributionQuestion, scene: Scene, found: Found) -> AttributionAnswer:
    """Every touch point with its credit, most first; the direct conversions last."""
    span = (scene.span.start, scene.span.end)
    parts: dict[Group, _Numbers] = {Group(): {}}
    for what, rest, *others, label, after, number, credit, worth in found.rows:
        of = parts.setdefault(group_of(rest, others), {})
        of.setdefault(what, {})[label, after] = (int(number), credit or 0.0, worth or 0.0)
    rows: list[AttributionRow] = []
    groups: list[AttributionGroup] = []
    totals = {one: of.get("total", {}).get((None, None), _NOTHING)[0] for one, of in parts.items()}
    for group in in_order_of(totals):
        of = parts[group]
        rows += _rows(question, span, group, of)
        total, _, value = of.get("total", {}).get((None, None), _NOTHING)
        worths = None if question.value is None else _steady(value)
        groups.append(AttributionGroup(group.scope, group.values, total, worths))
    everything, *groups = groups
    return AttributionAnswer(
        **about(question, scene, found),
        rows=tuple(rows),
        conversions=everything.conversions,
        value=everything.value,
        groups=tuple(groups),
    )


_Numbers = dict[str, dict[Any, tuple[int, float, float]]]
"""Of one part of the answer: what, label and the one after it → number, credit, worth."""
_NOTHING: Final = (0, 0.0, 0.0)


def _steady(number: float) -> float:
    """Without the last digits, which a sum has by the order in which an engine added it."""
    return float(f"{number:.12g}")


def _rows(
    question: AttributionQuestion, span: tuple[int, int], group: Group, of: _Numbers
) -> list[AttributionRow]:
    """Touch points of one part, also those that only happened before the range; direct last."""
    total, _, value = of.get("total", {}).get((None, None), _NOTHING)
    direct, _, direct_value = of.get("direct", {}).get((None, None), _NOTHING)
    touched = {label: one for (label, _), one in of.get("touch", {}).items()}
    seen = {label: one[0] for (label, _), one in of.get("seen", {}).items()}
    if question.model == "markov":
        shares = markov({key: one[0] for key, one in of.get("way", {}).items()})
        touched = {
            label: (
                number,
                shares.get(label, 0.0) * (total - direct),
                shares.get(label, 0.0) * (value - direct_value),
            )
            for label, (number, _, _) in touched.items()
        }

    def row(label: str | None, touches: int, count: int, credit: float, worth: float) -> Any:
        return AttributionRow(
            group.scope,
            group.values,
            label,
            label is None,
            touches,
            count,
            _steady(credit),
            _steady(credit / total) if total else None,
            None if question.value is None else _steady(worth),
            key_of(AttributionCell(span, label, group)),
        )

    made = [
        row(label, seen.get(label, 0), *touched.get(label, _NOTHING))
        for label in dict.fromkeys([*seen, *touched])
    ]
    made.sort(key=lambda one: (-one.credit, -one.touches, one.label))
    return [*made, row(None, 0, direct, float(direct), direct_value)]


def is_cell(question: AttributionQuestion, scene: Scene, cell: AttributionCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    if cell.label is None or question.field is not None:
        return "\0" not in (cell.label or "")
    return cell.label in [touch.title for touch in question.touches]


def _row(
    count: int,
    is_grouped: bool,
    what: str,
    source: str,
    number: Expr,
    credit: Expr | None,
    worth: Expr | None,
    labels: list[str],
) -> exp.Select:
    groups = ["r", *group_names(count)] if is_grouped else []
    shown = [exp.alias_(text(what), "what")]
    shown += [col(name) for name in groups] if is_grouped else no_groups(count)
    for place, name in enumerate(("l", "l2")):
        shown.append(col(name) if place < len(labels) else exp.alias_(null(), name))
    shown.append(exp.alias_(number.copy(), "number"))
    shown.append(exp.alias_(null("double") if credit is None else credit.copy(), "credit"))
    shown.append(exp.alias_(null("double") if worth is None else worth.copy(), "worth"))
    made = exp.select(*shown).from_(source)
    keys = [*groups, *labels]
    return made.group_by(*[col(name) for name in keys]) if keys else made


def _grouped(source: str, made: Mapping[str, exp.Query], count: int) -> exp.Select:
    """Rows of a CTE with their group; conversions decide which are shown."""
    selected = made[source].selects
    names = [one.alias_or_name for one in selected]
    if "*" in names:
        names = list(_COLUMNS[source])
    kept = [name for name in names if name not in group_names(count)]
    return with_rest(source, "gtops", kept, count)


_COLUMNS: Final = {"p": ("id", "l", "tc", "w", "credit"), "ways": ("l", "l2")}
"""What is needed of the CTEs that select everything of another."""


def _made(question: AttributionQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `p`, `seen`, `direct`, `goals` and, for Markov, `ways`."""
    base = Base(question, scene, more(question))
    span, window = scene.span, parse_duration(question.window)
    first = max(span.start - window, 0)
    made: dict[str, exp.Query] = {
        "e": base.events(selectors(question), first, span.end, whose=question.per)
    }
    ordered = [col(name) for name in ORDER]
    groups = group_names(len(question.by))
    is_goal = base.selects(question.goal)
    worth: Expr = num(1.0) if question.value is None else base.number(question.value)
    made["o0"] = exp.select(
        col("a"),
        *ordered,
        exp.alias_(as_text(col("event_id")), "id"),
        exp.alias_(flag(is_goal), "g"),
        exp.alias_(exp.Coalesce(this=exp.cast(worth, "double"), expressions=[num(0)]), "w"),
        exp.alias_(_label(base, question), "l"),
        *base.groups(),
    ).from_("e")
    is_kept = exp.Or(this=exp.EQ(this=col("g"), expression=num(1)), expression=is_set(col("l")))
    before = over(
        exp.Sum(this=col("g")),
        [col("a")],
        in_order(*[one.copy() for one in ordered]),
        rows("first", -1),
    )
    if question.field is None:
        made["o1"] = exp.select("*").from_("o0").where(is_kept)
    else:
        made["tops"] = _tops()
        made["o1"] = _with_other(groups)
    made["o"] = exp.select(
        "*", exp.alias_(exp.Coalesce(this=before, expressions=[num(0)]), "k")
    ).from_("o1")
    in_range = exp.GTE(this=col("t"), expression=num(span.start))
    is_touch = exp.EQ(this=col("g"), expression=num(0))
    made["goals"] = (
        exp.select(*[col(name) for name in ("a", "k", "id", "t", "w", *groups)])
        .from_("o")
        .where(exp.EQ(this=col("g"), expression=num(1)), in_range)
    )
    if groups:
        made["gtops"] = ranked("goals", len(groups), question.top)
    shown = [col(name) for name in ("l", *groups)]
    made["seen"] = exp.select(*shown).from_("o").where(is_touch, in_range.copy())
    made["p"] = _paired(question, window, groups)
    same = both(
        exp.EQ(this=col("id", "goals"), expression=col("id", "d")),
    )
    known = exp.alias_(exp.select(col("id")).distinct().from_("p").subquery(), "d")
    made["direct"] = (
        exp.select(*[col(name, "goals") for name in ("a", "id", "t", "w", *groups)])
        .from_("goals")
        .join(known, on=same, join_type="left")
        .where(is_null(col("id", "d")))
    )
    if question.model == "markov":
        made["ways"] = _ways(span.start, groups)
    return base, made


def _label(base: Base, question: AttributionQuestion) -> Expr:
    """Which touch point an event is; no value where it is none. The goal's events are none."""
    is_goal = base.selects(question.goal)
    if question.field is None:
        touches = [
            (base.selects(one), exp.cast(base.values.bind(one.title), "varchar"))
            for one in question.touches
        ]
        return case((is_goal, null()), *touches, default=null())
    place = over(exp.RowNumber(), [col("session_id")], in_order(*[col(name) for name in ORDER]))
    name = as_text(base.value(question.field))
    is_first = both(
        is_set(col("session_id")),
        exp.EQ(this=place, expression=num(1)),
        exp.NEQ(this=name.copy(), expression=text("")),
    )
    return case((is_goal, null()), (is_first, name), default=null())


def _tops() -> exp.Select:
    """Labels with most touches, those that are shown."""
    return (
        exp.select(col("l"))
        .from_("o0")
        .where(is_set(col("l")))
        .group_by(col("l"))
        .order_by(*in_order(exp.Count(this=exp.Star()), col("l"), down=[0]).expressions)
        .limit(LABELS_MAX)
    )


def _with_other(groups: list[str]) -> exp.Select:
    kept = [*ORDER, "id", "g", "w", *groups]
    label = case(
        (is_null(col("l", "h")), null()),
        (is_null(col("l", "tops")), text(OTHER)),
        default=col("l", "h"),
    )
    on = exp.EQ(this=col("l", "h"), expression=col("l", "tops"))
    is_kept = exp.Or(
        this=exp.EQ(this=col("g", "h"), expression=num(1)), expression=is_set(col("l", "h"))
    )
    return (
        exp.select(col("a", "h"), *[col(name, "h") for name in kept], exp.alias_(label, "l"))
        .from_(exp.alias_(exp.to_table("o0"), "h"))
        .join("tops", on=on, join_type="left")
        .where(is_kept)
    )


def _paired(question: AttributionQuestion, window: int, groups: list[str]) -> exp.Select:
    """Each conversion with each of its touches, and the credit that the touch gets."""
    age = exp.Sub(this=col("t", "goals"), expression=col("t", "o"))
    on = both(
        exp.EQ(this=col("a", "o"), expression=col("a", "goals")),
        exp.EQ(this=col("k", "o"), expression=col("k", "goals")),
    )
    pairs = (
        exp.select(
            col("a", "o"),
            col("k", "o"),
            col("l", "o"),
            *[col(name, "o") for name in ORDER],
            col("id", "goals"),
            col("w", "goals"),
            *[col(name, "goals") for name in groups],
            exp.alias_(col("t", "goals"), "tc"),
            exp.alias_(age, "age"),
        )
        .from_("o")
        .join("goals", on=on)
        .where(
            exp.EQ(this=col("g", "o"), expression=num(0)),
            exp.LTE(this=age.copy(), expression=num(window)),
        )
    )
    order = in_order(*[col(name) for name in ORDER])
    half = parse_duration(question.half_life)
    power = exp.Pow(
        this=num(0.5), expression=exp.Div(this=exp.cast(col("age"), "double"), expression=num(half))
    )
    numbered = exp.select(
        "*",
        exp.alias_(over(exp.RowNumber(), [col("id")], order), "i"),
        exp.alias_(exp.Window(this=exp.Count(this=exp.Star()), partition_by=[col("id")]), "n"),
        exp.alias_(power, "d"),
    ).from_(exp.alias_(pairs.subquery(), "x"))
    return exp.select("*", exp.alias_(credit_of(question), "credit")).from_(
        exp.alias_(numbered.subquery(), "y")
    )


def _ways(start: int, groups: list[str]) -> exp.Select:
    """Steps of every path: from null at its beginning; to null at a conversion, to "" at none.

    A path that ends without a conversion is of the group of its last touch.
    """
    ordered = [col(name) for name in ORDER]
    kept = ["l", *ORDER, *groups]
    won = exp.select(col("id"), *[col(name) for name in kept], exp.alias_(num(1), "is_won")).from_(
        "p"
    )
    key = exp.DPipe(
        this=exp.DPipe(this=col("a", "o"), expression=text("/"), safe=False),
        expression=as_text(col("k", "o")),
        safe=False,
    )
    has_goal = exp.alias_(
        exp.select(col("a"), col("k"), exp.alias_(num(1), "yes"))
        .from_("o")
        .where(exp.EQ(this=col("g"), expression=num(1)))
        .subquery(),
        "h",
    )
    on = both(
        exp.EQ(this=col("a", "o"), expression=col("a", "h")),
        exp.EQ(this=col("k", "o"), expression=col("k", "h")),
    )
    lost = (
        exp.select(
            exp.alias_(key, "id"),
            *[col(name, "o") for name in kept],
            exp.alias_(num(0), "is_won"),
        )
        .from_("o")
        .join(has_goal, on=on, join_type="left")
        .where(
            is_null(col("yes", "h")),
            exp.EQ(this=col("g", "o"), expression=num(0)),
            exp.GTE(this=col("t", "o"), expression=num(start)),
        )
    )
    order = in_order(*[one.copy() for one in ordered])
    by = [col("id"), col("is_won")]
    walked = exp.select(
        col("l"),
        col("is_won"),
        *_last_groups(groups, by, order),
        exp.alias_(over(exp.Lag(this=col("l")), by, order), "l0"),
        exp.alias_(over(exp.Lead(this=col("l")), [one.copy() for one in by], order.copy()), "l1"),
    ).from_(exp.alias_(exp.union(won, lost, distinct=False).subquery(), "x"))
    onward = case(
        (is_set(col("l1")), col("l1")),
        (exp.EQ(this=col("is_won"), expression=num(0)), text("")),
        default=null(),
    )
    own = [col(name) for name in groups]
    steps = exp.select(col("l"), exp.alias_(onward, "l2"), *own).from_(
        exp.alias_(walked.subquery(), "y")
    )
    begins = (
        exp.select(exp.alias_(null(), "l"), exp.alias_(col("l"), "l2"), *[o.copy() for o in own])
        .from_(exp.alias_(walked.copy().subquery(), "z"))
        .where(is_null(col("l0")))
    )
    return exp.select("*").from_(
        exp.alias_(exp.union(steps, begins, distinct=False).subquery(), "w")
    )


def _last_groups(groups: list[str], by: list[Expr], order: exp.Order) -> list[Expr]:
    """The group of a path's last row, beside each of them."""
    frame = rows("first", "last")
    return [
        exp.alias_(
            over(
                exp.LastValue(this=col(name)),
                [one.copy() for one in by],
                order.copy(),
                frame.copy(),
            ),
            name,
        )
        for name in groups
    ]
