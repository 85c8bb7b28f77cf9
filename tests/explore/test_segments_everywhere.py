"""A segment as a filter, in each model, the Overview and a report's tile: as if only these were.

Each question is asked twice: with the filter over everybody's events, and without it over the
events of those in the segment alone. Answers are equal, number by number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from footfall.clock import HOUR
from footfall.dashboards.definition import Tile
from footfall.dashboards.running import Scene, data_of, rows_behind
from footfall.explore.kinds import KINDS
from footfall.explore.question.common import Filter
from footfall.explore.question.ranges import Range, Span
from footfall.explore.question.reading import read
from footfall.explore.segments.definition import Segment
from footfall.explore.segments.reading import read_segment
from footfall.testing.events import NOON_US, uuid_of
from tests.dashboards.shop import report
from tests.explore.asked import NOW, Shop
from tests.explore.segments_shelf import MemoryShelf
from tests.explore.shops import known

RANGE = {"start": "2024-10-03", "end": "2024-10-05"}
A, B = {"event": "a"}, {"event": "b"}
INSIDE = frozenset({("shop", "v1"), ("shop", "v4"), ("blog", "v2")})
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "events": ("events", {"series": [A, {"measure": "users"}], "by": ["page_path"], "top": 2}),
    "overview": (
        "events",
        {
            "series": [
                {"measure": "visitors"},
                {"measure": "sessions"},
                {"event": ["page_view", "screen_view"]},
                {"measure": "sessions", "where": {"field": "session.is_bounced", "value": True}},
                {"measure": "sum", "of": "engagement_ms"},
            ],
            "formulas": ["C / B", "D / B * 100", "E / B / 1000"],
            "granularity": "hour",
            "compare": "previous",
        },
    ),
    "overview_list": (
        "events",
        {
            "series": [{"measure": "sessions"}],
            "by": ["session.entry_page"],
            "top": 9,
            "granularity": "month",
        },
    ),
    "funnel": (
        "funnel",
        {"steps": [A, B], "by": ["page_path"], "granularity": "day", "compare": "previous"},
    ),
    "retention": ("retention", {"start": A, "periods": 2, "per": "user"}),
    "path": ("path", {"nodes": "events", "per": "visitor", "gap": "6h", "top": 2}),
    "path_by_session": ("path", {"nodes": "pages", "direction": "to"}),
    "lifecycle": ("lifecycle", {"active": {"event": ["a", "b"]}, "compare": "previous"}),
    "attribution": (
        "attribution",
        {"goal": B, "touches": [A, {"event": "c"}], "value": "properties.price"},
    ),
    "attribution_by_session": (
        "attribution",
        {"goal": B, "field": "session.entry_page", "model": "markov"},
    ),
    "compare": ("compare", {"variant": "properties.plan", "goal": B, "exposure": A}),
}
SOME = ("path", "lifecycle", "attribution")
CELLS = {"cell", "size_cell", "dropped_cell", "mixed_cell"}
APART = CELLS | {"sql", "segments", "segments_at", "cut_sequence", "cut_published_at"}


def shop_rows() -> Iterator[dict[str, Any]]:
    """Four days of five visitors, in two apps."""
    for n in range(96):
        yield {
            "event_id": uuid_of(f"event {n}"),
            "request_id": uuid_of(f"request {n}"),
            "event_time": NOON_US + (n * 7 % 95 - 60) * HOUR,
            "event_name": "aabbcd"[n % 6] if n % 11 else "page_view",
            "visitor_id": f"v{n % 5}" if n % 13 else None,
            "user_id": None if n % 3 else f"u{n % 4}",
            "app_id": "shop" if n % 4 else "blog",
            "session": None if n % 8 == 0 else f"s{n % 9}",
            "page_path": [None, "/a", "/b", "/ab"][n % 4],
            "engagement_ms": n * 100,
            "properties": json.dumps({"price": n % 5, "plan": "ab"[n % 5 % 2]}),
        }


def _shelf() -> MemoryShelf:
    """The same people by a list, and by a rule that is made of it."""
    shelf = MemoryShelf()
    shelf.put("listed", Segment(), [f"{app}/{visitor}" for app, visitor in sorted(INSIDE)])
    rule = {"all": [{"did": {"event": "z", "times": {"op": "lte", "value": 0}}}]}
    rule["all"].append({"segment": "listed"})
    shelf.put("made", read_segment({"rule": rule}))
    return shelf


def _is_inside(row: dict[str, Any]) -> bool:
    return (row["app_id"], row["visitor_id"]) in INSIDE


def _numbers(one: Any) -> Any:
    """All of an answer but how it was asked and what opens it."""
    if isinstance(one, dict):
        return {key: _numbers(value) for key, value in one.items() if key not in APART}
    if isinstance(one, list | tuple):
        return [_numbers(each) for each in one]
    return round(one, 9) if isinstance(one, float) else one


def _answers(
    shop: Shop, more: dict[str, Any], names: Collection[str] = QUESTIONS.keys()
) -> dict[str, Any]:
    found = {}
    for name in names:
        model, asked = QUESTIONS[name]
        question = read(KINDS[model].question, {"range": RANGE} | asked | more)
        found[name] = _numbers(msgspec.to_builtins(shop.run_with(question, NOW, _shelf())))
    return found


class _Runner:
    """Runs a tile's statements on the shop's own engine."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def run(self, sql: str, parameters: Any, **options: Any) -> Any:
        made = self._shop.engine.run(sql, parameters, rows_max=options.get("rows_max"))
        columns = [column.to_pylist() for column in made.table.columns]
        return SimpleNamespace(
            body=msgspec.json.encode(list(zip(*columns, strict=True))),
            columns=(),
            is_cut_off=made.is_cut_off,
            cut_sequence=made.cut_sequence,
            cut_published_at=made.cut_published_at,
        )


