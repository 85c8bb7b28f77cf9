"""The dashboards' pages, their editor and their links, in Chromium over real query workers."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.clock import HOUR, SystemClock
from footfall.dashboards.definition import ReportQuery, SqlQuery
from footfall.testing.events import NOON_US, event_table
from tests.dashboards.shop import (
    EVENTS,
    by_category,
    dashboard,
    events,
    fields,
    placed,
    visits,
)
from tests.scale import scaled
from tests.studio.pages import (
    BROWSER_TESTS,
    Watched,
    browser,
    choose,
    faults,
    is_narrow,
    opened,
    shot,
)
from tests.system.dashboards_place import Place, as_table, count_behind, drawn, place, tile

__all__ = ["browser", "place"]

pytestmark = BROWSER_TESTS

AT = {"column": "event_time", "unit": "hour"}
BY_DEVICE = "SELECT device_category, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC"
LARGEST = {"Device, by duration and events": 1, "Sessions by first event": 0}
"""Which path of a chart is its largest part."""
SPOT = ("dragged", "Dragged", 0, 0, 6, 5)


def loads_charts_first(page: Page, tiles: str) -> None:
    """What draws is asked for before the tiles are, which take up a browser's connections."""
    found = page.evaluate(
        "performance.getEntriesByType('resource').map(one => [one.name, one.startTime])"
    )
    began = [min(at for name, at in found if part in name) for part in ("/assets/echarts", tiles)]
    assert began[0] < began[1]


LOOKS = [("light", 400), ("dark", 1440), ("light", 1440), ("dark", 400)]
"""A theme and a width each, as axe takes seconds a page; at full size all four."""


@pytest.mark.parametrize(("scheme", "width"), LOOKS[: scaled(2, 4)])
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


