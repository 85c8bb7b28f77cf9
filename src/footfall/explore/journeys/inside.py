"""Who is in a segment, by the index's own rows: a filter by segments needs no list of anybody.

Rules are asked of the actors of a chunk when its rows are looked at, of all of their rows: so they
are as of the same cut as the rows, take a few more looks at them, and nothing is kept. That is why
only copies of a segment's own kind of actor can be filtered by it.

A rule has two answers for each actor, as `footfall.explore.segments.compiling` has a set and
whether somebody in it is meant: whether it holds, and whether one of its sets has them. Who never
did something holds a rule without being in a set; they are in the segment if they have an event.

    times of buy     at most 1 holds    set of those with more    in the segment
    0                yes                no                        if there is any event until now
    1                yes                no                        the same
    2                no                 yes                       no
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from footfall.explore.journeys.looking import Chunk, Flags, Looking
from footfall.explore.journeys.source import APP
from footfall.explore.question.common import Common, Filter, Selector
from footfall.explore.question.ranges import Calendar, Range, Span, grid
from footfall.explore.question.reading import Scene, SegmentIds
from footfall.explore.segments.compiling import OPPOSITES, holds_of, holds_of_nobody
from footfall.explore.segments.definition import Did, Has, Segment, SegmentRule, Times
from footfall.explore.segments.reading import span_of_rule

_Answers = tuple[Flags, Flags]
_Rule = Callable[[Chunk], _Answers]
_ANYTHING: Final = Selector()


def looking_at(
    question: Common,
    selectors: Sequence[Selector],
    columns: Mapping[str, Sequence[str]],
    scene: Scene,
    *,
    is_whole: bool = False,
) -> Looking:
    """What looks at rows for a question that may name segments; as `Looking`."""
    inside = Inside(columns, scene)
    return Looking(
        question, selectors, columns, scene.fields, is_whole=is_whole, inside=inside.rows
    )


class Inside:
    """Tells of every segment of a question whose rows are of those in it. Threads may share it."""

    def __init__(self, columns: Mapping[str, Sequence[str]], scene: Scene) -> None:
        """Of those that the scene has, each after those that it is made of."""
        self._columns, self._scene = columns, scene
        self._tests: dict[str, Callable[[Chunk], Flags]] = {}
        for name, one in scene.segments.items():
            self._tests[name] = (
                self._listed(one) if one.definition.rule is None else self._ruled(one)
            )

    def rows(self, name: str, chunk: Chunk) -> Flags:
        """Of each row of a chunk, whether it is of somebody in the segment."""
        if chunk.first >= chunk.segment.actors:
            return np.zeros(chunk.rows.stop - chunk.rows.start, np.bool_)
        return np.repeat(self._tests[name](chunk), np.diff(_offsets(chunk)))

    def _listed(self, ids: SegmentIds) -> Callable[[Chunk], Flags]:
        """Those whose names are in a list; all names of a part are looked up once."""
        prefix = f"{ids.app}/" if ids.unit == "visitor" and ids.app else ""
        wanted = pa.array([f"{prefix}{one}" for one in ids.listed], pa.large_string())
        known: dict[int, Flags] = {}
        lock = threading.Lock()

        def test(chunk: Chunk) -> Flags:
            with lock:
                if chunk.number not in known:
                    found = pc.is_in(chunk.segment.all_names(), value_set=wanted)
                    known[chunk.number] = found.to_numpy()
            return known[chunk.number][chunk.first : chunk.last]

        return test

    def _ruled(self, ids: SegmentIds) -> Callable[[Chunk], Flags]:
        segment: Segment = ids.definition
        assert segment.rule is not None
        rule = self._rule(segment, segment.rule, ids.moment)
        if not holds_of_nobody(segment.rule):
            return lambda chunk: rule(chunk)[0]
        anything = self._looking(segment, _ANYTHING)
        ever = Span(0, ids.moment + 1)

        def test(chunk: Chunk) -> Flags:
            holds, is_known = rule(chunk)
            found: Flags = holds & (is_known | (_counts(chunk, _hits(anything, chunk, ever)) > 0))
            return found

        return test

    def _rule(self, segment: Segment, rule: SegmentRule, now: int) -> _Rule:
        if rule.inner:
            parts = [self._rule(segment, one, now) for one in rule.inner]
            join = np.logical_and if rule.all is not None else np.logical_or

            def joined(chunk: Chunk) -> _Answers:
                answers = [one(chunk) for one in parts]
                holds = join.reduce([one for one, _ in answers])
                is_known = np.logical_or.reduce([one for _, one in answers])
                return (~holds if rule.none is not None else holds), is_known

            return joined
        if rule.segment is not None:
            return self._other(segment, self._scene.segments[rule.segment], rule.segment)
        if rule.did is not None:
            return self._did(segment, rule.did, now)
        assert rule.has is not None
        return self._has(segment, rule.has, now)

    def _other(self, segment: Segment, ids: SegmentIds, name: str) -> _Rule:
        """Those in another segment, as this one lists them: of its own app, if it has one."""
        test, app = self._tests[name], segment.app

        def found(chunk: Chunk) -> _Answers:
            flags = test(chunk)
            if segment.unit == "visitor" and app and ids.app != app:
                flags = flags & _is_of_app(chunk, self._columns[APP], app)
            return flags, flags

        return found

    def _did(self, segment: Segment, did: Did, now: int) -> _Rule:
        looking, span = self._looking(segment, did), _span(segment, did.range, now)
        is_opposite = holds_of(did.times, 0)
        days = None
        if did.measure == "days":
            days = np.array(grid(_calendar(segment), "day", span).bounds)

        def found(chunk: Chunk) -> _Answers:
            hits = _hits(looking, chunk, span)
            counts = _counts(chunk, hits if days is None else _first_of_days(chunk, hits, days))
            often = _compared(counts, did.times)
            is_known = (counts > 0) & ~often if is_opposite else often
            return (~is_known if is_opposite else is_known), is_known

        return found

    def _has(self, segment: Segment, has: Has, now: int) -> _Rule:
        op = OPPOSITES.get(has.op, has.op)
        looking, span = self._looking(segment, _ANYTHING), _span(segment, has.range, now)
        holds = looking.rule(Filter(has.field, op, has.value))
        is_there = looking.rule(Filter(has.field, "is_set"))

        def found(chunk: Chunk) -> _Answers:
            hits = _hits(looking, chunk, span)
            if has.which != "any":
                hits = _only(chunk, hits & is_there(chunk), has.which)
            is_known = _counts(chunk, hits & holds(chunk)) > 0
            return (is_known if op == has.op else ~is_known), is_known

        return found

    def _looking(self, segment: Segment, selector: Selector) -> Looking:
        common = Common(app=segment.app, bots=segment.bots)
        return Looking(common, (selector,), self._columns, self._scene.fields, inside=self.rows)


def _calendar(segment: Segment) -> Calendar:
    return Calendar(ZoneInfo(segment.zone), segment.week_start)


def _span(segment: Segment, asked: Range | None, now: int) -> Span:
    """Instants of a rule's range, none of them after now."""
    if asked is None:
        return Span(0, now + 1)
    found = span_of_rule(asked, _calendar(segment), now)
    assert isinstance(found, Span)
    return found


