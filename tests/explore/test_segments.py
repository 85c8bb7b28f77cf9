"""Segments equal their meaning, row by row; and the people behind the numbers they were made of."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from footfall.explore.question import EventsQuestion, FunnelQuestion, RetentionQuestion
from footfall.explore.question.reading import read
from footfall.explore.segments.asking import (
    collecting,
    listing,
    sizing,
)
from footfall.explore.segments.definition import Segment
from footfall.explore.segments.reading import read_segment
from tests.explore import oracle, segments_oracle
from tests.explore.asked import Shop
from tests.explore.segments_shelf import MemoryShelf
from tests.explore.shops import (
    HOUR,
    ZONE,
    apart,
    common,
    filters,
    known,
    pers,
    selectors,
    shops,
    slow,
)

units = st.sampled_from(["visitor", "visitor", "user"])
times = st.sampled_from(
    [{"op": op, "value": n} for op in ("gte", "lte", "is") for n in (0, 1, 1, 2, 3)]
    + [{"op": "between", "value": low, "to": high} for low, high in ((0, 1), (1, 2), (2, 3))]
)
windows = st.sampled_from(["30m", "6h", "3d"])
fields = st.sampled_from(["page_path", "properties.plan", "session.entry_page", "properties.price"])


@st.composite
def ranges(draw: st.DrawFn, start: str) -> Any:
    """Ever, the last days, or an interval; the moment itself is drawn apart."""
    hours = draw(st.integers(0, 48))
    begin = oracle.local(oracle.instant(start, ZONE) + hours * HOUR, ZONE).isoformat()
    later = draw(st.integers(1, 72))
    end = oracle.local(oracle.instant(begin, ZONE) + later * HOUR, ZONE).isoformat()
    return draw(
        st.sampled_from(
            [None, None, {"last": 1}, {"last": 2}, {"start": begin}, {"start": begin, "end": end}]
        )
    )


@st.composite
def dids(draw: st.DrawFn, start: str) -> dict[str, Any]:
    found: dict[str, Any] = draw(selectors) | {"times": draw(times), "range": draw(ranges(start))}
    found["measure"] = draw(st.sampled_from(["times", "times", "times", "days", "sum", "distinct"]))
    if found["measure"] == "days" and found["range"] is None:
        found["range"] = {"last": 2}
    if found["measure"] in ("sum", "distinct"):
        found["of"] = "properties.price"
    for name in ("after", "before"):
        if draw(st.integers(0, 3)) == 0:
            which = draw(st.sampled_from(["first", "last"]))
            found[name] = draw(selectors) | {"which": which, "within": draw(st.none() | windows)}
    return found


def _meant(selector: dict[str, Any]) -> str:
    return str((selector["event"], selector["where"]))


@st.composite
def leaves(draw: st.DrawFn, start: str) -> dict[str, Any]:
    form = draw(st.sampled_from(["did", "did", "did", "sequence", "has", "has", "segment"]))
    if form == "did":
        return {"did": draw(dids(start))}
    if form == "sequence":
        steps = draw(st.lists(selectors, min_size=2, max_size=3, unique_by=_meant))
        order = draw(st.sampled_from(["ordered", "strict", "any"]))
        span = draw(ranges(start))
        return {
            "sequence": {"steps": steps, "window": draw(windows), "order": order, "range": span}
        }
    if form == "segment":
        return {"segment": draw(st.sampled_from(["some", "other"]))}
    op = draw(st.sampled_from(["is", "is_not", "in", "not_in", "is_set", "is_not_set", "contains"]))
    value: Any = draw(st.sampled_from(["/a", "a", "/s1", "3"]))
    if op in ("in", "not_in"):
        value = [value, "/b"]
    if op in ("is_set", "is_not_set"):
        value = None
    which = draw(st.sampled_from(["first", "last", "any"]))
    span = draw(ranges(start))
    return {"has": {"field": draw(fields), "op": op, "value": value, "which": which, "range": span}}


def nested(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Rules made of rules."""
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            lambda word, several: {word: several},
            st.sampled_from(["all", "any", "none"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=4,
    )


@slow
@given(shops(), units, apart, st.sampled_from(["", "shop"]), st.integers(0, 96), st.data())
def test_a_segment_has_exactly_those_of_whom_its_rule_holds(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    unit: str,
    app: str,
    other_app: str,
    hours: int,
    data: st.DataObject,
) -> None:
    """Any rule, as of any moment: ties, late events, days of 23 and 25 hours, two apps, bots."""
    start, rows = given_
    now = oracle.instant(start, ZONE) + hours * HOUR
    complete = shop.set(known(rows))
    shelf, others = MemoryShelf(), {}
    options = {"unit": unit, "zone": ZONE}
    some = read_segment({"rule": {"did": {"event": "a"}}, "app": other_app, **options})
    shelf.put("some", some)
    others["some"] = as_app(segments_oracle.members(some, complete, now, {}), some, app)
    listed = Segment(unit=unit, app=other_app)
    prefix = "" if other_app or unit == "user" else "shop/"
    ids = [f"{prefix}v1", f"{prefix}nobody", "u1"]
    shelf.put("other", listed, ids)
    others["other"] = as_app(set(ids), listed, app)
    bots = data.draw(st.sampled_from(["exclude", "include"]))
    given_rule = data.draw(nested(leaves(start)))
    segment = read_segment({"rule": given_rule, "app": app, "bots": bots, **options})
    named = {one for one in others if f"'segment': '{one}'" in str(given_rule)}
    expected = segments_oracle.members(
        segment, complete, now, {name: others[name] for name in named}
    )
    found = shop.run(listing("?", now, shelf, draft=segment))
    assert [one.id for one in found.members] == sorted(expected)
    sized = shop.run(sizing(segment, now, shelf))
    assert sized.size == len(expected)
    assert sized.total == len(segments_oracle.by_actor(segment, complete, now))


def as_app(ids: set[str], segment: Segment, app: str) -> set[str]:
    """Ids as a segment of another app names them."""
    if segment.unit == "user" or segment.app == app:
        return ids
    if not app:
        return {f"{segment.app}/{one}" for one in ids}
    return {one.removeprefix(f"{app}/") for one in ids if one.startswith(f"{app}/")}


ASKED = st.sampled_from(["events", "funnel", "retention"])


@slow
@given(shops(), ASKED, pers, filters, apart, st.booleans(), st.data())
def test_who_is_behind_a_number_is_who_is_in_the_segment_made_of_it(
    shop: Shop,
    given_: tuple[str, list[dict[str, Any]]],
    model: str,
    per: str,
    where: Any,
    app: str,
    is_broken_down: bool,
    data: st.DataObject,
) -> None:
    """As a list and as a definition; and the question over the segment alone has their events."""
    start, rows = given_
    options = common(start, 2) | {"app": app, "where": where}
    options["by"] = ["page_path"] if is_broken_down else []
    question = _question(model, per, options)
    now = oracle.instant(start, ZONE) + 96 * HOUR
    complete = shop.set(known(rows))
    cell = data.draw(st.sampled_from(_cells(shop.answer(question, now)) or [None]))
    if cell is None:
        return
    opened = shop.members(question, cell, now)
    unit = "user" if opened.kind == "user" else "visitor"
    whose = {one.id for one in opened.members}
    if opened.kind in ("session", "event"):
        id_of = f"{opened.kind}_text"
        whose = {oracle.actor(question, row, unit) for row in complete if row[id_of] in whose}
    whose -= {None}
    shelf = MemoryShelf()
    ids, _ = shop.run(collecting(question, cell, now, shelf, unit))
    assert list(ids) == sorted(whose)
    behind = {"model": model, "question": options | _own(model, per), "cell": cell}
    made = read_segment({"rule": {"behind": behind}, "unit": unit, "app": app, "zone": ZONE})
    listed = shop.run(listing("?", now, shelf, draft=made))
    assert {one.id for one in listed.members} == whose
    shelf.put("list", Segment(unit=unit, app=app), ids)
    shelf.put("rule", made)
    theirs = [
        row
        for row in oracle.looked_at(question, complete, *oracle.span_of(question))
        if oracle.actor(question, row, unit) in whose
    ]
    for name in ("list", "rule"):
        inside = {"field": "segment", "op": "is", "value": name}
        parts = {"all": [one for one in (where, inside) if one]}
        counted = read(EventsQuestion, options | {"series": [{}], "where": parts, "by": []})
        (row,) = [one for one in shop.run_with(counted, now, shelf).rows if one.bucket is None]
        assert row.value == len(theirs)
        outside = [*parts["all"][:-1], {"field": "segment", "op": "not_in", "value": [name]}]
        counted = read(
            EventsQuestion, options | {"series": [{}], "where": {"all": outside}, "by": []}
        )
        answer = shop.run_with(counted, now, shelf)
        (row,) = [one for one in answer.rows if one.bucket is None]
        every = oracle.looked_at(question, complete, *oracle.span_of(question))
        assert row.value == len(every) - len(theirs)
        assert [(one.name, one.version, one.is_list) for one in answer.segments] == [
            (name, 1, name == "list")
        ]


def _own(model: str, per: str) -> dict[str, Any]:
    if model == "events":
        return {"series": [{"event": "a", "measure": f"{per}s"}, {"event": "b"}]}
    if model == "funnel":
        return {"steps": [{"event": "a"}, {"event": None}], "window": "6h", "per": per}
    return {"start": {"event": "a"}, "periods": 2, "per": per}


def _question(model: str, per: str, options: dict[str, Any]) -> Any:
    kinds: dict[str, Any] = {
        "events": EventsQuestion,
        "funnel": FunnelQuestion,
        "retention": RetentionQuestion,
    }
    return read(kinds[model], options | _own(model, per))


def _cells(answer: Any) -> list[str]:
    names = ("cell", "dropped_cell", "size_cell")
    return [key for row in answer.rows for name in names if (key := getattr(row, name, None))]
