"""The journey index in a running server: made by itself, answering, and told of."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest
from playwright.sync_api import expect

from footfall.explore.journeys.maker import IndexReport, read_report
from footfall.home import Home
from tests.cli.shell import run
from tests.explore.index.compiled import KERNELS
from tests.system.browser import open_browser
from tests.system.tree import START_SECONDS, post_events, running

EVENTS = [
    {"name": name, "visitor_id": visitor}
    for visitor, names in {"ada": ["look", "buy"], "bob": ["look"], "eve": ["look", "buy"]}.items()
    for name in names
]
SMALL = (
    "--set", "index.events_min=5",
    "--set", "index.refresh_interval=200ms",
    "--set", "index.age_max=1h",
)  # fmt: skip


def made(home: Home, events: int) -> IndexReport:
    """What was done last, when the index has so many events."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = read_report(home, "default")
        assert found is None or not found.error, found
        if found is not None and found.bytes and found.events == events:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no index of {events} events: {read_report(home, 'default')}")


@pytest.mark.browser
@pytest.mark.slow
def test_the_studio_makes_it_and_answers_from_it(tmp_path: Path) -> None:
    """From the fifth event on there is one: a page's foot says the way, `footfall status` has it.

    The process that answers is confined here as in production: all that it has to read is allowed.
    """
    home = Home(tmp_path / "home")
    with running(home.root, *SMALL) as tree, open_browser() as context:
        KERNELS.mkdir(parents=True, exist_ok=True)
        home.kernels_dir.parent.mkdir(exist_ok=True)
        home.kernels_dir.symlink_to(KERNELS, target_is_directory=True)
        assert post_events(tree.collector_url(), "web", EVENTS) == 200
        report = made(home, len(EVENTS))
        page = context.new_page()
        page.goto(tree.addresses["studio"])
        page.get_by_role("link", name="Explore", exact=True).first.wait_for()
        asked = {
            "range": {"last": 7, "unit": "day"},
            "steps": [{"event": "look"}, {"event": "buy"}],
        }
        asked_at = urlencode({"model": "funnel", "q": json.dumps(asked)})
        page.goto(urljoin(tree.addresses["studio"], f"/explore?{asked_at}"))
        answer = page.get_by_role("region", name="Result")
        expect(answer).to_contain_text("From the journey index", timeout=START_SECONDS * 1_000)
        listed = answer.get_by_role("list", name="Steps of the funnel").get_by_role("listitem")
        shown = [step.get_by_role("button").first.inner_text() for step in listed.all()]
        assert shown == ["3", "2"]
        told = run("status", "--home", str(home.root)).stdout
        assert f"{len(EVENTS)} events, " in told
        assert f"of cut {report.cut_sequence}" in told
