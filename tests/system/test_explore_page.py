"""The Overview and Explore pages in Chromium: golden questions have one answer everywhere."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import msgspec
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footfall.clock import SystemClock
from footfall.dashboards.storage import Dashboards
from footfall.explore.access import Project
from footfall.explore.kinds import KINDS
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.testing.events import NOON_US, event_table
from tests.dashboards.shop import dashboard
from tests.query.cuts import CutWriter, query_settings
from tests.query.test_pool import ENDLESS
from tests.scale import IS_FULL
from tests.studio.fakes import FakeShop, Studio, studio, wait_until
from tests.studio.pages import BROWSER_TESTS, browser, choose, faults, is_narrow, opened, shot
from tests.system import explore_shop as golden
from tests.system.explore_questions import (
    COUNTS,
    IN_TERMINAL,
    QUESTIONS,
    RANGE,
    SQL,
    WAYS,
    sheet,
)

__all__ = ["browser"]

pytestmark = BROWSER_TESTS


class Place:
    """One studio for all tests of the file, and the same project in Python."""

    def __init__(self, cut: CutWriter, running: Studio, pool: QueryPool) -> None:
        self.cut = cut
        self.pool = pool
        self.running = running
        self.url = running.url


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cut = golden.shop_cut(tmp_path_factory.mktemp("explore"))
    shop = FakeShop(cut.home)
    shop.history(SystemClock().now_us(), minutes=2)
    pool = QueryPool(cut.home, cut.project, query_settings())
    with studio(shop, sql=pool) as running:
        yield Place(cut, running, pool)
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def explore(model: str, options: dict[str, Any] | None = None, **more: str) -> str:
    """The address of a question, with further options."""
    asked = QUESTIONS[model] | (options or {})
    return "/explore?" + urlencode({"model": model, "q": json.dumps(asked), **more})


def result(page: Page) -> Locator:
    """The panel of the answer, when it stands."""
    found = page.get_by_role("region", name="Result")
    expect(found.get_by_text("Computed on the data of")).to_be_visible()
    return found


def overview(**more: str) -> str:
    return "/overview?" + urlencode({"since": golden.SINCE, "until": golden.UNTIL, **more})


GROUPED: dict[str, Any] = {"by": ["device_category"]}
FURTHER: dict[str, dict[str, Any]] = {
    "funnel": {"granularity": "day", "compare": "previous", "step_times": True},
    **dict.fromkeys(("path", "lifecycle", "attribution", "compare"), GROUPED),
}
"""Options whose parts of the page are looked at, too."""
# A theme and a width each, as axe takes seconds a page; with pictures wanted, all four.
LOOKS = [("light", 400), ("dark", 1440), ("light", 1440), ("dark", 400)]
HAS_SHOTS = "FOOTFALL_SHOTS" in os.environ


@pytest.mark.parametrize(("scheme", "width"), LOOKS if HAS_SHOTS else LOOKS[:2])
def test_looks_and_access(browser: Browser, place: Place, scheme: str, width: int) -> None:
    """Every model and the overview: readable by everybody, in both themes, wide and narrow.

    In `make test` each model has one look, every second one the other.
    """
    size = {"width": width, "height": 1000}
    watched = opened(browser, place.running, overview(), color_scheme=scheme, viewport=size)
    page = watched.page
    expect(page.get_by_role("region", name="Numbers").locator("svg path").first).to_be_attached()
    expect(page.get_by_role("button", name="/tea", exact=True)).to_be_visible()
    shot(page, f"overview-{scheme}-{width}", full=True)
    is_narrow(page, width)
    assert faults(page) == []
    found_faults = []
    first, step = (0, 1) if IS_FULL or HAS_SHOTS else (LOOKS.index((scheme, width)), 2)
    for model in list(QUESTIONS)[first::step]:
        page.goto(place.url + explore(model, FURTHER.get(model)))
        found = result(page)
        if model not in ("compare",):
            expect(found.locator("svg path").first).to_be_attached()
        shot(page, f"explore-{model}-{scheme}-{width}", full=True)
        is_narrow(page, width)
        found_faults += [(model, one) for one in faults(page)]
    assert (watched.faults, watched.outside, found_faults) == ([], [], [])
    page.context.close()


def numbers_in(page: Page) -> list[list[str]]:
    """The answer's table."""
    found = result(page).get_by_role("region", name="Answer")
    expect(found.locator("tbody tr").first).to_be_visible()
    return [row.locator("td").all_inner_texts() for row in found.locator("tbody tr").all()]