def test_numbers_and_rows(browser: Browser, place: Place, tmp_path: Path) -> None:
    """What the page shows is what counting by hand gives; a slice opens its rows; a file has all.

    The address has it all: Back closes the drawer, and a copied address opens it.
    """
    page = opened(browser, place.running, "/dashboards?name=retail").page
    drawn(page, "Clicks by category")
    rows = as_table(page, "Clicks by category")
    shown = {name: int(count) for name, count in rows}
    wanted = {category or "(none)": count for category, count in by_category().items()}
    wanted["(none)"] += place.added
    assert shown == wanted
    tile(page, "Clicks by category").get_by_role("button", name=rows[0][1], exact=True).click()
    drawer = page.get_by_role("dialog", name=re.compile(f"^Clicks by category: {rows[0][0]}"))
    expect(drawer.get_by_role("status")).to_contain_text(f"{rows[0][1]} rows")
    expect(drawer.locator("tbody tr")).to_have_count(int(rows[0][1]))
    address = page.url
    shot(page, "dashboards-rows-light-1280")
    page.go_back()
    expect(drawer).to_be_hidden()
    page.goto(address)
    expect(drawer.get_by_role("status")).to_contain_text(f"{rows[0][1]} rows")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)  # it lies over the charts until it is gone
    # A slice itself opens the same: the largest is drawn first, from the top to the right.
    chart = drawn(page, "Clicks by category").get_by_role("img").locator("svg")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5 + 25, box["y"] + box["height"] * 0.44 - 20)
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text(f"{rows[0][1]} rows")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More about Devices and events").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download CSV").click()
    download.value.save_as(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open() as file:
        header, *lines = csv.reader(file)
    assert header == ["device_category", "event_name", "clicks"]
    assert sum(int(line[2]) for line in lines) == EVENTS + place.added
    page.get_by_role("button", name="More about Clicks by category").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download PNG").click()
    download.value.save_as(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    page.context.close()


def test_a_click_near_a_point_of_a_line(browser: Browser, place: Place) -> None:
    """It means that point: as many rows open as it stands for; far from any, nothing opens."""
    page = opened(browser, place.running, "/dashboards?name=retail").page
    points = drawn(page, "Clicks by hour").get_by_role("img").locator("svg path[transform]")
    boxes = [box for box in (one.bounding_box() for one in points.all()) if box is not None]
    symbols = [box for box in boxes if 4 <= box["width"] <= 10 and box["width"] == box["height"]]
    top = min(symbols, key=lambda box: box["y"])
    x, y = top["x"] + top["width"] / 2, top["y"] + top["height"] / 2
    page.mouse.click(x, y + 150)
    page.mouse.click(x + 2, y + 14)
    found = count_behind(page)
    assert found == max(int(row[-1]) for row in as_table(page, "Clicks by hour"))
    page.context.close()


def test_going_somewhere_by_its_name(browser: Browser, place: Place) -> None:
    """Ctrl-K, some letters, Enter: a dashboard, a page, an event, without a mouse."""
    watched = opened(browser, place.running, "/live")
    page = watched.page
    expect(page.get_by_role("button", name="Go to")).to_be_visible()

    def go(letters: str, wanted: str) -> None:
        page.keyboard.press("ControlOrMeta+k")
        field = page.get_by_role("combobox", name="Go to")
        expect(field).to_be_focused()
        field.fill(letters)
        option = page.get_by_role("option", name=wanted)
        expect(option).to_have_attribute("aria-selected", "true")
        assert faults(page) == []
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_have_count(0)

    go("retail", "Retail clicks Dashboard")
    expect(page.get_by_role("heading", name="Retail clicks", level=1)).to_be_visible()
    go("explo", "Explore Page")
    expect(page).to_have_url(re.compile("/explore"))
    assert (watched.faults, watched.outside) == ([], [])
    page.context.close()


def test_filters_and_new_data(browser: Browser, place: Place) -> None:
    """A filter narrows every tile; an event that comes is in the numbers without a reload."""
    page = opened(browser, place.running, "/dashboards?name=retail").page
    number = tile(page, "Clicks").get_by_role("button", name=re.compile(r"^\d+$"))
    expect(number).to_have_text(str(EVENTS))
    mobile = sum(row["device_category"] == "mobile" for row in events())
    page.get_by_role("button", name="Add filter").click()
    choose(page, "Column", "device_category")
    page.get_by_role("combobox", name="Value").fill("mobile")
    page.keyboard.press("Enter")
    expect(number).to_have_text(str(mobile))
    assert "f=device_category" in page.url
    late = [{"device_category": "mobile", "event_time": NOON_US + HOUR}] * 3
    place.cut.to_tail("events", event_table(late))
    place.added += len(late)
    place.cut.publish()
    place.shop.step(SystemClock().now_us(), 1)
    expect(number).to_have_text(str(mobile + 3))
    page.get_by_role("button", name=re.compile("^Remove the filter device_category")).click()
    expect(number).to_have_text(str(EVENTS + 3))
    # The app is chosen as on the other pages: another one's events are none of these.
    page.goto(page.url + "&app=another")
    expect(number).to_have_text("0")
    page.get_by_role("combobox", name="App").select_option(label="All apps")
    expect(number).to_have_text(str(EVENTS + 3))
    expect(page).not_to_have_url(re.compile("app="))
    page.context.close()


def test_beside_the_period_before(browser: Browser, place: Place) -> None:
    """A choice beside the range: numbers say the change, lines stand beside a dashed one.

    It is in the address, in a link that is made then, and back with Back.
    """
    hour = {"column": "event_time", "unit": "hour"}
    tiles = [
        placed(fields("number"), "count", "Of the day", 0, 0, 4, 2),
        placed(fields("line", x=hour), "hours", "By hour of the day", 0, 2, 8, 4),
        placed(fields("pie", x={"column": "event_name"}), "names", "Names", 8, 2, 4, 4),
        placed(fields("bar", x={"column": "event_name"}), "bars", "Bars", 0, 6, 8, 4),
    ]
    day = {"start": "2024-10-05", "end": "2024-10-05"}
    place.dashboards.apply("compared", {**dashboard("Compared", tiles), "range": day})
    times = [datetime.fromtimestamp(row["event_time"] / 10**6, UTC).day for row in events()]
    now, was = times.count(5), times.count(4) + place.added
    watched = opened(browser, place.running, "/dashboards?name=compared")
    page = watched.page
    dashes = drawn(page, "By hour of the day").locator("svg path[stroke-dasharray]")
    loads_charts_first(page, "/api/tiles")
    expect(dashes).to_have_count(0)
    page.get_by_label("Compared with").select_option(label="Period before")
    expect(tile(page, "Of the day")).to_contain_text(f"{'▲' if now > was else '▼'}")
    expect(tile(page, "Of the day").get_by_title(f"{was} in 4 Oct")).to_be_visible()
    expect(dashes).to_have_count(1)
    expect(tile(page, "By hour of the day")).to_contain_text("dashed: 4 Oct")
    expect(tile(page, "Bars")).to_contain_text("paler: 4 Oct")
    expect(drawn(page, "Bars").locator("svg path[fill-opacity='0.4']").first).to_be_visible()
    expect(tile(page, "Names")).to_contain_text("not compared: only numbers, lines")
    assert "compare=previous" in page.url
    shot(page, "dashboards-compared-light-1280")
    assert (faults(page), watched.faults, watched.outside) == ([], [], [])
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("region", name="the link").inner_text().strip()
    page.keyboard.press("Escape")
    page.go_back()
    expect(dashes).to_have_count(0)
    page.goto(link)
    expect(tile(page, "Of the day").get_by_title(f"{was} in 4 Oct")).to_be_visible()
    loads_charts_first(page, "/api/shared/tiles")
    page.get_by_label("Compared with").select_option(label="Not compared")
    expect(tile(page, "Of the day").get_by_title(f"{was} in 4 Oct")).to_have_count(0)
    page.reload()
    expect(tile(page, "Of the day")).to_contain_text(str(now))
    page.context.close()


def test_a_link_without_a_session(browser: Browser, place: Place) -> None:
    """Whoever has the link sees the charts, asks nothing else, and nothing after it was ended."""
    page = opened(browser, place.running, "/dashboards?name=beer").page
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_role("region", name="the link").inner_text().strip()
    shot(page, "dashboards-share-light-1280")
    stranger = Watched(browser.new_context(viewport={"width": 1280, "height": 900}), place.url)
    view = stranger.page
    asked: list[str] = []
    view.on("request", lambda one: asked.append(one.url))
    view.goto(link)
    drawn(view, "Sessions by first event")
    assert as_table(view, "Sessions by first event")
    expect(view.get_by_role("navigation", name="Pages")).to_have_count(0)
    shot(view, "dashboards-shared-light-1280")
    token = link.partition("#")[2]
    assert [url for url in asked if token in url.partition("#")[0]] == []
    apis = {url.removeprefix(place.url) for url in asked if "/api/" in url}
    assert all(api.startswith("/api/shared") for api in apis)
    assert (faults(view), stranger.faults, stranger.outside) == ([], [], [])
    page.get_by_role("button", name=re.compile("^End the link")).click()
    expect(page.get_by_role("button", name=re.compile("^End the link"))).to_have_count(0)
    expect(view.get_by_role("heading", name="Nothing is shown here")).to_be_visible()
    view.context.close()
    page.context.close()


def test_a_tile_by_keyboard_alone(browser: Browser, place: Place) -> None:
    """From nothing to a published chart without a mouse; undo takes back, and readers see it."""
    page = opened(browser, place.running, "/dashboards").page

    def press(name: str, *, role: Any = "button") -> None:
        page.get_by_role(role, name=name, exact=True).first.focus()
        page.keyboard.press("Enter")

    press("New dashboard")
    press("Add a tile")
    side = page.get_by_role("complementary", name="Tile Events")
    expect(side).to_be_visible()
    side.get_by_label("Title").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("By device")
    side = page.get_by_role("complementary", name="Tile By device")

    def choose(name: str, value: str) -> None:
        """Arrow keys, as a person takes who does not know the list; it opens nothing."""
        field = side.get_by_label(name, exact=True)
        # The list of fields is fetched: before it is here, no key leads anywhere.
        expect(field.locator(f"option[value='{value}']")).to_be_attached()
        field.focus()
        for _ in range(120):
            if field.input_value() == value:
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} cannot be picked")

    choose("Chart", "donut")
    choose("Field of Slices", "app_id")
    # What came in the last seven days is nothing here, and that is said at once.
    expect(tile(page, "By device")).to_contain_text("Nothing matches in this range.")
    page.get_by_role("button", name="Move By device: arrow keys, with Shift its size").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(side.get_by_label("Left")).to_have_value("1")
    expect(side.get_by_label("Height")).to_have_value("6")
    press("Undo")
    expect(side.get_by_label("Height")).to_have_value("5")
    press("Redo")
    expect(side.get_by_label("Height")).to_have_value("6")
    press("Save draft")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    press("Publish")
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    (made,) = [one for one in place.dashboards.list() if one.title == "New dashboard"]
    kept = place.dashboards.find(made.name, is_published=True)
    assert kept is not None
    (only,) = kept.definition.sheets[0].tiles
    assert (only.title, only.chart) == ("By device", "donut")
    assert (only.place.x, only.place.h) == (1, 6)
    place.dashboards.remove(made.name)
    page.context.close()


def test_a_field_dragged_to_its_place(browser: Browser, place: Place) -> None:
    """A field dropped on colour is drawn at once; a tile dragged by its grip stays where it was."""
    place.dashboards.apply("drag", dashboard("Drag", [placed(fields("stacked_bar", x=AT), *SPOT)]))
    page = opened(browser, place.running, "/dashboards?name=drag&edit=1").page
    tile(page, "Dragged").get_by_role("button", name="Edit", exact=True).click()
    side = page.get_by_role("complementary", name="Tile Dragged")
    side.get_by_label("Find a field").fill("device_category")
    field = side.get_by_role("list", name="Fields, to be dragged").get_by_text("device_category")
    field.drag_to(side.get_by_role("group", name="Place Colour"))
    expect(side.get_by_label("Field of Colour")).to_have_value("device_category")
    expect(drawn(page, "Dragged").get_by_text("tablet")).to_be_attached()
    grip = page.get_by_role("button", name=re.compile("^Move Dragged"))
    box = grip.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 10, steps=6)
    page.mouse.move(box["x"] + 300, box["y"] + 10, steps=6)
    page.mouse.up()
    expect(side.get_by_label("Left")).not_to_have_value("0")
    shot(page, "dashboards-dragged-light-1280")
    page.context.close()


