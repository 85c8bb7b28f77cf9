"""Read-only links over HTTP: no session, that dashboard's tiles, no statement, over at once."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import httpx
import pyarrow.parquet as pq
import pytest

from footfall.query import QueryPool
from tests.dashboards.shop import EVENTS, RANGE, fields, retail, shop_cut
from tests.query.cuts import query_settings
from tests.studio.fakes import FakeShop, studio

Place = tuple[httpx.Client, httpx.Client]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Somebody with a session, and a stranger."""
    cut = shop_cut(tmp_path_factory.mktemp("links"))
    pool = QueryPool(cut.home, cut.project, query_settings())
    with (
        studio(FakeShop(cut.home), sql=pool) as running,
        httpx.Client(base_url=running.url, timeout=60) as owner,
        httpx.Client(base_url=running.url, timeout=60) as stranger,
    ):
        assert owner.get(running.link).status_code == 303
        made = owner.put(
            "/api/dashboards/shop", json={"definition": retail(), "is_published": True}
        )
        assert made.status_code == 200, made.text
        yield owner, stranger
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def shared(owner: httpx.Client) -> tuple[str, dict[str, str]]:
    """A new link's id, and the header that its page sends."""
    made = owner.post("/api/dashboards/shop/links").json()
    path, _, token = made["path"].partition("#")
    assert path == "/shared"
    return made["link"]["id"], {"footfall-link": token}


def test_a_link_shows_its_dashboard_and_nothing_else(place: Place) -> None:
    """The tiles' numbers, without what they ask; every other address stays closed."""
    owner, stranger = place
    _, header = shared(owner)
    shown = stranger.get("/api/shared", headers=header).json()
    tiles = shown["definition"]["sheets"][0]["tiles"]
    assert [tile["title"] for tile in tiles][:2] == ["Clicks", "Visitors"]
    assert {tile["query"] for tile in tiles} == {None}
    number = stranger.post("/api/shared/tiles/clicks", json={}, headers=header)
    assert number.status_code == 404
    found = stranger.post("/api/shared/tiles/events", json={}, headers=header).json()
    assert (found["rows"], found["sql"], found["cells"]) == ([[EVENTS]], "", None)
    before = {"range": {"start": "2024-10-01", "end": "2024-10-02"}}
    found = stranger.post("/api/shared/tiles/events", json=before, headers=header).json()
    assert found["rows"] == [[0]]
    days = {"range": {"start": "2024-10-04", "end": "2024-10-05"}, "compare": "previous"}
    found = stranger.post("/api/shared/tiles/events", json=days, headers=header).json()
    assert (found["rows"], found["before"]["rows"]) == ([[EVENTS]], [[0]])
    file = stranger.post("/api/shared/tiles/events/parquet", json={}, headers=header)
    assert file.headers["content-type"] == "application/vnd.apache.parquet"
    assert pq.read_table(io.BytesIO(file.content)).to_pydict() == {"count": [EVENTS]}
    assert stranger.post("/api/shared/tiles/x/parquet", json={}, headers=header).status_code == 404
    assert stranger.get("/api/shared/cut", headers=header).json()["sequence"] > 0
    closed = [
        ("GET", "/api/dashboards"),
        ("POST", "/api/sql"),
        ("POST", "/api/tiles"),
        ("POST", "/api/tiles/rows"),
    ]
    for method, path in closed:
        assert stranger.request(method, path, headers=header, json={}).status_code == 401
    more = {"range": RANGE, "filters": [{"field": "user_id", "op": "is", "value": "x"}]}
    for body in (more, {"tile": fields("number")}):
        refused = stranger.post("/api/shared/tiles/events", json=body, headers=header)
        assert refused.status_code == 400


def test_a_link_is_over_at_once(place: Place) -> None:
    """Ended while its page is open: the next request has nothing, and others still show."""
    owner, stranger = place
    first, header = shared(owner)
    _, other = shared(owner)
    assert stranger.get("/api/shared", headers=header).status_code == 200
    assert owner.delete(f"/api/dashboards/shop/links/{first}").status_code == 204
    for method, path in (("GET", ""), ("GET", "/cut"), ("POST", "/tiles/events")):
        gone = stranger.request(method, f"/api/shared{path}", headers=header, json={})
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
        assert "ask whoever gave it to you" in gone.json()["detail"]
    assert stranger.get("/api/shared", headers=other).status_code == 200
    for token in ("", "x", "x" * 10_000):
        assert stranger.get("/api/shared", headers={"footfall-link": token}).status_code == 404


def test_other_sites_cannot_use_a_link(place: Place) -> None:
    """A page elsewhere that knows a token reads nothing through a visitor's browser."""
    owner, stranger = place
    _, header = shared(owner)
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert stranger.get("/api/shared", headers={**header, **foreign}).status_code == 403


def test_saving_over_http(place: Place) -> None:
    """Drafts, versions and mistakes: what the editor and programs rely on."""
    owner, _ = place
    address = "/api/dashboards/http"
    assert owner.get(address).status_code == 404
    first = owner.put(address, json={"definition": retail(), "version": 0}).json()
    assert (first["version"], first["is_draft"], first["is_published"]) == (1, True, False)
    late = owner.put(address, json={"definition": retail(), "version": 0})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    wrong = owner.put(address, json={"definition": {"title": 1, "sheet": []}})
    assert wrong.status_code == 400
    assert {one.partition(":")[0] for one in wrong.json()["problems"]} >= {"title", "sheet"}
    assert owner.get(f"{address}?published=true").status_code == 404
    assert owner.post(f"{address}/links").status_code == 400
    names = [one["name"] for one in owner.get("/api/dashboards").json()["dashboards"]]
    assert names == ["http", "shop"]
    assert owner.delete(address).status_code == 204
    assert owner.get(address).status_code == 404
