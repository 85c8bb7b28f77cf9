"""The dashboards' pages, their editor and their links, in Chromium over real query workers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footfall.clock import SystemClock
from footfall.dashboards.storage import Dashboards
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from tests.dashboards.shop import beer, retail, shop_cut
from tests.query.cuts import CutWriter, query_settings
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, faults, is_narrow, opened, shot

__all__ = ["browser"]

pytestmark = BROWSER_TESTS


class Place:
    """One studio for all tests of the file, with what is behind it."""

    def __init__(self, cut: CutWriter, shop: FakeShop, running: Studio) -> None:
        self.cut = cut
        self.shop = shop
        self.running = running
        self.url = running.url
        self.services = running.services
        place = MetadataPlace.of(shop.home)
        self.dashboards = Dashboards(place, "default", SystemClock())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cut = shop_cut(tmp_path_factory.mktemp("dashboards"))
    shop = FakeShop(cut.home)
    shop.history(SystemClock().now_us(), minutes=2)
    pool = QueryPool(cut.home, cut.project, query_settings())
    with studio(shop, sql=pool) as running:
        found = Place(cut, shop, running)
        found.dashboards.apply("retail", retail())
        found.dashboards.apply("beer", beer())
        yield found
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(20)


def tile(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def drawn(page: Page, title: str) -> Locator:
    """A tile whose chart stands."""
    found = tile(page, title)
    expect(found.locator("svg path").first).to_be_attached()
    return found


def as_table(page: Page, title: str) -> list[list[str]]:
    """The numbers of a tile, read from its table."""
    page.get_by_role("button", name=f"More about {title}").click()
    page.get_by_role("menuitem", name="Show as a table").click()
    rows = tile(page, title).locator("tbody tr")
    expect(rows.first).to_be_visible()
    return [row.locator("td").all_inner_texts() for row in rows.all()]


@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_looks_and_access(browser: Browser, place: Place, scheme: str, width: int) -> None:
    """Both seeds' dashboards, the list, Home and the editor: readable by everybody."""
    size = {"width": width, "height": 1000}
    watched = opened(
        browser, place.running, "/dashboards?name=retail", color_scheme=scheme, viewport=size
    )
    page = watched.page

    def look(name: str) -> None:
        is_narrow(page, width)
        shot(page, f"dashboards-{name}-{scheme}-{width}", full=True)
        assert (name, faults(page)) == (name, [])

    for title in ("Clicks by category", "Categories and their parts", "Clicks by hour"):
        drawn(page, title)
    expect(tile(page, "Devices and events").locator("tbody tr").first).to_be_visible()
    look("retail")
    page.goto(f"{place.url}/dashboards?name=beer")
    for title in ("Sessions by first event", "Device, by duration and events"):
        drawn(page, title)
    drawn(page, "Click to purchase")
    look("beer")
    page.goto(f"{place.url}/dashboards")
    expect(page.get_by_role("link", name="Retail clicks")).to_be_visible()
    look("list")
    page.goto(f"{place.url}/dashboards?name=retail&edit=1")
    drawn(page, "Clicks by category")
    tile(page, "Clicks by category").get_by_role("button", name="Edit").click()
    expect(page.get_by_role("complementary", name="Tile Clicks by category")).to_be_visible()
    look("editor")
    page.goto(place.url)
    expect(page.get_by_role("region", name="code: Plain HTML")).to_be_visible()
    look("home")
    assert (watched.faults, watched.outside) == ([], [])
    page.context.close()
