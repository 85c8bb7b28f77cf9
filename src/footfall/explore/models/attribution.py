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
    AttributionAnswer,
    AttributionCell,
    AttributionRow,
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
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about
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
    if question.by:
        yield "by: attribution has no breakdown; ask for each part with where"
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
    """Rows of what, label, label after it, number, credit, value."""
    base, made = _made(question, scene)
    credit, worth = (
        exp.Sum(this=col("credit")),
        exp.Sum(this=exp.Mul(this=col("credit"), expression=col("w"))),
    )
    parts: list[exp.Query] = [
        _row("touch", "p", count_distinct(col("id")), credit, worth, ["l"]),
        _row("seen", "seen", call(exp.Count), None, None, ["l"]),
        _row("direct", "direct", call(exp.Count), None, exp.Sum(this=col("w")), []),
        _row("total", "goals", call(exp.Count), None, exp.Sum(this=col("w")), []),
    ]
    if question.model == "markov":
        parts.append(_row("way", "ways", call(exp.Count), None, None, ["l", "l2"]))
    found = parts[0]
    for part in parts[1:]:
        found = exp.union(found, part, distinct=False)
    return Statement(with_ctes(found, made), base.values.by_name)


def members(
    question: AttributionQuestion, scene: Scene, cell: AttributionCell
) -> tuple[Kind, Statement]:
    """The conversions that a touch point had a part in, with its credit; or those that had none."""
    base, made = _made(question, scene)
    if cell.label is None:
        found = exp.select(exp.alias_(col("id"), "a"), col("t"), exp.alias_(col("w"), "v")).from_(
            "direct"
        )
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
            .from_("p")
            .where(exp.EQ(this=col("l"), expression=bound))
            .group_by(col("id"))
        )
    return "event", Statement(with_ctes(found, made), base.values.by_name)


def answer(question: AttributionQuestion, scene: Scene, found: Found) -> AttributionAnswer:
    """Every touch point with its credit, most first; the direct conversions last."""
    span = (scene.span.start, scene.span.end)
    of: dict[str, dict[Any, tuple[int, float, float | None]]] = {}
    for what, label, after, number, credit, worth in found.rows:
        of.setdefault(what, {})[label, after] = (int(number), credit or 0.0, worth)
    total, _, value = of["total"][None, None]
    direct, _, direct_value = of["direct"][None, None]
    touched = {label: one for (label, _), one in of.get("touch", {}).items()}
    if question.model == "markov":
        shares = markov({key: one[0] for key, one in of.get("way", {}).items()})
        worths = (value or 0.0) - (direct_value or 0.0)
        touched = {
            label: (number, shares.get(label, 0.0) * (total - direct), shares[label] * worths)
            for label, (number, _, _) in touched.items()
        }
    made = [
        AttributionRow(
            label,
            False,
            seen,
            touched.get(label, (0,))[0],
            touched.get(label, (0, 0.0))[1],
            touched.get(label, (0, 0.0))[1] / total if total else None,
            None if question.value is None else touched.get(label, (0, 0, 0.0))[2] or 0.0,
            key_of(AttributionCell(span, label)),
        )
        for (label, _), (seen, _, _) in of.get("seen", {}).items()
    ]
    made.sort(key=lambda one: (-one.credit, -one.touches, one.label or ""))
    made.append(
        AttributionRow(
            None,
            True,
            0,
            direct,
            float(direct),
            direct / total if total else None,
            None if question.value is None else direct_value or 0.0,
            key_of(AttributionCell(span, None)),
        )
    )
    return AttributionAnswer(
        **about(question, scene, found),
        rows=tuple(made),
        conversions=total,
        value=None if question.value is None else value or 0.0,
    )


