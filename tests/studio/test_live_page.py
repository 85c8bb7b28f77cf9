"""The built live page in Chromium, fed by a made-up shop through a real studio."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.clock import SystemClock
from footfall.live import LiveSnapshot, decode_snapshot
from tests.scale import scaled
from tests.studio.fakes import PROJECT, FakeShop, Studio, feeding, studio
from tests.studio.pages import (
    BROWSER_TESTS,
    LOOKS,
    browser,
    contrast,
    faults,
    is_narrow,
    opened,
    shot,
)

__all__ = ["browser"]

pytestmark = BROWSER_TESTS


@pytest.fixture
def running(shop: FakeShop) -> Iterator[Studio]:
    with studio(shop) as found:
        yield found


def newest(shop: FakeShop) -> LiveSnapshot:
    return decode_snapshot(shop.home.live_file(PROJECT).read_bytes())


def open_newest(page: Page) -> None:
    """As a person does: a list that moves stands still before its first event is clicked."""
    page.locator("ol a").first.hover()
    expect(page.get_by_text("Standing still while you are on it")).to_be_visible()
    page.locator("ol a").first.click()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_looks_and_access(
    browser: Browser, shop: FakeShop, running: Studio, scheme: str, width: int
) -> None:
    """In both themes, wide and narrow: no console error, no outside host, no fault for axe.

    And nothing is wider than the page, so that a phone scrolls one way.
    """
    shop.history(SystemClock().now_us(), minutes=10)
    with feeding(shop):
        viewport = {"width": width, "height": 900}
        watched = opened(browser, running, color_scheme=scheme, viewport=viewport)
        page = watched.page
        expect(page.get_by_text("Visitors now")).to_be_visible()
        expect(page.locator("[role=img] svg").nth(1)).to_be_visible()
        is_narrow(page, width)
        shot(page, f"live-{scheme}-{width}")
        assert faults(page) == []
        open_newest(page)
        expect(page.get_by_role("tab", name="Columns")).to_be_visible()
        expect(page.get_by_text("event_name")).to_be_visible()
        is_narrow(page, width)
        shot(page, f"event-{scheme}-{width}")
        assert faults(page) == []
        page.get_by_role("tab", name="Request").click()
        expect(page.get_by_text("POST /collect?platform=Web&appId=fw_shop")).to_be_visible()
    assert (watched.faults, watched.outside) == ([], [])
    page.context.close()


def test_on_a_phone_the_stream_follows_the_numbers(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """What happens now comes before what happened: the panels are below."""
    shop.history(SystemClock().now_us(), minutes=3)
    page = opened(browser, running, viewport={"width": 400, "height": 860}).page
    tops = [
        page.get_by_text(text).first.evaluate("one => one.getBoundingClientRect().top")
        for text in ("Visitors now", "Events as they come", "Last 30 minutes, by minute", "Sources")
    ]
    assert tops == sorted(tops)
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"][: scaled(1, 2)])
def test_no_state_has_a_fault(
    browser: Browser, shop: FakeShop, running: Studio, scheme: str
) -> None:
    """From empty to live, paused, filtered, failing and missing: axe finds nothing in any."""
    clock = SystemClock()
    shop.publish(clock.now_us())
    page = opened(browser, running, color_scheme=scheme).page

    def look(name: str) -> None:
        shot(page, f"{name}-{scheme}-1280")
        assert (name, faults(page)) == (name, [])

    expect(page.get_by_role("heading", name="Send the first event")).to_be_visible()
    expect(page.get_by_role("region", name="code: Plain HTML")).to_contain_text("fw_shop")
    look("empty")
    shop.fail(clock.now_us())
    expect(page.get_by_text("1 request with unknown write id")).to_be_visible()
    look("failing")
    shop.step(clock.now_us(), 1)
    expect(page.get_by_text("The first event is there")).to_be_visible()
    look("arrived")
    shop.history(clock.now_us(), minutes=3)
    page.get_by_role("button", name="Show the live page").click()
    expect(page.get_by_text("Visitors now")).to_be_visible()
    look("live")
    page.get_by_role("button", name="Pause the list").click()
    page.get_by_role("textbox", name="Filter events").fill("page_view")
    shop.step(clock.now_us(), 20)
    expect(page.get_by_test_id("stream-note")).to_contain_text("come when you continue")
    look("paused")
    page.get_by_role("textbox", name="Filter events").fill("")
    page.locator("table button").first.click()
    expect(page.get_by_role("list", name="Filters")).to_be_visible()
    expect(page.get_by_text("Visitors now")).to_be_visible()
    look("filtered")
    chip = page.get_by_role("button", name="Remove the filter")
    chip.click()
    expect(chip).to_have_count(0)
    page.get_by_role("button", name="All pages").click()
    expect(page.get_by_role("dialog").locator("tbody tr").first).to_be_visible()
    around = page.locator(".mantine-Drawer-inner").last  # the page is seen behind it
    assert around.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"
    look("drawer")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="See why").click()
    expect(page.get_by_role("dialog").get_by_text("unknown write id")).to_be_visible()
    look("failures")
    page.goto(f"{running.url}/live?event=00000000-0000-4000-8000-000000000000.0.999999")
    expect(page.get_by_text("This event is not here")).to_be_visible()
    look("missing")
    page.goto(f"{running.url}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    expect(page).to_have_title("No such page · Footfall")
    expect(page.locator("[aria-current]")).to_have_count(0)
    look("not-found")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours(browser: Browser, shop: FakeShop, running: Studio, scheme: str) -> None:
    """With the system's few colours, what is chosen is still seen, and bars are still there."""
    shop.history(SystemClock().now_us(), minutes=5)
    page = opened(browser, running, color_scheme=scheme, forced_colors="active").page
    expect(page.locator("[role=img] svg").nth(1)).to_be_visible()
    shot(page, f"forced-{scheme}-1280")
    chosen = "(one) => getComputedStyle(one).outlineStyle"
    people = page.get_by_role("radiogroup", name="Whose events").locator("label")
    assert [people.nth(n).evaluate(chosen) for n in range(3)] == ["solid", "none", "none"]
    bar = page.locator("table th span[aria-hidden]").first
    assert bar.evaluate("one => one.offsetHeight") == 2
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_placeholders_can_be_read(
    browser: Browser, shop: FakeShop, running: Studio, scheme: str
) -> None:
    """A placeholder is text that somebody must read: 4.5 to 1 at least."""
    shop.history(SystemClock().now_us(), minutes=1)
    page = opened(browser, running, color_scheme=scheme).page
    box = page.get_by_role("textbox", name="Filter events")
    front = box.evaluate("one => getComputedStyle(one, '::placeholder').color")
    back = box.evaluate("one => getComputedStyle(one).backgroundColor")
    assert contrast(front, back) >= 4.5
    page.context.close()


