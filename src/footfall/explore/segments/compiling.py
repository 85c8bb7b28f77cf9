"""A segment as one SELECT of ids.

Every rule that looks at events becomes a set of ids (`s0`, `s1` …): those of whom it holds. What
holds also for somebody who did nothing (not done, at most twice, no such value) is the opposite of
such a set. `u` is who is asked about: everybody with an event, or, where no rule can hold without a
set, the ids of the sets together. Nothing after `now` is looked at, so a segment as of a moment is
the same whenever it is asked for; only what came in late since is there in addition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlglot import exp

from footfall.explore.answer import FunnelCell, Group
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    Values,
    as_text,
    both,
    bucket,
    call,
    col,
    count_distinct,
    either,
    in_order,
    is_set,
    num,
    over,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.models.funnel import members as funnel_members
from footfall.explore.question.common import Common, Filter, Operator, Selector
from footfall.explore.question.fields import Fields
from footfall.explore.question.funnel import FunnelQuestion
from footfall.explore.question.ranges import Calendar, Range, Span, grid, moment_of
from footfall.explore.question.reading import Scene, SegmentIds
from footfall.explore.segments.behind import rows_behind
from footfall.explore.segments.definition import (
    Anchor,
    Behind,
    Did,
    Has,
    Segment,
    SegmentRule,
    Sequence,
    Times,
)
from footfall.explore.segments.reading import span_of_rule
from footfall.settings import parse_duration

OPPOSITES: Final[Mapping[str, Operator]] = {
    "is_not": "is",
    "not_in": "in",
    "not_contains": "contains",
    "is_not_set": "is_set",
}


def ids_of(
    segment: Segment,
    fields: Fields,
    now: int,
    segments: Mapping[str, SegmentIds],
    listed: tuple[str, ...] | None = None,
) -> SegmentIds:
    """Everybody in a segment that was checked.

    Args:
        segment: Its definition.
        fields: What the project has.
        now: Microseconds since 1970 UTC; the moment that it is of.
        segments: Those that it names.
        listed: Its ids, if it is a list.
    """
    if segment.rule is None:
        values = Values()
        unnested = exp.Unnest(
            expressions=[values.bind(list(listed or ()))],
            alias=exp.TableAlias(this=exp.to_identifier("l"), columns=[exp.to_identifier("a")]),
        )
        return SegmentIds(
            segment.unit,
            segment.app,
            exp.select(col("a")).from_(unnested),
            values.by_name,
            segment,
            listed or (),
            now,
        )
    made = _Sets(segment, fields, now, segments)
    tree = made.everybody(segment.rule)
    return SegmentIds(
        segment.unit, segment.app, tree, made.values.by_name, definition=segment, moment=now
    )


def population(segment: Segment, fields: Fields, now: int) -> SegmentIds:
    """Everybody that a segment's rules are asked about."""
    made = _Sets(segment, fields, now, {})
    return SegmentIds(segment.unit, segment.app, made.universe(), made.values.by_name)


def in_form_of(ids: SegmentIds, app: str, values: Values) -> exp.Query:
    """The ids of a segment as another of the app lists them."""
    tree = values.take(ids.tree, ids.values)
    if ids.unit == "user" or ids.app == app:
        return tree
    source = exp.alias_(exp.Subquery(this=tree), "x")
    if not app:
        prefixed = exp.DPipe(this=values.bind(f"{ids.app}/"), expression=col("a"), safe=False)
        return exp.select(exp.alias_(prefixed, "a")).from_(source)
    if ids.app:
        return exp.select(col("a")).from_(source).where(exp.false())
    prefix = f"{app}/"
    own = exp.Substring(this=col("a"), start=num(len(prefix) + 1))
    starts = exp.StartsWith(this=col("a"), expression=values.bind(prefix))
    return exp.select(exp.alias_(own, "a")).from_(source).where(starts)


