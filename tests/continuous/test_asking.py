"""Adding, listing, showing and removing: by command, over HTTP and in Python, the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

import footfall
from footfall.cli.main import app
from footfall.clock import SECOND
from footfall.continuous.consumer import make
from footfall.errors import Invalid
from footfall.home import Home
from footfall.query import QueryPool
from footfall.settings import QueryDefinition
from tests.continuous.test_consumer import run, settle
from tests.pipeline.harness import START_US, Bench, event, request
from tests.query.cuts import query_settings
from tests.studio.fakes import FakeShop, studio

CLICKS = 'SELECT event_name, count(*) AS n FROM "window" GROUP BY event_name'


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose query `clicks` has answered two windows."""
    bench = Bench(tmp_path_factory.mktemp("answered"), "pipeline.epoch_age_max=10s")
    bench.consumers = {"continuous": make}
    run(bench, {"clicks": QueryDefinition(CLICKS, "1m", key=("event_name",))})
    pipeline = bench.pipeline()
    events = [event("v", START_US - at * 60 * SECOND, at) for at in range(2)]
    bench.append([request(1, events, bench.clock.now_us())])
    settle(bench, pipeline)
    pipeline.close()
    return bench.home.root


@pytest.fixture(scope="module")
def client(answered: Path) -> Iterator[httpx.Client]:
    shop = FakeShop(Home(answered))
    pool = QueryPool(shop.home, "default", query_settings())
    with (
        studio(shop, sql=pool) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        assert client.get(running.link).status_code == 303
        yield client
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["continuous", *arguments, "--home", str(home)])


def _rows(results: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [one["rows"] for one in results]


EXPECTED = [[{"event_name": "page_view", "n": 1}]] * 2


def test_by_command(answered: Path) -> None:
    """What a person types, and what a program reads."""
    assert "clicks2 is asked" in _run(answered, "add", "clicks2", CLICKS, "--window", "1m").output
    assert "clicks2" in _run(answered, "list").output
    shown = json.loads(_run(answered, "show", "clicks", "--json").output)
    assert _rows(shown["results"]) == EXPECTED
    assert shown["query"]["status"]["windows"] == 2
    assert '{"event_name":"page_view","n":1}' in _run(answered, "show", "clicks").output
    assert _run(answered, "remove", "clicks2").output == "removed clicks2\n"
    missing = _run(answered, "show", "clicks2")
    assert isinstance(missing.exception, Invalid)
    assert "there are: clicks" in str(missing.exception)
    unquoted = _run(answered, "add", "x", "SELECT count(*) FROM window", "--window", "1m")
    assert 'write FROM "window"' in str(unquoted.exception)


def test_over_http(client: httpx.Client) -> None:
    """Each mistake is told as everywhere; nothing of a refused one is kept."""
    found = client.get("/api/continuous/clicks", params={"windows": 5}).json()
    assert _rows(found["results"]) == EXPECTED
    assert found["query"]["columns"] == [["event_name", "VARCHAR"], ["n", "BIGINT"]]
    assert found["results"][0]["window_start"] > found["results"][1]["window_start"]
    assert client.get("/api/continuous/clicks?windows=0").status_code == 400
    assert client.get("/api/continuous/nobody").status_code == 404
    put = {"sql": CLICKS, "window": "5m by 1m", "key": ["event_name"]}
    made = client.put("/api/continuous/hopping", json=put)
    assert (made.status_code, made.json()["columns"][1]) == (200, ["n", "BIGINT"])
    for wrong, said in (
        ({**put, "sql": "SELECT 1 FROM \"window\", read_csv('x')"}, "read_csv"),
        ({**put, "sql": "COPY (FROM \"window\") TO 'x'"}, "syntax error"),
        ({**put, "window": "often"}, "5m by 1m"),
        ({**put, "key": ["page"]}, "event_name, n"),
        ({**put, "window": "session other"}, "default definition"),
    ):
        refused = client.put("/api/continuous/refused", json=wrong)
        assert (refused.status_code, said in refused.json()["detail"]) == (400, True), refused.text
    names = [one["name"] for one in client.get("/api/continuous").json()["queries"]]
    assert names == ["clicks", "hopping"]
    assert client.delete("/api/continuous/hopping").status_code == 204
    assert client.delete("/api/continuous/hopping").status_code == 404


def test_in_python(answered: Path) -> None:
    """As the others; results go on from where a reader was."""
    with footfall.open(answered) as project:
        made = project.continuous.add("mine", CLICKS, "1m", key=["event_name"])
        assert made.columns == (("event_name", "VARCHAR"), ("n", "BIGINT"))
        assert [one.name for one in project.continuous.list()] == ["clicks", "mine"]
        project.continuous.remove("mine")
        results = project.continuous.results("clicks")
        assert [list(one.rows) for one in results] == EXPECTED
        last = max(one.computed_at for one in results)
        assert project.continuous.results(after=last) == []
        first, second = project.continuous.results(after="2020-01-01T00:00:00Z")
        assert first.window_start < second.window_start
        assert project.continuous.results(after=first) == [second]
        assert project.continuous.results(after=second) == []
        with pytest.raises(Invalid, match="no continuous query"):
            project.continuous.show("mine")