def _offsets(chunk: Chunk) -> NDArray[Any]:
    """Where the rows of each actor of a chunk begin, and one more."""
    found: NDArray[Any] = chunk.segment.offsets[chunk.first : chunk.last + 1] - chunk.rows.start
    return found


def _hits(looking: Looking, chunk: Chunk, span: Span) -> Flags:
    times = chunk.times
    found: Flags = (looking.bits(chunk) > 0) & (times >= span.start) & (times < span.end)
    return found


def _counts(chunk: Chunk, hits: Flags) -> NDArray[Any]:
    """How many rows of each actor of a chunk are hits."""
    before = np.concatenate([[0], np.cumsum(hits)])
    found: NDArray[Any] = np.diff(before[_offsets(chunk)])
    return found


def _actor_of(chunk: Chunk, rows: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = np.searchsorted(_offsets(chunk), rows, side="right")
    return found


def _first_of_days(chunk: Chunk, hits: Flags, days: NDArray[Any]) -> Flags:
    """Of the hits of each actor the first of every day: rows are in the order of time."""
    rows = np.flatnonzero(hits)
    day, actor = np.searchsorted(days, chunk.times[rows], side="right"), _actor_of(chunk, rows)
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = (day[1:] != day[:-1]) | (actor[1:] != actor[:-1])
    found = np.zeros_like(hits)
    found[rows[is_first]] = True
    return found


def _only(chunk: Chunk, hits: Flags, which: str) -> Flags:
    """Of the hits of each actor the first or the last one."""
    rows = np.flatnonzero(hits)
    actor = _actor_of(chunk, rows)
    is_it = np.ones(len(rows), np.bool_)
    if which == "first":
        is_it[1:] = actor[1:] != actor[:-1]
    else:
        is_it[:-1] = actor[1:] != actor[:-1]
    found = np.zeros_like(hits)
    found[rows[is_it]] = True
    return found


def _is_of_app(chunk: Chunk, apps: Sequence[str], app: str) -> Flags:
    """Whether actors are of an app; all rows of a visitor are of one."""
    code = apps.index(app) + 1 if app in apps else -1
    found: Flags = chunk.codes(APP)[_offsets(chunk)[:-1]] == code
    return found


def _compared(counts: NDArray[Any], times: Times) -> Flags:
    low, high = times.value, times.value if times.to is None else times.to
    found: Flags = {
        "gte": counts >= low,
        "lte": counts <= low,
        "is": counts == low,
        "between": (counts >= low) & (counts <= high),
    }[times.op]
    return found
