"""The rows that a question is about: events of its range, with the fields that it names.

`events` has one row for each, with `t` (microseconds), `n` (its name), what orders rows of the same
time, `f0`, `f1` … for the fields, and `a`, whose it is. Every model starts from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlglot import exp

from footfall.explore.compile.blocks import (
    Expr,
    Values,
    as_number,
    as_text,
    both,
    col,
    either,
    is_null,
    is_set,
    num,
    same,
    text,
)
from footfall.explore.question.common import Common, Filter, Per, Selector
from footfall.explore.question.fields import SEGMENT, Field
from footfall.explore.question.ranges import moment_of
from footfall.explore.question.reading import Scene, all_fields, kind_of, segment_fields

ORDER: Final = ("t", "received_at", "request_id", "request_index")
"""Of events, ties included; the order that sessions have."""
COMPARISONS: Final[dict[str, type[exp.Binary]]] = {
    "gt": exp.GT,
    "gte": exp.GTE,
    "lt": exp.LT,
    "lte": exp.LTE,
}


class Base:
    """Builds the first CTE of a statement, and the conditions on its rows."""

    def __init__(self, question: Common, scene: Scene, more: Iterable[str] = ()) -> None:
        """Know which fields are needed: `more` beside those of filters and breakdowns."""
        self.question = question
        self.scene = scene
        self.values = Values()
        self._more = tuple(more)
        self._names: dict[str, str] = {}

    def events(
        self,
        selectors: Sequence[Selector],
        start: int,
        end: int,
        *,
        whose: Per | None = None,
        is_whole: bool = False,
    ) -> exp.Select:
        """Events from `start` up to `end` that one of `selectors` may want.

        Args:
            selectors: Which events the model looks at; by name, here.
            start: Microseconds since 1970 UTC.
            end: The same.
            whose: `a` is its id, and rows without one are left out.
            is_whole: Also events that no selector names.
        """
        question = self.question
        named = all_fields(question, tuple(selectors))
        for name in (*named, *self._more):
            self._names.setdefault(name, f"f{len(self._names)}")
        shown = [exp.alias_(exp.UnixMicros(this=col("event_time", "e")), "t")]
        shown += [exp.alias_(col("event_name", "e"), "n")]
        shown += [col(name, "e") for name in ORDER[1:]]
        shown += [col(name, "e") for name in ("event_id", "visitor_id", "user_id", "session_id")]
        shown += [col("app_id", "e")]
        for name, alias in self._names.items():
            shown.append(exp.alias_(self._source(self.scene.field(name)), alias))
        conditions: list[Expr] = [
            exp.GTE(this=col("event_time", "e"), expression=instant(start)),
            exp.LT(this=col("event_time", "e"), expression=instant(end)),
        ]
        if question.bots != "include":
            is_bot = col("is_bot", "e")
            conditions.append(is_bot if question.bots == "only" else exp.Not(this=is_bot))
        if question.app:
            conditions.append(
                exp.EQ(this=col("app_id", "e"), expression=self.values.bind(question.app))
            )
        made = exp.select(*shown).from_(exp.alias_(exp.to_table("events"), "e"))
        if any(self.scene.field(name).origin == "session" for name in self._names):
            made = made.join(
                exp.alias_(exp.to_table("sessions"), "s"),
                on=exp.EQ(this=col("session_id", "s"), expression=col("session_id", "e")),
                join_type="left",
            )
        for name in self._names:
            if self.scene.field(name).origin == "segment":
                made = self._with_segment(made, self.scene.field(name).name)
        made = made.where(*conditions)
        rows = exp.select("*").from_(exp.alias_(made.subquery(), "x"))
        kept = []
        if whose is not None:
            rows = exp.select("*", exp.alias_(self.entity(whose), "a")).from_(
                exp.alias_(made.subquery(), "x")
            )
            kept.append(is_set(self.entity(whose)))
        if question.where is not None:
            kept.append(self.condition(question.where))
        if not is_whole and all(one.names is not None for one in selectors):
            every = dict.fromkeys(name for one in selectors for name in one.names or ())
            kept.append(self._is_named(tuple(every)))
        return rows.where(*kept) if kept else rows

    def entity(self, per: Per) -> Expr:
        """Id of whose an event is, as text; no value where it has none."""
        if per == "user":
            return col("user_id")
        if per == "session":
            return as_text(col("session_id"))
        if self.question.app:
            return col("visitor_id")
        # An anonymous id is its app's own; two apps' may be equal by chance.
        parts = exp.DPipe(this=col("app_id"), expression=text("/"), safe=False)
        return exp.DPipe(this=parts, expression=col("visitor_id"), safe=False)

    def selects(self, selector: Selector) -> Expr:
        """Whether a row is an event that the selector means."""
        parts = []
        if selector.names is not None:
            parts.append(self._is_named(selector.names))
        if selector.where is not None:
            parts.append(self.condition(selector.where))
        return both(*parts) if parts else exp.true()

    def groups(self) -> list[Expr]:
        """Values of the breakdown, as text: `g0`, `g1` …."""
        return [
            exp.alias_(as_text(self.value(name)), f"g{place}")
            for place, name in enumerate(self.question.by)
        ]

    def value(self, name: str) -> Expr:
        """A field's value in a row of `events`."""
        return col(self._names[name])

    def number(self, name: str) -> Expr:
        """The same as a number."""
        is_property = self.scene.field(name).kind == "property"
        return as_number(self.value(name)) if is_property else self.value(name)

    def condition(self, given: Filter) -> Expr:
        """Whether a row is one that a filter leaves."""
        if given.all is not None:
            return exp.Paren(this=both(*map(self.condition, given.all)))
        if given.any is not None:
            return exp.Paren(this=either(*map(self.condition, given.any)))
        assert given.field is not None
        if given.field == SEGMENT:
            inside = either(*[self.value(name) for name in segment_fields(given)])
            is_out = given.op in ("is_not", "not_in")
            return exp.Not(this=exp.Paren(this=inside)) if is_out else exp.Paren(this=inside)
        field = self.scene.field(given.field)
        kind = kind_of(field, given.value)
        one = self.number(given.field) if kind == "number" else self.value(given.field)
        if kind == "time":
            return compared(given.op, exp.UnixMicros(this=one), self._moments(given.value), None)
        value: Any = given.value
        if field.kind == "property" and kind == "boolean":
            value = "true" if value else "false"
        return exp.Paren(this=compared(given.op, one, value, self.values, is_list=kind == "list"))

    def _moments(self, value: Any) -> Any:
        """Instants of a value that was checked."""
        if value is None:
            return None
        if isinstance(value, tuple):
            return tuple(map(self._moments, value))
        found = moment_of(str(value), self.scene.calendar)
        assert isinstance(found, int)
        return found

    def _is_named(self, names: tuple[str, ...]) -> Expr:
        bound = [self.values.bind(name) for name in names]
        if len(bound) == 1:
            return exp.EQ(this=col("n"), expression=bound[0])
        return exp.In(this=col("n"), expressions=bound)

    def _with_segment(self, made: exp.Select, name: str) -> exp.Select:
        """Events with, beside each, its own id if it is in a segment."""
        ids = self.scene.segments[name]
        alias = self._alias_of(name)
        mine = col("user_id" if ids.unit == "user" else "visitor_id", "e")
        on: list[Expr] = []
        if ids.unit == "visitor" and not ids.app:
            parts = exp.DPipe(this=col("app_id", "e"), expression=text("/"), safe=False)
            mine = exp.DPipe(this=parts, expression=mine, safe=False)
        elif ids.unit == "visitor":
            on.append(exp.EQ(this=col("app_id", "e"), expression=self.values.bind(ids.app)))
        on.append(exp.EQ(this=col("a", alias), expression=mine))
        listed = exp.alias_(exp.Subquery(this=self.values.take(ids.tree, ids.values)), alias)
        return made.join(listed, on=both(*on), join_type="left")

    def _alias_of(self, segment: str) -> str:
        return f"m{sorted(self.scene.segments).index(segment)}"

    def _source(self, field: Field) -> Expr:
        if field.origin == "segment":
            return is_set(col("a", self._alias_of(field.name)))
        if field.origin == "session":
            return col(field.name, "s")
        if field.origin == "event":
            one = col(field.name, "e")
            return as_text(one) if field.kind == "text" else one
        path = self.values.bind(f'$."{field.name}"')
        found = exp.JSONExtractScalar(this=col(field.origin, "e"), expression=path)
        return exp.Paren(this=found)


