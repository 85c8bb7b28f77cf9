"""Each snippet that the Live page shows works as it stands: from its text to rows in SQL."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import footfall
from tests.system.browser import open_browser
from tests.system.tree import Tree, post_events, running

SITE = Path(__file__).parents[2] / "web" / "testsite"
SDK = SITE / "dist" / "clickstream-web.min.js"
ESBUILD = SITE / "node_modules" / ".bin" / "esbuild"
WAIT_SECONDS = 90
PAGE = """<!doctype html>
<html lang="en">
  <head>
    <title>Home</title>
    <link rel="icon" href="data:," />
    {snippet}
  </head>
  <body><p>A page of another origin.</p></body>
</html>
"""


@contextmanager
def site(files: dict[str, str]) -> Iterator[str]:
    """Serve `files` by path, else the page at `/`, on a port of its own: another origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = files.get(path, files["/"]).encode()
            kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def rows_when(tree: Tree, count: int, condition: str) -> list[dict[str, Any]]:
    """Events that satisfy `condition`, once there are `count` of them."""
    deadline = time.monotonic() + WAIT_SECONDS
    with footfall.open(tree.home) as lake:
        while time.monotonic() < deadline:
            rows = lake.sql(f"SELECT * FROM events WHERE {condition} ORDER BY event_time").rows()
            if len(rows) >= count:
                return rows
            time.sleep(0.1)
    raise AssertionError(f"no {count} events with {condition} in {WAIT_SECONDS} s\n{tree.errors()}")


def shown(studio: Any, tab: str) -> str:
    """The code of a tab, as a person reads and copies it."""
    studio.get_by_role("tab", name=tab, exact=True).click()
    return str(studio.get_by_role("region", name=f"code: {tab}", exact=True).text_content())


@pytest.mark.browser
@pytest.mark.slow
def test_from_the_empty_page_to_the_first_event(tmp_path: Path) -> None:
    """A mistyped write id is said beside the light; the plain snippet then makes it green.

    The page with the snippet comes from another origin, and goes on without loading anew, as
    single-page apps do: both are page views of one visitor, each with its title and referrer.
    """
    with running(tmp_path / "home") as tree, open_browser() as browser:
        studio = browser.new_page()
        studio.goto(tree.addresses["studio"])
        studio.get_by_role("link", name="Live", exact=True).first.click()
        studio.get_by_role("heading", name="Send the first event").wait_for()
        snippet = shown(studio, "Plain HTML")
        assert tree.collector_url() in snippet
        assert post_events(tree.collector_url(), "wbe", [{"name": "page_view"}]) == 200
        studio.get_by_text("1 request with unknown write id wbe; known: ").wait_for()
        with site({"/": PAGE.format(snippet=snippet)}) as origin:
            page = browser.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(f"{origin}/start?utm_source=letter")
            studio.get_by_text("The first event is there: page_view /start").wait_for()
            page.evaluate("history.pushState({}, '', '/next'); document.title = 'Next'")
            page.evaluate("history.pushState({}, '', '/next')")  # the same page is no new view
            page.evaluate("footfall.track('signed_up', {plan: 'pro'})")
            rows = rows_when(tree, 3, "app_id = 'web'")
            page.evaluate("history.go(-2)")
            rows = rows_when(tree, 4, "app_id = 'web'")
            page.close()
        found = [
            (row["event_name"], row["page_path"], row["page_title"], row["page_referrer"] or "")
            for row in rows
        ]
        first, last = f"{origin}/start?utm_source=letter", f"{origin}/next"
        assert sorted(found[:3]) == [
            ("page_view", "/next", "Next", first),
            ("page_view", "/start", "Home", ""),
            ("signed_up", "/next", "Next", last),
        ]
        assert found[3] == ("page_view", "/start", "Next", last)
        assert len({(row["visitor_id"], row["session_id"]) for row in rows}) == 1
        assert next(row["source"] for row in rows if row["page_path"] == "/start") == "letter"
        assert not any(row["is_bot"] for row in rows)
        assert faults == []
        studio.get_by_role("button", name="Show the live page").click()
        studio.get_by_text("Visitors now").wait_for()


@pytest.mark.browser
@pytest.mark.slow
def test_the_other_snippets(tmp_path: Path) -> None:
    """AWS SDK by script tag and by bundler, Python, curl, pixel: copied from the page and run."""
    assert SDK.exists(), "the SDK's bundle is not built; run: make studio"
    with running(tmp_path / "home") as tree, open_browser() as browser:
        studio = browser.new_page()
        studio.goto(tree.addresses["studio"])
        studio.get_by_role("link", name="Live", exact=True).first.click()
        studio.get_by_role("heading", name="Send the first event").wait_for()
        tabs = ("AWS SDK, script tag", "AWS SDK, bundler", "Python", "curl", "Pixel")
        code = {tab: shown(studio, tab) for tab in tabs}
        bundled = subprocess.run(
            [str(ESBUILD), "--bundle", "--format=iife"],
            input=code["AWS SDK, bundler"],
            cwd=SITE,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        files = {
            "/": PAGE.format(snippet=code["AWS SDK, script tag"]),
            "/clickstream-web.min.js": SDK.read_text(),
            "/mail": code["Pixel"],
            "/bundled": PAGE.format(snippet='<script src="bundled.js" defer></script>'),
            "/bundled.js": bundled,
        }
        with site(files) as origin:
            page = browser.new_page()
            page.goto(f"{origin}/mail")
            rows_when(tree, 1, "event_name = 'mail_opened' AND protocol = 'pixel'")
            page.close()
            for path in ("/script", "/bundled"):
                page = browser.new_page()
                page.goto(origin + path)
                rows_when(tree, 1, f"event_name = 'page_view' AND page_path = '{path}'")
                page.close()
        subprocess.run([sys.executable, "-c", code["Python"]], timeout=60, check=True)
        subprocess.run(["sh", "-c", code["curl"]], timeout=60, check=True, capture_output=True)
        python = rows_when(tree, 1, "event_name = 'signed_up' AND protocol = 'footfall'")
        curl = rows_when(tree, 1, "page_url = 'https://example.com/hello'")
        bundler = rows_when(tree, 1, "event_name = 'signed_up' AND protocol = 'aws'")
    assert (python[0]["visitor_id"], curl[0]["visitor_id"]) == ("ada", "ada")
    assert {row["app_id"] for row in (*python, *curl, *bundler)} == {"web"}