def _tiles(shop: Shop, *filters: Filter) -> dict[str, Any]:
    """What report tiles of the same questions show, on a dashboard with these filters."""
    span = Span(0, NOW)
    scene = Scene(Range(**RANGE), span, filters, "UTC", NOW, lambda *_: ("", {}), _shelf())
    runner = _Runner(shop)

    async def show() -> dict[str, Any]:
        found = {}
        for name in ("events", "funnel", "lifecycle", "compare"):
            model, asked = QUESTIONS[name]
            given = msgspec.convert(report("table", model, **asked), Tile)
            data = await data_of(given, scene, runner)
            opened = []
            for cell in [one for one in data.cells or () if one is not None][:4]:
                behind = await rows_behind(given, scene, runner, (), cell)
                opened.append(msgspec.json.decode(behind.rows))
            found[name] = (msgspec.json.decode(data.rows), opened, len(data.segments))
        return found

    return asyncio.run(show())


@pytest.mark.slow
def test_every_model_over_a_segment_is_the_model_over_its_people(shop: Shop) -> None:
    """Path, life cycle, attribution, compare, Overview, tiles and the rest; by rule and by list."""
    shop.set(known([*shop_rows()]))
    by_name = {
        name: _answers(shop, {"where": {"field": "segment", "op": "is", "value": name}}, names)
        for name, names in (("listed", SOME), ("made", tuple(QUESTIONS)))
    }
    outside = _answers(shop, {"where": {"field": "segment.made", "op": "is", "value": False}}, SOME)
    everybody = _answers(shop, {}, SOME)
    tiles = _tiles(shop, Filter(field="segment", op="is", value="made"))
    shop.set(known([row for row in shop_rows() if _is_inside(row)]))
    alone = _answers(shop, {})
    for name in QUESTIONS:
        assert by_name["made"][name] == alone[name], name
    for name in SOME:
        assert by_name["listed"][name] == alone[name], name
        assert everybody[name] != alone[name], name
    tiles_alone = _tiles(shop)
    for name, (rows, opened, used) in tiles.items():
        assert (rows, opened) == tiles_alone[name][:2], name
        assert (used, tiles_alone[name][2]) == (2, 0)
        assert any(opened)
    shop.set(known([row for row in shop_rows() if not _is_inside(row)]))
    others = _answers(shop, {}, SOME)
    assert outside == others
