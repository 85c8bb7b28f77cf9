"""From a click in one browser tab to the Live page in another: everything real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import footfall.studio
from tests.studio.pages import shot
from tests.system.browser import open_browser
from tests.system.tree import Tree, post_events, running

STATIC = Path(footfall.studio.__file__).parent / "static" / "index.html"


def follow_on_a_dashboard(page: Any, tree: Tree) -> None:
    """A ready-made dashboard is one click away, and its number follows the next event by itself."""
    page.get_by_role("link", name="Dashboards", exact=True).first.click()
    page.get_by_role("button", name="Add Collector health").click()
    received = page.get_by_role("region", name="Events received", exact=True)
    received.get_by_role("button", name="1", exact=True).wait_for()
    shot(page, "dashboards-health-light-1280", full=True)
    event = {"name": "page_view", "visitor_id": "grace"}
    assert post_events(tree.collector_url(), "web", [event]) == 200
    received.get_by_role("button", name="2", exact=True).wait_for()


@pytest.mark.browser
@pytest.mark.slow
def test_event_appears_on_the_live_page(tmp_path: Path) -> None:
    """The page opens with the one-time link, once, and shows an event that is sent afterwards.

    A visitor's text is text: markup in an event's name is shown, never run.
    """
    assert STATIC.exists(), "the front end is not built; run: make studio"
    with running(tmp_path / "home") as tree, open_browser() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(tree.addresses["studio"])
        page.get_by_text("Waiting for the first event.").wait_for()
        shot(page, "home-empty-light-1280")
        page.get_by_role("link", name="Live", exact=True).first.click()
        # An event that comes before the page would be no first one for it.
        page.get_by_role("heading", name="Send the first event").wait_for()
        name = "<img src=x onerror=alert(1)> signup"
        event = {"name": name, "visitor_id": "ada", "page": {"url": "https://shop.example/plans"}}
        assert post_events(tree.collector_url(), "web", [event]) == 200
        page.get_by_text(name).first.wait_for()
        page.get_by_role("button", name="Show the live page").click()
        page.get_by_text("/plans").first.wait_for()
        page.get_by_role("list", name="Newest events").get_by_role("link").first.click()
        page.get_by_text("event_time_rule").first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        follow_on_a_dashboard(page, tree)
        assert errors == []
        stranger = context.browser.new_context().new_page()
        response = stranger.goto(tree.addresses["studio"])
        assert response is not None
        assert response.status in (401, 403, 410)
