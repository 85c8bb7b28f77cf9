"""Small expressions of SQL, as trees; text comes out at the end, in the dialect that is asked for.

Values of a person are bound (`Values.bind`) and never part of a text that runs. Names of columns
and numbers are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlglot import exp

from footfall.explore.question.ranges import Grid

Expr = exp.Expr

NUMBER: Final = "^-?[0-9]{1,200}([.][0-9]{1,200})?([eE][+-]?[0-9]{1,2})?$"
"""What is a number where a property is text: as JSON writes them, up to about 1e99 times that."""


PERCENTILE: Final = "QUANTILE_CONT"
"""DuckDB's name; `footfall.explore.compile.statement` knows the others'."""


class Values:
    """Values of one statement, by the names of their parameters."""

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}

    def bind(self, value: Any) -> Expr:
        """A parameter that stands for `value`; the same one for the same value."""
        for name, known in self.by_name.items():
            if known == value and type(known) is type(value):
                return exp.Placeholder(this=name)
        name = f"v{len(self.by_name)}"
        self.by_name[name] = value
        return exp.Placeholder(this=name)

    def take(self, tree: exp.Query, values: Mapping[str, Any]) -> exp.Query:
        """Another statement's tree, as a part of this one: its parameters are ours then."""
        found = tree.transform(
            lambda node: (
                self.bind(values[str(node.this)]) if isinstance(node, exp.Placeholder) else node
            )
        )
        assert isinstance(found, exp.Query)
        return found


def col(name: str, table: str | None = None) -> Expr:
    """A column; quoted, for a plug-in's may have any name."""
    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def num(value: float) -> Expr:
    """A number of ours."""
    return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def text(value: str) -> Expr:
    """A text of ours."""
    return exp.Literal.string(value)


def null(kind: str = "varchar") -> Expr:
    """No value, of a type."""
    return exp.cast(exp.null(), kind)


def as_text(one: Expr) -> Expr:
    """Its text."""
    return exp.cast(one, "varchar")


def case(*branches: tuple[Expr, Expr], default: Expr | None = None) -> Expr:
    """`CASE WHEN … THEN …`."""
    made = exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches])
    return made if default is None else made.else_(default)


def flag(condition: Expr) -> Expr:
    """1 where it holds, else 0."""
    return case((condition, num(1)), default=num(0))


def both(*conditions: Expr) -> Expr:
    """All of them hold."""
    return exp.and_(*conditions)


def either(*conditions: Expr) -> Expr:
    """One of them holds."""
    return exp.or_(*conditions)


def same(one: Expr, other: Expr) -> Expr:
    """Equal, or neither has a value."""
    return exp.NullSafeEQ(this=one, expression=other)


def is_null(one: Expr) -> Expr:
    """It has no value."""
    return exp.Is(this=one, expression=exp.null())


def is_set(one: Expr) -> Expr:
    """It has a value."""
    return exp.Not(this=is_null(one))


def call(kind: type[exp.Func], *arguments: Expr) -> Expr:
    """An aggregate of one argument, or of none."""
    return kind(this=arguments[0] if arguments else exp.Star())


def count_distinct(one: Expr) -> Expr:
    """How many different values."""
    return exp.Count(this=exp.Distinct(expressions=[one]))


def percentile(share: float, one: Expr) -> Expr:
    """Between two values in proportion, as most tools do it."""
    return exp.Anonymous(this=PERCENTILE, expressions=[one, num(share)])


def as_number(one: Expr) -> Expr:
    """The number that a text is, else no value."""
    is_number = exp.RegexpLike(this=one, expression=text(NUMBER))
    return case((is_number, exp.TryCast(this=one, to=exp.DataType.build("double"))))


def in_order(*keys: Expr, down: Sequence[int] = ()) -> exp.Order:
    """`ORDER BY`, nulls last; `down` has the places of what descends."""
    return exp.Order(
        expressions=[
            exp.Ordered(this=key, desc=place in down, nulls_first=False)
            for place, key in enumerate(keys)
        ]
    )


def over(
    what: Expr, by: Sequence[Expr], order: exp.Order, frame: exp.WindowSpec | None = None
) -> Expr:
    """A window function."""
    return exp.Window(this=what, partition_by=list(by), order=order, spec=frame)


def rows(start: str | int, end: str | int, kind: str = "ROWS") -> exp.WindowSpec:
    """A frame: numbers are before the row if negative, `first`, `last`, 0 is the row itself."""
    (low, low_side), (high, high_side) = _edge(start), _edge(end)
    return exp.WindowSpec(kind=kind, start=low, start_side=low_side, end=high, end_side=high_side)


def _edge(place: str | int) -> tuple[Any, str | None]:
    if place == "first":
        return "UNBOUNDED", "PRECEDING"
    if place == "last":
        return "UNBOUNDED", "FOLLOWING"
    assert isinstance(place, int)
    if place == 0:
        return "CURRENT ROW", None
    return num(abs(place)), "PRECEDING" if place < 0 else "FOLLOWING"


def bucket(grid: Grid, time: Expr) -> Expr:
    """Index of the bucket that a time within the grid is in."""
    found: list[tuple[int, Expr]] = []
    for start, length, first in grid.segments():
        since = exp.Paren(this=exp.Sub(this=time.copy(), expression=num(start)))
        index = exp.IntDiv(this=since, expression=num(length))
        found.append((start, exp.Add(this=index, expression=num(first)) if first else index))
    (_, last), *earlier = reversed(found)
    starts = [start for start, _ in reversed(found)]
    branches = [
        (exp.LT(this=time.copy(), expression=num(next_start)), index)
        for next_start, (_, index) in zip(starts, earlier, strict=False)
    ]
    branches.reverse()
    return case(*branches, default=last) if branches else last