def compared(  # noqa: PLR0911 (one for each operator)
    op: str, one: Expr, value: Any, values: Values | None, *, is_list: bool = False
) -> Expr:
    """Whether `one` compares with a value as the operator says; without `values` it is a number."""
    if op == "is_set":
        return is_set(one)
    if op == "is_not_set":
        return is_null(one)
    if op in COMPARISONS:
        other = num(value) if values is None else values.bind(value)
        return COMPARISONS[op](this=one, expression=other)
    if op == "between":
        low, high = (num(each) if values is None else values.bind(each) for each in value)
        return exp.Between(this=one, low=low, high=high)
    assert values is not None
    if op in ("is", "is_not"):
        bound = values.bind(value)
        if op == "is":
            return exp.EQ(this=one, expression=bound)
        return exp.Not(this=exp.Paren(this=same(one, bound)))
    if op in ("in", "not_in"):
        found: Expr = exp.In(this=one, expressions=[values.bind(each) for each in value])
    elif op == "starts_with":
        return exp.StartsWith(this=one, expression=values.bind(value))
    elif is_list:
        found = exp.ArrayContains(this=one, expression=values.bind(value))
    else:
        place = exp.StrPosition(this=one, substr=values.bind(value))
        found = exp.GT(this=place, expression=num(0))
    if op in ("in", "contains"):
        return found
    return either(is_null(one.copy()), exp.Not(this=exp.Paren(this=found)))


def instant(micros: int) -> Expr:
    """A moment as SQL has it: comparing a column with it lets files be left out by their bounds."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    written = moment.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
    return exp.cast(text(written), "timestamptz")
