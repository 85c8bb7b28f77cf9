"""Credit for a conversion: each touch's part of it, and Markov's parts of all together."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from footfall.explore.compile.blocks import Expr, both, case, col, num
from footfall.explore.question.attribution import AttributionQuestion


def credit_of(question: AttributionQuestion) -> Expr:
    """Of a touch: the `i`-th of `n` before conversion `id`, with its decay `d`."""
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
