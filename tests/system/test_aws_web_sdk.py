"""The unmodified `@aws/clickstream-web` in Chromium, from a click to a row in SQL."""

from __future__ import annotations

import functools
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import footfall
from tests.system.browser import open_browser
from tests.system.tree import Tree, running

SITE = Path(__file__).parents[2] / "web" / "testsite"
WAIT_SECONDS = 90


class _Site(http.server.SimpleHTTPRequestHandler):
    """The test site: one page whatever the path, and its script."""

    def do_GET(self) -> None:
        file = SITE / "dist" / "main.js" if self.path == "/main.js" else SITE / "index.html"
        kind = "text/javascript" if file.suffix == ".js" else "text/html"
        body = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Site))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _drive(page: Any, site: str, endpoint: str, mode: str) -> None:
    """What a visitor does: looks, scrolls, clicks, searches, logs in, buys, leaves."""
    page.goto(f"{site}/?endpoint={endpoint}&mode={mode}&utm_source=ignored")
    page.wait_for_selector("body[data-ready=yes]")
    page.wait_for_timeout(1200)  # engagement counts from one second on
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(300)
    for action in ("track", "products", "search", "identify", "purchase"):
        page.click(f"#{action}")
        page.wait_for_timeout(150)
    page.evaluate(
        "document.getElementById('outbound').addEventListener("
        "'click', event => event.preventDefault())"
    )
    page.click("#outbound")
    page.wait_for_timeout(300)
    page.click("#closing")
    page.close(run_before_unload=True)


def _rows_when(tree: Tree, condition: str) -> list[dict[str, Any]]:
    """All events once one of them satisfies `condition`, each with its JSON columns read."""
    deadline = time.monotonic() + WAIT_SECONDS
    lake = footfall.open(tree.home)
    while time.monotonic() < deadline:
        found = lake.sql(f"SELECT count(*) AS n FROM events WHERE {condition}").rows()
        if found[0]["n"]:
            time.sleep(1.5)  # whatever the closing page still sends
            rows = lake.sql("SELECT * FROM events ORDER BY event_time, received_at").rows()
            for row in rows:
                for name in ("properties", "user_properties", "items"):
                    row[name] = json.loads(row[name]) if row[name] else None
            return rows
        time.sleep(0.1)
    raise AssertionError(f"no event with {condition} in {WAIT_SECONDS} s\n{tree.errors()}")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["immediate", "batch"])
def test_web_sdk_end_to_end(tmp_path: Path, site: str, mode: str) -> None:
    """Every event the SDK makes is a row, its fields where an analyst looks for them.

    And it is on the Live page, which is open in another tab all the while.
    """
    with running(tmp_path / "home") as tree, open_browser() as browser:
        _create_app(tree.home)
        live = browser.new_page()
        live.goto(tree.addresses["studio"])
        live.get_by_role("link", name="Live", exact=True).first.click()
        page = browser.new_page()
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        _drive(page, site, f"{tree.collector_url()}/collect", mode)
        live.get_by_role("button", name="Show the live page").click()
        live.get_by_text("closing_event").first.wait_for()
        live.get_by_text("/search").first.wait_for()
        rows = _rows_when(tree, "event_name = 'app_end'")
        assert footfall.open(tree.home).sql("SELECT * FROM failed_events").rows() == []
    _check_names(rows)
    _check_fields(rows, site)


def _create_app(home: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", "shop_web"]
    subprocess.run([*command, "--home", str(home)], check=True, timeout=60, capture_output=True)
    time.sleep(1)  # a new write id counts within a second


def _check_names(rows: list[dict[str, Any]]) -> None:
    names = {row["event_name"] for row in rows}
    expected = {
        "first_open", "session_start", "page_view", "page_load", "app_start", "scroll",
        "user_engagement", "search", "profile_set", "click", "button_click", "purchase",
        "closing_event", "app_end",
    }  # fmt: skip
    assert expected - names == set()
    assert len({row["event_id"] for row in rows}) == len(rows)
    assert len({row["session_id"] for row in rows}) == 1
    assert len({row["visitor_id"] for row in rows}) == 1


def _own(row: dict[str, Any]) -> dict[str, Any]:
    """Properties that the page gave, without those that the SDK adds to every event."""
    return {name: value for name, value in row["properties"].items() if name[0] != "_"}


def _check_fields(rows: list[dict[str, Any]], site: str) -> None:
    by_name = {row["event_name"]: row for row in rows}
    purchase = by_name["purchase"]
    assert {
        name: purchase[name]
        for name in (
            "app_id", "platform", "protocol", "user_id", "source", "medium", "page_title",
            "currency", "sdk_name", "sdk_version", "language", "screen_width", "browser",
            "device_category", "is_bot",
        )
    } == {
        "app_id": "shop_web", "platform": "Web", "protocol": "aws", "user_id": "user-7",
        "source": "newsletter", "medium": "email", "page_title": "Search", "currency": "EUR",
        "sdk_name": "aws-solution-clickstream-sdk", "sdk_version": "0.12.6",
        "language": "en-GB", "screen_width": 1280, "browser": "Chrome",
        "device_category": "desktop", "is_bot": False,
    }  # fmt: skip
    assert float(purchase["value"]) == 59.9
    assert purchase["items"] == [
        {"id": "sku-1", "name": "Boots <b>", "price": 59.9, "quantity": 1, "category": "shoes"}
    ]
    assert _own(purchase) == {"order": "o-1", "app_build": 17}
    assert by_name["search"]["search_term"] == "boots"
    assert by_name["click"]["link_url"] == "https://partner.example/offer?x=1"
    assert by_name["click"]["is_outbound"] is True
    assert _own(by_name["button_click"]) == {
        "button": "hero", "position": 3, "bold": True, "app_build": 17,
    }  # fmt: skip
    # The id and the plan are set by two calls, so by two events, often of one millisecond.
    profiles = [row for row in rows if row["event_name"] == "profile_set"]
    plans = [row["user_properties"].get("plan", {}).get("value") for row in profiles]
    assert "pro" in plans
    views = [row for row in rows if row["event_name"] == "page_view"]
    assert [row["page_url"].removeprefix(site).partition("?")[0] for row in views] == [
        "/", "/products", "/search",
    ]  # fmt: skip
    assert [row["entrance"] for row in views] == [True, False, False]
    for row in rows:
        assert row["event_time"] <= row["received_at"]
        assert row["sent_at"] is not None
        assert row["created_at"] is not None