@pytest.mark.parametrize("model", list(QUESTIONS))
def test_one_answer_everywhere(browser: Browser, place: Place, model: str) -> None:
    """Page, Python, HTTP, terminal and SQL say the same numbers; a click opens as many."""
    with Project(place.cut.home.root, place.cut.project) as project:
        answer = project.answer(msgspec.convert(QUESTIONS[model], KINDS[model].question))
        by_hand = SQL.get(model)
        assert len(project.sql(answer.sql)) > 0
        said = None if by_hand is None else project.sql(by_hand).polars().item()
    page = opened(browser, place.running, explore(model, view="table")).page
    for name, way in WAYS.items():
        if name != "terminal" or model in IN_TERMINAL:
            found = way(page, place.cut.home.root, model)
            assert (name, sheet(model, found)) == (name, sheet(model, answer))
    table = result(page).get_by_role("region", name="Answer")
    rows = numbers_in(page)
    heads = table.locator("thead th").all_inner_texts()
    at = [heads.index(name) for name in COUNTS[model]]
    shown = [row[place] for row in rows for place in at]
    expected = sheet(model, answer)
    assert [f"{n:,.0f}" if n is not None else "–" for n in expected] == shown
    if said is not None:
        assert said in [*expected, getattr(answer, "conversions", None)]
    columns = [table.locator(f"tbody td:nth-child({place + 1}) button") for place in at]
    counted = [[one for one in each.all() if one.inner_text() != "0"] for each in columns]
    for button in (one for each in counted for one in (each[0], each[-1])):
        count = int(button.inner_text().replace(",", ""))
        button.click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_role("status")).to_contain_text(f"{count:,} ")
        expect(drawer.get_by_role("listitem")).to_have_count(count)
        page.go_back()
        expect(drawer).to_have_count(0)
    page.context.close()


def test_steps_are_those_of_plain_counting(browser: Browser, place: Place) -> None:
    """The funnel's own view: counts of steps, those who dropped, and the time it took open."""
    reached = golden.funnel("page_view", "add_to_cart", "purchase")
    page = opened(browser, place.running, explore("funnel")).page
    expect(result(page).get_by_text("not over yet")).to_have_count(0)
    steps = result(page).get_by_role("list", name="Steps of the funnel").get_by_role("listitem")
    expect(steps).to_have_count(len(reached))
    for step, one in zip(steps.all(), reached, strict=True):
        expect(step.get_by_role("button").first).to_have_text(str(len(one)))
    steps.nth(1).get_by_role("button").last.click()
    links = page.get_by_role("dialog").get_by_role("link")
    expect(links).to_have_count(len(reached[1] - reached[2]))
    assert set(links.all_inner_texts()) == {f"shop/{one}" for one in reached[1] - reached[2]}
    # The address has the open list, too.
    page.goto(page.url)
    expect(page.get_by_role("dialog").get_by_role("link")).to_have_count(15)
    page.context.close()


