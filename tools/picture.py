"""Take the pictures of README.md and docs: real pages of running demos, in both themes.

    python tools/picture.py [live] [explore] [retail] [beer-shop] [touchwood] [--seconds 150]

Without names all of them. Needs Chromium and the built front end. Writes live-light.png,
live-dark.png, recipe-retail-light.png … in docs/images; look at each before it is committed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

from playwright.sync_api import Browser, Geolocation, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
START_SECONDS_MAX = 300
DRAWN_MS = 1_500
"""What a page needs to draw itself in another theme."""
PLACE = Geolocation(latitude=22.28, longitude=114.16)


class Picture(NamedTuple):
    """One page of one demo."""

    file: str
    arguments: tuple[str, ...]
    link: str
    """What stands before the page's address in what the demo prints."""
    width: int
    height: int
    prepare: Callable[[Page], None]
    pages: Mapping[str, str] = {"": ""}
    """What comes behind the file's name, and the address within the studio; "": where it is."""


def main() -> int:
    """Status 0 when all pictures were taken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="live, explore, retail, beer-shop, touchwood"
    )
    parser.add_argument("--seconds", type=float, default=150, help="how long the shop is open")
    given = parser.parse_args()
    known = pictures(given.seconds)
    if unknown := set(given.names) - set(known):
        parser.error(f"no picture {min(unknown)}; name some of {', '.join(known)}")
    chromium = shutil.which("chromium")
    if chromium is None:
        print("picture: Chromium is missing; apt-get install chromium")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name in given.names or known:
            with demo(known[name]) as link:
                take(browser, known[name], link)
    return 0


def pictures(seconds: float) -> dict[str, Picture]:
    """By name; the shop is open for so long before it is taken."""
    shop = ("--duration", "20s", "--rate", "30")
    past = (
        *("--duration", "20s", "--rate", "400", "--users", "1500", "--backlog", "28d"),
        *("--set", "clock.event_age_max=30d"),
    )

    def filled(page: Page) -> None:
        live(page, seconds)

    return {
        "live": Picture("live", shop, "studio", 1280, 860, filled),
        "explore": Picture("explore", past, "studio", 1200, 860, filled, explore()),
        "retail": Picture("recipe-retail", ("retail", "--still"), "to share", 1440, 640, drawn),
        "beer-shop": Picture(
            *("recipe-beer-shop", ("beer-shop", "--still", "--live", "1m"), "to share"),
            *(1440, 1010, drawn),
        ),
        "touchwood": Picture("recipe-touchwood", ("touchwood",), "page", 1280, 890, click),
    }


def explore() -> dict[str, str]:
    """Questions about the shop's last weeks, without the day on which it is asked."""
    today = datetime.now(UTC).date()
    ago = {"start": f"{today - timedelta(days=28)}", "end": f"{today - timedelta(days=1)}"}
    steps = ("view_item", "add_to_cart", "purchase")
    kinds = ({"match": "/products/*", "label": "a product"}, {"match": "/c/*", "label": "a list"})
    asked: dict[str, dict[str, Any]] = {
        "funnel": {"steps": [{"event": name} for name in steps], "granularity": "day"},
        "path": {"nodes": "pages", "steps": 5, "rules": kinds},
        "retention": {"start": {"event": "page_view"}, "unit": "day"},
    }
    return {
        f"-{model}": "/explore?"
        + urlencode({"model": model, "q": json.dumps(question | {"range": ago})})
        for model, question in asked.items()
    }


@contextmanager
def demo(picture: Picture) -> Iterator[str]:
    """A demo while it runs, once it prints the link."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "footfall.cli.main", "demo", *picture.arguments]
        command += ["--home", f"{directory}/demo", "--set", "collector.port=0"]
        command += ["--set", "studio.port=0"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            yield _link(running, picture.link)
        finally:
            running.terminate()
            running.wait(60)


def _link(running: subprocess.Popen[str], name: str) -> str:
    assert running.stdout is not None
    deadline = time.monotonic() + START_SECONDS_MAX
    for line in running.stdout:
        found = re.match(rf"{name} +(http://\S+)", line)
        if found:
            # What it prints further is read, so that it is not held up.
            threading.Thread(target=running.stdout.read, daemon=True).start()
            return found[1]
        if time.monotonic() > deadline:
            break
    raise SystemExit("picture: the demo did not print its link")


def live(page: Page, seconds: float) -> None:
    """The link opens the home, which leads to Live with the first event; that fills for a while."""
    page.get_by_text("Show the live page").click(timeout=START_SECONDS_MAX * 1000)
    page.wait_for_timeout(seconds * 1000)


def drawn(page: Page) -> None:
    """Wait until each tile has its chart."""
    page.wait_for_function(
        "() => { const charts = [...document.querySelectorAll('[role=img] svg')];"
        " return charts.length > 1 && charts.every(one => one.querySelector('path')); }"
    )


def click(page: Page) -> None:
    """Like a wood, tell the place, take another language; wait until all of it arrived."""
    page.locator("#woods button").nth(3).click()
    page.locator("#place").click()
    page.locator("select").select_option("de")
    page.get_by_text("CLICK_LANG").wait_for()


def take(browser: Browser, picture: Picture, link: str) -> None:
    """Of one page, light and dark."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=1,
        permissions=["geolocation"],
        geolocation=PLACE,
    )
    page = context.new_page()
    page.goto(link)
    picture.prepare(page)
    for name, address in picture.pages.items():
        if address:
            page.goto(urljoin(page.url, address))
            page.get_by_text("Computed on the data of").wait_for()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(DRAWN_MS)
            page.screenshot(path=IMAGES / f"{picture.file}{name}-{theme}.png")
    context.close()


if __name__ == "__main__":
    sys.exit(main())
