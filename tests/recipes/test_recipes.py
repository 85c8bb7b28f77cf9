"""The published systems, each cooked once: what people see, held against SQL and the truth.

Retail and beer shop go on after their check, so that a browser can look at their dashboards;
Touchwood is asked to stop. What the demo compares itself is compared again here, from its files.
"""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

import footfall
from footfall.cli.main import app
from footfall.recipes.systems.touchwood import WOODS
from tests.scale import IS_FULL
from tests.servers.s3 import S3Server
from tests.studio.pages import BROWSER_TESTS, browser, faults, shot

__all__ = ["browser"]

pytestmark = [*BROWSER_TESTS, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "footfall.cli.main", "demo"]
FREE = ["--port", "0", "--studio-port", "0"]


@contextmanager
def cooked(name: str, home: Path, *options: str) -> Iterator[dict[str, str]]:
    """A recipe that goes on; its addresses by name. SIGTERM ends it well."""
    errors = (home.parent / f"{name}.err").open("w+")
    command = [*COMMAND, name, "--home", str(home), *FREE, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        told: dict[str, str] = {}
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("goes on"):
                break
            name_, _, value = line.strip().partition("  ")
            told.setdefault(name_, value.strip())
        else:
            errors.seek(0)
            raise AssertionError(f"it ended: {''.join(lines)}{errors.read()[-3000:]}")
        yield told
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(90) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(90)
        errors.close()


def opened_dashboard(browser: Browser, told: dict[str, str], scheme: str) -> Page:
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": 1440, "height": 1000},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(told["to share"])
    return page


def numbers(page: Page, title: str) -> list[list[str]]:
    """The numbers of a tile as a person reads them: its table."""
    tile = page.get_by_role("region", name=title, exact=True)
    expect(tile.locator("svg path").first).to_be_attached(timeout=60_000)
    page.get_by_role("button", name=f"More about {title}").click()
    page.get_by_role("menuitem", name="Show as a table").click()
    expect(tile.locator("tbody tr").first).to_be_visible()
    return [row.locator("td").all_inner_texts() for row in tile.locator("tbody tr").all()]


def counted(rows: list[list[str]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(cell.replace(",", "") for cell in row) for row in rows)


def rounded(rows: Iterable[Sequence[Any]]) -> list[str]:
    """To two places, from the six a table shows at most: 1.2349996 stands there as 1.235."""
    return [str(round(round(float(value), 6), 2)) for (value,) in rows]


def asked(home: Path, sql: str) -> Counter[tuple[str, ...]]:
    with footfall.open(home) as project:
        return Counter(tuple(map(str, row.values())) for row in project.sql(sql).rows())


def compare(page: Page, home: Path, chart: str, files: Counter[tuple[str, ...]], sql: str) -> None:
    """Read from the page, from the files themselves, and from the lake: all three are the same."""
    shown = counted(numbers(page, chart))
    assert (chart, shown) == (chart, files)
    assert (chart, shown) == (chart, asked(home, sql))


def test_retail_charts(browser: Browser, tmp_path: Path) -> None:
    """Pie and bars: every number is the CSV files' and the lake's, so the page may be believed."""
    home = tmp_path / "retail"
    with cooked("retail", home, "--events", "400", "--still") as told:
        files = list((home / "files" / "clickstream").glob("????/??/??/??/*.csv"))
        rows = [row for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]
        assert len(rows) == 400
        page = opened_dashboard(browser, told, "light")
        one, two = (f"properties ->> '$.product{name}category'" for name in ("", "sub"))
        compare(
            page,
            home,
            "Clicks by product category",
            Counter(
                (name, str(count))
                for name, count in Counter(row["productcategory"] for row in rows).items()
            ),
            f"SELECT {one}, count(*) FROM events GROUP BY ALL",
        )
        compare(
            page,
            home,
            "Product categories and subcategories",
            Counter(
                (*names, str(count))
                for names, count in Counter(
                    (row["productcategory"], row["productsubcategory"]) for row in rows
                ).items()
            ),
            f"SELECT {one}, {two}, count(*) FROM events GROUP BY ALL",
        )
        assert faults(page) == []
        look(browser, told, "retail", 2)


def test_beer_shop_charts(browser: Browser, tmp_path: Path) -> None:
    """Donut, tree map and the alerts' log, over sessions whose late events made revisions."""
    home = tmp_path / "beer"
    options = ("--events", "600", "--rate", "50", "--step", "5s", "--live", "6s", "--still")
    with cooked("beer-shop", home, *options) as told:
        newest: dict[str, dict[str, Any]] = {}
        for file in sorted((home / "files" / "aggregated").glob("????/??/??/??/*.jsonl")):
            for line in file.read_text().splitlines():
                row = json.loads(line)
                if row["revision"] >= newest.get(row["session_id"], row)["revision"]:
                    newest[row["session_id"]] = row
        sessions = list(newest.values())
        assert all(re.fullmatch(r"\d+_(MOB|COM|TAB)\d{10}", row["session_id"]) for row in sessions)
        page = opened_dashboard(browser, told, "light")
        donut = Counter(row["beginnavigation"] for row in sessions)
        compare(
            page,
            home,
            "Sessions by first click",
            Counter((name, str(count)) for name, count in donut.items()),
            "SELECT first_event_name, count(*) FROM sessions_beer WHERE status = 'closed'"
            " GROUP BY ALL",
        )
        devices: Counter[tuple[str, str]] = Counter()
        for row in sessions:
            devices[row["device_id"], "events"] += row["events"]
            devices[row["device_id"], "seconds"] += row["duration_sec"]
        compare(
            page,
            home,
            "Devices by duration, coloured by events",
            Counter(
                (name, str(devices[name, "events"]), str(devices[name, "seconds"]))
                for name in ("mobile", "computer", "tablet")
            ),
            "SELECT visitor_id ->> '$.device_id', sum(events), sum(duration_ms // 1000)"
            " FROM sessions_beer WHERE status = 'closed' GROUP BY ALL",
        )
        for title, value in (
            ("Session duration, seconds", "avg(duration_ms) / 1000"),
            ("Session events", "avg(events)"),
        ):
            # Both are rounded here: engines differ on what lies in the middle (1.325). Each value
            # stands with its second, as both are in the order of time.
            with footfall.open(home) as project:
                sql = (
                    f"SELECT {value} AS v FROM sessions_beer WHERE status = 'closed'"
                    " GROUP BY date_trunc('second', ended_at)"
                    " ORDER BY date_trunc('second', ended_at)"
                )
                lake = rounded(row.values() for row in project.sql(sql).rows())
            drawn = rounded(row[-1:] for row in numbers(page, title))
            assert drawn in (lake, lake[::-1]), title
            assert len(set(lake)) > 5
        assert faults(page) == []
        look(browser, told, "beer", 4)
        log = (home / "short-sessions.log").read_text().splitlines()
        assert log
        assert all(": a session of " in line for line in log if "withdrawn" not in line)


def test_touchwood_page(browser: Browser, tmp_path: Path) -> None:
    """Bars say what files and lake do; who clicks is asked for a place on a button alone."""
    home = tmp_path / "touchwood"
    with cooked("touchwood", home, "--events", "60") as told:
        _touchwood_bars(browser, told, home)
        refused = browser.new_context().new_page()
        refused.goto(told["page"])
        refused.get_by_role("button", name="Send my place").click()
        expect(refused.get_by_role("status")).to_have_text("No place was sent.")
        expect(refused.locator("#arrived tr")).to_have_count(0)
        refused.context.close()
        context = browser.new_context(
            geolocation={"latitude": 22.28, "longitude": 114.16}, permissions=["geolocation"]
        )
        page = context.new_page()
        failed: list[str] = []
        page.on("console", lambda line: failed.append(line.text))
        page.goto(told["page"])
        page.get_by_role("button", name="Like: Maple").click()
        expect(page.get_by_role("button", name="Liked: Maple")).to_be_visible()
        page.get_by_role("button", name="Send my place").click()
        page.get_by_role("combobox").select_option("de")
        lines = page.locator("#arrived tr")
        expect(lines).to_have_count(3, timeout=60_000)
        shown = {tuple(line.locator("td").all_inner_texts()[1:]) for line in lines.all()}
        assert shown == {
            ("LIKE_WOOD", "3"),
            ("GEO_LOC", "22.28, 114.16"),
            ("CLICK_LANG", "de"),
        }
        assert failed == []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert faults(page) == []
            shot(page, f"recipe-touchwood-{scheme}", full=True)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.locator(".scroll").evaluate("one => one.scrollWidth <= one.clientWidth")
        shot(page, "recipe-touchwood-390", full=True)


def _touchwood_bars(browser: Browser, told: dict[str, str], home: Path) -> None:
    records = _records(home / "files" / "touchwood")
    names = {"token", "timestamp", "tag", "client_id", "client_ip", "user_agent"}
    assert len(records) == 60
    assert all(names <= set(record) for record in records)
    page = opened_dashboard(browser, told, "light")
    tags = Counter(record["tag"] for record in records)
    compare(
        page,
        home,
        "Records by tag",
        Counter((tag, str(count)) for tag, count in tags.items()),
        "SELECT event_name, count(*) FROM events GROUP BY ALL",
    )
    likes = Counter(
        (WOODS[record["value"]], record["tag"]) for record in records if "LIKE" in record["tag"]
    )
    compare(
        page,
        home,
        "Likes by wood",
        Counter((*names, str(count)) for names, count in likes.items()),
        f"SELECT {list(WOODS)}[(properties ->> '$.value')::INTEGER + 1], event_name, count(*)"
        " FROM events WHERE event_name LIKE '%LIKE_WOOD' GROUP BY ALL",
    )
    assert faults(page) == []
    look(browser, told, "touchwood-dashboard", 2)


def _records(directory: Path) -> list[dict[str, Any]]:
    """Documents one after another, nothing between them, read by Python's own decoder."""
    text = "".join(file.read_text() for file in sorted(directory.glob("????/??/??/??/*.json")))
    assert "\n" not in text
    found, at, decoder = [], 0, json.JSONDecoder()
    while at < len(text):
        record, at = decoder.raw_decode(text, at)
        found.append(record)
    return found


def test_retail_in_a_bucket(tmp_path: Path, s3_server: S3Server, bucket: str) -> None:
    """The same with a real store: files, table, checks; clean takes the objects, and only those."""
    place, home = f"{bucket}/demo", tmp_path / "retail"
    options = s3_server.options
    store = s3_server.store(bucket)
    store.write(f"{bucket}/another", b"not the demo's")
    reached = [
        argument
        for name, value in (
            ("endpoint", options.endpoint),
            ("access_key", options.access_key),
            ("secret_key", options.secret_key),
        )
        for argument in ("--set", f"lake.s3_{name}={value}")
    ]
    command = [*COMMAND, "retail", "--home", str(home), *FREE, "--once", "--json", *reached]
    command += ["--events", "300", "--bucket", f"{place}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert [one for one in found["checks"] if one["differs"]] == []
    objects = [one.path for one in store.list(place)]
    assert objects
    assert all(re.search(r"/demo/clickstream/\d{4}/\d\d/\d\d/\d\d/.*csv$", one) for one in objects)
    rows = [
        row
        for one in objects
        for row in csv.DictReader(io.StringIO(store.read(one).decode(), newline=""))
    ]
    assert len(rows) == 300
    assert list((home / "files").iterdir()) == []
    again = CliRunner().invoke(app, ["demo", "retail", "--home", str(home), "--bucket", place])
    assert "name an empty prefix" in str(again.exception)
    kept = CliRunner().invoke(app, ["demo", "clean", "--home", str(home)], input="yes\n")
    assert place in kept.stdout
    assert [one.path for one in store.list(place)] == objects
    gone = CliRunner().invoke(
        app, ["demo", "clean", "--home", str(home)], input="permanently delete\n"
    )
    assert gone.exit_code == 0, gone.output
    assert not home.exists()
    assert [one.path for one in store.list(f"{bucket}/")] == [f"{bucket}/another"]


def look(browser: Browser, told: dict[str, str], name: str, charts: int) -> None:
    for scheme in ("light", "dark"):
        page = opened_dashboard(browser, told, scheme)
        expect(page.locator("section svg, [role=region] svg").nth(charts - 1)).to_be_attached(
            timeout=60_000
        )
        shot(page, f"recipe-{name}-{scheme}", full=True)
        page.context.close()


if IS_FULL:

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("retail", ("--events", "50000")),
            ("beer-shop", ("--events", "24000", "--step", "1m")),
            ("beer-shop", ("--events", "600", "--step", "1s", "--rate", "1000", "--live", "0s")),
            ("beer-shop", ("--events", "5000", "--step", "15m", "--buffer-age", "900s")),
            ("retail", ("--events", "1", "--buffer-age", "900s", "--buffer-size", "128MiB")),
            ("touchwood", ("--events", "20000")),
        ],
    )
    def test_at_full_size(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
        """Many files and epochs: every row over files is the lake's, and it ends by itself."""
        home = tmp_path / name
        done = subprocess.run(
            [*COMMAND, name, "--home", str(home), *FREE, *options, "--once", "--json"],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found = json.loads(done.stdout)
        assert [one for one in found["checks"] if one["differs"]] == []
