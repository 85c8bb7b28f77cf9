"""A small shop whose every number is known, as a cut that query workers read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from footfall.clock import HOUR
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, sessions

CATEGORIES = {
    "beverages": ("tea", "coffee", "juice"),
    "electronics": ("phones", "laptops"),
    "garden": ("tools", "seeds", "<b>pots</b>"),
    "kids' toys": ("wood", "games"),
}
DEVICES = ("mobile", "computer", "tablet")
PAGES = ("beer_checkout", "beer_cart", "beer_products", "beer_vitrine_nav")
EVENTS = 240
SESSIONS = 60
RANGE = {"start": "2024-10-04", "end": "2024-10-05"}


def events() -> list[dict[str, Any]]:
    """Clicks as the retail seed has them; some without a category."""
    rows = []
    for number in range(EVENTS):
        category = None if number % 17 == 0 else list(CATEGORIES)[number * number // 7 % 4]
        parts = CATEGORIES.get(category or "", ("",))
        properties: dict[str, Any] = {"price": number / 4}
        if category is not None:
            properties |= {"category": category, "sub": parts[number * 5 // 3 % len(parts)]}
        rows.append(
            {
                "event_name": "click" if number % 3 else "purchase",
                "event_time": NOON_US + (number * number // 5 % 24) * HOUR + number,
                "visitor_id": f"v{number % 30}",
                "device_category": DEVICES[number % 3],
                "properties": json.dumps(properties),
            }
        )
    return rows


def visits() -> list[dict[str, Any]]:
    """Sessions as the beer shop has them."""
    return [
        {
            "session_id": uuid_of(f"s{number}"),
            "visitor_id": f"v{number % 30}",
            "started_at": NOON_US + number * HOUR // 4,
            "device_category": DEVICES[number * 7 % 5 % 3],
            "entry_page": PAGES[number * number // 3 % 4],
            "duration_ms": 1_000 * (number % 40),
            "events": number % 9 + 1,
        }
        for number in range(SESSIONS)
    ]


def by_category() -> Counter[str | None]:
    """Events by category: what the pie must show."""
    return Counter(json.loads(row["properties"]).get("category") for row in events())


def shop_cut(root: Path) -> CutWriter:
    """Published."""
    cut = CutWriter(root)
    cut.to_tail("events", event_table(events()))
    cut.add_hot(sessions(visits(), hot=True))
    cut.publish()
    return cut


def fields(chart: str, table: str = "events", **roles: Any) -> dict[str, Any]:
    """A tile of fields."""
    query = {"kind": "fields", "table": table, **roles}
    return {"id": "t", "chart": chart, "place": {"x": 0, "y": 0, "w": 4, "h": 4}, "query": query}


def sql(chart: str, text: str, **options: Any) -> dict[str, Any]:
    """A tile of SQL."""
    query = {"kind": "sql", "sql": text}
    place = {"x": 0, "y": 0, "w": 4, "h": 4}
    return {"id": "t", "chart": chart, "place": place, "query": query, "options": options}


def report(chart: str, model: str, **question: Any) -> dict[str, Any]:
    """A tile of an explore report."""
    query = {"kind": "report", "model": model, "question": question}
    return {"id": "t", "chart": chart, "place": {"x": 0, "y": 0, "w": 4, "h": 4}, "query": query}


def retail() -> dict[str, Any]:
    """The retail seed's dashboard, with every other kind of tile beside it."""
    category = {"column": "properties.category"}
    at = {"column": "event_time", "unit": "hour"}
    tiles = [
        placed(fields("number"), "events", "Clicks", 0, 0, 3, 2),
        placed(
            fields("number", y={"column": "visitor_id", "measure": "distinct"}),
            "visitors",
            "Visitors",
            3,
            0,
            3,
            2,
        ),
        placed(
            {
                "chart": "text",
                "text": "### Retail clicks\nWhat people look at, by *category*. <b>No markup.</b>",
            },
            "about",
            "",
            6,
            0,
            6,
            2,
        ),
        placed(fields("pie", x=category), "pie", "Clicks by category", 0, 2, 5, 5),
        placed(
            fields("stacked_bar", x=category, colour={"column": "properties.sub"}),
            "bar",
            "Categories and their parts",
            5,
            2,
            7,
            5,
        ),
        placed(
            fields("line", x=at, colour={"column": "device_category"}),
            "line",
            "Clicks by hour",
            0,
            7,
            7,
            4,
        ),
        placed(
            sql(
                "table",
                "SELECT device_category, event_name, count(*) AS clicks FROM events"
                " WHERE event_time >= $from AND event_time < $to"
                " GROUP BY ALL ORDER BY clicks DESC",
            ),
            "table",
            "Devices and events",
            7,
            7,
            5,
            4,
        ),
    ]
    return dashboard("Retail clicks", tiles)


def beer() -> dict[str, Any]:
    """The beer shop's dashboard."""
    tiles = [
        placed(
            fields("donut", "sessions", x={"column": "entry_page"}),
            "donut",
            "Sessions by first event",
            0,
            0,
            5,
            5,
        ),
        placed(
            fields(
                "tree_map",
                "sessions",
                x={"column": "device_category"},
                size={"column": "duration_ms", "measure": "sum"},
                colour={"column": "events", "measure": "sum"},
            ),
            "tree",
            "Device, by duration and events",
            5,
            0,
            7,
            5,
        ),
        placed(
            fields(
                "heat_map",
                x={"column": "device_category"},
                colour={"column": "properties.category"},
            ),
            "heat",
            "Category and device",
            0,
            5,
            6,
            4,
        ),
        placed(
            fields(
                "area",
                x={"column": "event_time", "unit": "hour"},
                colour={"column": "device_category"},
            ),
            "area",
            "Events by hour",
            6,
            5,
            6,
            4,
        ),
        placed(
            report("bar", "funnel", steps=[{"event": "click"}, {"event": "purchase"}]),
            "funnel",
            "Click to purchase",
            0,
            9,
            12,
            4,
        ),
    ]
    return dashboard("Beer shop sessions", tiles)


def placed(
    tile: dict[str, Any], tile_id: str, title: str, x: int, y: int, w: int, h: int
) -> dict[str, Any]:
    """A tile at a place."""
    return {**tile, "id": tile_id, "title": title, "place": {"x": x, "y": y, "w": w, "h": h}}


def dashboard(title: str, tiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Of one sheet, over all that the shop has."""
    return {"title": title, "range": RANGE, "sheets": [{"title": "Overview", "tiles": tiles}]}
