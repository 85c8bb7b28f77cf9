"""A shop of two weeks for the Overview and Explore pages; plain counting is the oracle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from footfall.clock import HOUR, MINUTE
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, sessions

DAY = 24 * HOUR
RANGE = {"start": "2024-10-04", "end": "2024-10-17"}
SINCE, UNTIL = "2024-10-04T00:00:00.000Z", "2024-10-18T00:00:00.000Z"
VISITORS = 60
PAGES = ("/", "/tea", "/coffee", "/basket", "/about")
SOURCES = ("search", "mail", "social", None)
DEVICES = (
    ("mobile", "Safari", "iOS"),
    ("desktop", "Firefox", "Linux"),
    ("desktop", "Chrome", "Windows"),
)


def events() -> list[dict[str, Any]]:
    """Visits of one to five pages; some put something in the basket, some of those buy."""
    rows: list[dict[str, Any]] = []
    for visitor in range(VISITORS):
        for visit in range(1 + visitor % 4):
            start = (
                NOON_US + ((visitor * 5 + visit * visit * 3 + visit) % 14) * DAY + visitor * MINUTE
            )
            rows += _visit(visitor, visit, start)
    return rows


def _visit(visitor: int, visit: int, start: int) -> list[dict[str, Any]]:
    names = ["page_view"] * (1 + (visitor + visit) % 4)
    if (visitor + visit) % 3 == 0:
        names.append("add_to_cart")
        if (visitor * 7 + visit) % 2 == 0:
            names.append("purchase")
    device, browser, os = DEVICES[visitor % 3]
    common = {
        "visitor_id": f"v{visitor}",
        "session_id": uuid_of(f"s{visitor} {visit}"),
        "source": SOURCES[(visitor + visit) % 4],
        "device_category": device,
        "browser": browser,
        "os": os,
        "language": "de-DE" if visitor % 5 else "en-GB",
        "properties": json.dumps({"variant": "B" if visitor % 2 else "A"}),
    }
    return [
        {
            **common,
            "event_name": name,
            "event_time": start + place * (visitor % 9 + 1) * MINUTE,
            "page_path": PAGES[(visitor + visit + place) % 5] if name == "page_view" else None,
            "engagement_ms": 4_000 * (visitor % 3 + 1) if name == "page_view" else None,
        }
        for place, name in enumerate(names)
    ]


def visits() -> list[dict[str, Any]]:
    """The sessions of these events."""
    found: dict[bytes, list[dict[str, Any]]] = {}
    for row in events():
        found.setdefault(row["session_id"], []).append(row)
    return [
        {
            "session_id": one,
            "visitor_id": rows[0]["visitor_id"],
            "started_at": rows[0]["event_time"],
            "ended_at": rows[-1]["event_time"],
            "events": len(rows),
            "views": sum(row["event_name"] == "page_view" for row in rows),
            "is_bounced": len(rows) == 1,
            "is_engaged": len(rows) > 1,
            "entry_page": rows[0]["page_path"],
            "exit_page": [row["page_path"] for row in rows if row["page_path"]][-1],
            "source": rows[0]["source"],
            "device_category": rows[0]["device_category"],
        }
        for one, rows in found.items()
    ]


def visitors_where(is_meant: Callable[[dict[str, Any]], bool]) -> set[str]:
    """Ids of visitors with such an event."""
    return {row["visitor_id"] for row in events() if is_meant(row)}


def funnel(*names: str) -> list[set[str]]:
    """Who got to each step, in order, a week from the first to the last."""
    reached: list[set[str]] = [set() for _ in names]
    for visitor in {row["visitor_id"] for row in events()}:
        own = sorted(
            (r["event_time"], r["event_name"]) for r in events() if r["visitor_id"] == visitor
        )
        for at, name in own:
            if name != names[0]:
                continue
            reached[0].add(visitor)
            last = at
            for step, wanted in enumerate(names[1:], 1):
                later = [t for t, n in own if n == wanted and last < t <= at + 7 * DAY]
                if not later:
                    break
                last = later[0]
                reached[step].add(visitor)
    return reached


def shop_cut(root: Path) -> CutWriter:
    """Published."""
    cut = CutWriter(root)
    cut.to_tail("events", event_table(events()))
    cut.add_hot(sessions(visits(), hot=True))
    cut.publish()
    return cut
