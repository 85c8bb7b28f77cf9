"""How long each step of a funnel took; see docs/concepts/explore.md#funnel.

`v2`, `v3` … of an event are the places of the events before it in its chain: of those with the
chain's start, the last. From the end of the counted chain they are followed back to its beginning,
a join for each step, of one row for each actor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlglot import exp

from footfall.clock import SECOND
from footfall.explore.answer import FunnelStepTime, Group
from footfall.explore.compile.blocks import (
    Expr,
    both,
    call,
    case,
    col,
    in_order,
    num,
    over,
    percentile,
    rows,
)

_PLACES: Final = 1 << 31
"""Of one actor: a start and a place are one number, the start first."""
SHARES: Final = (0.5, 0.9)


def place_before(step: int, parts: Sequence[Expr]) -> Expr:
    """Place of the last event that is step `step` - 1 of the best chain before an event.

    Args:
        step: From 2.
        parts: What events of one chain have in common.
    """
    start, place = exp.cast(col(f"l{step - 1}"), "bigint"), col("p")
    packed = exp.Add(this=exp.Mul(this=start, expression=num(_PLACES)), expression=place)
    best = over(call(exp.Max, packed), list(parts), in_order(col("p")), rows("first", -1))
    return exp.Mod(this=best, expression=num(_PLACES))


def walked_back(count: int) -> dict[str, exp.Query]:
    """CTEs from `best` to `z1`: the same rows with the times of the steps, `u1`, `u2` …."""
    begun = exp.alias_(_end_if_last(count), f"p{count}")
    made: dict[str, exp.Query] = {f"z{count}": exp.select("*", begun).from_("best")}
    for step in range(count, 1, -1):
        before, chain = f"z{step}", f"s{count}"
        on = both(
            exp.EQ(this=col("a", chain), expression=col("a", before)),
            exp.EQ(this=col("p", chain), expression=col(f"p{step}", before)),
        )
        place = case(
            (
                exp.EQ(this=col("k", before), expression=num(step - 1)),
                col("ep", before),
            ),
            default=col(f"v{step}", chain),
        )
        every = exp.Column(this=exp.Star(), table=exp.to_identifier(before))
        made[f"z{step - 1}"] = (
            exp.select(
                every,
                exp.alias_(col("t", chain), f"u{step}"),
                exp.alias_(place, f"p{step - 1}"),
            )
            .from_(before)
            .join(chain, on=on, join_type="left")
        )
    return made


def _end_if_last(count: int) -> Expr:
    return case((exp.EQ(this=col("k"), expression=num(count)), col("ep")))


def numbers(count: int) -> Iterator[Expr]:
    """For each step after the first, what its times come to."""
    for step in range(2, count + 1):
        began = col("t0" if step == 2 else f"u{step - 1}")
        took = exp.Paren(this=exp.Sub(this=col(f"u{step}"), expression=began))
        for share in SHARES:
            yield percentile(share, exp.cast(took.copy(), "double"))


def step_times(group: Group, values: Sequence[float | None]) -> Iterator[FunnelStepTime]:
    """Rows of what `numbers` selected."""
    seconds = [None if one is None else float(one) / SECOND for one in values]
    for place in range(0, len(seconds), len(SHARES)):
        step = 2 + place // len(SHARES)
        yield FunnelStepTime(group.scope, group.values, step, seconds[place], seconds[place + 1])
