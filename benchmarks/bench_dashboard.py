"""How long a dashboard takes over a lake of ten million events: first paint, and each update.

    python benchmarks/bench_dashboard.py [--events 10000000] [--runs 5] [--no-browser]

A dashboard of eight tiles, of each kind of chart that counts events. *Update* is all of its tiles
asked for at once after a new cut, as an open page asks for them, with `query.workers_max` workers.
*First paint* is a real Chromium (where one is installed) from the address to the last chart, over
`footfall studio` in a process of its own that was just started. The yardstick is the sum of the
same tiles one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_query import DAYS, START, Fixture
from footfall.clock import DAY, SystemClock
from footfall.dashboards.columns import TableColumns
from footfall.dashboards.definition import Dashboard
from footfall.dashboards.reading import read_dashboard, span_at
from footfall.dashboards.running import Scene, data_of
from footfall.dashboards.storage import Dashboards
from footfall.machine.process import read_ready
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.settings import load_settings
from footfall.signin import fresh_link
from sizes import parsed

NOW = START + DAYS * DAY - 1
START_SECONDS_MAX = 120
HOUR = {"column": "event_time", "unit": "hour"}
NAME = {"column": "event_name"}
TILES: dict[str, dict[str, Any]] = {
    "number": {},
    "line": {"x": HOUR},
    "area": {"x": HOUR, "colour": NAME},
    "bar": {"x": NAME, "y": {"column": "visitor_id", "measure": "distinct"}},
    "stacked_bar": {"x": {"column": "page_url"}, "colour": NAME},
    "pie": {"x": NAME},
    "donut": {"x": {"column": "page_url"}},
    "heat_map": {"x": {"column": "page_url"}, "colour": NAME},
}


def dashboard() -> Dashboard:
    tiles = [
        {
            "id": chart,
            "title": f"Chart {chart}",
            "chart": chart,
            "place": {"x": number % 2 * 6, "y": number // 2 * 4, "w": 6, "h": 4},
            "query": {"kind": "fields", "table": "events", **roles},
        }
        for number, (chart, roles) in enumerate(TILES.items())
    ]
    range_ = {"start": "2024-10-01", "end": "2024-10-31"}
    sheets = [{"title": "All", "tiles": tiles}]
    return read_dashboard({"title": "Bench", "range": range_, "sheets": sheets})


async def updates(fixture: Fixture, made: Dashboard, runs: int) -> None:
    """Seconds of all tiles at once, and one after the other, each on a new cut."""
    pool = QueryPool(fixture.home, "default", load_settings().query)

    def no_query(name: str, _: Any) -> Any:
        raise AssertionError(name)

    columns = TableColumns()

    def scene() -> Scene:
        """As the studio has it: what one tile learned of a table counts for all of the cut."""
        span = span_at(made.range, "UTC", NOW)
        now = fixture.sequence
        return Scene(made.range, span, (), "UTC", NOW, no_query, columns=columns, cut=now)

    tiles = made.sheets[0].tiles
    together, apart = [], []
    for _ in range(runs + 1):
        fixture.publish()
        start = time.perf_counter()
        answers = await asyncio.gather(*(data_of(tile, scene(), pool) for tile in tiles))
        together.append(time.perf_counter() - start)
        assert all(len(answer.rows) > 2 for answer in answers)
        fixture.publish()
        start = time.perf_counter()
        for tile in tiles:
            await data_of(tile, scene(), pool)
        apart.append(time.perf_counter() - start)
    await pool.close()
    said("update, all tiles at once", together[1:])
    said("one after the other", apart[1:])


def first_paint(fixture: Fixture, runs: int) -> None:
    """Seconds from the address to the last chart, in Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("  first paint: no Chromium here, not measured")
        return
    root = str(fixture.home.root)
    command = [sys.executable, "-m", "footfall.cli.main", "studio", "--home", root]
    studio = subprocess.Popen([*command, "--set", "studio.port=0"])
    try:
        link = link_of(fixture, studio)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 1200})
            page.goto(link)
            address = link.partition("/open")[0] + "/dashboards?name=bench"
            seconds = []
            for _ in range(runs + 1):
                fixture.publish()
                start = time.perf_counter()
                page.goto(address)
                page.wait_for_function(
                    "count => document.querySelectorAll('section svg path').length > 0"
                    " && document.querySelectorAll('main time').length === count",
                    arg=len(TILES),
                    timeout=START_SECONDS_MAX * 1000,
                )
                seconds.append(time.perf_counter() - start)
            browser.close()
        said("first paint, cold", seconds[:1])
        said("first paint, workers warm", seconds[1:])
    finally:
        studio.terminate()
        studio.wait(30)


def link_of(fixture: Fixture, studio: subprocess.Popen[bytes]) -> str:
    """A link that opens the pages, once they are served."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        ready = read_ready(fixture.home, "studio")
        if ready is not None and ready.pid == studio.pid:
            return fresh_link(fixture.home, load_settings())
        assert studio.poll() is None, "the studio ended"
        time.sleep(0.05)
    raise AssertionError("the studio did not start")


def said(name: str, seconds: list[float]) -> None:
    median = statistics.median(seconds)
    print(f"  {name:<28} median {median * 1000:8.0f} ms   slowest {max(seconds) * 1000:8.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--browser", action=argparse.BooleanOptionalAction, default=True)
    arguments = parsed(parser, events=5_000, runs=1, browser=False)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} cores, {platform.system()}")
    with tempfile.TemporaryDirectory() as directory:
        fixture = Fixture(Path(directory), arguments.events)
        fixture.publish()
        made = dashboard()
        Dashboards(MetadataPlace.of(fixture.home), "default", SystemClock()).apply("bench", made)
        print(f"{arguments.events:,} events, {len(TILES)} tiles, {DAYS} days")
        asyncio.run(updates(fixture, made, arguments.runs))
        if arguments.browser:
            first_paint(fixture, arguments.runs)


if __name__ == "__main__":
    main()
