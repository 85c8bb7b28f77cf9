"""Compare: which variant does better, and whether that is known yet; see docs/concepts/explore.md.

`v` has the first exposure of each actor, `k` also whether they got several variants, and whether
the goal followed. Everything else follows from a few counts and is computed here.

The intervals of differences hold at every look at once (a mixture sequential probability ratio
test: Johari, Pekelis, Walsh, "Always valid inference", 2015; Robbins 1970), so that looking each
morning and stopping when it looks good claims no more than `alpha` falsely. They are wider than
those of a single look, which is the price.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from sqlglot import exp

from footfall.clock import DAY
from footfall.explore.answer import (
    CompareAnswer,
    CompareCell,
    CompareRow,
    Kind,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    as_text,
    both,
    case,
    col,
    either,
    flag,
    in_order,
    is_set,
    null,
    num,
    over,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about
from footfall.explore.question.common import Selector
from footfall.explore.question.compare import VARIANTS_MAX, CompareQuestion
from footfall.explore.question.reading import Scene, selector_problems

SPLIT_P: Final = 0.001
"""Below it traffic was not split as planned: an error somewhere, and the rates mean nothing."""
_Z95: Final = 1.959963984540054


def selectors(question: CompareQuestion) -> tuple[Selector, ...]:
    """Events it looks at."""
    return (question.exposure, question.goal)


def problems(question: CompareQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    yield from selector_problems("exposure", question.exposure, scene.fields)
    yield from selector_problems("goal", question.goal, scene.fields)
    found = scene.fields.find(question.variant)
    if isinstance(found, str):
        yield f"variant: {found}"
    elif found.kind in ("list", "time"):
        yield f"variant: {question.variant} is a {found.kind}; take a field of single values"
    if question.compare != "none":
        yield "compare: variants are compared with each other, not with the time before"
    if question.by:
        yield "by: a comparison has no breakdown; ask for each part with where"
    if len(question.shares) == 1 or len(question.shares) > VARIANTS_MAX:
        yield f"shares: one for each variant, from 2 to {VARIANTS_MAX}"


def statement(question: CompareQuestion, scene: Scene) -> Statement:
    """Rows of variant (null: several), converted, how many."""
    base, made = _made(question, scene)
    by = [col("variant"), col("is_converted")]
    found = (
        exp.select(*by, exp.alias_(exp.Count(this=exp.Star()), "value"))
        .from_("k")
        .group_by(*[one.copy() for one in by])
    )
    return Statement(with_ctes(found, made), base.values.by_name)


def members(question: CompareQuestion, scene: Scene, cell: CompareCell) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _made(question, scene)
    kept: list[Expr] = []
    if cell.variant is None:
        kept.append(exp.Not(this=exp.Paren(this=is_set(col("variant")))))
    else:
        bound = base.values.bind(cell.variant)
        kept.append(exp.EQ(this=col("variant"), expression=bound))
    if cell.is_converted:
        kept.append(exp.EQ(this=col("is_converted"), expression=num(1)))
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    found = exp.select(col("a"), *nothing).from_("k").where(*kept)
    return question.per, Statement(with_ctes(found, made), base.values.by_name)


def answer(question: CompareQuestion, scene: Scene, found: Found) -> CompareAnswer:
    """Every variant beside the control, and what is known."""
    span = (scene.span.start, scene.span.end)
    sizes: dict[str, int] = {}
    counts: dict[str, int] = {}
    mixed = 0
    for variant, is_converted, value in found.rows:
        if variant is None:
            mixed += int(value)
            continue
        sizes[variant] = sizes.get(variant, 0) + int(value)
        counts[variant] = counts.get(variant, 0) + int(value) * int(is_converted)
    names = sorted(sizes, key=lambda one: (one != question.control, -sizes[one], one))
    names = names[:1] + sorted(names[1:])
    notes = list(found.notes)
    if question.control is not None and question.control not in sizes:
        notes.append(f"nobody got {question.control!r}; held against {names[0]!r}" if names else "")
    if len(names) > VARIANTS_MAX:
        notes.append(f"{len(names)} variants; the {VARIANTS_MAX} with most are shown")
        most = sorted(names[1:], key=lambda one: (-sizes[one], one))[: VARIANTS_MAX - 1]
        names = names[:1] + sorted(most)
    rows = [_row(question, span, names, place, sizes, counts) for place in range(len(names))]
    split = split_p([sizes[one] for one in names], question.shares)
    seconds = (min(scene.span.end, found.cut_published_at) - scene.span.start) / DAY
    left = days_left(question, names, sizes, counts, seconds)
    return CompareAnswer(
        **{**about(question, scene, found), "notes": tuple(one for one in notes if one)},
        rows=tuple(rows),
        mixed=mixed,
        mixed_cell=key_of(CompareCell(span, None, False)),
        split_p=split,
        verdict=_verdict(rows, split, left),
        days_left=left,
    )


def is_cell(question: CompareQuestion, scene: Scene, cell: CompareCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    return "\0" not in (cell.variant or "") and not (cell.variant is None and cell.is_converted)


def split_p(sizes: Sequence[int], shares: Sequence[float]) -> float | None:
    """Chance of a split at least so uneven (chi-square); null where nothing can be said.

    Args:
        sizes: Of the control, then of the others.
        shares: As planned, of as many; else equal ones.
    """
    if len(sizes) < 2 or sum(sizes) == 0:
        return None
    planned = shares if len(shares) == len(sizes) else [1.0] * len(sizes)
    wanted = [sum(sizes) * one / sum(planned) for one in planned]
    distance = sum((got - want) ** 2 / want for got, want in zip(sizes, wanted, strict=True))
    return _chi_square_tail(distance, len(sizes) - 1)


def always_valid(variance: float, mixing: float, alpha: float) -> float:
    """Half the width of an interval that holds at every look, of a difference with a variance.

    The mixture likelihood ratio sqrt(v/(v+m)) exp(m d² / (2 v (v+m))) is 1/alpha at its edge; v is
    the difference's variance, m the mixing one.
    """
    if variance <= 0:
        return math.inf
    spread = variance * (variance + mixing) / mixing
    return math.sqrt(spread * (2 * math.log(1 / alpha) + math.log((variance + mixing) / variance)))


def days_left(
    question: CompareQuestion,
    names: Sequence[str],
    sizes: dict[str, int],
    counts: dict[str, int],
    days: float,
) -> float | None:
    """Days until a change of `effect_min` would show for every variant; null: now, or never."""
    if len(names) < 2 or days <= 0:
        return None
    rate = _smoothed(sizes[names[0]], counts[names[0]])
    effect = rate * question.effect_min
    alpha = question.alpha / (len(names) - 1)
    longest = 0.0
    for name in names[1:]:
        at_once = 1 / max(sizes[names[0]], 1) + 1 / max(sizes[name], 1)

        def half(times: float, at_once: float = at_once) -> float:
            return always_valid(rate * (1 - rate) * at_once / times, effect**2, alpha)

        if half(1.0) <= effect:
            continue
        high = 2.0
        while half(high) > effect and high < 1e6:
            high *= 2
        low = high / 2
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if half(middle) > effect else (low, middle)
        longest = max(longest, (high - 1) * days)
    return longest or None


def _row(
    question: CompareQuestion,
    span: tuple[int, int],
    names: Sequence[str],
    place: int,
    sizes: dict[str, int],
    counts: dict[str, int],
) -> CompareRow:
    name, control = names[place], names[0]
    size, count = sizes[name], counts[name]
    low, high = wilson(size, count)
    difference = lift = bottom = top = None
    verdict: Literal["control", "better", "worse", "undecided"] = "control"
    if place:
        verdict = "undecided"
        base = counts[control] / sizes[control]
        difference = count / size - base
        lift = difference / base if base else None
        rates = _smoothed(size, count), _smoothed(sizes[control], counts[control])
        variance = rates[0] * (1 - rates[0]) / size + rates[1] * (1 - rates[1]) / sizes[control]
        mixing = (rates[1] * question.effect_min) ** 2
        half = always_valid(variance, mixing, question.alpha / (len(names) - 1))
        bottom, top = max(difference - half, -1.0), min(difference + half, 1.0)
        if bottom > 0:
            verdict = "better"
        elif top < 0:
            verdict = "worse"
    return CompareRow(
        name,
        place == 0,
        size,
        count,
        count / size,
        low,
        high,
        lift,
        difference,
        bottom,
        top,
        verdict,
        key_of(CompareCell(span, name, True)),
        key_of(CompareCell(span, name, False)),
    )


def wilson(size: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927): right for small numbers and rates near 0, too."""
    rate, square = count / size, _Z95**2
    middle = (rate + square / (2 * size)) / (1 + square / size)
    half = _Z95 * math.sqrt(rate * (1 - rate) / size + square / (4 * size**2))
    half /= 1 + square / size
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _smoothed(size: int, count: int) -> float:
    """A rate that is never 0 or 1, so that its variance is never nothing."""
    return (count + 0.5) / (size + 1)


