"""The worked examples of docs/concepts/segments.md, as they stand there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.clock import HOUR, MINUTE
from footfall.explore.question import EventsQuestion
from footfall.explore.question.reading import read
from footfall.explore.segments.asking import listing
from footfall.explore.segments.definition import Segment
from footfall.explore.segments.reading import read_segment
from footfall.explore.segments.words import sentence
from footfall.testing.events import NOON_US
from tests.explore.asked import Shop
from tests.explore.segments_shelf import MemoryShelf

TEN = NOON_US - 2 * HOUR
LATE = NOON_US + 10 * HOUR + 10 * MINUTE  # 00:10 on the next day in Berlin
BUY = {"event": "buy"}
BERLIN = {"zone": "Europe/Berlin"}
DAYS = {"start": "2024-10-04", "end": "2024-10-05"}
EXAMPLES: dict[str, tuple[Any, list[str]]] = {
    "did buy at least 2 times": ({"did": {**BUY, "times": 2}}, ["v1"]),
    "did buy at most 1 time": ({"did": {**BUY, "times": {"op": "lte", "value": 1}}}, ["v2", "v3"]),
    "did buy on at least 2 days from 2024-10-04 to 2024-10-05": (
        {"did": {**BUY, "measure": "days", "times": 2, "range": DAYS}},
        ["v1"],
    ),
    "did buy after their first view": ({"did": {**BUY, "after": "view"}}, ["v1"]),
    "did buy before their first view": ({"did": {**BUY, "before": "view"}}, ["v2"]),
    "did view then buy within 1d": (
        {"sequence": {"steps": ["view", "buy"], "window": "1d"}},
        ["v1"],
    ),
    "did not do view": ({"none": [{"did": "view"}]}, []),
    "have a sum of properties.price at least 8 in buy": (
        {"did": {**BUY, "measure": "sum", "of": "properties.price", "times": 8}},
        ["v1"],
    ),
}


def row(name: str, who: str, at: int, received: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "event_name": name,
        "visitor_id": who,
        "event_time": at,
        "received_at": at + received,
        "properties": json.dumps(more),
    }


ROWS = [
    row("view", "v1", TEN),
    row("buy", "v1", TEN, HOUR, price=10),
    row("buy", "v1", LATE, price=5),
    row("buy", "v2", TEN, price=7),
    row("view", "v2", TEN, HOUR),
    row("view", "v3", TEN),
]


@pytest.mark.parametrize("words", EXAMPLES)
def test_the_examples_hold(shop: Shop, words: str) -> None:
    """Who is in it, and what it is called, is what the page says."""
    rule, expected = EXAMPLES[words]
    shop.set(ROWS)
    segment = read_segment({"rule": rule, "app": "shop", **BERLIN})
    found = shop.run(listing("?", LATE, MemoryShelf(), draft=segment))
    assert [one.id for one in found.members] == expected
    assert sentence(segment) == f"visitors of shop who {words}"


def test_a_cell_opens_as_of_the_moment_of_its_answer(shop: Shop) -> None:
    """Who is in a segment of the last day changes overnight; yesterday's number opens as it was."""
    shop.set(ROWS)
    shelf = MemoryShelf()
    shelf.put("today", read_segment({"rule": {"did": {**BUY, "range": "1d"}}, **BERLIN}))
    days = {"start": "2024-10-04", "end": "2024-10-04"}
    asked = {"range": days, "where": {"field": "segment.today", "op": "is", "value": True}}
    question = read(EventsQuestion, {"series": [{"measure": "visitors"}], **asked})
    answer = shop.run_with(question, TEN + HOUR, shelf)
    (whole,) = [one for one in answer.rows if one.bucket is None]
    assert (whole.value, answer.segments_at) == (2, "2024-10-04T11:00:00+00:00")
    tomorrow = LATE + 30 * HOUR
    moved = shop.members(question, whole.cell, tomorrow, shelf=shelf)
    assert moved.members == ()
    pinned = read(
        EventsQuestion,
        {"series": [{"measure": "visitors"}], **asked, "segments_at": answer.segments_at},
    )
    opened = shop.members(pinned, whole.cell, tomorrow, shelf=shelf)
    assert [one.id for one in opened.members] == ["shop/v1", "shop/v2"]


def test_ids_of_two_apps_are_not_confused(shop: Shop) -> None:
    """v1 of the shop and v1 of the blog are two; a list of one app has nobody of the other."""
    shop.set([ROWS[0], ROWS[0] | {"app_id": "blog"}])
    shelf = MemoryShelf()
    shelf.put("own", Segment(app="blog"), ["v1"])
    shelf.put("both", Segment(), ["blog/v1", "v1"])
    days = {"start": "2024-10-04", "end": "2024-10-05"}
    for name in ("own", "both"):
        where = {"field": "segment", "op": "in", "value": [name]}
        question = read(
            EventsQuestion, {"series": [{}], "by": ["app_id"], "range": days, "where": where}
        )
        answer = shop.run_with(question, LATE, shelf)
        found = {one.group: one.value for one in answer.rows if one.bucket is None}
        assert found == {(): 1, ("blog",): 1}
