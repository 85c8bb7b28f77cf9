"""The built SQL page in Chromium, over real query workers and a cut with a busy hour in it."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.machine.process import is_alive
from footfall.query import QueryPool
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, failures, query_settings, sessions
from tests.query.test_pool import ENDLESS
from tests.studio.fakes import FakeShop, Studio, studio, wait_until
from tests.studio.pages import BROWSER_TESTS, LOOKS, browser, faults, is_narrow, opened, shot

__all__ = ["browser"]

pytestmark = BROWSER_TESTS

EVENTS = 600
ROWS_MAX = 20_000
COLUMNS = 300
LONG_PAGE = "/category/" + "a-very-long-name-without-an-end-" * 6
BY_NAME = "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC"
MANY = "SELECT range AS number, 'row ' || range AS name FROM range(100000)"


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> CutWriter:
    writer = CutWriter(tmp_path_factory.mktemp("cut"))
    names = ("page_view", "page_view", "scroll", "purchase", "<b>bold</b>")
    writer.to_tail(
        "events",
        event_table(
            {
                "event_name": names[n % 5],
                "page_path": LONG_PAGE if n % 7 == 0 else "/منتجات/قميص-كتان",
                "event_time": NOON_US + n,
                "source": None if n % 3 else "google",
            }
            for n in range(EVENTS)
        ),
    )
    writer.add_hot(sessions([{"session_id": uuid_of("s")}], hot=True))
    writer.to_tail("failed_events", failures(2))
    writer.publish()
    return writer


@pytest.fixture(scope="module")
def pool(cut: CutWriter) -> QueryPool:
    return QueryPool(cut.home, cut.project, query_settings(rows_max=ROWS_MAX))


@pytest.fixture(scope="module")
def running(pool: QueryPool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    shop = FakeShop(Home(tmp_path_factory.mktemp("shop") / "home"))
    shop.publish(SystemClock().now_us())
    with studio(shop, sql=pool) as found:
        yield found
        asyncio.run_coroutine_threadsafe(pool.close(), found.loop).result(60)


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="SQL statement")


def write(page: Page, sql: str) -> None:
    """Replace the editor's text, as a person does."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(sql)


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Rows of the answer").locator(
        "tbody tr:not([aria-hidden])"
    )


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_looks_and_access(browser: Browser, running: Studio, scheme: str, width: int) -> None:
    """In both themes, wide and narrow: empty, with tables open, with an answer, and refused."""
    size = {"width": width, "height": 900}
    watched = opened(browser, running, "/sql", color_scheme=scheme, viewport=size)
    page = watched.page

    def look(name: str) -> None:
        is_narrow(page, width)
        shot(page, f"sql-{name}-{scheme}-{width}", full=width < 1000)
        assert (name, faults(page)) == (name, [])

    expect(editor(page)).to_be_visible()
    expect(page.get_by_role("heading", name="Ask the project")).to_be_visible()
    # Of a navigation that is wider than the page, where one is stands in sight.
    expect(page.get_by_role("link", name="SQL", exact=True)).to_be_in_viewport(ratio=1)
    look("empty")
    page.get_by_role("button", name=re.compile(r"^events \d+$")).click()
    expect(page.get_by_role("button", name=re.compile("^event_time timestamptz"))).to_be_visible()
    page.get_by_role("button", name="Rows of events").click()
    expect(rows(page).first).to_be_visible()
    look("answer")
    write(page, "DROP TABLE events")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("p[role=alert]")).to_contain_text("only a SELECT can be run")
    look("refused")
    # Chromium says of every answer with an error's status that it is one.
    told = [
        fault
        for fault in watched.faults
        if "the server responded with a status of 400" not in fault
    ]
    assert (told, watched.outside) == ([], [])
    page.context.close()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus; a few times at most, as a person would."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    expect(wanted).to_be_focused()