def _verdict(rows: Sequence[CompareRow], split: float | None, left: float | None) -> str:
    if len(rows) < 2:
        return "Nothing to compare: fewer than two variants were seen."
    if split is not None and split < SPLIT_P:
        return (
            f"Traffic is not split as planned (p = {split:.2g}): find out why before believing any"
            " rate."
        )
    decided = [row for row in rows if row.verdict in ("better", "worse")]
    if decided:
        parts = [f"{row.variant} is {row.verdict} than {rows[0].variant}" for row in decided]
        return f"{'; '.join(parts)}."
    if left is None:
        return "No difference as large as the smallest worth knowing shows; there may be none."
    return f"Not known yet; at this pace it would be in {math.ceil(left):,} days."


def _chi_square_tail(distance: float, freedom: int) -> float:
    """P(chi-square with `freedom` degrees > distance), by the recurrence over degrees."""
    half = distance / 2
    if freedom % 2:
        tail, term, first = math.erfc(math.sqrt(half)), 0.0, 1
    else:
        tail, term, first = math.exp(-half), 0.0, 2
    for degrees in range(first, freedom, 2):
        # Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1), with a = degrees / 2.
        a = degrees / 2
        term = math.exp(a * math.log(half) - half - math.lgamma(a + 1)) if half > 0 else 0.0
        tail += term
    return min(tail, 1.0)


