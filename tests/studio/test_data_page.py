"""The built page Data in Chromium: deliveries as the server tells them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from footfall.clock import HOUR, SystemClock
from footfall.deliver.notes import Cursor, Note, Shown, deliver_dir, write_note, write_shown
from footfall.home import Home, make_directory
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, faults, is_narrow, opened, shot

__all__ = ["browser"]

pytestmark = BROWSER_TESTS


@pytest.fixture
def running(shop: FakeShop) -> Iterator[Studio]:
    now = SystemClock().now_us()
    shop.publish(now)
    _deliver(shop.home, now)
    with studio(shop) as found:
        yield found


def _deliver(home: Home, now: int) -> None:
    """One destination that is well, and one whose bucket is away."""
    directory = deliver_dir(home, "default")
    make_directory(directory)
    last = "s3://clicks/retail/2026/11/29/21/clicks-20260929T211420Z-000000007-000000008-000.csv.gz"
    well = Note(
        Cursor(9), files=12_345, records=7_400_000, bytes=5 << 30, last_path=last, last_at=now
    )
    write_note(directory, "clicks", well)
    write_shown(directory, "clicks", Shown(now, "s3://clicks/retail", "events", "csv"))
    write_note(directory, "aggregates", Note(Cursor(1)))
    error = "the object store does not answer as it should; nothing is lost, see that it runs"
    away = Shown(
        now,
        "s3://sessions",
        "sessions",
        "jsonl",
        backlog_epochs=240,
        backlog_requests=81_234,
        waiting_since=now - HOUR,
        failures=9,
        error=error,
    )
    write_shown(directory, "aggregates", away)


def test_deliveries_are_shown_in_both_themes(browser: Browser, running: Studio) -> None:
    """Reached by its link, read without a mouse, complete at 400 px; axe finds nothing."""
    for theme in ("light", "dark"):
        watched = opened(browser, running, "/live", color_scheme=theme)
        page = watched.page
        page.get_by_role("link", name="Data").click()
        expect(page).to_have_url(running.url + "/data")
        items = page.get_by_role("list", name="Destinations of files").get_by_role("listitem")
        expect(items).to_have_count(2)
        expect(items.nth(0)).to_contain_text("does not answer")
        expect(items.nth(0)).to_contain_text("1 h 0 m")
        expect(items.nth(1)).to_contain_text("12.3 k")
        expect(items.nth(1)).to_contain_text("5 GiB")
        assert faults(page) == []
        shot(page, f"data-{theme}")
        page.set_viewport_size({"width": 400, "height": 860})
        is_narrow(page, 400)
        shot(page, f"data-{theme}-narrow")
        assert watched.faults == []
        assert watched.outside == []
        page.context.close()
