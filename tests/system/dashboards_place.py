"""One studio with the seeds' dashboards, and what a page of theirs is asked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from footfall.clock import SystemClock
from footfall.dashboards.storage import Dashboards
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from tests.dashboards.shop import beer, retail, shop_cut
from tests.query.cuts import CutWriter, query_settings
from tests.studio.fakes import FakeShop, Studio, studio


class Place:
    """One studio for all tests of the file, with what is behind it."""

    def __init__(self, cut: CutWriter, shop: FakeShop, running: Studio) -> None:
        self.cut = cut
        self.shop = shop
        self.running = running
        self.url = running.url
        self.added = 0
        """Events without a category that a test added; tests run in any order."""
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
        # A worker that starts on a busy machine takes longer than a page is waited for.
        warm = asyncio.run_coroutine_threadsafe(
            pool.run("SELECT count(*) FROM events"), running.loop
        )
        warm.result(120)
        yield found
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def tile(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def drawn(page: Page, title: str) -> Locator:
    """A tile whose chart stands."""
    found = tile(page, title)
    expect(found.get_by_role("img").locator("svg path").first).to_be_attached()
    return found


def as_table(page: Page, title: str) -> list[list[str]]:
    """The numbers of a tile, read from its table."""
    page.get_by_role("button", name=f"More about {title}").click()
    page.get_by_role("menuitem", name="Show as a table").click()
    rows = tile(page, title).locator("tbody tr")
    expect(rows.first).to_be_visible()
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def count_behind(page: Page) -> int:
    """Rows that the open drawer says it has; it is closed again."""
    said = page.get_by_role("dialog").get_by_role("status")
    expect(said).to_contain_text(re.compile(r"^[\d,]+ rows?"))
    text = said.inner_text()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    return int(text.split()[0].replace(",", ""))