class _Sets:
    """The sets of one segment, and what holds of a row of them."""

    def __init__(
        self, segment: Segment, fields: Fields, now: int, segments: Mapping[str, SegmentIds]
    ) -> None:
        self.values = Values()
        self._segment = segment
        self._now = now
        self._segments = segments
        self._fields = fields
        self._calendar = Calendar(ZoneInfo(segment.zone), segment.week_start)
        self._ctes: dict[str, exp.Query] = {}

    def everybody(self, rule: SegmentRule) -> exp.Query:
        """Ids of those of whom the rule holds."""
        holds = self._holds(rule)
        names = list(self._ctes)
        made = dict(self._ctes)
        everybody: list[exp.Query] = [exp.select(col("a")).from_(name) for name in names]
        if holds_of_nobody(rule):
            # Lists may name who has no event.
            everybody.append(self.universe())
        made["u"] = _union(everybody)
        rows = exp.select(col("a", "u")).from_("u")
        for name in names:
            on = exp.EQ(this=col("a", name), expression=col("a", "u"))
            rows = rows.join(name, on=on, join_type="left")
        return with_ctes(rows.where(holds), made)

    def universe(self) -> exp.Query:
        """Everybody with an event."""
        _, rows = self._events(Selector(), None)
        return exp.select(col("a")).distinct().from_(_part(rows))

    def _holds(self, rule: SegmentRule) -> Expr:  # noqa: PLR0911 (one for each form)
        if rule.all is not None:
            return exp.Paren(this=both(*map(self._holds, rule.all)))
        if rule.any is not None:
            return exp.Paren(this=either(*map(self._holds, rule.any)))
        if rule.none is not None:
            return exp.Not(this=exp.Paren(this=either(*map(self._holds, rule.none))))
        if rule.did is not None:
            is_opposite = holds_of(rule.did.times, 0)
            return self._in(self._did(rule.did, is_opposite), is_opposite=is_opposite)
        if rule.sequence is not None:
            return self._in(self._sequence(rule.sequence))
        if rule.has is not None:
            op = OPPOSITES.get(rule.has.op, rule.has.op)
            return self._in(self._has(rule.has, op), is_opposite=op != rule.has.op)
        if rule.segment is not None:
            ids = self._segments[rule.segment]
            return self._in(in_form_of(ids, self._segment.app, self.values))
        assert rule.behind is not None
        return self._in(self._behind(rule.behind))

    def _in(self, rows: exp.Query, *, is_opposite: bool = False) -> Expr:
        """Whether a row of `u` is in a set, which is made for it."""
        name = f"s{len(self._ctes)}"
        self._ctes[name] = rows
        inside = is_set(col("a", name))
        return exp.Not(this=exp.Paren(this=inside)) if is_opposite else inside

    def _span(self, asked: Range | None) -> Span:
        """Instants of a range, none of them after now."""
        if asked is None:
            return Span(0, self._now + 1)
        found = span_of_rule(asked, self._calendar, self._now)
        assert isinstance(found, Span)
        return found

    def _common(self, where: Filter | None = None) -> Common:
        one = self._segment
        return Common(
            app=one.app, bots=one.bots, zone=one.zone, week_start=one.week_start, where=where
        )

    def _scene(self, span: Span) -> Scene:
        return Scene(self._calendar, span, self._fields, self._segments)

    def _events(
        self, selector: Selector, asked: Range | None, *more: str
    ) -> tuple[Base, exp.Select]:
        """Events of the range that a selector may mean."""
        span = self._span(asked)
        base = Base(self._common(), self._scene(span), more)
        base.values = self.values
        rows = base.events((selector,), span.start, span.end, whose=self._segment.unit)
        return base, rows

    def _did(self, did: Did, is_opposite: bool) -> exp.Query:
        """Ids of those who did it so often; of those who did not, if never is often enough."""
        base, events = self._events(did, did.range, *([did.of] if did.of else []))
        rows: exp.Select = exp.select(*[col(name, "e") for name in ("a", *ORDER[1:])])
        rows = rows.select(col("t", "e"))
        if did.of is not None:
            rows = rows.select(exp.alias_(_of(base, did), "v"))
        rows = rows.from_(exp.alias_(events.subquery(), "e")).where(base.selects(did))
        for anchor, is_after in ((did.after, True), (did.before, False)):
            if anchor is not None:
                rows = self._beside(rows, anchor, is_after=is_after)
        often = _compared(self._measure(did), did.times)
        return (
            exp.select(col("a"))
            .from_(_part(rows))
            .group_by(col("a"))
            .having(exp.Not(this=exp.Paren(this=often)) if is_opposite else often)
        )

    def _measure(self, did: Did) -> Expr:
        if did.measure == "times":
            return exp.Count(this=exp.Star())
        if did.measure == "sum":
            return exp.Coalesce(this=call(exp.Sum, col("v")), expressions=[num(0)])
        if did.measure == "distinct":
            return count_distinct(col("v"))
        days = grid(self._calendar, "day", self._span(did.range))
        return count_distinct(bucket(days, col("t")))

    def _beside(self, rows: exp.Select, anchor: Anchor, *, is_after: bool) -> exp.Select:
        """Of events, those after (or before) one of the same visitor's or user's."""
        base, events = self._events(anchor, None)
        order = in_order(
            *[col(name) for name in ORDER],
            down=range(len(ORDER)) if anchor.which == "last" else (),
        )
        number = over(exp.RowNumber(), [col("a")], order)
        marked = exp.select(*[col(name) for name in ("a", *ORDER)], exp.alias_(number, "z"))
        marked = marked.from_(_part(events)).where(base.selects(anchor))
        ones = exp.select("*").from_(_part(marked)).where(exp.EQ(this=col("z"), expression=num(1)))
        is_beside = _precedes("k", "y") if is_after else _precedes("y", "k")
        on = [exp.EQ(this=col("a", "y"), expression=col("a", "k")), is_beside]
        if anchor.within is not None:
            first, second = ("k", "y") if is_after else ("y", "k")
            took = exp.Sub(this=col("t", second), expression=col("t", first))
            on.append(exp.LTE(this=took, expression=num(parse_duration(anchor.within))))
        return (
            exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("y")))
            .from_(exp.alias_(rows.subquery(), "y"))
            .join(exp.alias_(ones.subquery(), "k"), on=both(*on))
        )

    def _has(self, has: Has, op: Operator) -> exp.Query:
        """Ids of those with such a value."""
        base, events = self._events(Selector(), has.range, has.field)
        condition = Filter(has.field, op, has.value)
        if has.which == "any":
            found = exp.select(col("a")).distinct().from_(_part(events))
            return found.where(base.condition(condition))
        is_last = has.which == "last"
        order = in_order(*[col(name) for name in ORDER], down=range(len(ORDER)) if is_last else ())
        number = exp.alias_(over(exp.RowNumber(), [col("a")], order), "z")
        valued = exp.select("*", number).from_(_part(events)).where(is_set(base.value(has.field)))
        return (
            exp.select(col("a"))
            .from_(_part(valued))
            .where(exp.EQ(this=col("z"), expression=num(1)), base.condition(condition))
        )

    def _sequence(self, sequence: Sequence) -> exp.Query:
        """Ids of those who took every step: a funnel's last number."""
        span = self._span(sequence.range)
        common = self._common(self._until_now())
        question = FunnelQuestion(
            **msgspec.structs.asdict(common),
            steps=sequence.steps,
            window=sequence.window,
            order=sequence.order,
            per=self._segment.unit,
        )
        cell = FunnelCell((span.start, span.end), len(sequence.steps), False, None, Group())
        _, made = funnel_members(question, self._scene(span), cell)
        tree = self.values.take(_query(made), made.values)
        return exp.select(col("a")).from_(_part(tree))

    def _behind(self, behind: Behind) -> exp.Query:
        """Ids of those behind a number as it is now."""
        ids = rows_behind(
            behind,
            self._segment.unit,
            self._fields,
            self._now,
            self._segments,
            self._until_now(),
        )
        return in_form_of(ids, self._segment.app, self.values)

    def _until_now(self) -> Filter:
        """Steps may follow after a range's end, and none after now."""
        moment = Calendar(ZoneInfo("UTC")).text_of(self._now)
        assert moment_of(moment, self._calendar) == self._now
        return Filter("event_time", "lte", moment)


