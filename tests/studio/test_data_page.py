"""The built page Data in Chromium: deliveries and crawls as the server tells them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from footfall.catalog.asking.queries import Queries
from footfall.catalog.crawls.crawling import Crawling
from footfall.clock import HOUR, SECOND, SystemClock
from footfall.deliver.notes import Cursor, Note, Shown, deliver_dir, write_note, write_shown
from footfall.deliver.operating.report import delivery_metrics
from footfall.home import Home, make_directory
from footfall.metadata import Metadata
from footfall.metadata.added.deliveries import put_delivery
from footfall.settings import load_settings
from footfall.studio.api.catalog.use import CatalogUse
from footfall.studio.api.status.status import read_status
from tests.catalog.places import lines, put
from tests.deliver.bench import Delivering, destinations
from tests.pipeline.harness import event, request
from tests.servers.s3 import S3Server
from tests.studio.fakes import FakeLog, FakeShop, Studio, studio
from tests.studio.pages import BROWSER_TESTS, browser, faults, is_narrow, opened, shot

__all__ = ["browser"]

pytestmark = BROWSER_TESTS


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Files that a crawl reads, one of them broken."""
    put(tmp_path / "place", "orders/2026/01/a.json", lines([{"id": 1}, {"id": 2}]))
    put(tmp_path / "place", "orders/2026/01/b.json", b'{"id":3}\n{"id":\n')
    return tmp_path / "place"


@pytest.fixture
def running(shop: FakeShop, place: Path) -> Iterator[Studio]:
    now = SystemClock().now_us()
    shop.publish(now)
    _deliver(shop.home, now)
    settings = load_settings(overrides=["catalog.memory_max=512MiB"])
    clock, made = SystemClock(), lambda: Metadata.open(shop.home)
    made().create_project("default")
    crawling = Crawling(shop.home, "default", settings, made, clock)
    crawling.run(crawling.add("shop", str(place), HOUR).name)
    use = CatalogUse(crawling, Queries(crawling.catalog, made, clock), _define, crawling.run)
    with studio(shop, catalog=use) as found:
        yield found


async def _define(text: str) -> str:
    raise AssertionError(text)


def _deliver(home: Home, now: int) -> None:
    """One destination that is well, and one whose bucket is away."""
    directory = deliver_dir(home, "default")
    make_directory(directory)
    with contextlib.closing(Metadata.open(home)) as metadata:
        put_delivery(metadata, "default", "clicks", '{"source": "events", "format": "csv"}')
    last = "s3://clicks/retail/2026/11/29/21/clicks-20260929T211420Z-000000007-000000008-000.csv.gz"
    well = Note(
        Cursor(9), files=12_345, records=7_400_000, bytes=5 << 30, last_path=last, last_at=now
    )
    write_note(directory, "clicks", well)
    write_shown(directory, "clicks", Shown(now, "s3://clicks/retail", "events", "csv"))
    write_note(directory, "aggregates", Note(Cursor(1)))
    error = "the object store does not answer as it should; nothing is lost, see that it runs"
    away = Shown(
        now,
        "s3://sessions",
        "sessions",
        "jsonl",
        backlog_epochs=240,
        backlog_requests=81_234,
        waiting_since=now - HOUR,
        failures=9,
        error=error,
    )
    write_shown(directory, "aggregates", away)


def test_deliveries_are_shown_in_both_themes(browser: Browser, running: Studio) -> None:
    """Reached by its link, read without a mouse, complete at 400 px; axe finds nothing."""
    for theme in ("light", "dark"):
        watched = opened(browser, running, "/live", color_scheme=theme)
        page = watched.page
        page.get_by_role("link", name="Data").click()
        expect(page).to_have_url(running.url + "/data")
        items = page.get_by_role("list", name="Destinations of files").get_by_role("listitem")
        expect(items).to_have_count(2)
        expect(items.nth(0)).to_contain_text("does not answer")
        expect(items.nth(0)).to_contain_text("1 h 0 m")
        expect(items.nth(1)).to_contain_text("12.3 k")
        expect(items.nth(1)).to_contain_text("5 GiB")
        items.nth(1).get_by_role("button", name="Pause: clicks").click()
        expect(items.nth(1)).to_contain_text("Paused since")
        assert faults(page) == []
        shot(page, f"data-{theme}")
        page.set_viewport_size({"width": 400, "height": 860})
        is_narrow(page, 400)
        shot(page, f"data-{theme}-narrow")
        assert watched.faults == []
        assert watched.outside == []
        page.get_by_role("button", name="Resume: clicks").click()
        expect(page.get_by_role("button", name="Pause: clicks")).to_be_visible()
        page.context.close()