def test_a_question_is_made_without_a_mouse(browser: Browser, place: Place) -> None:
    """Choosing, ordering and undoing; a question that is none says all that is wrong with it."""
    page = opened(browser, place.running, explore("events")).page
    expect(result(page).get_by_text("The last of these days is not over yet")).to_be_visible()
    page.get_by_role("navigation", name="Model").get_by_role("link", name="Funnel").press("Enter")
    choose(page, "Step 2", "purchase")
    words = result(page).locator("p").first
    expect(words).to_contain_text("page_view, then purchase")
    page.get_by_role("button", name="Move step 2 up").press("Enter")
    expect(words).to_contain_text("purchase, then page_view")
    page.go_back()
    expect(words).to_contain_text("page_view, then purchase")
    page.get_by_test_id("drag step 2").drag_to(page.get_by_role("group", name="Step 1"))
    expect(words).to_contain_text("purchase, then page_view")
    page.go_back()
    page.get_by_role("button", name="Add a step").press("Enter")
    expect(page.get_by_role("combobox", name="Step 3")).to_be_visible()
    page.get_by_label("Within").fill("soon")
    page.get_by_label("Within").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("window")
    page.get_by_label("Within").fill("2h")
    page.get_by_label("Within").press("Enter")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="More about this result").click()
    page.get_by_role("menuitem", name="Show the SQL").click()
    expect(page.get_by_role("region", name="the statement")).to_contain_text("SELECT")
    many = {"range": RANGE, "series": [{"event": "page_view"}]}
    page.goto(place.url + "/explore?" + urlencode({"model": "events", "q": json.dumps(many)}))
    result(page).get_by_role("button", name="360", exact=True).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("status")).to_have_text("360 events, the first 200 are shown")
    drawer.get_by_role("button", name="Show more").click()
    expect(drawer.get_by_role("status")).to_have_text("360 events")
    expect(drawer.get_by_role("listitem")).to_have_count(360)
    page.goto(place.url + "/explore?" + urlencode({"model": "compare"}))
    expect(page.get_by_text("Choose the field that says which variant")).to_be_visible()
    page.goto(place.url + "/explore?" + urlencode({"model": "funnel", "q": '{"steps":7}'}))
    expect(page.get_by_text("cannot be read; this is a new one")).to_be_visible()
    page.context.close()


def test_in_a_narrow_window_the_answer_is_first(browser: Browser, place: Place) -> None:
    """The form is behind a button, and open where the question has still to be made."""
    size = {"width": 390, "height": 800}
    page = opened(browser, place.running, explore("retention"), viewport=size).page
    form, change = page.get_by_label("Unit"), page.get_by_role("button", name="Change the question")
    cohorts = result(page).get_by_role("region", name="Cohorts")
    expect(cohorts).to_be_in_viewport()
    expect(form).to_be_hidden()
    change.press("Enter")
    form.select_option("Week")
    page.get_by_role("button", name="Show the answer").press("Enter")
    expect(form).to_be_hidden()
    expect(change).to_be_focused()
    expect(cohorts).to_be_in_viewport()
    expect(result(page).locator("p").first).to_contain_text("by week")
    page.get_by_role("link", name="Attribution").click()
    expect(page.get_by_role("combobox", name="Goal event")).to_be_visible()
    page.context.close()