def test_long_and_foreign_values(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """Long, right to left, emoji: two lines, the rest on demand, and nothing breaks the page."""
    now = SystemClock().now_us()
    shop.history(now, minutes=2)
    long = "/category/" + "a-very-long-name-without-an-end-" * 6
    base = {"received_at": now, "event_time": now, "is_bot": False}
    family = {"page_path": "/🛍️/👩‍👩‍👧/sale", "source": "🦊 newsletter", "user_id": None}
    shop.add(
        [
            *[{**base, "page_path": long, "page_url": f"https://shop.example{long}"}] * 60,
            *[{**base, "page_path": "/منتجات/قميص-كتان", "event_name": "إضافة_إلى_السلة"}] * 55,
            *[{**base, **family}] * 50,
            {**base, "page_path": long, "event_name": "x" * 200, "source": "s" * 180},
        ]
    )
    page = opened(browser, running, viewport={"width": 320, "height": 860}).page
    expect(page.get_by_text("Visitors now")).to_be_visible()
    is_narrow(page, 320)
    shot(page, "long-light-320", full=True)
    row = page.locator("table button", has_text="a-very-long").first
    assert row.evaluate("one => one.offsetHeight") <= 48  # two lines and the padding
    assert row.get_attribute("title") == long[:200]
    open_newest(page)
    more = page.get_by_role("dialog").get_by_role("button", name="Show all").first
    expect(more).to_be_visible()
    is_narrow(page, 320)
    shot(page, "long-event-light-320")
    more.click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Show less")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 860})
    page.keyboard.press("Escape")
    shot(page, "long-light-1280")
    page.context.close()


def test_ten_paced_clicks_open_the_ten_events_aimed_at(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """At 60 events a second the row under the pointer stays under it until it is clicked."""
    shop.history(SystemClock().now_us(), minutes=1)
    watched = opened(browser, running)
    page = watched.page
    expect(page.locator("ol a").first).to_be_visible()
    with feeding(shop, events=12, interval_s=0.2):
        for turn in range(10):
            page.mouse.move(20, 20)
            before = page.locator("ol a").first.get_attribute("href")
            expect(page.locator("ol a").first).not_to_have_attribute("href", before or "")
            box = page.locator("ol").bounding_box()
            assert box is not None
            x, y = box["x"] + 90, box["y"] + 30 + 40 * (turn % 8)
            page.mouse.move(x, y)
            aimed = page.evaluate(_ROW_AT, [x, y])
            expect(page.get_by_test_id("newer")).to_be_visible()  # events did come meanwhile
            page.mouse.down()
            page.mouse.up()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert page.url.endswith(aimed), turn
            page.get_by_role("button", name="Close the event").click()
            expect(page.get_by_role("dialog")).to_have_count(0)
    assert watched.faults == []
    page.context.close()


_ROW_AT = "([x, y]) => document.elementFromPoint(x, y).closest('a').getAttribute('href')"


def test_by_keyboard_alone(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """Into the list, to a row, its event and back to the same row while others come; then on."""
    clock = SystemClock()
    shop.history(clock.now_us(), minutes=1)
    page = opened(browser, running).page
    expect(page.locator("ol a").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.get_by_role("textbox", name="Filter events").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    row = page.evaluate("document.activeElement.getAttribute('href')")
    shop.step(clock.now_us(), 30)
    expect(page.get_by_test_id("newer")).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('href')") == row
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.url.endswith(row)
    shop.step(clock.now_us(), 30)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f"ol a[href='{row}']")).to_be_focused()
    page.get_by_test_id("newer").focus()
    page.keyboard.press("Enter")
    expect(page.locator("ol a").first).to_be_focused()
    expect(page.get_by_test_id("newer")).to_have_count(0)
    page.locator("table button").first.focus()
    page.keyboard.press("Enter")
    chip = page.get_by_role("button", name="Remove the filter")
    expect(chip).to_be_visible()
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_count(0)
    page.context.close()


def test_a_click_on_a_row_filters(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """The number of the row is the number of the page; the chip and Back undo it."""
    shop.history(SystemClock().now_us(), minutes=3)
    page = opened(browser, running).page
    row = page.locator("table").nth(2).locator("tbody tr", has_text="google")
    count = row.locator("td").inner_text()
    everyone = page.locator("[data-testid='Visitors, 30 min']").inner_text()
    row.get_by_role("button").click()
    expect(page.locator("[data-testid='Visitors, 30 min']")).to_have_text(count)
    assert page.url.endswith("f=sources%3Agoogle")
    expect(page.locator("ol a", has_not_text="google")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Remove the filter Source is google")).to_be_visible()
    page.go_back()
    expect(page.locator("[data-testid='Visitors, 30 min']")).to_have_text(everyone)
    page.get_by_role("button", name="All pages").click()
    search = page.get_by_role("textbox", name="Search pages")
    expect(search).to_be_focused()
    search.fill("CHECKOUT")
    expect(page.get_by_role("dialog").locator("tbody tr")).to_have_count(2)
    page.get_by_role("dialog").get_by_role("button", name="/checkout/done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(
        page.get_by_role("button", name="Remove the filter Page is /checkout/done")
    ).to_be_visible()
    page.context.close()


def test_bots_are_left_out_until_they_are_asked_for(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """Headline, list and stream are of people; the switch is in the address."""
    shop.history(SystemClock().now_us(), minutes=3)
    snapshot = newest(shop)
    assert snapshot.bots.visitors_30m > 0
    page = opened(browser, running).page
    number = page.locator("[data-testid='Visitors, 30 min']")
    expect(number).to_have_text(str(snapshot.people.visitors_30m))
    expect(page.locator("ol a", has_text="Crawler")).to_have_count(0)
    page.get_by_text("Bots", exact=True).click()
    expect(number).to_have_text(str(snapshot.bots.visitors_30m))
    expect(page.locator("ol a", has_not_text="Crawler")).to_have_count(0)
    assert page.url.endswith("who=bots")
    page.get_by_text("All", exact=True).click()
    both = snapshot.people.visitors_30m + snapshot.bots.visitors_30m
    expect(number).to_have_text(str(both))
    page.go_back()
    expect(number).to_have_text(str(snapshot.bots.visitors_30m))
    page.context.close()


def test_an_event_that_is_not_there_is_said_with_the_first_answer(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """No second try for what will not come."""
    shop.history(SystemClock().now_us(), minutes=1)
    page = opened(browser, running).page
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/api/events/" in one.url else None)
    page.goto(f"{running.url}/live?event=00000000-0000-4000-8000-000000000000.0.999999")
    expect(page.get_by_role("dialog").get_by_text("This event is not here")).to_be_visible()
    assert len(asked) == 1
    page.context.close()


def test_numbers_are_those_of_the_snapshot_and_follow_it(
    browser: Browser, shop: FakeShop, running: Studio
) -> None:
    """What a person reads is what was counted, and a new event is there within a second."""
    clock = SystemClock()
    shop.history(clock.now_us(), minutes=5)
    watched = opened(browser, running)
    page = watched.page
    before = newest(shop).people
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(before.visitors_5m))
    expect(page.get_by_test_id("Open sessions")).to_have_text(str(before.open_sessions))
    first = page.locator("table").first.locator("tbody tr").first
    expect(first.locator("th, td")).to_have_text(
        [before.pages.rows[0].value, str(before.pages.rows[0].count)]
    )
    shop.step(clock.now_us(), 40)
    after = newest(shop).people
    # Within a second is what the page promises; the machine of the tests may be busy.
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(after.visitors_5m))
    counts = page.locator("table").nth(1).locator("tbody td").first
    said = re.compile(f"^{after.events.rows[0].count:,} ")
    expect(counts).to_have_attribute("title", said)
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
    expect(page.get_by_test_id("newer")).to_have_text("7 newer")
    expect(page.get_by_test_id("stream-note")).to_have_text(
        "Paused. Newer events come when you continue"
    )
    assert rows.first.get_attribute("href") == top
    page.get_by_role("button", name="Continue the list").click()
    expect(rows.first).not_to_have_attribute("href", top or "")
    page.get_by_role("textbox", name="Filter events").fill("page_view checkout")
    expect(page.locator("ol a", has_not_text="page_view")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"filter=page_view\+checkout"))
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
    open_newest(page)
    expect(page.get_by_role("dialog").get_by_text(attack).first).to_be_visible()
    expect(page).to_have_title("Live · Footfall")
    assert page.locator("img").count() == 0
    assert watched.faults == []
    page.context.close()


def test_empty_waiting_and_signed_out(browser: Browser, shop: FakeShop, running: Studio) -> None:
    """Each state says why there is nothing, and what to do."""
    page = opened(browser, running).page
    expect(page.get_by_text("Waiting for the first numbers")).to_be_visible()
    shot(page, "waiting-light-1280")
    shop.publish(SystemClock().now_us())
    expect(page.get_by_role("heading", name="Send the first event")).to_be_visible()
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
    expect(page.get_by_test_id("Visitors now")).to_have_text(str(newest(shop).people.visitors_5m))
    shot(page, "reconnecting-light-1280")
    with studio(shop, port=port, sessions=sessions):
        shop.step(SystemClock().now_us(), 3)
        expect(lost).to_have_count(0, timeout=20_000)
        expect(page.get_by_test_id("Visitors now")).to_have_text(
            str(newest(shop).people.visitors_5m)
        )
        page.context.close()