def test_a_backlog_grows_while_its_store_is_away_and_goes_when_it_is_back(
    browser: Browser, tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """A real pipeline and store: the page says what waits, until when it is kept, then none.

    The same in `footfall status`, by HTTP and in metrics; another destination goes on.
    """
    server = s3_server.options
    to = {"source": "requests", "buffer_age": "60s"}
    bench = Delivering(
        tmp_path,
        destinations(far={**to, "place": f"{bucket}/raw"}, near=to),
        f"deliver.s3_endpoint={server.endpoint}",
        f"deliver.s3_access_key={server.access_key}",
        f"deliver.s3_secret_key={server.secret_key}",
    )
    pipeline = bench.pipeline()

    def minutes(first: int, count: int) -> None:
        for number in range(first, first + count):
            now = bench.clock.now_us()
            bench.epoch(pipeline, [request(number, [event("v", now, number)], now)], 61)

    with studio(FakeShop(bench.home), clock=bench.clock) as running:
        minutes(0, 2)
        watched = opened(browser, running, "/data")
        page = watched.page
        items = page.get_by_role("list", name="Destinations of files").get_by_role("listitem")
        far, near = items.nth(0), items.nth(1)
        expect(far).to_contain_text("Waiting0 requests")
        s3_server.stop()
        try:
            for first, waits in ((2, 1), (3, 3)):
                minutes(first, 2 + waits - first)
                page.reload()
                expect(far).to_contain_text(f"Waiting{waits} requests")
                expect(far).to_contain_text("does not answer as it should; nothing is lost")
                expect(far).to_contain_text("What waits is kept, the oldest until 28 Sept 2026")
                expect(near).to_contain_text("Waiting0 requests")
                assert _metric(bench, "backlog_requests", "far") == waits
            (away, _) = read_status(bench.home, "default", bench.clock, FakeLog).deliveries
            assert (away.backlog_requests, away.backlog_epochs) == (3, 3)
            assert 3 * 61_000 <= away.lag_ms <= 4 * 61_000
            assert _metric(bench, "lag_seconds", "far") == away.lag_ms / 1000
            assert faults(page) == []
            shot(page, "data-away")
        finally:
            s3_server.start()
        bench.clock.advance(60 * SECOND)
        bench.look(pipeline)
        page.reload()
        expect(far).to_contain_text("Waiting0 requests")
        expect(far).to_contain_text("Lagnone")
        expect(far).not_to_contain_text("does not answer")
        assert _metric(bench, "backlog_requests", "far") == 0
        assert _metric(bench, "records_total", "far") == 5
        others = [one for one in watched.faults if "/api/catalog/" not in one]
        assert others == []  # there is no catalog here
        page.context.close()
    bench.stop_consumers()


def _metric(bench: Delivering, name: str, destination: str) -> float:
    text = delivery_metrics(bench.home, "default", bench.clock.now_us()).decode()
    found = re.search(
        rf'^footfall_delivery_{name}{{destination="{destination}"}} (.*)$', text, re.MULTILINE
    )
    assert found is not None, text
    return float(found[1])


def test_a_crawl_is_looked_at_and_run(browser: Browser, running: Studio, place: Path) -> None:
    """What changed, what conflicts, what is broken; now, or every so often; both themes."""
    put(place, "orders/2026/02/c.json", lines([{"id": "x", "late": True}]))
    watched = opened(browser, running, "/data")
    page = watched.page
    item = page.get_by_role("list", name="Crawls").get_by_role("listitem").first
    expect(item).to_contain_text("orders new")
    expect(item).to_contain_text("1 fault in files")
    page.get_by_role("button", name="Crawl now: shop").click()
    expect(item).to_contain_text("Conflict: orders.id is text now, BIGINT and something else met")
    expect(item).to_contain_text("New column orders.late: BOOLEAN, first in 2026/02/c.json")
    expect(item).to_contain_text("1 change before")
    often = page.get_by_role("combobox", name="How often shop is looked at")
    expect(often).to_have_value("3600")
    often.select_option("daily")
    expect(often).to_have_value("86400")
    page.get_by_text("1 change before").click()
    expect(item).to_contain_text("b.json, line 2: the document does not end")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert faults(page) == []
        shot(page, f"data-crawls-{theme}", full=True)
    page.set_viewport_size({"width": 400, "height": 860})
    is_narrow(page, 400)
    assert watched.faults == []
    page.context.close()
    assert running.services.catalog is not None
    crawls = running.services.catalog.crawling.catalog.crawls()
    assert crawls["shop"].every_us == 24 * HOUR
    assert [len(one.tables) for one in crawls["shop"].history] == [1, 1]