def test_groups_are_drawn_by_themselves(browser: Browser, place: Place) -> None:
    """Chosen by the form, kept in the address; numbers of a group are plain counting, and open."""
    page = opened(browser, place.running, explore("path")).page
    found = result(page)
    choose(page, "Broken down by", "device_category")
    expect(found.get_by_text("by device_category", exact=False).first).to_be_visible()
    choose(page, "Drawn for device_category", "mobile")
    entries = Counter(
        str(one["entry_page"]) for one in golden.visits() if one["device_category"] == "mobile"
    )
    first, count = entries.most_common()[0]
    said = re.compile(f" {re.escape(first)} at step 1: {count}(,|$)")
    expect(found.locator("[role=img]")).to_have_attribute("aria-label", said)
    page.goto(page.url)  # the address has the group, too
    drawn = found.get_by_role("combobox", name="Drawn for device_category")
    expect(drawn).to_have_value("mobile")
    mobile = {one["visitor_id"] for one in golden.visits() if one["device_category"] == "mobile"}
    page.goto(place.url + explore("lifecycle", {**GROUPED, "unit": "month"}))
    groups = result(page).get_by_role("region", name="By group")
    groups.get_by_role("row", name="mobile").get_by_role("button").first.click()
    opens(page, mobile, "new, 2024-10-01, mobile")
    page.goto(place.url + explore("compare", GROUPED))
    variants = result(page).get_by_role("rowgroup", name="mobile")
    expect(variants.get_by_role("rowheader").first).to_contain_text("Not known yet")
    variants.get_by_role("row", name="B").get_by_role("button").first.click()
    opens(page, {one for one in mobile if int(one[1:]) % 2}, "B, mobile")
    page.goto(place.url + explore("attribution", GROUPED))
    said = re.compile("mail, desktop [0-9.]+, .*mail, mobile [0-9.]+")
    expect(result(page).locator("[role=img]")).to_have_attribute("aria-label", said)
    page.goto(place.url + explore("funnel"))
    steps = result(page).get_by_role("list", name="Steps of the funnel").get_by_role("listitem")
    expect(steps.nth(1)).not_to_contain_text("Half got here")
    page.get_by_label("Time of each step").select_option("Shown")
    expect(steps.nth(1)).to_contain_text("Half got here within")
    page.context.close()


def opens(page: Page, visitors: set[str], title: str) -> None:
    """The drawer lists exactly these."""
    drawer = page.get_by_role("dialog", name=title)
    links = drawer.get_by_role("link")
    expect(links).to_have_count(len(visitors))
    assert set(links.all_inner_texts()) == {f"shop/{one}" for one in visitors}


def test_a_report_goes_on_a_dashboard(browser: Browser, place: Place) -> None:
    """On the draft, below what is there; what it says there is what it said here."""
    dashboards = Dashboards(MetadataPlace.of(place.cut.home), place.cut.project, SystemClock())
    dashboards.apply("kept", {**dashboard("Kept", []), "range": RANGE})
    page = opened(browser, place.running, explore("funnel")).page
    result(page)
    page.get_by_role("button", name="More about this result").click()
    page.get_by_role("menuitem", name="Add to a dashboard").click()
    page.get_by_label("Title").fill("Three steps")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("complementary", name="Tile Three steps")).to_be_visible()
    tile = page.get_by_role("region", name="Three steps", exact=True)
    page.get_by_role("button", name="More about Three steps").click()
    page.get_by_role("menuitem", name="Show as a table").click()
    expect(tile.locator("tbody tr")).to_have_count(3)
    expect(tile.locator("tbody tr").nth(1)).to_contain_text("45")
    page.context.close()


def test_a_report_is_saved_found_and_let_go(browser: Browser, place: Place) -> None:
    """With a star it is first; opened it is the same question; what is deleted is asked about."""
    page = opened(browser, place.running, explore("funnel")).page
    result(page)
    for title in ("Buyers", "All of them"):
        page.get_by_role("button", name="More about this result").click()
        page.get_by_role("menuitem", name="Save as a report").click()
        page.get_by_label("Title").fill(title)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="It is saved")).to_be_visible()
        page.keyboard.press("Escape")
    page.goto(place.url + "/explore")
    page.get_by_role("button", name="Saved reports").click()
    titles = page.get_by_role("list", name="Saved reports").get_by_role("link")
    expect(titles).to_have_text(["All of themFunnel", "BuyersFunnel"])
    page.get_by_role("button", name="Star: Buyers").click()
    expect(titles).to_have_text(["BuyersFunnel", "All of themFunnel"])
    page.get_by_role("button", name="Rename: Buyers").click()
    page.get_by_role("textbox", name="New title").fill("Who buys")
    page.get_by_role("textbox", name="New title").press("Enter")
    expect(titles).to_have_text(["Who buysFunnel", "All of themFunnel"])
    shot(page, "explore-saved-light-1440")
    page.get_by_role("button", name="Delete: All of them").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(titles).to_have_text(["Who buysFunnel"])
    titles.first.click()
    expect(result(page).locator("p").first).to_contain_text("page_view, then add_to_cart")
    page.context.close()


