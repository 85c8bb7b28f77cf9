"""Saved queries, views and crawls over HTTP, with real query workers and a real crawl."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator

import httpx
import pyarrow.parquet as pq
import pytest

from footfall.catalog.asking.running import catalog_parts
from footfall.catalog.defining import definitions_of
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.settings import load_settings
from footfall.studio.api.catalog.use import CatalogUse
from tests.catalog.places import SMALL, home_with_a_cut, lines, put
from tests.studio.fakes import FakeShop, studio


class Asked(httpx.Client):
    """A signed-in client, which waits for workers on a busy machine."""

    place: str
    home: Home


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    directory = tmp_path_factory.mktemp("catalog-api")
    place = directory / "place"
    put(place, "orders/a.json", lines([{"id": 1, "day": "2026-11-29"}, {"id": 2, "day": "x"}]))
    settings_text = SMALL.replace("[catalog]\n", f'[catalog]\nplaces = ["{place}"]\n')
    home = home_with_a_cut(directory / "home", settings_text)
    settings = load_settings(home.settings_file)
    definitions = definitions_of(MetadataPlace.of(home), "default", settings)
    pool = QueryPool(home, "default", settings.query, None, os.environ, definitions)
    parts = catalog_parts(
        home, "default", settings, pool, SystemClock(), os.environ, settings.catalog.places
    )
    use = CatalogUse(parts.crawling, parts.queries, parts.runner.define, parts.run_crawl)
    parts.crawling.add("shop", str(place), 0)
    shop = FakeShop(Home(directory / "shop"))
    static = directory / "static"
    static.mkdir()
    (static / "index.html").write_text("<html></html>")
    with studio(shop, static, sql=parts.runner, catalog=use) as running:
        with Asked(base_url=running.url, timeout=120) as client:
            assert client.get(running.link).status_code == 303
            client.place, client.home = str(place), home
            yield client
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def _rows(answer: httpx.Response) -> object:
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def test_a_crawl_is_run_and_its_table_read(asking: Asked) -> None:
    """What changed in the files is in the answer of the next statement."""
    report = asking.post("/api/catalog/crawls/shop/run").json()
    assert [(table["name"], table["rows"]) for table in report["tables"]] == [("orders", 2)]
    assert _rows(asking.post("/api/sql", json={"sql": "SELECT count(*) FROM orders"})) == [[2]]
    crawls = asking.get("/api/catalog/crawls").json()["crawls"]
    assert [(one["name"], one["report"]["files"]) for one in crawls] == [("shop", 1)]
    tables = {one["name"]: one for one in asking.get("/api/sql/tables").json()["tables"]}
    assert (tables["orders"]["kind"], tables["events"]["kind"]) == ("files", "table")
    assert [column["type"] for column in tables["orders"]["columns"]] == ["BIGINT", "VARCHAR"]


def test_views_are_made_explained_and_removed(asking: Asked) -> None:
    """A view whose table is gone says so, with its name, and nobody else is troubled."""
    made = asking.post(
        "/api/catalog/views", json={"name": "two", "sql": "SELECT 2 AS n FROM events"}
    )
    assert made.json() == {"done": "the view two was made"}
    again = asking.post("/api/catalog/views", json={"name": "two", "sql": "SELECT 1"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    bad = asking.post("/api/catalog/views", json={"name": "bad", "sql": "SELECT 1; DROP VIEW two"})
    assert bad.status_code == 400
    said = _rows(
        asking.post("/api/sql", json={"sql": "CREATE VIEW three AS SELECT n + 1 AS n FROM two"})
    )
    assert said == [["the view three was made"]]
    asking.post("/api/sql", json={"sql": "DROP VIEW two"})
    broken = asking.post("/api/sql", json={"sql": "SELECT * FROM three"})
    assert broken.status_code == 400
    assert "the view three does not work any more, since no such table" in broken.json()["detail"]
    assert _rows(asking.post("/api/sql", json={"sql": "SELECT count(*) > 0 FROM events"})) == [
        [True]
    ]
    tables = {one["name"]: one for one in asking.get("/api/sql/tables").json()["tables"]}
    assert "does not work any more" in tables["three"]["problem"]
    assert tables["events"]["problem"] is None
    asking.post("/api/sql", json={"sql": "DROP VIEW three"})


def test_external_tables_only_where_the_operator_says(asking: Asked) -> None:
    """Pages are reached by more people than the machine: they make tables of named places alone."""
    ddl = (
        "CREATE EXTERNAL TABLE ext (id int, day date) ROW FORMAT SERDE"
        " 'org.openx.data.jsonserde.JsonSerDe' LOCATION '{}'"
    )
    for place in ("/etc", str(asking.home.lake_dir), str(asking.home.root)):
        refused = asking.post("/api/sql", json={"sql": ddl.format(place)})
        assert refused.status_code == 400, place
    made = _rows(asking.post("/api/sql", json={"sql": ddl.format(f"{asking.place}/orders")}))
    assert made == [["the table ext was made: 1 files, 2 rows"]]
    found = asking.post("/api/sql", json={"sql": "SELECT id, day FROM ext ORDER BY id"})
    assert _rows(found) == [[1, "2026-11-29"], [2, None]]
    assert _rows(asking.post("/api/sql", json={"sql": "DROP TABLE ext"})) == [
        ["the table ext was removed; its files stay"]
    ]


def test_queries_with_typed_values(asking: Asked) -> None:
    """Saved by one, run by all; values are bound, typed, and every mistake is told."""
    sql = "SELECT id, ':not' AS t FROM orders WHERE id = :id AND day = $day -- :no"
    body = {
        "name": "One",
        "sql": sql,
        "parameters": [{"name": "id", "type": "integer"}, {"name": "day", "default": "x"}],
    }
    asking.post("/api/catalog/crawls/shop/run")
    saved = asking.post("/api/queries", json=body).json()
    assert (saved["name"], [one["name"] for one in saved["parameters"]]) == ("one", ["id", "day"])
    run = "/api/queries/one/run"
    assert _rows(asking.post(run, json={"params": {"id": "2"}})) == [[2, ":not"]]
    assert _rows(asking.post(run, json={"params": {"id": 2, "day": "' OR 1=1 --"}})) == []
    file = asking.post(run, json={"params": {"id": 2}, "format": "parquet"})
    assert pq.read_table(io.BytesIO(file.content)).to_pylist() == [{"id": 2, "t": ":not"}]
    wrong = asking.post(run, json={"params": {"id": "two", "dya": "x"}})
    assert wrong.status_code == 400
    assert "id is a whole number, not 'two'" in wrong.json()["detail"]
    assert "dya is no parameter" in wrong.json()["detail"]
    several = {
        "name": "one",
        "sql": "SELECT id FROM orders WHERE id IN :ids ORDER BY 1",
        "parameters": [{"name": "ids", "type": "integer", "is_list": True, "default": [2]}],
    }
    assert asking.post("/api/queries", json=several).json()["parameters"][0]["default"] == [2]
    for given, rows in (({"ids": [1, 2]}, [[1], [2]]), ({"ids": "1, 7"}, [[1]]), ({}, [[2]])):
        assert _rows(asking.post(run, json={"params": given})) == rows
    assert [one["name"] for one in asking.get("/api/queries").json()["queries"]] == ["one"]
    assert asking.delete("/api/queries/one").status_code == 204
    assert asking.post(run, json={}).status_code == 400
