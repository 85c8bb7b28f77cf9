"""From a rule written on the page to a signed webhook, the history and an acknowledgement."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.receivers import SECRET, receiving
from tests.system.browser import open_browser
from tests.system.tree import post_events, running

SETTINGS = (
    "--set", "sessions.gap=2s",
    "--set", "pipeline.watermark_lag=200ms",
    "--set", "alerts.private_addresses=true",
)  # fmt: skip


@pytest.mark.browser
@pytest.mark.slow
def test_a_person_writes_a_rule_and_hears_of_a_session(tmp_path: Path) -> None:
    """Nobody restarts anything; mistakes are told; the secret is not on the page again."""
    with (
        running(tmp_path / "home", *SETTINGS) as tree,
        receiving() as receiver,
        open_browser() as context,
    ):
        page = context.new_page()
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(tree.addresses["studio"])
        event = {"name": "page_view", "visitor_id": "bob", "page": {"url": "https://shop.example/"}}
        assert post_events(tree.collector_url(), "web", [event]) == 200
        page.get_by_role("link", name="Alerts").click()
        page.get_by_text("There is no rule yet").wait_for()
        page.get_by_role("button", name="Add a channel").click()
        page.get_by_label("Name").fill("ops")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("Secret").fill(SECRET)
        page.get_by_role("button", name="Add it").click()
        page.get_by_role("cell", name="ops", exact=True).wait_for()
        page.get_by_role("button", name="Test ops").click()
        page.get_by_text("It was taken.").wait_for()
        receiver.wait(1)
        page.get_by_role("button", name="Add a rule").click()
        page.get_by_label("Name").fill("short")
        page.get_by_label("Condition").fill("no_such_column < 3")
        page.get_by_role("button", name="Arm it").click()
        page.get_by_role("alert").get_by_text("no_such_column").wait_for()
        page.get_by_label("Condition").fill("duration_ms < 20000")
        page.get_by_role("combobox", name="Channels").press("ArrowDown")
        page.get_by_role("option", name="ops").click()
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Test it first").click()
        form = page.get_by_role("dialog", name="Add a rule")
        form.get_by_text("It would have fired").wait_for()
        page.get_by_role("button", name="Arm it").click()
        page.get_by_role("heading", name="short", exact=True).wait_for()
        event = {"name": "page_view", "visitor_id": "ada", "page": {"url": "https://shop.example/"}}
        assert post_events(tree.collector_url(), "web", [event]) == 200
        receiver.wait(2)
        assert receiver.wrong == []
        row = page.get_by_role("table", name="History").get_by_role("row").nth(1)
        row.get_by_role("button", name="Acknowledge").click()
        row.get_by_text("studio").wait_for()
        page.reload()  # the address is the state
        page.get_by_test_id("would-have-fired").get_by_text(
            "It would have fired 2 times"
        ).wait_for()
        page.get_by_role("button", name="Change", exact=True).click()
        form = page.get_by_role("dialog", name="Change short")
        form.get_by_label("Condition").fill("events > 7")
        form.get_by_role("button", name="Change it").click()
        page.get_by_text("Fires at a session with events > 7").wait_for()
        page.get_by_role("button", name="Disarm", exact=True).click()
        page.get_by_text("not armed").wait_for()
        page.get_by_role("dialog").wait_for(state="detached")
        assert SECRET not in page.content()
        assert "not-shown" not in page.content()
        assert errors == []