def test_an_answer_is_a_file(browser: Browser, place: Place) -> None:
    """A picture of the chart as it stands there, and the rows with their types."""
    page = opened(browser, place.running, explore("events")).page
    expect(result(page).locator("svg path").first).to_be_attached()
    saved = {}
    for name in ("Save as PNG", "Save as Parquet", "Save as CSV"):
        page.get_by_role("button", name="More about this result").click()
        with page.expect_download() as waited:
            page.get_by_role("menuitem", name=name).click()
        saved[waited.value.suggested_filename] = waited.value.path().read_bytes()
    assert saved["events-report.png"].startswith(b"\x89PNG")
    assert len(saved["events-report.png"]) > 5_000
    rows = pq.read_table(BytesIO(saved["events-report.parquet"])).to_pylist()
    whole = next(row["value"] for row in rows if row["b"] is None)
    assert f"whole range,page_view: visitors,{whole:.0f}" in saved["events-report.csv"].decode()
    page.context.close()


def test_a_live_result_follows_the_data(browser: Browser, place: Place) -> None:
    """What a new cut brings is shown where it stood: the same parts of the page, another number."""
    days = {"start": "2024-11-04", "end": "2024-11-10"}
    at = NOON_US + 31 * golden.DAY
    asked = {"range": days, "steps": [{"event": "looked"}, {"event": "took"}], "granularity": "day"}
    place.cut.to_tail("events", event_table([visit("looked", "live-1", at)]))
    place.cut.publish()
    query = {"model": "funnel", "q": json.dumps(asked)}
    page = opened(browser, place.running, "/explore?" + urlencode(query)).page
    result(page).get_by_role("switch", name="Live").click()
    expect(page).to_have_url(re.compile("live=1"))
    step = (
        result(page).get_by_role("list", name="Steps of the funnel").get_by_role("listitem").first
    )
    expect(step).to_contain_text("1 went no further")
    step.evaluate("one => { one.mark = 'the same'; }")
    more = [visit("looked", "live-2", at), visit("took", "live-2", at + 1)]
    place.cut.to_tail("events", event_table(more))
    place.cut.publish()
    expect(step.get_by_role("button").first).to_have_text("2")
    assert step.evaluate("one => one.mark") == "the same"
    expect(page.get_by_role("img", name="Trend of the funnel: 2024-11-04: 1")).to_be_visible()
    page.context.close()


def visit(name: str, visitor: str, at: int) -> dict[str, Any]:
    return {"event_name": name, "visitor_id": visitor, "event_time": at}