def is_cell(question: AttributionQuestion, scene: Scene, cell: AttributionCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    if cell.label is None or question.field is not None:
        return "\0" not in (cell.label or "")
    return cell.label in [touch.title for touch in question.touches]


def markov(ways: Mapping[tuple[str | None, str | None], int]) -> dict[str, float]:
    """Shares of the credit: how many conversions would be lost without each touch point.

    `ways` counts the steps of all paths: from null (the beginning), to `goal` as ("x", null) with
    label after it null for a conversion, or to "" for a path that ends without one.
    The chance to convert is that of the chain whose steps are as likely as they were; without a
    touch point, whoever comes to it is lost.
    """
    import numpy as np

    labels = sorted({label for label, _ in ways if label is not None})
    place = {label: number for number, label in enumerate(labels)}
    size = len(labels)
    steps, wins, begins = np.zeros((size, size)), np.zeros(size), np.zeros(size)
    for (label, after), number in ways.items():
        if label is None:
            begins[place[after or ""]] += number
        elif after is None:
            wins[place[label]] += number
        elif after in place:
            steps[place[label], place[after]] += number
    outs = np.array(
        [sum(n for (label, _), n in ways.items() if label == one) for one in labels], dtype=float
    )
    if not size or begins.sum() == 0 or wins.sum() == 0:
        return dict.fromkeys(labels, 0.0)
    steps, wins, begins = steps / outs[:, None], wins / outs, begins / begins.sum()

    def chance(without: int | None) -> float:
        kept = np.array([number for number in range(size) if number != without], dtype=int)
        if not len(kept):
            return 0.0
        inner = np.eye(len(kept)) - steps[np.ix_(kept, kept)]
        return float(begins[kept] @ np.linalg.solve(inner, wins[kept]))

    whole = chance(None)
    lost = [max(whole - chance(number), 0.0) for number in range(size)]
    return {label: part / sum(lost) for label, part in zip(labels, lost, strict=True)}


def _row(
    what: str,
    source: str,
    number: Expr,
    credit: Expr | None,
    worth: Expr | None,
    labels: list[str],
) -> exp.Select:
    shown = [exp.alias_(text(what), "what")]
    for place, name in enumerate(("l", "l2")):
        shown.append(col(name) if place < len(labels) else exp.alias_(null(), name))
    shown.append(exp.alias_(number, "number"))
    shown.append(exp.alias_(null("double") if credit is None else credit, "credit"))
    shown.append(exp.alias_(null("double") if worth is None else worth, "worth"))
    made = exp.select(*shown).from_(source)
    return made.group_by(*[col(name) for name in labels]) if labels else made


def _made(question: AttributionQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `p`, `seen`, `direct`, `goals` and, for Markov, `ways`."""
    base = Base(question, scene, more(question))
    span, window = scene.span, parse_duration(question.window)
    first = max(span.start - window, 0)
    made: dict[str, exp.Query] = {
        "e": base.events(selectors(question), first, span.end, whose=question.per)
    }
    ordered = [col(name) for name in ORDER]
    is_goal = base.selects(question.goal)
    worth: Expr = num(1.0) if question.value is None else base.number(question.value)
    made["o0"] = exp.select(
        col("a"),
        *ordered,
        exp.alias_(as_text(col("event_id")), "id"),
        exp.alias_(flag(is_goal), "g"),
        exp.alias_(exp.Coalesce(this=exp.cast(worth, "double"), expressions=[num(0)]), "w"),
        exp.alias_(_label(base, question), "l"),
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
        made["o1"] = _with_other()
    made["o"] = exp.select(
        "*", exp.alias_(exp.Coalesce(this=before, expressions=[num(0)]), "k")
    ).from_("o1")
    in_range = exp.GTE(this=col("t"), expression=num(span.start))
    is_touch = exp.EQ(this=col("g"), expression=num(0))
    made["goals"] = (
        exp.select(col("a"), col("k"), col("id"), col("t"), col("w"))
        .from_("o")
        .where(exp.EQ(this=col("g"), expression=num(1)), in_range)
    )
    made["seen"] = exp.select(col("l")).from_("o").where(is_touch, in_range.copy())
    made["p"] = _paired(question, window)
    same = both(
        exp.EQ(this=col("id", "goals"), expression=col("id", "d")),
    )
    known = exp.alias_(exp.select(col("id")).distinct().from_("p").subquery(), "d")
    made["direct"] = (
        exp.select(*[col(name, "goals") for name in ("a", "id", "t", "w")])
        .from_("goals")
        .join(known, on=same, join_type="left")
        .where(is_null(col("id", "d")))
    )
    if question.model == "markov":
        made["ways"] = _ways(span.start)
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


def _with_other() -> exp.Select:
    kept = [*ORDER, "id", "g", "w"]
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


def _paired(question: AttributionQuestion, window: int) -> exp.Select:
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
    return exp.select("*", exp.alias_(_credit(question), "credit")).from_(
        exp.alias_(numbered.subquery(), "y")
    )


def _credit(question: AttributionQuestion) -> Expr:
    is_first = exp.EQ(this=col("i"), expression=num(1))
    is_last = exp.EQ(this=col("i"), expression=col("n"))
    one, none = num(1.0), num(0.0)
    if question.model == "first":
        return exp.cast(case((is_first, one), default=none), "double")
    if question.model == "last":
        return exp.cast(case((is_last, one), default=none), "double")
    if question.model == "time_decay":
        whole = exp.Window(this=exp.Sum(this=col("d")), partition_by=[col("id")])
        return exp.Div(this=col("d"), expression=whole)
    if question.model == "position":
        return _by_position(question, is_first, is_last)
    return exp.Div(this=num(1.0), expression=exp.cast(col("n"), "double"))


def _by_position(question: AttributionQuestion, is_first: Expr, is_last: Expr) -> Expr:
    """Of two touches the middle's weight goes to both, in proportion; of one all is its own."""
    first, middle, last = (part / sum(question.weights) for part in question.weights)
    ends = first + last
    left = exp.cast(exp.Sub(this=col("n"), expression=num(2)), "double")
    return exp.cast(
        case(
            (exp.EQ(this=col("n"), expression=num(1)), num(1.0)),
            (
                both(exp.EQ(this=col("n"), expression=num(2)), is_first.copy()),
                num(first / ends),
            ),
            (exp.EQ(this=col("n"), expression=num(2)), num(last / ends)),
            (is_first, num(first)),
            (is_last, num(last)),
            default=exp.Div(this=num(middle), expression=exp.Paren(this=left)),
        ),
        "double",
    )


def _ways(start: int) -> exp.Select:
    """Steps of every path: from null at its beginning; to null at a conversion, to "" at none."""
    ordered = [col(name) for name in ORDER]
    won = exp.select(
        col("id"), col("l"), *[one.copy() for one in ordered], exp.alias_(num(1), "is_won")
    ).from_("p")
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
            col("l", "o"),
            *[col(name, "o") for name in ORDER],
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
        exp.alias_(over(exp.Lag(this=col("l")), by, order), "l0"),
        exp.alias_(over(exp.Lead(this=col("l")), [one.copy() for one in by], order.copy()), "l1"),
    ).from_(exp.alias_(exp.union(won, lost, distinct=False).subquery(), "x"))
    onward = case(
        (is_set(col("l1")), col("l1")),
        (exp.EQ(this=col("is_won"), expression=num(0)), text("")),
        default=null(),
    )
    steps = exp.select(col("l"), exp.alias_(onward, "l2")).from_(exp.alias_(walked.subquery(), "y"))
    begins = (
        exp.select(exp.alias_(null(), "l"), exp.alias_(col("l"), "l2"))
        .from_(exp.alias_(walked.copy().subquery(), "z"))
        .where(is_null(col("l0")))
    )
    return exp.select("*").from_(
        exp.alias_(exp.union(steps, begins, distinct=False).subquery(), "w")
    )
