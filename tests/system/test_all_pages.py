"""Every page of the studio, walked as a person with a keyboard and a small screen walks them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.alerts.desk import AlertDesk
from footfall.catalog.asking.queries import Queries
from footfall.catalog.crawls.crawling import Crawling
from footfall.clock import SystemClock
from footfall.dashboards.ready import add_ready, ready_dashboards
from footfall.dashboards.storage import Dashboards
from footfall.metadata import Metadata
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.settings import load_settings
from footfall.studio.api.catalog.use import CatalogUse
from tests.dashboards.shop import shop_cut
from tests.query.cuts import query_settings
from tests.scale import scaled
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, faults, is_narrow, opened, shot

__all__ = ["browser"]

pytestmark = BROWSER_TESTS

TABS_MAX = 40
FOCUSED = """() => {
  const one = document.activeElement;
  // What is drawn of a radio button is its label.
  const shown = one.matches("input[type=radio]") ? (one.labels[0] ?? one) : one;
  const box = shown.getBoundingClientRect();
  const ids = (one.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
  const named = ids.map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const labels = [...(one.labels ?? [])].map((label) => label.textContent).join(" ");
  const own = one.getAttribute("aria-label") ?? one.getAttribute("title") ?? "";
  return {
    tag: one.tagName,
    name: (named || labels || own || one.textContent || one.placeholder || "").trim(),
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    html: one.outerHTML.slice(0, 120),
  };
}"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    cut = shop_cut(tmp_path_factory.mktemp("pages"))
    shop = FakeShop(cut.home)
    shop.history(SystemClock().now_us(), minutes=2)
    kept = Dashboards(MetadataPlace.of(shop.home), "default", SystemClock())
    for one in ready_dashboards():
        add_ready(kept, one.name)
    pool = QueryPool(cut.home, cut.project, query_settings())
    clock, settings = SystemClock(), load_settings()
    desk = AlertDesk(shop.home, "default", settings, clock)

    def made() -> Metadata:
        return Metadata.open(shop.home)

    crawling = Crawling(shop.home, "default", settings, made, clock)
    queries = Queries(crawling.catalog, made, clock)
    use = CatalogUse(crawling, queries, _define, crawling.run)
    with studio(shop, sql=pool, alerts=desk, catalog=use) as found:
        warm = asyncio.run_coroutine_threadsafe(pool.run("SELECT 1 FROM events"), found.loop)
        warm.result(120)
        yield found
        asyncio.run_coroutine_threadsafe(pool.close(), found.loop).result(60)


async def _define(text: str) -> str:
    raise AssertionError(text)


def settled(page: Page) -> None:
    """What is loading has come or failed, and a heading says where one is."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator("[class*=Skeleton]")).to_have_count(0)


def tab_through(page: Page) -> None:
    """Each stop of the Tab key is seen, has a name, and is none of the stops before it."""
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    stops = []
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found["tag"] == "BODY":
            break
        stops.append(found)
    assert [one["html"] for one in stops if not (one["isSeen"] and one["name"])] == []
    assert stops[0]["name"] == "Skip to the page"


@pytest.mark.parametrize("scheme", ["dark", "light"][: scaled(1, 2)])
def test_every_page(browser: Browser, running: Studio, scheme: str, tmp_path: Path) -> None:
    """At 390 px: nothing is wider, axe and the console have nothing to say, Tab leads through."""
    size = {"width": 390, "height": 844}
    watched = opened(browser, running, "/", color_scheme=scheme, viewport=size)
    page = watched.page
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    expect(links.first).to_be_visible()
    paths = [link.get_attribute("href") or "" for link in links.all()]
    assert {"/", "/live", "/dashboards", "/sql"} <= set(paths)
    shown = [*paths, *(f"/dashboards?name={one.name}" for one in ready_dashboards()), "/nowhere"]
    said: dict[str, list[str]] = {}
    for path in shown:
        page.goto(running.url + path)
        settled(page)
        assert page.title().endswith("Footfall")
        name = path.strip("/").replace("?", "-").replace("=", "-") or "home"
        shot(page, f"page-{name}-{scheme}-390", full=True)
        is_narrow(page, size["width"])
        said[path] = [*faults(page), *watched.faults, *watched.outside]
        watched.faults.clear()
        tab_through(page)
    assert said == {path: [] for path in shown}
    page.context.close()
