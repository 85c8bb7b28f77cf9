"""Segments as filters, asked of the index's own rows, equal SQL and their meaning row by row."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from footfall.explore.asking import Asked
from footfall.explore.journeys.held import HELD, unheld
from footfall.explore.journeys.process import Message, asked_of, message_of
from footfall.explore.kinds import KINDS
from footfall.explore.question import EventsQuestion
from footfall.explore.question.fields import known_fields
from footfall.explore.question.reading import read, scene_of
from footfall.explore.segments.definition import Did, Has, Segment, SegmentRule, Times
from footfall.explore.segments.reading import read_segment
from footfall.explore.segments.using import parts_of
from footfall.testing.events import NOON_US
from tests.explore import oracle, segments_oracle
from tests.explore.asked import NOW
from tests.explore.index.shop import IndexedShop, lacks, read_index, signatures, warm_up
from tests.explore.index.test_held import A, B, changed_of, shop_rows, structs_of
from tests.explore.segments_shelf import MemoryShelf
from tests.explore.shops import HOUR, ZONE, apart, known, selectors, shops, slow
from tests.explore.test_segments import as_app, fields, nested, ranges, times, units
from tests.scale import scaled

RANGE = {"start": "2024-10-04", "end": "2024-10-05"}
RANGE_BEFORE = {"start": "2024-10-03", "end": "2024-10-04"}
TODAY = {"start": "2024-10-04", "end": "2024-10-04"}
NOON = "2024-10-04T12:00"
MANY = {"field": "segment", "op": "in", "value": ["asked", "some"]}
WHERE = {"where": {"field": "segment", "op": "is", "value": "asked"}}
FALSE = {"where": {"field": "segment.asked", "op": "is", "value": False}}
DID: dict[str, Any] = {"did": A}
SEVEN: dict[str, Any] = {"last": 7}
PAGE = {"field": "page_path", "op": "is", "value": "/a"}
SOME = [{"series": [A, {"measure": "visitors"}]}, {"steps": [A, B]}]
ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("events", SOME[0] | WHERE, "index"),
    ("events", {"series": [{"measure": "events", **FALSE}]}, "index"),
    ("events", {"series": [{"measure": "users"}]} | WHERE, "sql"),
    ("events", {"series": [{"measure": "events"}, {"measure": "sessions"}]} | WHERE, "sql"),
    ("funnel", {"steps": [A, B | WHERE], "where": MANY, "compare": "previous"}, "index"),
    ("funnel", SOME[1] | {"exclude": [{"event": "c"} | FALSE], "order": "any"}, "index"),
    ("funnel", SOME[1] | WHERE | {"order": "strict"}, "index"),
    ("funnel", SOME[1] | {"per": "session"} | WHERE, "sql"),
    ("funnel", SOME[1] | {"by": ["segment.asked"], "compare": "previous"}, "sql"),
    ("retention", {"back": B | WHERE, "by": ["page_path"]}, "index"),
    ("retention", {"per": "user"} | WHERE, "sql"),
    ("path", {"per": "visitor", "gap": "6h"} | WHERE, "index"),
    ("lifecycle", {"unit": "day", "by": ["page_path"]} | FALSE, "index"),
    ("lifecycle", {"where": {"field": "segment", "op": "not_in", "value": ["some"]}}, "index"),
    ("lifecycle", {"where": {"all": [PAGE, MANY]}, "per": "visitor"}, "index"),
]
"""Questions over segments of visitors, and the way that they are answered."""


def _events() -> dict[str, Any]:
    return {"range": RANGE} | SOME[0] | WHERE


def _did(**more: Any) -> dict[str, Any]:
    return {"rule": {"did": A | more}}


def _has(**more: Any) -> dict[str, Any]:
    return {"rule": {"has": {"field": "page_path", "value": "/a"} | more}}


RULES: list[tuple[dict[str, Any], str]] = [
    (_did(), "index"),
    (_did(where=PAGE, label="x", range=SEVEN), "index"),
    (_did(where={"field": "segment", "op": "is", "value": "some"}), "index"),
    *((_did(times={"op": op, "value": 2}), "index") for op in ("gte", "lte", "is")),
    (_did(times={"op": "between", "value": 1, "to": 3}), "index"),
    (_did(measure="days", times=2, range=RANGE) | {"zone": "Asia/Tokyo"}, "index"),
    (_did(range={"last": 1, "unit": "week"}) | {"week_start": "sunday"}, "index"),
    (_did(measure="sum", of="properties.price"), "sql"),
    (_did(measure="distinct", of="page_path"), "sql"),
    (_did(after=B), "sql"),
    (_did(before=B), "sql"),
    (_did(where={"field": "engagement_ms", "op": "gt", "value": 1}), "sql"),
    *((_did() | {"bots": bots, "app": "shop"}, "index") for bots in ("include", "only")),
    (_did() | {"unit": "user"}, "sql"),
    *((_has(op=op, range=TODAY), "index") for op in ("is", "is_not", "contains", "starts_with")),
    *((_has(op=op, value=["/a", "/b"]), "index") for op in ("in", "not_in")),
    *((_has(op=op, value=None), "index") for op in ("is_set", "is_not_set")),
    *((_has(op="not_contains", which=which), "index") for which in ("first", "any")),
    *((_has(field="properties.price", op=op, value=2), "index") for op in ("gt", "gte", "lt")),
    (_has(field="properties.price", op="lte", value=2), "index"),
    (_has(field="properties.price", op="between", value=[1, 2]), "index"),
    ({"rule": {"any": [DID, {"none": [{"segment": "some"}, _has()["rule"]]}]}}, "index"),
    ({"rule": {"all": [DID, {"segment": "some"}]}, "app": "blog"}, "index"),
    ({"rule": {"sequence": {"steps": ["a", "b"]}}}, "sql"),
    ({"rule": None}, "index"),
]
"""Segments, and the way that a question over them is answered."""


@st.composite
def leaves(draw: st.DrawFn, start: str) -> dict[str, Any]:
    """Rules that the index can ask about."""
    form = draw(st.sampled_from(["did", "did", "has", "segment"]))
    span = draw(ranges(start))
    if form == "did":
        measure = draw(st.sampled_from(["times", "times", "days"]))
        if measure == "days" and span is None:
            span = {"last": 2}
        made = {"times": draw(times), "range": span, "measure": measure}
        return {"did": draw(selectors) | made}
    if form == "segment":
        return {"segment": draw(st.sampled_from(["some", "listed"]))}
    op = draw(st.sampled_from(["is", "is_not", "in", "not_in", "is_set", "is_not_set", "contains"]))
    value: Any = draw(st.sampled_from(["/a", "a", "/s1", "3"]))
    if op in ("in", "not_in"):
        value = [value, "/b"]
    if op in ("is_set", "is_not_set"):
        value = None
    which = draw(st.sampled_from(["first", "last", "any"]))
    return {"has": {"field": draw(fields), "op": op, "value": value, "which": which, "range": span}}


def _shelf(given: dict[str, Any]) -> MemoryShelf:
    shelf = MemoryShelf()
    shelf.put("some", read_segment({"rule": {"did": {"event": "c"}}, "app": "shop"}))
    if given["rule"] is None:
        shelf.put("asked", Segment(), ["shop/v1", "blog/v2", "shop/nobody"])
        return shelf
    unit = given.get("unit", "visitor")
    some = {"unit": unit, "rule": {"did": {"event": "c"}}, "app": "shop"}
    shelf.put("some", read_segment(some))
    shelf.put("asked", read_segment(given))
    return shelf


def test_every_question_over_a_segment_is_answered_alike_by_both_ways(
    shop: IndexedShop,
) -> None:
    """Each model, and each place of a filter: the way that is stated, and equal rows.

    The shop compares the index with SQL. No question waits for a compiler.
    """
    shop.set([*shop_rows()])
    warm_up()
    compiled = signatures()
    shelf = _shelf(_did(times={"op": "lte", "value": 2}) | {"app": "shop"})
    for model, asked, way in ASKED:
        question = read(KINDS[model].question, {"range": RANGE, "segments_at": NOON} | asked)
        answer = shop.run_with(question, NOW, shelf)
        assert answer.way == way, (model, asked)
        if question.compare == "previous":
            assert answer.previous.way == way, (model, asked)
    assert compiled == signatures()


def test_a_rule_is_for_the_index_if_each_of_its_options_is_listed(shop: IndexedShop) -> None:
    """Without its line in the list a rule that uses an option is not asked of the index.

    Whoever adds an option writes a segment with it here.
    What is asked of it reaches its process with all that the segment is made of.
    """
    shop.set([*shop_rows()])
    index = read_index(shop.root)
    assert index is not None
    used: dict[type[Any], set[str]] = {}
    question = read(EventsQuestion, _events())
    for given_, way in RULES:
        parts = parts_of(["asked"], _shelf(given_))
        fields_ = msgspec.structs.replace(known_fields(), segments=frozenset(parts.segments))
        segments = parts.ids(fields_, NOON_US)
        assert (lacks(question, index.columns, segments) is None) == (way == "index"), given_
        scene = scene_of(question, known_fields(), NOW, [])
        scene = msgspec.structs.replace(scene, segments=segments)
        sent = msgspec.json.encode(message_of(Asked(question, scene)))
        there = asked_of(msgspec.json.decode(sent, type=Message))
        assert isinstance(there, Asked)
        assert list(there.scene.segments) == list(segments)
        for one, other in zip(there.scene.segments.values(), segments.values(), strict=True):
            assert msgspec.structs.replace(other, tree=None, values={}) == one
        segment = parts.segments["asked"]
        for one in structs_of(segment):
            used.setdefault(type(one), set()).update(changed_of(one))
            for name in changed_of(one) if way == "index" else ():
                listed = {key: each for key, each in HELD[type(one)].items() if key != name}
                said = unheld(segment, {**HELD, type(one): listed})
                assert said == f"the option {name}"
    for kind in (Segment, SegmentRule, Did, Has, Times):
        assert {*HELD[kind]} <= used[kind], f"ask with each option: {kind.__name__}"


LIVES: dict[str, list[tuple[int, str, str | None]]] = {
    "v1": [(-22, "a", "/a"), (-20, "a", "/b"), (9, "b", None)],
    "v2": [(-20, "a", "/b"), (-1, "b", "/a")],
    "v3": [(9, "a", "/a")],
    "v4": [(-1, "b", None)],
}
"""Of each visitor when, in hours from noon, which event, and where."""
WHO: list[tuple[dict[str, Any], str]] = [
    (_did(), "v1 v2"),
    (_did(times=2), "v1"),
    (_did(times={"op": "lte", "value": 1}), "v2 v4"),
    (_did(times={"op": "lte", "value": 2}), "v1 v2 v4"),
    (_did(times=2, measure="days", range=RANGE_BEFORE), ""),
    (_did(times=2, measure="days", range=RANGE_BEFORE) | {"zone": "Asia/Tokyo"}, "v1"),
    (_has(), "v2"),
    (_has(which="first"), "v1"),
    (_has(which="any", op="is_not"), "v4"),
    (_has(op="is_not"), "v1 v4"),
    ({"rule": {"none": [{"did": B}]}}, "v1"),
    ({"rule": {"all": [{"did": A}, {"did": B}]}}, "v2"),
]
"""Rules, and of whom they hold at noon: what is later does not count, nor who came later."""


def test_what_each_rule_means(shop: IndexedShop) -> None:
    """By hand: ties of none, days of a zone, first and last values, and who did nothing.

    Whoever is nobody is in no segment, and so outside of each.
    """
    rows = [
        {
            "event_time": NOON_US + hours * HOUR,
            "event_name": name,
            "page_path": page,
            "visitor_id": who,
        }
        for who, lives in LIVES.items()
        for hours, name, page in lives
    ]
    shop.set([*rows, {"event_time": NOON_US, "event_name": "a"}])
    for given_, who in WHO:
        inside = who.split()
        events = sum(len(LIVES[one]) for one in inside)
        outside = len(LIVES) - len(inside), len(rows) + 1 - events
        both = {"is": (len(inside), events), "is_not": outside}
        for op in both if who in ("", "v1") else ("is",):
            numbers = both[op]
            where = {"where": {"field": "segment", "op": op, "value": "asked"}}
            asked = {"series": [{"measure": "visitors"}, {"measure": "events"}], **where}
            asked |= {"range": {"start": "2024-10-01", "end": "2024-10-06"}}
            question = read(EventsQuestion, asked | {"segments_at": NOON})
            answer = shop.run_with(question, NOW, _shelf(given_))
            assert answer.way == "index"
            found = tuple(row.value for row in answer.rows if row.bucket is None)
            assert found == numbers, (given_, op)


@settings(slow, max_examples=scaled(2, 1_000), phases=(Phase.explicit, Phase.generate))
@given(shops(4), units, apart, st.sampled_from(["", "shop"]), st.integers(24, 96), st.data())
def test_who_is_in_a_segment_is_who_its_filter_leaves(
    shop: IndexedShop,
    given_: tuple[str, list[dict[str, Any]]],
    unit: Literal["visitor", "user"],
    app: str,
    other_app: str,
    hours: int,
    data: st.DataObject,
) -> None:
    """Any rule as of any moment: the index counts and names whom SQL and the meaning do."""
    start, rows = given_
    now = oracle.instant(start, ZONE) + hours * HOUR
    complete = shop.set(known(rows))
    shelf, options = MemoryShelf(), {"unit": unit, "zone": ZONE}
    some = read_segment({"rule": {"did": {"event": "a"}}, "app": other_app, **options})
    listed = Segment(unit=unit, app=other_app)
    ids = ["v1", "nobody", "u1"] if other_app or unit == "user" else ["shop/v1", "blog/v2"]
    shelf.put("some", some)
    shelf.put("listed", listed, ids)
    rule = data.draw(nested(leaves(start)))
    bots = data.draw(st.sampled_from(["exclude", "include"]))
    segment = read_segment({"rule": rule, "app": app, "bots": bots, **options})
    shelf.put("asked", segment)
    others = {
        "some": as_app(segments_oracle.members(some, complete, now, {}), some, app),
        "listed": as_app(set(ids), listed, app),
    }
    others = {name: one for name, one in others.items() if f"'segment': '{name}'" in str(rule)}
    inside = segments_oracle.members(segment, complete, now, others)
    op, value = data.draw(st.sampled_from([("is", True), ("is_not", True)]))
    asked = {"series": [{"measure": f"{unit}s"}], "app": app, "bots": "include"}
    asked |= {"where": {"field": "segment.asked", "op": op, "value": value}, "segments_at": None}
    asked |= {"range": {"start": "2024-01-01", "end": "2025-12-31"}, "granularity": "month"}
    question = read(EventsQuestion, asked)
    answer = shop.run_with(question, now, shelf)
    assert answer.way == "index"
    (row,) = [one for one in answer.rows if one.bucket is None]
    there = {oracle.actor(question, one, unit) for one in complete if _is_asked(question, one)}
    expected = {one for one in there - {None} if (one in inside) == (op == "is")}
    assert row.value == len(expected)
    opened = shop.members(question, row.cell, now, shelf=shelf)
    assert ({one.id for one in opened.members}, opened.way) == (expected, "index")


def _is_asked(question: EventsQuestion, row: dict[str, Any]) -> bool:
    start, end = oracle.span_of(question)
    return start <= row["event_time"] < end and question.app in ("", row["app_id"])