def test_a_question_is_ended_by_its_button(
    browser: Browser, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its work is over, not only its picture; asked again it has its answer."""
    run = place.pool.run

    async def endless(*_: Any, **__: Any) -> Any:
        return await run(ENDLESS)

    page = opened(browser, place.running, explore("funnel")).page
    result(page)
    with monkeypatch.context() as changed:
        changed.setattr(place.pool, "run", endless)
        page.get_by_role("link", name="Retention").click()
        page.get_by_role("button", name="End the question").click()
        expect(page.get_by_text("The question was ended")).to_be_visible()
        wait_until(lambda: not place.running.services.running.list(), 30)
    page.get_by_role("button", name="Ask again").click()
    result(page)
    page.context.close()


def test_overview_is_plain_counting(browser: Browser, place: Place) -> None:
    """Its numbers are those of a loop over the rows; a row filters the page, and Back undoes it."""
    rows, visits = golden.events(), golden.visits()
    views = sum(row["event_name"] == "page_view" for row in rows)
    looked = sum(row["engagement_ms"] or 0 for row in rows) // len(visits) // 1_000
    page = opened(browser, place.running, overview()).page
    figures = {
        "Visitors": str(golden.VISITORS),
        "Conversions": str(sum(row["event_name"] == "purchase" for row in rows)),
        "Views per session": f"{views / len(visits):g}",
        "Bounce rate": f"{100 * sum(one['is_bounced'] for one in visits) / len(visits):g} %",
        "Engagement time": f"{looked} s",
    }
    for label, value in figures.items():
        one = page.get_by_role("region", name="Numbers").get_by_role("listitem")
        expect(one.filter(has_text=label).locator("span").first).to_have_text(value)
    at_tea = golden.visitors_where(lambda row: row["page_path"] == "/tea")
    page.get_by_role("button", name="/tea", exact=True).click()
    expect(page.get_by_role("button", name=f"Visitors: {len(at_tea)}, show who")).to_be_visible()
    assert "page_path" in page.url
    page.get_by_role("button", name="mobile: ", exact=False).click()
    mobile = golden.visitors_where(
        lambda row: row["page_path"] == "/tea" and row["device_category"] == "mobile"
    )
    links = page.get_by_role("dialog").get_by_role("link")
    expect(links).to_have_count(len(mobile))
    assert set(links.all_inner_texts()) == {f"shop/{one}" for one in mobile}
    page.go_back()
    page.go_back()
    expect(
        page.get_by_role("button", name=f"Visitors: {golden.VISITORS}, show who")
    ).to_be_visible()
    page.context.close()


def test_overview_opens_everything(browser: Browser, place: Place) -> None:
    """Sums, rates and details open to what a loop over the rows counts; goals are chosen here."""
    rows, visits = golden.events(), golden.visits()
    named = {name: sum(row["event_name"] == name for row in rows) for name in ("page_view",)}
    carts = sum(row["event_name"] in ("add_to_cart", "purchase") for row in rows)
    asked = {"goal": ["add_to_cart", "purchase"], "compare": "none"}
    address = overview() + "&" + urlencode(asked, doseq=True)
    page = opened(browser, place.running, address).page
    counts = {"Sessions": len(visits), "Views": named["page_view"], "Conversions": carts}
    for label, count in counts.items():
        button = page.get_by_role("button", name=f"{label}: {count}, show who")
        expect(button).to_be_visible()
    expect(page.get_by_text("nothing before")).to_have_count(0)
    drawer = page.get_by_role("dialog", name="Sessions that bounced")
    page.get_by_role("button", name="Bounce rate: ").click()
    bounced = sum(one["is_bounced"] for one in visits)
    expect(drawer.get_by_role("status")).to_have_text(f"{bounced} sessions")
    page.go_back()
    page.get_by_role("button", name="Details of Pages, All").click()
    details = page.get_by_role("dialog", name="Pages: all")
    details.get_by_role("textbox", name="Search in Pages: all").fill("te")
    expect(details.get_by_role("listitem")).to_have_count(1)
    at_tea = golden.visitors_where(lambda row: row["page_path"] == "/tea")
    details.get_by_role("button", name=f"/tea: {len(at_tea)}, show who").click()
    links = page.get_by_role("dialog", name="/tea").get_by_role("link")
    expect(links).to_have_count(len(at_tea))
    page.reload()
    expect(links).to_have_count(len(at_tea))
    assert set(links.all_inner_texts()) == {f"shop/{one}" for one in at_tea}
    page.goto(place.url + overview())
    page.get_by_role("button", name="Add filter").click()
    choose(page, "Column", "source")
    page.get_by_role("combobox", name="Value").fill("ma")
    page.get_by_role("option", name="mail").click()
    page.get_by_role("button", name="Add", exact=True).click()
    by_mail = golden.visitors_where(lambda row: row["source"] == "mail")
    expect(page.get_by_role("button", name=f"Visitors: {len(by_mail)}, show who")).to_be_visible()
    page.context.close()
