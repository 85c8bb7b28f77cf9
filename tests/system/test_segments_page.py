"""The Segments page in Chromium: built, counted, kept, opened, overlapped, used as a filter."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.clock import DAY, SystemClock
from footfall.explore.access import Project
from footfall.explore.segments.kept import SegmentSize
from footfall.explore.segments.storage import Segments
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from tests.query.cuts import CutWriter, query_settings
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, choose, faults, is_narrow, opened, shot
from tests.system import explore_shop as golden

__all__ = ["browser"]

pytestmark = BROWSER_TESTS
BUYERS = {"did": "purchase"}
HELD = [
    {f"shop/v{number}" for number in range(first, first + size)}
    for first, size in ((0, 9), (2, 12), (4, 11), (3, 14), (6, 13))
]
"""Who was in it, refresh by refresh."""
LOOKS = [("light", 400), ("dark", 1440), ("light", 1440), ("dark", 400)]


class Place:
    """One studio for all tests of the file, and the same project in Python."""

    def __init__(self, cut: CutWriter, running: Studio) -> None:
        self.running = running
        self.project: Any = Project(cut.home.root)
        self.store = Segments(MetadataPlace.of(cut.home), cut.project, SystemClock())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cut = golden.shop_cut(tmp_path_factory.mktemp("segments"))
    shop = FakeShop(cut.home)
    shop.history(SystemClock().now_us(), minutes=2)
    pool = QueryPool(cut.home, cut.project, query_settings())
    with studio(shop, sql=pool) as running:
        found = Place(cut, running)
        segments = found.project.segments
        segments.define("buyers", BUYERS, title="Buyers")
        basket = {"all": [{"did": "add_to_cart"}, {"none": [BUYERS]}]}
        segments.define("basket", basket, title="Basket left")
        now = SystemClock().now_us()
        for days, ids in enumerate(HELD):
            at = now - (5 - days) * DAY
            size = SegmentSize(at, 1, len(ids), 60, 1, at)
            found.store.note_size("buyers", size, sorted(ids), "visitor/")
        yield found
        found.project.close()
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def ids_on(page: Page) -> list[str]:
    """Everybody on the list that is shown."""
    listed = page.get_by_role("list", name="visitors").last
    expect(listed.locator("li").first).to_be_visible()
    return listed.locator("li").all_inner_texts()


@pytest.mark.parametrize(
    ("scheme", "width"), LOOKS if "FOOTFALL_SHOTS" in os.environ else LOOKS[:2]
)
def test_looks_and_access(browser: Browser, place: Place, scheme: str, width: int) -> None:
    """List, segment, builder, overlap: readable by all, in both themes, wide and narrow."""
    size = {"width": width, "height": 1000}
    watched = opened(browser, place.running, "/segments", color_scheme=scheme, viewport=size)
    page, found = watched.page, []
    views = {
        "list": ("/segments", page.get_by_role("link", name="Buyers")),
        "one": ("/segments?name=buyers", page.get_by_role("list", name="visitors")),
        "builder": ("/segments?name=basket&edit=1", page.get_by_text("did not do purchase")),
        "overlap": (
            "/segments?overlap=buyers&overlap=basket",
            page.get_by_role("button", name="Open only buyers"),
        ),
    }
    for name, (path, sign) in views.items():
        page.goto(place.running.url + path)
        expect(sign.first).to_be_visible()
        shot(page, f"segments-{name}-{scheme}-{width}", full=True)
        is_narrow(page, width)
        found += [(name, one) for one in faults(page)]
    assert (watched.faults, watched.outside, found) == ([], [], [])
    page.context.close()


def test_a_segment_is_built_counted_and_kept(browser: Browser, place: Place) -> None:
    """The sentence and the number follow each change; what is kept has exactly these people."""
    watched = opened(browser, place.running, "/segments")
    page = watched.page
    page.get_by_role("button", name="New segment").click()
    choose(page, "Event of rule 1", "page_view")
    page.get_by_label("When").select_option("")
    page.get_by_label("Number").fill("5")
    page.get_by_label("Number").press("Enter")
    expect(page.get_by_text("who did page_view at least 5 times")).to_be_visible()
    wanted = {"did": {"event": "page_view", "times": 5}}
    expected = place.project.segments.preview(wanted)
    counted = page.get_by_role("main").get_by_role("status")
    expect(counted).to_contain_text(f"{expected.size} ")
    page.get_by_label("Name of the segment").fill("Loyal buyers")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Loyal buyers")).to_be_visible()
    members = place.project.segments.members("loyal-buyers")
    assert ids_on(page) == members
    assert len(members) == expected.size > 0
    # Counted as it was saved: nobody refreshed anything.
    expect(page.get_by_role("region", name="Size")).to_contain_text(f"{expected.size} ")
    page.goto(place.running.url + "/segments")
    listed = page.get_by_role("listitem").filter(has_text="Loyal buyers")
    expect(listed).to_contain_text(f"no history yet{expected.size}")
    page.get_by_role("link", name="Loyal buyers").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove for ever").click()
    expect(page.get_by_role("button", name="New segment")).to_be_visible()
    assert "loyal-buyers" not in place.store.names()
    assert watched.faults == []
    page.context.close()


def test_who_joined_and_who_left(browser: Browser, place: Place) -> None:
    """Of the last two refreshes, then of any; a count opens to exactly these, also by address."""
    watched = opened(browser, place.running, "/segments?name=buyers")
    page = watched.page
    part = page.get_by_role("region", name="Who joined and who left")
    joined, left = HELD[-1] - HELD[-2], HELD[-2] - HELD[-1]
    expect(part.get_by_role("button", name=f"{len(joined)} joined")).to_be_visible()
    part.get_by_role("button", name=f"{len(left)} left").click()
    drawer = page.get_by_role("dialog", name="Who left")
    expect(drawer.get_by_role("link")).to_have_count(len(left))
    assert set(drawer.get_by_role("link").all_inner_texts()) == left
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    options = part.get_by_label("Since").locator("option")
    part.get_by_label("Since").select_option(options.last.get_attribute("value"))
    joined = HELD[-1] - HELD[0]
    part.get_by_role("button", name=f"{len(joined)} joined").click()
    page.reload()
    drawer = page.get_by_role("dialog", name="Who joined")
    expect(drawer.get_by_role("link")).to_have_count(len(joined))
    assert set(drawer.get_by_role("link").all_inner_texts()) == joined
    assert watched.faults == []
    page.context.close()


def test_an_overlap_opens_to_exactly_its_people(browser: Browser, place: Place) -> None:
    """Two are chosen on the list; a region's number is who it lists."""
    watched = opened(browser, place.running, "/segments")
    page = watched.page
    page.get_by_label("Choose Buyers").check()
    page.get_by_label("Choose Basket left").check()
    page.get_by_role("button", name="Show overlap").click()
    region = page.get_by_role("button", name="Open only buyers")
    only = place.project.segments.overlap_members(["buyers", "basket"], [True, False])
    expect(region).to_have_text(str(len(only)))
    region.click()
    assert ids_on(page) == only
    assert watched.faults == []
    page.context.close()