def test_every_kind_of_chart_opens_and_is_kept(browser: Browser, place: Place) -> None:
    """A cell, rectangle, slice or bar opens the rows that it counted; each tile has its files."""
    page = opened(browser, place.running, "/dashboards?name=beer").page
    drawn(page, "Click to purchase")
    charts = {
        "Category and device": "text",  # each cell has its number on it
        "Device, by duration and events": "path",
        "Sessions by first event": "path",
    }
    by_device = Counter(row["device_category"] for row in visits())
    for title, mark in charts.items():
        found = drawn(page, title).get_by_role("img").locator(f"svg {mark}")
        if mark == "text":
            label = found.filter(has_text=re.compile(r"^\d+$")).first
            wanted = {int(label.text_content() or "")}
        else:
            label = found.nth(LARGEST[title])
            pages = Counter(row["entry_page"] for row in visits())
            wanted = set(by_device.values()) if "Device" in title else set(pages.values())
        box = label.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        assert count_behind(page) in wanted
    for title in ("Category and device", "Device, by duration and events", "Click to purchase"):
        for kind, magic in (("PNG", b"\x89PNG"), ("Parquet", b"PAR1")):
            page.get_by_role("button", name=f"More about {title}").click()
            with page.expect_download() as download:
                # The menu of the tile before may still be fading out.
                menu = page.get_by_role("menu", name=f"More about {title}")
                menu.get_by_role("menuitem", name=f"Download {kind}").click()
            assert Path(download.value.path()).read_bytes().startswith(magic)
            assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    page.goto(f"{place.url}/dashboards?name=retail")
    expect(tile(page, "Clicks").get_by_role("button", name=re.compile(r"^\d+$"))).to_be_visible()
    page.get_by_role("button", name="More about Clicks", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.context.close()


def test_full_screen_has_its_drawers(browser: Browser, place: Place) -> None:
    """Alone on the screen, a number still opens: the drawer is a part of what is shown."""
    page = opened(browser, place.running, "/dashboards?name=retail").page
    number = tile(page, "Clicks").get_by_role("button", name=re.compile(r"^\d+$"))
    expect(number).to_be_visible()
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    number.click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("rows")
    is_shown = "() => document.fullscreenElement.contains(document.querySelector('[role=dialog]'))"
    assert page.evaluate(is_shown)
    shot(page, "dashboards-full-light-1280")
    page.context.close()


def test_one_click_to_a_ready_made_dashboard(browser: Browser, place: Place) -> None:
    """Offered until it is there; it opens at once, and is one like any other."""
    watched = opened(browser, place.running, "/dashboards")
    page = watched.page
    page.get_by_role("button", name="Add Content").click()
    expect(page.get_by_role("heading", name="Content", level=1)).to_be_visible()
    expect(tile(page, "Where visits begin")).to_be_visible()
    page.get_by_role("button", name="All dashboards").click()
    expect(page.get_by_role("link", name="Content")).to_be_visible()
    expect(page.get_by_role("button", name="Add Acquisition")).to_be_visible()
    expect(page.get_by_role("button", name="Add Content")).to_have_count(0)
    kept = place.dashboards.find("content", is_published=True)
    assert kept is not None
    place.dashboards.remove("content")
    assert watched.faults == []
    page.context.close()


def test_from_sql_to_a_dashboard(browser: Browser, place: Place) -> None:
    """A statement becomes a tile of a new dashboard, which opens with the tile chosen."""
    page = opened(browser, place.running, "/sql?q=" + quote(BY_DEVICE)).page
    expect(page.get_by_role("region", name="Rows of the answer")).to_be_visible()
    page.get_by_role("button", name="Add to a dashboard").click()
    drawer = page.get_by_role("dialog", name="Add to a dashboard")
    drawer.get_by_label("Dashboard").select_option(label="A new dashboard")
    expect(drawer.get_by_label("Chart")).to_have_value("bar")
    drawer.get_by_label("Chart").select_option("pie")
    drawer.get_by_label("Title").fill("Devices")
    assert faults(page) == []
    shot(page, "sql-add-light-1280")
    drawer.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("complementary", name="Tile Devices")).to_be_visible()
    drawn(page, "Devices")
    (made,) = [one for one in place.dashboards.list() if one.title == "Devices"]
    (sheet,) = place.dashboards.get(made.name).definition.sheets
    assert [(one.chart, one.query) for one in sheet.tiles] == [("pie", SqlQuery(BY_DEVICE))]
    # The same statement once more, on another sheet of it.
    page.goto(f"{place.url}/sql?q={quote(BY_DEVICE)}")
    page.get_by_role("button", name="Add to a dashboard").click()
    drawer.get_by_label("Dashboard").select_option(made.name)
    drawer.get_by_label("Sheet").select_option(label="A new sheet")
    drawer.get_by_label("Title").fill("Again")
    drawer.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("complementary", name="Tile Again")).to_be_visible()
    sheets = place.dashboards.get(made.name).definition.sheets
    assert [[one.title for one in each.tiles] for each in sheets] == [["Devices"], ["Again"]]
    place.dashboards.remove(made.name)
    page.context.close()


