"""Take the README's pictures: the real Live page, in both themes, while the demo's shop is open.

    python tools/picture.py [--seconds 150]

Needs Chromium. Writes docs/images/live-light.png and live-dark.png.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
START_SECONDS_MAX = 120


def main() -> int:
    """Status 0 when both pictures were taken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=150, help="how long the shop is open")
    seconds = parser.parse_args().seconds
    chromium = shutil.which("chromium")
    if chromium is None:
        print("picture: Chromium is missing; apt-get install chromium")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "footfall.cli.main", "demo", "--home", f"{directory}/demo"]
        command += ["--duration", "20s", "--rate", "30", "--set", "collector.port=0"]
        command += ["--set", "studio.port=0"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            link = _link(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                _take(browser, link, seconds)
        finally:
            demo.terminate()
            demo.wait(60)
    return 0


def _link(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    deadline = time.monotonic() + START_SECONDS_MAX
    for line in demo.stdout:
        found = re.search(r"http://\S+/open\?token=\w+", line)
        if found:
            return found[0]
        if time.monotonic() > deadline:
            break
    raise SystemExit("picture: the demo did not print its link")


def _take(browser: Browser, link: str, seconds: float) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, device_scale_factor=1)
    page = context.new_page()
    page.goto(link)
    page.wait_for_timeout(seconds * 1000)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(1500)
        page.screenshot(path=IMAGES / f"live-{theme}.png")


if __name__ == "__main__":
    sys.exit(main())