def _query(made: Statement) -> exp.Query:
    assert isinstance(made.tree, exp.Query)
    return made.tree


def _part(rows: exp.Query) -> Expr:
    return exp.alias_(exp.Subquery(this=rows), "x")


def _union(parts: list[exp.Query]) -> exp.Query:
    found, *others = parts
    if not others:
        assert isinstance(found, exp.Select)
        return found.distinct()
    for other in others:
        found = exp.union(found, other, distinct=True)
    return found


def _precedes(first: str, second: str) -> Expr:
    """Whether an event comes before another, ties included."""
    branches: list[Expr] = []
    for place, name in enumerate(ORDER):
        same = [exp.EQ(this=col(one, first), expression=col(one, second)) for one in ORDER[:place]]
        less = exp.LT(this=col(name, first), expression=col(name, second))
        branches.append(both(*same, less))
    return exp.Paren(this=either(*branches))


def _of(base: Base, did: Did) -> Expr:
    assert did.of is not None
    return base.number(did.of) if did.measure == "sum" else as_text(base.value(did.of))


def holds_of(times: Times, number: float) -> bool:
    """Whether a comparison holds of a number."""
    low, high = times.value, times.value if times.to is None else times.to
    return {
        "gte": number >= low,
        "lte": number <= low,
        "is": number == low,
        "between": low <= number <= high,
    }[times.op]


def _compared(measured: Expr, times: Times) -> Expr:
    low, high = num(times.value), num(times.value if times.to is None else times.to)
    if times.op == "between":
        return both(
            exp.GTE(this=measured, expression=low), exp.LTE(this=measured.copy(), expression=high)
        )
    kinds: dict[str, type[exp.Binary]] = {"gte": exp.GTE, "lte": exp.LTE, "is": exp.EQ}
    return kinds[times.op](this=measured, expression=low)


def holds_of_nobody(rule: SegmentRule) -> bool:
    """Whether it holds of who is in none of its sets."""
    if rule.all is not None:
        return all(map(holds_of_nobody, rule.all))
    if rule.any is not None:
        return any(map(holds_of_nobody, rule.any))
    if rule.none is not None:
        return not any(map(holds_of_nobody, rule.none))
    if rule.did is not None:
        return holds_of(rule.did.times, 0)
    return rule.has is not None and rule.has.op in OPPOSITES
