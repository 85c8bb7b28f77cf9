"""Golden questions of the shop of `explore_shop`, and every way to ask them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
from playwright.sync_api import Page

from footfall.explore.kinds import KINDS
from tests.cli.shell import run
from tests.scale import IS_FULL
from tests.system.explore_shop import RANGE

WEEK = ({"event": "page_view"}, {"event": "add_to_cart"}, {"event": "purchase"})
QUESTIONS: dict[str, dict[str, Any]] = {
    "events": {"range": RANGE, "series": [{"event": "page_view", "measure": "visitors"}]},
    "funnel": {"range": RANGE, "steps": list(WEEK)},
    "path": {"range": RANGE, "nodes": "pages", "steps": 4},
    "retention": {"range": RANGE, "start": {"event": "page_view"}},
    "lifecycle": {"range": RANGE, "unit": "day"},
    "attribution": {
        "range": RANGE,
        "goal": {"event": "purchase"},
        "field": "source",
        "model": "linear",
    },
    "compare": {"range": RANGE, "variant": "properties.variant", "goal": {"event": "purchase"}},
}


def sheet(model: str, answer: Any) -> list[Any]:
    """The counts of an answer in Python, in the order of the page's table."""
    match model:
        case "events":
            return [row.value for row in answer.rows]
        case "retention":
            return [number for row in answer.rows for number in (row.size, row.count)]
        case "compare":
            return [number for row in answer.rows for number in (row.size, row.count)]
        case "funnel":
            dropped = [None if r.dropped_cell is None else r.dropped for r in answer.rows]
            return [n for row, d in zip(answer.rows, dropped, strict=True) for n in (row.count, d)]
        case _:
            return [row.count for row in answer.rows]


COUNTS = {
    "events": ("value",),
    "funnel": ("count", "dropped"),
    "path": ("count",),
    "retention": ("size", "count"),
    "lifecycle": ("count",),
    "attribution": ("conversions",),
    "compare": ("size", "converted"),
}
SQL = {
    "events": "SELECT count(DISTINCT visitor_id) FROM events WHERE event_name = 'page_view'",
    "funnel": (
        "SELECT count(DISTINCT a.visitor_id) FROM events a JOIN events b ON a.visitor_id ="
        " b.visitor_id AND b.event_name = 'add_to_cart' AND b.event_time > a.event_time AND"
        " b.event_time <= a.event_time + INTERVAL 7 DAY WHERE a.event_name = 'page_view'"
    ),
    "attribution": "SELECT count(*) FROM events WHERE event_name = 'purchase'",
    "compare": (
        "SELECT count(DISTINCT visitor_id) FROM events WHERE properties->>'$.variant' = 'A'"
    ),
}
"""One number of a golden question each, written by hand."""
VERBS = {
    "events": ("trend", "page_view", "--measure", "visitors"),
    "funnel": ("funnel", "page_view", "add_to_cart", "purchase"),
    "path": ("paths", "--steps", "4", "--top", "10"),
    "retention": ("retention", "--start", "page_view"),
    "lifecycle": ("lifecycle", "--unit", "day"),
    "attribution": ("attribution", "purchase", "--field", "source", "--model", "linear"),
    "compare": ("compare", "properties.variant", "purchase"),
}
IN_TERMINAL = set(VERBS) if IS_FULL else {"funnel", "attribution"}
"""A verb is a process and a worker of its own: the others in `make test-full`."""


def over_http(page: Page, home: Path, model: str) -> Any:
    """The same question, as a program asks it."""
    said = page.request.post(urljoin(page.url, f"/api/explore/{model}"), data=QUESTIONS[model])
    return msgspec.json.decode(said.body(), type=KINDS[model].answer)


def in_terminal(page: Page, home: Path, model: str) -> Any:
    """The same question, as a person types it."""
    days = ("--from", RANGE["start"], "--to", RANGE["end"])
    done = run(*VERBS[model], *days, "--json", "--home", str(home))
    return msgspec.json.decode(done.stdout, type=KINDS[model].answer)


WAYS: dict[str, Any] = {"http": over_http, "terminal": in_terminal}
"""Further ways to an answer, each held to Python's; a new one has its line here."""