def test_a_report_is_made_and_changed_in_the_editor(browser: Browser, place: Place) -> None:
    """The forms of Explore ask it; what they say is drawn at once and kept, and undone."""
    place.dashboards.apply("report", dashboard("Report", [placed(fields("bar"), *SPOT)]))
    page = opened(browser, place.running, "/dashboards?name=report&edit=1&tile=dragged").page
    side = page.get_by_role("complementary", name="Tile Dragged")
    side.get_by_text("Report", exact=True).click()
    side.get_by_label("Kind of report").select_option("funnel")
    for number, name in enumerate(("click", "purchase"), 1):
        side.get_by_role("combobox", name=f"Step {number}", exact=True).click()
        page.get_by_role("option", name=name, exact=True).click()
    expect(side.get_by_label("Chart")).to_have_value("bar")
    # Who buys in this shop never clicked before, so the second step has nobody.
    clicked = {row["visitor_id"] for row in events() if row["event_name"] == "click"}
    as_table(page, "Dragged")
    rows = tile(page, "Dragged").locator("tbody tr")
    # The answer before stays until the new one has come.
    expect(rows.nth(1)).to_contain_text("purchase")
    expect(rows.locator("td:nth-child(3)")).to_have_text([str(len(clicked)), "0"])
    shot(page, "dashboards-report-light-1280")
    side.get_by_label("Kind of report").select_option("attribution")
    expect(side.get_by_role("status")).to_contain_text("Choose the goal")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    ((kept,),) = [sheet.tiles for sheet in place.dashboards.get("report").definition.sheets]
    assert isinstance(kept.query, ReportQuery)
    assert (kept.query.model, [one["event"] for one in kept.query.question["steps"]]) == (
        "funnel",
        ["click", "purchase"],
    )
    place.dashboards.remove("report")
    page.context.close()
