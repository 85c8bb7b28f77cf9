"""Chromium on the built front end, and what the tests of its pages look at."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from footfall.studio._run import STATIC
from tests.scale import scaled
from tests.studio.fakes import TOKEN, Studio

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
AXE = Path(__file__).parents[2] / "web" / "studio" / "node_modules" / "axe-core" / "axe.min.js"

WAIT_MS_MAX = 40_000
"""For what a loaded machine is late with; nothing waits that long where it comes."""

LOOKS = [
    *(("dark", 1440), ("light", 320)),
    *(("light", 400), ("light", 1440), ("dark", 400), ("dark", 320)),
][: scaled(2, 6)]
"""Theme, and width in pixels; all of them in `make test-full`."""
BROWSER_TESTS = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="needs npm ci in web/studio"),
    pytest.mark.skipif(not (STATIC / "index.html").exists(), reason="needs the built front end"),
    # Playwright's own event loop leaves transports to the collector of garbage.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Watched:
    """A page with everything it complained about and every other host it asked."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self._check(request, origin))

    def _note(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.faults.append(f"{line.text} {line.location.get('url', '')}".strip())

    def _check(self, request: Request, origin: str) -> None:
        if not request.url.startswith((origin + "/", "data:", "blob:")):
            self.outside.append(request.url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=WAIT_MS_MAX)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def opened(browser: Browser, running: Studio, path: str = "/live", **options: object) -> Watched:
    """A page of somebody who used a link, at `path`."""
    running.services.sessions.add_link(TOKEN)
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.set_default_timeout(WAIT_MS_MAX)
    # Not by the page, which would draw what nobody looks at: half of the work of most tests.
    assert context.request.get(running.link).ok
    watched = Watched(context, running.url)
    watched.page.goto(running.url + path)
    return watched


def choose(page: Page, label: str, text: str) -> None:
    """Takes an option of a list that can be searched, once it is offered."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=text, exact=True).click()


def faults(page: Page) -> list[str]:
    """What axe finds, each with where it is.

    What is fading has no contrast yet, so transitions are waited for; one may begin while axe
    looks, a tooltip's, so after a find the second look counts.
    """
    # Evaluated by the driver, which the page's policy does not bind.
    page.evaluate(f"() => {{ {AXE.read_text()} }}")
    return _found(page) and _found(page)


def _found(page: Page) -> list[str]:
    """The component library puts a transition's style on what it fades in and out."""
    page.wait_for_function(
        "() => document.getAnimations().every(one => !(one instanceof CSSTransition))"
        " && [...document.querySelectorAll('[role=dialog], [style*=transition-property]')]"
        ".every(one => getComputedStyle(one).opacity === '1')"
    )
    found = page.evaluate("async () => JSON.stringify((await window.axe.run()).violations)")
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in json.loads(found)
        for node in fault["nodes"]
    ]


def is_narrow(page: Page, width: int) -> None:
    """Nothing is wider than the page."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def contrast(left: str, right: str) -> float:
    """WCAG's contrast of two opaque colours as CSS computes them, `rgb(1, 2, 3)`."""
    lights = sorted(luminance(colour) for colour in (left, right))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def shot(page: Page, name: str, *, full: bool = False) -> None:
    """Keep a picture where `FOOTFALL_SHOTS` says, for looking at."""
    folder = os.environ.get("FOOTFALL_SHOTS")
    if folder:
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png", full_page=full)