def test_a_number_becomes_a_segment_and_a_filter(browser: Browser, place: Place) -> None:
    """Explore, its drawer, Save as segment; then every filter offers it and counts by it."""
    import json
    from urllib.parse import urlencode

    steps = [{"event": "page_view"}, {"event": "purchase"}]
    question = {"range": golden.RANGE, "steps": steps}
    address = "/explore?" + urlencode({"model": "funnel", "q": json.dumps(question)})
    answer = place.project.funnel("page_view", "purchase", range=golden.RANGE)
    bought = answer.rows[1]
    cell = urlencode({"cell": bought.cell})
    watched = opened(browser, place.running, f"{address}&{cell}")
    page = watched.page
    page.get_by_role("button", name="Save as segment").click()
    page.get_by_label("Name of the segment").fill("Came and bought")
    page.get_by_label("Who is in it").select_option("list")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Came and bought").click()
    expect(page.get_by_text(f"a list of {bought.count} visitors")).to_be_visible()
    assert ids_on(page) == answer.visitors(bought)
    page.get_by_role("link", name="Explore", exact=True).last.click()
    filters = page.get_by_role("list", name="Filters")
    expect(filters.get_by_text("Came and bought")).to_be_visible()
    page.goto(place.running.url + address)
    page.get_by_role("button", name="Add filter").last.click()
    choose(page, "Column", "Segment")
    page.get_by_label("Value").select_option("came-and-bought")
    page.get_by_role("button", name="Add", exact=True).click()
    shown = page.get_by_role("region", name="Result").get_by_role("button", name=str(bought.count))
    # The answer before goes first: it has that number, too.
    expect(page.get_by_role("button", name="60", exact=True)).to_have_count(0)
    expect(shown).not_to_have_count(0)
    inside = place.project.funnel(
        "page_view", "purchase", range=golden.RANGE, where={"segment": "came-and-bought"}
    )
    assert [row.count for row in inside.rows] == [bought.count] * 2
    with page.expect_request("**/members") as sent:
        shown.first.click()
    pinned = sent.value.post_data_json["question"]["segments_at"]
    # The page's answer was of a moment before now, and its cell is of the same one.
    assert inside.answer.segments_at is not None
    assert datetime.fromisoformat(pinned) < datetime.fromisoformat(inside.answer.segments_at)
    expect(page.get_by_role("list", name="visitors").locator("li")).to_have_count(bought.count)
    assert watched.faults == []
    page.context.close()
