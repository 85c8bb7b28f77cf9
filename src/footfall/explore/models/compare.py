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
from typing import Final, Literal, NamedTuple

from sqlglot import exp

from footfall.clock import DAY
from footfall.explore.answer import (
    CompareAnswer,
    CompareCell,
    CompareGroup,
    CompareRow,
    Group,
    Kind,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
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
from footfall.explore.models.common import about
from footfall.explore.question.common import Selector
from footfall.explore.question.compare import VARIANTS_MAX, CompareQuestion
from footfall.explore.question.reading import Scene, selector_problems

SPLIT_P: Final = 0.001
"""Below it traffic was not split as planned: an error somewhere, and the rates mean nothing."""
_TOLD_P: Final = 0.0001
"""Smaller ones are all the same to people."""
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
    if len(question.shares) == 1 or len(question.shares) > VARIANTS_MAX:
        yield f"shares: one for each variant, from 2 to {VARIANTS_MAX}"


def statement(question: CompareQuestion, scene: Scene) -> Statement:
    """Rows of group, variant (null: several), converted, how many."""
    base, made = _made(question, scene)
    by = ["variant", "is_converted"]
    count = len(question.by)
    parts = counted("kg" if count else "k", by, exp.Count(this=exp.Star()), count)
    return Statement(with_ctes(union_all(parts), made), base.values.by_name)


def members(question: CompareQuestion, scene: Scene, cell: CompareCell) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _made(question, scene)
    kept = in_group(base, cell.group)
    if cell.variant is None:
        kept.append(exp.Not(this=exp.Paren(this=is_set(col("variant")))))
    else:
        bound = base.values.bind(cell.variant)
        kept.append(exp.EQ(this=col("variant"), expression=bound))
    if cell.is_converted:
        kept.append(exp.EQ(this=col("is_converted"), expression=num(1)))
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    found = exp.select(col("a"), *nothing).from_("kg" if question.by else "k").where(*kept)
    return question.per, Statement(with_ctes(found, made), base.values.by_name)


def answer(question: CompareQuestion, scene: Scene, found: Found) -> CompareAnswer:
    """Every variant beside the control, and what is known."""
    span = (scene.span.start, scene.span.end)
    counts: dict[Group, _Counts] = {Group(): _Counts({}, {}, 0)}
    for rest, *others, variant, is_converted, value in found.rows:
        group = group_of(rest, others)
        known = counts.setdefault(group, _Counts({}, {}, 0))
        counts[group] = known.with_more(variant, int(value), bool(is_converted))
    whole = counts[Group()]
    names, notes = _shown(question, whole.sizes)
    seconds = (min(scene.span.end, found.cut_published_at) - scene.span.start) / DAY
    rows: list[CompareRow] = []
    groups: list[CompareGroup] = []
    for group in in_order_of({one: sum(n.sizes.values()) + n.mixed for one, n in counts.items()}):
        each = counts[group]
        mine = [_row(question, span, group, names, name, each) for name in names]
        mine = [row for row in mine if row.size or group.scope == "all"]
        rows += mine
        split = split_p([each.sizes.get(name, 0) for name in names], question.shares)
        left = days_left(question, names, each.sizes, each.wins, seconds, group)
        cell = key_of(CompareCell(span, None, False, group))
        verdict = _verdict(mine, split, left)
        of_group = group.scope, group.values
        groups.append(CompareGroup(*of_group, each.mixed, cell, split, verdict, left))
    everything, *groups = groups
    return CompareAnswer(
        **{**about(question, scene, found), "notes": (*found.notes, *notes)},
        rows=tuple(rows),
        mixed=everything.mixed,
        mixed_cell=everything.mixed_cell,
        split_p=everything.split_p,
        verdict=everything.verdict,
        days_left=everything.days_left,
        groups=tuple(groups),
    )


class _Counts(NamedTuple):
    """Of one part of the answer."""

    sizes: dict[str, int]
    wins: dict[str, int]
    mixed: int

    def with_more(self, variant: str | None, number: int, is_converted: bool) -> _Counts:
        if variant is None:
            return self._replace(mixed=self.mixed + number)
        self.sizes[variant] = self.sizes.get(variant, 0) + number
        self.wins[variant] = self.wins.get(variant, 0) + number * is_converted
        return self


def _shown(question: CompareQuestion, sizes: dict[str, int]) -> tuple[list[str], list[str]]:
    """The control, then the other variants by name; and what to know of them."""
    names = sorted(sizes, key=lambda one: (one != question.control, -sizes[one], one))
    names = names[:1] + sorted(names[1:])
    notes = []
    if question.control is not None and question.control not in sizes and names:
        notes.append(f"nobody got {question.control!r}; held against {names[0]!r}")
    if len(names) > VARIANTS_MAX:
        notes.append(f"{len(names)} variants; the {VARIANTS_MAX} with most are shown")
        most = sorted(names[1:], key=lambda one: (-sizes[one], one))[: VARIANTS_MAX - 1]
        names = names[:1] + sorted(most)
    return names, notes


def _alpha(question: CompareQuestion, names: Sequence[str], group: Group) -> float:
    """Of one interval: shared by the variants; and by all groups, which are as many looks again."""
    parts = len(names) - 1
    return question.alpha / (parts if group.scope == "all" else parts * (question.top + 1))


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
    group: Group = Group(),  # noqa: B008 (frozen)
) -> float | None:
    """Days until a change of `effect_min` would show for every variant; null: now, or never."""
    if len(names) < 2 or days <= 0:
        return None
    rate = _smoothed(sizes.get(names[0], 0), counts.get(names[0], 0))
    effect = rate * question.effect_min
    alpha = _alpha(question, names, group)
    longest = 0.0
    for name in names[1:]:
        at_once = 1 / max(sizes.get(names[0], 0), 1) + 1 / max(sizes.get(name, 0), 1)

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
    group: Group,
    names: Sequence[str],
    name: str,
    counts: _Counts,
) -> CompareRow:
    control = names[0]
    size, count = counts.sizes.get(name, 0), counts.wins.get(name, 0)
    base, won = counts.sizes.get(control, 0), counts.wins.get(control, 0)
    low, high = wilson(size, count) if size else (None, None)
    lift = difference = bottom = top = None
    verdict: Literal["control", "better", "worse", "undecided"]
    verdict = "control" if name == control else "undecided"
    if name != control and size and base:
        difference = count / size - won / base
        lift = difference / (won / base) if won else None
        rates = _smoothed(size, count), _smoothed(base, won)
        variance = rates[0] * (1 - rates[0]) / size + rates[1] * (1 - rates[1]) / base
        mixing = (rates[1] * question.effect_min) ** 2
        half = always_valid(variance, mixing, _alpha(question, names, group))
        bottom, top = max(difference - half, -1.0), min(difference + half, 1.0)
        if bottom > 0:
            verdict = "better"
        elif top < 0:
            verdict = "worse"
    return CompareRow(
        group.scope,
        group.values,
        name,
        name == control,
        size,
        count,
        count / size if size else None,
        low,
        high,
        lift,
        difference,
        bottom,
        top,
        verdict,
        key_of(CompareCell(span, name, True, group)),
        key_of(CompareCell(span, name, False, group)),
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
        chance = f"p = {split:.1g}" if split >= _TOLD_P else f"p < {_TOLD_P}"
        return (
            f"Traffic is not split as planned ({chance}): find out why before believing any rate."
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
    shown += base.groups()
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
    if question.by:
        made |= _grouped(question)
    return base, made


def _grouped(question: CompareQuestion) -> dict[str, exp.Query]:
    """`kg`: the same, each with the group of their first exposure."""
    count = len(question.by)
    is_first = both(
        exp.EQ(this=col("a", "o"), expression=col("a", "v")),
        exp.EQ(this=col("p", "o"), expression=col("p", "v")),
    )
    groups = [col(name, "o") for name in group_names(count)]
    kept = ["a", "variant", "is_converted"]
    of_whom = exp.EQ(this=col("a", "k"), expression=col("a", "v"))
    return {
        "w": exp.select(*[col(name, "k") for name in kept], *groups)
        .from_("k")
        .join("v", on=of_whom)
        .join("o", on=is_first),
        "tops": ranked("w", count, question.top),
        "kg": with_rest("w", "tops", kept, count),
    }