def test_by_keyboard_alone(browser: Browser, running: Studio) -> None:
    """From the navigation to the page, a completed column, the answer in order, and out again."""
    page = opened(browser, running).page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="SQL", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{running.url}/sql")
    expect(page.locator("#page")).to_be_focused()
    assert page.title() == "SQL · Footfall"
    expect(editor(page)).to_be_visible()
    expect(page.get_by_role("button", name="Rows of events")).to_be_visible()
    page.keyboard.press("Tab")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("FROM events SELECT event_na")
    option = page.get_by_role("option", name=re.compile("^event_name"))
    expect(option).to_have_attribute("aria-selected", "true")
    meaning = "What happened: page_view, purchase, or a name of your own."
    expect(page.locator(".cm-completionInfo")).to_have_text(meaning)
    shot(page, "sql-completion-light-1280")
    # For a moment the editor takes Enter for the line's end: somebody may be typing on.
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.keyboard.type(", count(*) AS n GROUP BY ALL")
    page.keyboard.press("Escape")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("Tab")  # out of the editor, which is no trap
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()
    tab_to(page, page.get_by_role("button", name="CSV"))
    tab_to(page, page.get_by_role("region", name="Rows of the answer"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("n")
    numbers = [int(text) for text in rows(page).locator("td:nth-child(2)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert sum(numbers) == EVENTS
    page.context.close()


def test_the_address_is_the_state(browser: Browser, running: Studio) -> None:
    """An address brings its answer, Back the answer before, and the history of this browser any."""
    address = f"/sql?q={quote(BY_NAME)}"
    page = opened(browser, running, address).page
    expect(rows(page)).to_have_count(4)
    expect(editor(page)).to_have_text(BY_NAME)
    write(page, "SELECT 1 AS one")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(rows(page)).to_have_count(1)
    assert page.url.endswith("/sql?q=SELECT+1+AS+one")
    page.go_back()
    expect(rows(page)).to_have_count(4)
    expect(editor(page)).to_have_text(BY_NAME)
    page.reload()
    expect(rows(page)).to_have_count(4)
    page.get_by_role("button", name="SELECT 1 AS one").click()
    expect(rows(page)).to_have_count(1)
    assert page.url.endswith("/sql?q=SELECT+1+AS+one")
    expect(editor(page)).to_have_text("SELECT 1 AS one")
    page.context.close()


def test_cancel_ends_the_statement_where_it_runs(
    browser: Browser, running: Studio, pool: QueryPool
) -> None:
    """A person who gives up frees the machine for others, and can ask again."""
    page = opened(browser, running, "/sql").page
    expect(page.get_by_role("button", name="Rows of events")).to_be_visible()
    before = pool.pids()
    write(page, ENDLESS)
    page.keyboard.press("ControlOrMeta+Enter")
    wait_until(lambda: len(pool.pids()) > len(pool._idle), 30)
    (busy,) = set(pool.pids()) - {worker.pid for worker in pool._idle}
    assert before == [] or busy in before
    expect(page.get_by_role("status").filter(has_text="Still running")).to_be_visible()
    shot(page, "sql-running-light-1280")
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible()
    wait_until(lambda: not is_alive(busy), 30)
    write(page, BY_NAME)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(rows(page)).to_have_count(4)
    page.context.close()


def test_many_rows_are_few_in_the_page(browser: Browser, running: Studio) -> None:
    """Thousands of rows, hundreds of columns: the page holds what is in sight; the cut is said."""
    page = opened(browser, running, f"/sql?q={quote(MANY)}").page
    expect(page.get_by_text(f"{ROWS_MAX:,} rows in")).to_be_visible()
    expect(
        page.get_by_text("There is more: the limit of rows or bytes was reached")
    ).to_be_visible()
    table = page.get_by_role("region", name="Rows of the answer")
    assert table.locator("table").get_attribute("aria-rowcount") == str(ROWS_MAX + 1)
    for where, first in (("0", "0"), ("1e9", str(ROWS_MAX - 1)), ("14000", "500")):
        table.evaluate(f"one => one.scrollTo(0, {where})")
        expect(rows(page).filter(has_text=f"row {first}").first).to_be_visible()
        assert rows(page).count() < 80
    shot(page, "sql-many-light-1280")
    columns = ", ".join(f"{10_000 + n} AS c{n}" for n in range(COLUMNS))
    page.goto(f"{running.url}/sql?q={quote(f'SELECT {columns} FROM range(60)')}")
    heads = table.get_by_role("columnheader")
    for where, name, value in (("0", "c0", "10000"), ("1e9", "c299", "10299")):
        table.evaluate(f"one => one.scrollTo({where}, 0)")
        expect(heads.filter(has_text=re.compile(f"^{name}$"))).to_be_visible()
        expect(rows(page).first.locator("td").filter(has_text=value)).to_be_visible()
        assert heads.count() < 40
        shown = heads.all_inner_texts()
        cells = rows(page).first.locator("td[aria-colindex]")
        assert cells.all_inner_texts() == [str(10_000 + int(one[1:])) for one in shown]
        cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
        assert cells.evaluate_all(cut) == 0
    page.context.close()


def test_csv_is_the_whole_answer_with_every_digit(
    browser: Browser, running: Studio, tmp_path: Path
) -> None:
    """Neither the table nor the file rounds a number, and markup is text in both."""
    big = "12345678901234567890"
    sql = f"SELECT {big}::HUGEINT AS big, '<b>x</b>' AS text, [1, 2] AS list, NULL AS no"
    page = opened(browser, running, f"/sql?q={quote(sql)}").page
    cells = rows(page).locator("td")
    expect(cells).to_have_text([big, "<b>x</b>", "[1,2]", "null"])
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "footfall.csv"
    download.value.save_as(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open() as file:
        assert list(csv.reader(file)) == [
            ["big", "text", "list", "no"],
            [big, "<b>x</b>", "[1,2]", ""],
        ]
    page.context.close()


def test_each_page_loads_its_own_files(browser: Browser, running: Studio) -> None:
    """Live needs no editor, SQL neither charts nor the Live page: asked for, not guessed."""
    watched = opened(browser, running, "/sql")
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/assets/" in one.url else None)
    page.reload()
    expect(editor(page)).to_be_visible()
    names = {url.rpartition("/")[2].partition("-")[0] for url in asked if url.endswith(".js")}
    assert names >= {"index", "SqlPage", "Editor"}
    assert not names & {"LivePage", "echarts"}
    asked.clear()
    page.goto(f"{running.url}/live")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    names = {url.rpartition("/")[2].partition("-")[0] for url in asked if url.endswith(".js")}
    assert "LivePage" in names
    assert not names & {"SqlPage", "Editor"}
    page.context.close()


def test_a_file_that_is_gone_is_said(browser: Browser, running: Studio) -> None:
    """After an update an open page may ask for a file of yesterday: it says so, and others work."""
    page = opened(browser, running).page
    page.route("**/assets/SqlPage-*.js", lambda route: route.fulfill(status=404, body=""))
    page.get_by_role("link", name="SQL", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The page SQL cannot be shown")
    expect(page.get_by_role("button", name="Reload the page")).to_be_visible()
    shot(page, "sql-gone-light-1280")
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send the first event")
    page.context.close()


def test_writing_a_statement(browser: Browser, running: Studio) -> None:
    """A mistake is marked, a part runs alone, each part gets a line, and the plan tells the way."""
    watched = opened(browser, running, "/sql")
    page = watched.page
    write(page, "-- counted\nSELECT event_name,\n  nam FROM events")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator(".cm-fault")).to_have_text("nam")
    write(page, "SELECT event_name FROM events")
    expect(page.locator(".cm-fault")).to_have_count(0)
    write(page, "select 1 as one; select count(*) as n from events")
    page.keyboard.press("Home")
    for _ in range("select 1 as one".count("") - 1):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(rows(page)).to_have_text(["1"])
    expect(editor(page)).to_contain_text("select count(*) as n from events")
    write(page, "select count(*) as n from events where app_id::text <> 'x'")
    page.get_by_role("button", name="Format").click()
    lines = ["SELECT", "  count(*) AS n", "FROM", "  events", "WHERE", "  app_id::text <> 'x'"]
    expect(page.locator(".cm-line")).to_have_text(lines)
    page.get_by_role("button", name="Plan").click()
    plan = page.get_by_role("dialog", name="How it is answered")
    expect(plan.get_by_role("row").nth(1)).to_be_visible()
    plan.get_by_text("Measured", exact=True).click()
    expect(plan.get_by_role("row").nth(1)).to_contain_text("rows read")
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(plan).to_have_count(0)
    write(page, "SELECT regexp_ext")
    page.keyboard.type("r")
    expect(page.get_by_role("option", name="regexp_extract", exact=True)).to_be_visible()
    assert [one for one in watched.faults if "400" not in one] == []
    page.context.close()
