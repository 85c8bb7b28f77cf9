"""The Overview and Explore pages in Chromium: golden questions have one answer everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footfall.clock import SystemClock
from footfall.explore.access import Project
from footfall.query import QueryPool
from tests.query.cuts import CutWriter, query_settings
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, faults, is_narrow, opened, shot
from tests.system import explore_shop as golden

__all__ = ["browser"]

pytestmark = BROWSER_TESTS

WEEK = ({"event": "page_view"}, {"event": "add_to_cart"}, {"event": "purchase"})
RANGE = golden.RANGE
QUESTIONS: dict[str, dict[str, Any]] = {
    "events": {"range": RANGE, "series": [{"event": "page_view", "measure": "visitors"}]},
    "funnel": {"range": RANGE, "steps": list(WEEK)},
    "path": {"range": RANGE, "nodes": "pages", "steps": 4},
    "retention": {"range": RANGE, "start": {"event": "page_view"}},
    "lifecycle": {"range": RANGE, "unit": "day"},
    "attribution": {"range": RANGE, "goal": {"event": "purchase"}, "field": "source", "model": "linear"},
    "compare": {"range": RANGE, "variant": "properties.variant", "goal": {"event": "purchase"}},
}


class Place:
    """One studio for all tests of the file, and the same project in Python."""

    def __init__(self, cut: CutWriter, running: Studio) -> None:
        self.cut = cut
        self.running = running
        self.url = running.url


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cut = golden.shop_cut(tmp_path_factory.mktemp("explore"))
    shop = FakeShop(cut.home)
    shop.history(SystemClock().now_us(), minutes=2)
    pool = QueryPool(cut.home, cut.project, query_settings())
    with studio(shop, sql=pool) as running:
        yield Place(cut, running)
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(20)


def explore(model: str, **more: str) -> str:
    """The address of a question."""
    return "/explore?" + urlencode({"model": model, "q": json.dumps(QUESTIONS[model]), **more})


def result(page: Page) -> Locator:
    """The panel of the answer, when it stands."""
    found = page.get_by_role("region", name="Result")
    expect(found.get_by_text("Computed on the data of")).to_be_visible()
    return found


def overview(**more: str) -> str:
    return "/overview?" + urlencode({"since": golden.SINCE, "until": golden.UNTIL, **more})


@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_looks_and_access(browser: Browser, place: Place, scheme: str, width: int) -> None:
    """Every model and the overview: readable by everybody, in both themes, wide and narrow."""
    size = {"width": width, "height": 1000}
    watched = opened(
        browser, place.running, overview(), color_scheme=scheme, viewport=size
    )
    page = watched.page
    expect(page.get_by_role("region", name="Numbers").locator("svg path").first).to_be_attached()
    expect(page.get_by_role("button", name="/tea", exact=True)).to_be_visible()
    shot(page, f"overview-{scheme}-{width}", full=True)
    is_narrow(page, width)
    assert faults(page) == []
    for model in QUESTIONS:
        page.goto(place.url + explore(model))
        found = result(page)
        if model not in ("compare",):
            expect(found.locator("svg path").first).to_be_attached()
        shot(page, f"explore-{model}-{scheme}-{width}", full=True)
        is_narrow(page, width)
        assert (model, faults(page)) == (model, [])
    assert (watched.faults, watched.outside) == ([], [])
    page.context.close()
