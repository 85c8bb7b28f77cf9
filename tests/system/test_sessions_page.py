"""The Sessions page and Live's sessions in a real browser, over a real tree; numbers equal SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from footfall.clock import SystemClock
from tests.studio.pages import WAIT_MS_MAX, choose
from tests.system.browser import open_browser
from tests.system.tree import Tree, post_events, running

SETTINGS = (
    *("--set", "sessions.gap=2s"),
    *("--set", "pipeline.watermark_lag=1s"),
    *("--set", 'sessions.definitions={gap={kind="gap"},minute={kind="step",step="1m"}}'),
)
VISITORS = 60
LONG_MS_MAX = 240_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """Sixty visitors on two pages, half of them from a newsletter."""
    with running(tmp_path_factory.mktemp("sessions") / "home", *SETTINGS) as found:
        now = SystemClock().now_us() // 1000
        for visitor in range(VISITORS):
            source = {"campaign": {"source": "newsletter"}} if visitor % 2 else {}
            events = [
                {
                    "name": "page_view",
                    "visitor_id": f"v{visitor:02}",
                    "timestamp": now - 1000 + at * 100 * (visitor % 4),
                    "page": {"url": f"https://shop.example/page/{at}"},
                    **source,
                }
                for at in range(2)
            ]
            assert post_events(found.collector_url(), "web", events) == 200
        yield found


@pytest.fixture(scope="module")
def page(tree: Tree) -> Iterator[Any]:
    with open_browser() as context:
        expect.set_options(timeout=WAIT_MS_MAX)
        one = context.new_page()
        one.errors = []
        one.on("pageerror", lambda error: one.errors.append(str(error)))
        one.on("console", lambda line: _note(one.errors, line))
        one.goto(tree.addresses["studio"])
        one.get_by_role("navigation").get_by_role("link", name="Sessions").wait_for()
        yield one


def _note(errors: list[str], line: Any) -> None:
    if line.type == "error":
        errors.append(f"{line.text} {line.location.get('url', '')}")


def _sql(page: Any, statement: str) -> list[list[Any]]:
    answer = page.request.post(
        f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/api/sql",
        data=json.dumps({"sql": statement}),
        headers={"content-type": "application/json", "origin": page.url.rsplit("/", 1)[0]},
    )
    assert answer.ok, answer.text()
    rows: list[list[Any]] = answer.json()["rows"]
    return rows


def _until(page: Any, statement: str, wanted: int) -> None:
    """Ask SQL until it says so; each answer is awaited, and there are so many at most."""
    for _ in range(600):
        if _sql(page, statement)[0][0] == wanted:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not {wanted}: {_sql(page, statement)}")


def _until_counted(page: Any, wanted: int) -> None:
    """Ask the live numbers until they say so: they come a moment after the cut that SQL reads."""
    address = f"{page.url.split('/', 3)[0]}//{page.url.split('/')[2]}/api/live"
    for _ in range(600):
        meters = page.request.get(address).json()["sessions"]["meters"]
        counts = [
            one["closed"] + one["provisional"] for one in meters if one["definition"] == "gap"
        ]
        if counts == [wanted]:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not {wanted}: {counts}")


@pytest.mark.browser
@pytest.mark.slow
def test_sessions_are_listed_filtered_and_opened(page: Any, tree: Tree) -> None:
    """What the page counts is what SQL counts; the address has all of it, and Back undoes it."""
    _until(page, "SELECT count(*) FROM sessions WHERE status = 'closed'", VISITORS)
    page.get_by_role("navigation").get_by_role("link", name="Sessions").click()
    total = page.get_by_test_id("total")
    expect(total).to_have_text(str(VISITORS))
    page.get_by_role("button", name="Add filter").click()
    choose(page, "Column", "Source")
    choose(page, "Value", "newsletter")
    page.get_by_role("button", name="Add", exact=True).click()
    [[wanted]] = _sql(page, "SELECT count(*) FROM sessions WHERE source = 'newsletter'")
    expect(total).to_have_text(str(wanted))
    assert "f=source%3Ais%3Anewsletter" in page.url
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(wanted + 1)
    page.get_by_role("button", name="Duration").click()
    [[longest]] = _sql(page, "SELECT max(duration_ms) FROM sessions WHERE source = 'newsletter'")
    assert longest == 300
    page.get_by_role("row").nth(1).get_by_role("link").click()
    events = page.get_by_role("list", name="Events of the session")
    events.get_by_text("https://shop.example/page/1").wait_for()
    expect(events.get_by_role("listitem")).to_have_count(2)
    # Each event opens, and the visitor does; the list with its filter stays behind them.
    events.get_by_role("link", name="page_view").first.click()
    page.get_by_role("dialog", name="Event").get_by_role("tab", name="Columns").wait_for()
    page.go_back()
    page.get_by_role("link", name="All of this visitor").click()
    page.get_by_role("list", name="Events of the visitor").wait_for()
    assert "f=source%3Ais%3Anewsletter" in page.url
    page.go_back()
    events.wait_for()
    address = page.url
    page.reload()
    page.get_by_role("list", name="Events of the session").wait_for()
    assert page.url == address
    page.get_by_role("button", name="Close the session").click()
    page.get_by_label("Session definition").select_option("minute")
    [[minutes]] = _sql(page, "SELECT count(*) FROM sessions_minute WHERE source = 'newsletter'")
    expect(total).to_have_text(str(minutes))
    page.go_back()
    expect(total).to_have_text(str(wanted))
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.slow
def test_live_counts_sessions_and_lists_those_that_are_open(page: Any, tree: Tree) -> None:
    """The numbers come with the feed, and each session is in them once."""
    _until(page, "SELECT count(*) FROM sessions WHERE status = 'closed'", VISITORS)
    _until_counted(page, VISITORS)
    page.get_by_role("navigation").get_by_role("link", name="Live").click()
    page.get_by_text(re.compile(r"\d+ closed")).wait_for()
    page.get_by_role("img", name="Session duration by second").wait_for()
    page.get_by_role("heading", name="Open sessions").wait_for()
    assert page.errors == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_definition_is_added_compared_and_switched_to(page: Any, tree: Tree) -> None:
    """By the form alone; what is wrong is said in words, a visitor who differs is opened."""
    _until(page, "SELECT count(*) FROM sessions WHERE status = 'closed'", VISITORS)
    origin = "/".join(page.url.split("/")[:3])
    page.goto(f"{origin}/sessions?show=definitions")
    listed = page.get_by_role("list", name="Session definitions")
    listed.get_by_text("gap=2s").wait_for()
    page.get_by_role("button", name="Add a definition").click()
    page.get_by_role("textbox", name="Name").fill("Hair Trigger")
    page.get_by_label("Pause that ends it").fill("50ms")
    page.get_by_role("button", name="Define it").click()
    page.get_by_role("alert").get_by_text("a name of lower-case letters").wait_for()
    page.errors.clear()  # the browser notes the refusal
    page.get_by_role("textbox", name="Name").fill("hair")
    page.get_by_role("button", name="Define it").click()
    mine = listed.get_by_role("listitem").filter(has_text="gap=50ms")
    # Its past is computed by a process of low priority, which a busy machine holds up for long.
    mine.get_by_text("Whole: all history is computed").wait_for(timeout=LONG_MS_MAX)
    mine.get_by_role("button", name="Compare").click()
    [[before]] = _sql(page, "SELECT count(*) FROM sessions")
    [[after]] = _sql(page, "SELECT count(*) FROM sessions_hair")
    assert (before, after) == (VISITORS, VISITORS + VISITORS * 3 // 4)
    row = page.get_by_role("row").filter(has_text=re.compile("^Sessions"))
    row.get_by_role("cell", name=str(after), exact=True).wait_for()
    expect(row.get_by_role("cell")).to_have_text([str(before), str(after), "+75 %"])
    page.get_by_text(f"Sessions differ for {VISITORS * 3 // 4} visitors").wait_for()
    page.get_by_role("button", name=re.compile("Timeline of .* by hair")).first.click()
    sessions = page.get_by_role("list", name="Sessions of the visitor")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Close the visitor").click()
    mine.get_by_role("button", name="Switch to it").click()
    mine.get_by_role("button", name="Leave it").click()
    mine.get_by_role("button", name="Switch to it").click()
    mine.get_by_role("button", name="Switch to hair").click()
    mine.get_by_text("default", exact=True).wait_for(timeout=LONG_MS_MAX)
    _until(page, "SELECT count(*) FROM sessions", after)
    gap = listed.get_by_role("listitem").filter(has_text="gap=2s")
    gap.get_by_role("button", name="Switch to it").click()
    gap.get_by_role("button", name="Switch to gap").click()
    gap.get_by_text("default", exact=True).wait_for(timeout=LONG_MS_MAX)
    _until(page, "SELECT count(*) FROM sessions", before)
    assert page.errors == []
