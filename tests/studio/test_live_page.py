"""The built live page in Chromium, fed by a made-up shop through a real studio."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from footfall.clock import SystemClock
from footfall.live import LiveSnapshot, decode_snapshot
from footfall.studio._run import STATIC
from tests.studio.fakes import PROJECT, TOKEN, FakeShop, Studio, feeding, studio

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
AXE = Path(__file__).parents[2] / "web" / "studio" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="needs npm ci in web/studio"),
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="needs the built front end"),
    # Playwright's own event loop leaves transports to the collector of garbage.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Watched:
    """A page with everything it complained about and every other host it asked."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda line: self._note(line.type, line.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self._check(request, origin))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(text)

    def _check(self, request: Request, origin: str) -> None:
        if not request.url.startswith((origin + "/", "data:", "blob:")):
            self.outside.append(request.url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def running(shop: FakeShop) -> Iterator[Studio]:
    with studio(shop) as found:
        yield found


def opened(browser: Browser, running: Studio, **options: object) -> Watched:
    """A page that used a link."""
    running.services.sessions.add_link(TOKEN)
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.set_default_timeout(10_000)
    watched = Watched(context, running.url)
    watched.page.goto(running.link)
    return watched


def newest(shop: FakeShop) -> LiveSnapshot:
    return decode_snapshot(shop.home.live_file(PROJECT).read_bytes())


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_looks_and_access(
    browser: Browser, shop: FakeShop, running: Studio, scheme: str, width: int
) -> None:
    """In both themes and widths: no console error, no outside host, no serious fault for axe."""
    shop.history(SystemClock().now_us(), minutes=10)
    with feeding(shop):
        viewport = {"width": width, "height": 860}
        watched = opened(browser, running, color_scheme=scheme, viewport=viewport)
        page = watched.page
        expect(page.get_by_text("Visitors now")).to_be_visible()
        expect(page.locator("[role=img] svg").nth(1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"live-{scheme}-{width}")
        assert serious_faults(page) == []
        page.locator("ol a").first.click()
        expect(page.get_by_role("tab", name="Columns")).to_be_visible()
        expect(page.get_by_text("event_name")).to_be_visible()
        shot(page, f"event-{scheme}-{width}")
        assert serious_faults(page) == []
        page.get_by_role("tab", name="Request").click()
        expect(page.get_by_text("POST /collect?platform=Web&appId=fw_shop")).to_be_visible()
    assert (watched.faults, watched.outside) == ([], [])
    page.context.close()


def test_numbers_are_those_of_the_snapshot_and_follow_it(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """What a person reads is what was counted, and a new event is there within a second."""
    clock = SystemClock()
    shop.history(clock.now_us(), minutes=5)
    watched = opened(browser, running)
    page = watched.page
    before = newest(shop)
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(before.visitors_5m))
    expect(page.get_by_test_id("Open sessions")).to_have_text(str(before.open_sessions))
    first = page.locator("table").first.locator("tbody tr").first
    assert first.inner_text().split() == [
        before.pages.rows[0].value,
        str(before.pages.rows[0].count),
    ]
    shop.step(clock.now_us(), 40)
    after = newest(shop)
    # Within a second is what the page promises; the machine of the tests may be busy.
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(after.visitors_5m), timeout=5_000)
    counts = page.locator("table").nth(1).locator("tbody td").first
    assert counts.get_attribute("title", timeout=5_000).startswith(
        f"{after.events.rows[0].count:,} "
    )
    page.context.close()


def test_pause_filter_and_address(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """The list stands still on demand; filter and open event survive a reload and undo by Back."""
    shop.history(SystemClock().now_us(), minutes=2)
    page = opened(browser, running).page
    rows = page.locator("ol a")
    expect(rows.first).to_be_visible()
    page.get_by_role("button", name="Pause the list").click()
    top = rows.first.get_attribute("href")
    shop.step(SystemClock().now_us(), 7)
    expect(page.get_by_test_id("stream-note")).to_have_text("Paused, 7 newer")
    assert rows.first.get_attribute("href") == top
    page.get_by_role("button", name="Continue the list").click()
    expect(rows.first).not_to_have_attribute("href", top or "")
    page.get_by_role("textbox", name="Filter events").fill("page_view checkout")
    expect(page.locator("ol a", has_not_text="page_view")).to_have_count(0)
    assert "filter=page_view+checkout" in page.url
    rows.first.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    address = page.url
    page.reload()
    assert page.url == address
    expect(page.get_by_role("dialog").get_by_text("page_view").first).to_be_visible()
    expect(page.get_by_role("textbox", name="Filter events")).to_have_value("page_view checkout")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.context.close()


def test_text_of_visitors_stays_text(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """Whatever a visitor sends as a page or an event name, it is shown, never run."""
    attack = "<img src=x onerror=\"document.title='owned'\">"
    row = {"received_at": SystemClock().now_us(), "page_path": attack, "page_title": attack}
    shop.add([{**row, "source": attack, "browser": attack, "device_category": attack}])
    watched = opened(browser, running)
    page = watched.page
    expect(page.get_by_text(attack).first).to_be_visible()
    page.locator("ol a").first.click()
    expect(page.get_by_role("dialog").get_by_text(attack).first).to_be_visible()
    assert page.title() == "Live · Footfall"
    assert page.locator("img").count() == 0
    assert watched.faults == []
    page.context.close()


def test_empty_waiting_and_signed_out(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """Each state says why there is nothing, and what to do."""
    page = opened(browser, running).page
    expect(page.get_by_text("Waiting for the first numbers")).to_be_visible()
    shot(page, "waiting-light-1280")
    shop.publish(SystemClock().now_us())
    expect(page.get_by_text("No events in the last 30 minutes")).to_be_visible()
    expect(page.get_by_role("region", name="command")).to_contain_text("write_id=fw_shop")
    assert serious_faults(page) == []
    shot(page, "empty-light-1280")
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_text("This browser is not signed in")).to_be_visible()
    shot(page, "signed-out-light-1280")
    page.context.close()


def test_reconnects_by_itself(browser: Browser, shop: FakeShop) -> None:
    """A restart of the studio must not need a reload; the last numbers stay meanwhile."""
    shop.history(SystemClock().now_us(), minutes=2)
    with studio(shop) as first:
        page = opened(browser, first).page
        expect(page.get_by_test_id("Visitors now")).to_be_visible()
        expect(page.get_by_text("Newest first")).to_be_visible()
        port, sessions = int(first.url.rpartition(":")[2]), first.services.sessions
    lost = page.get_by_text("The connection to the studio was lost")
    expect(lost).to_be_visible()
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(newest(shop).visitors_5m))
    shot(page, "reconnecting-light-1280")
    with studio(shop, port=port, sessions=sessions):
        shop.step(SystemClock().now_us(), 3)
        expect(lost).to_have_count(0, timeout=20_000)
        expect(page.get_by_test_id("Visitors now")).to_have_text(str(newest(shop).visitors_5m))
        page.context.close()


def serious_faults(page: Page) -> list[str]:
    """What axe calls serious or critical, each with where it is.

    What is fading in has no contrast yet, so running transitions are waited for.
    """
    page.wait_for_function(
        "() => document.getAnimations().every(one => !(one instanceof CSSTransition))"
        " && [...document.querySelectorAll('[role=dialog]')]"
        ".every(one => getComputedStyle(one).opacity === '1')"
    )
    # Evaluated by the driver, which the page's policy does not bind.
    page.evaluate(f"() => {{ {AXE.read_text()} }}")
    found = page.evaluate("async () => JSON.stringify((await window.axe.run()).violations)")
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in json.loads(found)
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def shot(page: Page, name: str) -> None:
    """Keep a picture where `FOOTFALL_SHOTS` says, for looking at."""
    folder = os.environ.get("FOOTFALL_SHOTS")
    if folder:
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png")
