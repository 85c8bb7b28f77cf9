"""Alerts, continuous queries, saved queries and SQL: the same from a home and over HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import footfall
from footfall.alerts.desk import AlertDesk
from footfall.alerts.rules.deciding import Deciding
from footfall.alerts.rules.judging import Candidate
from footfall.catalog.asking.running import catalog_parts
from footfall.catalog.defining import definitions_of
from footfall.catalog.entries import QueryParameter
from footfall.clock import SystemClock
from footfall.deliver.notes import Shown, deliver_dir, write_shown
from footfall.errors import Conflict, FootfallError, Invalid, Unavailable
from footfall.home import Home, make_directory
from footfall.metadata import Metadata
from footfall.metadata.added.deliveries import put_delivery
from footfall.metadata.alerts.store import AlertStore
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.settings import load_settings
from footfall.studio.api.catalog.use import CatalogUse
from tests.alerts.receivers import SECRET, receiving
from tests.catalog.places import SMALL, home_with_a_cut
from tests.studio.fakes import FakeShop, Studio, studio

DECLARED = """
[alerts]
private_addresses = true

[alerts.rules.declared]
kind = "session"
when = "events > 100"
"""


class Both(msgspec.Struct):
    """One project, opened in two ways."""

    here: Any
    there: Any
    home: Home

    def same(self, do: Callable[[Any], Any]) -> Any:
        """What both answer; it has to be equal, and of one type."""
        here, there = do(self.here), do(self.there)
        assert here == there
        assert type(here) is type(there)
        return here

    def same_error(self, do: Callable[[Any], Any]) -> FootfallError:
        """What both raise."""
        told = []
        for project in (self.here, self.there):
            with pytest.raises(FootfallError) as raised:
                do(project)
            told.append(raised.value)
        assert type(told[0]) is type(told[1])
        assert str(told[0]) == str(told[1])
        return told[0]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    directory = tmp_path_factory.mktemp("remote")
    home = home_with_a_cut(directory / "home", SMALL + DECLARED)
    settings = load_settings(home.settings_file)
    clock = SystemClock()
    Metadata.open(home).create_project("default")
    place = MetadataPlace.of(home)
    definitions = definitions_of(place, "default", settings)
    pool = QueryPool(home, "default", settings.query, None, os.environ, definitions)
    parts = catalog_parts(home, "default", settings, pool, clock, os.environ, ())
    use = CatalogUse(parts.crawling, parts.queries, parts.runner.define, parts.run_crawl)
    (directory / "static").mkdir()
    (directory / "static" / "index.html").write_text("<html></html>")
    replaced = {
        "home": home,
        "sql": parts.runner,
        "catalog": use,
        "metadata": place,
        "settings": settings,
        "alerts": AlertDesk(home, "default", settings, clock),
    }
    shop = FakeShop(Home(directory / "shop"))
    with studio(shop, directory / "static", **replaced) as running:
        assert isinstance(running, Studio)
        with footfall.open(home.root) as here:
            yield Both(here, footfall.open(running.link), home)
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def test_deliveries(both: Both) -> None:
    """Paused here, seen and resumed there; one that there is not is told the same."""
    with closing(Metadata.open(both.home)) as metadata:
        put_delivery(metadata, "default", "clicks", '{"source": "events"}')
    directory = deliver_dir(both.home, "default")
    make_directory(directory)
    write_shown(directory, "clicks", Shown(source="events"))
    since = both.here.deliveries.pause("clicks")
    assert both.there.deliveries.pause("clicks") == since > 0
    (report,) = both.same(lambda one: one.deliveries.list())
    assert (report.name, report.paused_at) == ("clicks", since)
    both.there.deliveries.resume("clicks")
    assert both.same(lambda one: one.deliveries.list())[0].paused_at == 0
    told = both.same_error(lambda one: one.deliveries.pause("no"))
    assert str(told) == "there is no destination 'no'; there are: clicks"


def test_alerts(both: Both, tmp_path: Path) -> None:
    """Added here, seen there, changed there, fired, acknowledged, tested, removed."""
    here, there = both.here.alerts, both.there.alerts
    with receiving() as receiver:
        there.add_channel("ops", kind="webhook", url="http://x.example", secret=SECRET)
        here.change_channel("ops", url=receiver.url)
        both.same(lambda one: one.alerts.test_channel("ops"))
        assert receiver.wrong == []
        receiver.status = 500
        assert isinstance(both.same_error(lambda one: one.alerts.test_channel("ops")), Unavailable)
        here.add("short", kind="session", when="duration_ms < 20000", channels=["ops"])
        there.change("short", cool_down="10m", when="events > 0")
        there.add("odd", kind="anomaly", window="1h", time_zone="Asia/Tokyo")
        rules = both.same(lambda one: one.alerts.rules())
        assert [(one.name, one.kind) for one in rules] == [
            ("declared", "session"),
            ("odd", "anomaly"),
            ("short", "session"),
        ]
        assert rules[2].options["cool_down"] == "10m"
        assert [one.name for one in both.same(lambda one: one.alerts.channels())] == ["ops"]
    for wrong in (
        lambda one: one.alerts.add("x", kind="metric", window="1s", of="1"),
        lambda one: one.alerts.change("short", when="no_such_column > 1"),
        lambda one: one.alerts.change("nobody", enabled=False),
        lambda one: one.alerts.remove("declared"),
        lambda one: one.alerts.remove_channel("ops"),
        lambda one: one.alerts.mute("short", "soon"),
        lambda one: one.alerts.history(after="x"),
        lambda one: one.alerts.test("short", "10y"),
        lambda one: one.alerts.test_channel("nobody"),
    ):
        assert isinstance(both.same_error(wrong), Invalid)
    assert isinstance(
        both.same_error(lambda one: one.alerts.change("declared", when="true")), Conflict
    )
    ids = _fired(both.home, 5)
    page = both.same(lambda one: one.alerts.history(3))
    rest = both.same(lambda one: one.alerts.history(3, rule="short", after=page.next))
    assert {one.delivery_id for one in (*page.firings, *rest.firings)} == set(ids)
    assert there.acknowledge(ids[:2], "ada") == 2
    assert here.acknowledge(ids, "bob") == 3
    assert both.same(lambda one: one.alerts.revive()) == 0
    assert there.mute("short", "1h") > there.mute("short", "0s") == 0
    tested = both.there.alerts.test("short", "7d")
    assert (tested.rule, tested.unit) == ("short", "sessions")
    assert (
        there.test("maybe", "7d", kind="metric", window="1h", above=1).unit
        == here.test("maybe", "7d", kind="metric", window="1h", above=1).unit
    )
    there.remove("short")
    here.remove("odd")
    there.remove_channel("ops")
    assert [one.name for one in both.same(lambda one: one.alerts.rules())] == ["declared"]


def _fired(home: Home, count: int) -> list[str]:
    """Made-up firings; their ids."""
    desk = AlertDesk(home, "default", load_settings(), SystemClock())
    rule = desk.book().rules["short"]
    metadata = Metadata.open(home)
    now = SystemClock().now_us()
    with AlertStore(metadata, "default").deciding() as decision:
        deciding = Deciding(decision, "default", now, 100)
        candidates = [
            Candidate(str(one), now + one, "web", True, {"events": 1}) for one in range(count)
        ]
        deciding.decide(rule, deciding.state(rule), candidates, {})
    metadata.close()
    return [one.delivery_id for one in desk.history(rule="short").firings]


def test_continuous_queries(both: Both) -> None:
    """Added in either place, listed alike; mistakes are told alike."""
    sql = 'SELECT event_name, count(*) AS n FROM "window" GROUP BY event_name'
    made = both.there.continuous.add("names", sql, "1m", key=["event_name"])
    assert made.columns[0] == ("event_name", "VARCHAR")
    assert both.same(lambda one: one.continuous.show("names")) == made
    both.here.continuous.add("names", sql, "5m by 1m")
    assert both.same(lambda one: one.continuous.list())[0].definition.window == "5m by 1m"
    assert both.same(lambda one: one.continuous.results("names")) == []
    for wrong in (
        lambda one: one.continuous.show("nobody"),
        lambda one: one.continuous.add("bad", "SELECT nothing FROM nowhere", "1m"),
        lambda one: one.continuous.add("Bad name", sql, "1m"),
        lambda one: one.continuous.add("bad", sql, "1m", example_of="nothing"),
    ):
        both.same_error(wrong)
    both.there.continuous.remove("names")
    assert both.same(lambda one: one.continuous.list()) == []
    with pytest.raises(Invalid):
        both.there.continuous.remove("names")


def test_saved_queries_sql_and_crawls(both: Both) -> None:
    """Rows of equal values and types; values are bound; what is cut off is told."""
    sql = "SELECT event_name, event_time, session_id FROM events WHERE event_name <> :other"
    both.there.queries.save("others", sql, [QueryParameter("other", "text")], "not one")
    saved = both.same(lambda one: one.queries.get("others"))
    assert saved.description == "not one"
    assert both.same(lambda one: one.queries.list()) == [saved]
    rows = both.same(lambda one: one.queries.run("others", other="x' OR 1=1 --").rows())
    assert rows == both.same(lambda one: one.sql("FROM events").arrow().select(_NAMES).to_pylist())
    both.same(lambda one: one.sql("SELECT $a AS a, 1.5 AS b, now() > $t AS c", a="ü", t=_T).rows())
    both.same(lambda one: [column.name for column in one.sql("FROM sessions").columns])
    for wrong in (
        lambda one: one.queries.run("others"),
        lambda one: one.queries.get("nobody"),
        lambda one: one.sql("SELECT 1; SELECT 2"),
        lambda one: one.sql("SELECT ?", 1, a=2),
    ):
        assert isinstance(both.same_error(wrong), Invalid)
    both.there.sql("CREATE VIEW two AS SELECT 2 AS n")
    assert both.same(lambda one: one.sql("FROM two").rows()) == [{"n": 2}]
    both.here.sql("DROP VIEW two")
    assert both.same(lambda one: one.crawls.list()) == []
    both.there.queries.remove("others")
    assert both.same(lambda one: one.queries.list()) == []


_NAMES = ["event_name", "event_time", "session_id"]
_T = "2024-01-01 00:00:00+00"