def _made(question: CompareQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `k`: each actor with their variant and whether the goal followed."""
    base = Base(question, scene, (question.variant,))
    span = scene.span
    made: dict[str, exp.Query] = {
        "e": base.events(selectors(question), span.start, span.end, whose=question.per)
    }
    ordered = [col(name) for name in ORDER]
    got = as_text(base.value(question.variant))
    is_exposed = both(base.selects(question.exposure), is_set(got.copy()))
    place = over(exp.RowNumber(), [col("a")], in_order(*[one.copy() for one in ordered]))
    shown = [col("a"), exp.alias_(case((is_exposed, got), default=null()), "variant")]
    shown += [exp.alias_(flag(base.selects(question.goal)), "is_goal"), exp.alias_(place, "p")]
    made["o"] = (
        exp.select(*shown).from_("e").where(either(is_exposed.copy(), base.selects(question.goal)))
    )
    is_set_ = is_set(col("variant"))
    made["v"] = (
        exp.select(
            col("a"),
            exp.alias_(exp.Min(this=col("p")), "p"),
            exp.alias_(exp.Min(this=col("variant")), "least"),
            exp.alias_(exp.Max(this=col("variant")), "most"),
        )
        .from_("o")
        .where(is_set_)
        .group_by(col("a"))
    )
    on = both(
        exp.EQ(this=col("a", "o"), expression=col("a", "v")),
        exp.GT(this=col("p", "o"), expression=col("p", "v")),
        exp.EQ(this=col("is_goal", "o"), expression=num(1)),
    )
    variant = case(
        (exp.EQ(this=col("least", "v"), expression=col("most", "v")), col("least", "v")),
        default=null(),
    )
    followed = exp.Max(this=case((is_set(col("a", "o")), num(1)), default=num(0)))
    made["k"] = (
        exp.select(
            col("a", "v"),
            exp.alias_(exp.Max(this=variant), "variant"),
            exp.alias_(followed, "is_converted"),
        )
        .from_("v")
        .join("o", on=on, join_type="left")
        .group_by(col("a", "v"))
    )
    return base, made
