"""Breakdowns: the groups that are shown, and the others as rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from footfall.explore.answer import Group
from footfall.explore.compile.base import Base
from footfall.explore.compile.blocks import (
    Expr,
    both,
    case,
    col,
    in_order,
    is_null,
    null,
    num,
    same,
)


def group_names(count: int) -> list[str]:
    """Columns of a breakdown by so many fields."""
    return [f"g{place}" for place in range(count)]


def ranked(source: str, count: int, top: int) -> exp.Select:
    """The groups with most rows of `source`; among as many, those whose values come first."""
    groups = [col(name) for name in group_names(count)]
    number = exp.Count(this=exp.Star())
    return (
        exp.select(*groups, exp.alias_(num(0), "r"))
        .from_(source)
        .group_by(*[one.copy() for one in groups])
        .order_by(*in_order(number, *[one.copy() for one in groups], down=[0]).expressions)
        .limit(top)
    )


def with_rest(source: str, tops: str, kept: Sequence[str], count: int) -> exp.Select:
    """Rows of `source` with `r` = 0 and their group if it is shown, else 1 and no values."""
    names = group_names(count)
    if not count:
        return exp.select(*[col(name) for name in kept], exp.alias_(num(0), "r")).from_(source)
    shown = [exp.alias_(col(name, "k"), name) for name in names]
    rest = exp.alias_(case((is_null(col("r", "k")), num(1)), default=num(0)), "r")
    on = both(*[same(col(name, "h"), col(name, "k")) for name in names])
    return (
        exp.select(*[col(name, "h") for name in kept], rest, *shown)
        .from_(exp.alias_(exp.to_table(source), "h"))
        .join(exp.alias_(exp.to_table(tops), "k"), on=on, join_type="left")
    )


def in_group(base: Base, group: Group, rest: str = "r") -> list[Expr]:
    """Conditions on `r` (or another column), `g0` … for the rows of one part of an answer."""
    if group.scope == "all":
        return []
    found: list[Expr] = [exp.EQ(this=col(rest), expression=num(int(group.scope == "rest")))]
    for name, value in zip(group_names(len(group.values)), group.values, strict=True):
        one = col(name)
        bound = (
            is_null(one) if value is None else exp.EQ(this=one, expression=base.values.bind(value))
        )
        found.append(bound)
    return found


def no_groups(count: int, rest: str = "r") -> list[Expr]:
    """Columns of rows that are of all groups."""
    nothing = [exp.alias_(null(), name) for name in group_names(count)]
    return [exp.alias_(null("int"), rest), *nothing]


def counted(
    source: str, by: Sequence[str], number: Expr, count: int, rest: str = "r"
) -> list[exp.Select]:
    """Rows of rest, groups, `by`, a number: of everything, and of each group if there are some."""
    parts = [no_groups(count, rest)]
    if count:
        parts.append([col(rest), *[col(name) for name in group_names(count)]])
    keys = [[], [col(rest), *[col(name) for name in group_names(count)]]]
    return [
        exp.select(*shown, *[col(name) for name in by], exp.alias_(number.copy(), "value"))
        .from_(source)
        .group_by(*key, *[col(name) for name in by])
        for shown, key in zip(parts, keys, strict=False)
    ]


def union_all(parts: Sequence[exp.Query]) -> exp.Query:
    """All rows of all parts."""
    return parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)


def in_order_of(numbers: Mapping[Group, int]) -> list[Group]:
    """Everything, then groups with most first; among as many by their values, none last; rest."""

    def place(group: Group) -> tuple[object, ...]:
        scope = ("all", "group", "rest").index(group.scope)
        return scope, -numbers[group], [(one is None, one or "") for one in group.values]

    return sorted(numbers, key=place)


def group_of(rest: int | None, values: Sequence[str | None]) -> Group:
    """The part of an answer that a row with these columns is about."""
    if rest is None:
        return Group()
    return Group("rest") if rest else Group("group", tuple(values))
