"""The models over HTTP, and in Python through it: real workers, a real server."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import polars as pl
import pytest

import footfall
from footfall.clock import SystemClock
from footfall.errors import Invalid
from footfall.explore.access import Project
from footfall.explore.remote import RemoteProject
from footfall.home import Home
from footfall.machine.process import is_alive
from footfall.query import QueryPool
from footfall.signin import Tokens
from footfall.studio.api.explore.answers import AnswerCache, CutName
from footfall.studio.api.explore.running import RUNNING_MAX
from footfall.testing.events import NOON_US, event_table
from tests.query.cuts import CutWriter, query_settings
from tests.query.test_pool import ENDLESS
from tests.studio.fakes import FakeShop, Studio, studio, wait_until

HOUR = 3_600_000_000
RANGE = {"start": "2024-10-04", "end": "2024-10-05"}
FUNNEL = {"steps": [{"event": "view"}, {"event": "buy"}], "range": RANGE}


def event(name: str, visitor: str, hours: float, **more: Any) -> dict[str, Any]:
    at = int(NOON_US + hours * HOUR)
    return {"event_name": name, "visitor_id": visitor, "event_time": at, **more}


class Counted:
    """A pool that counts what it ran, and can be made to run what never ends."""

    def __init__(self, pool: QueryPool) -> None:
        self.pool = pool
        self.statements = 0
        self.is_endless = False

    async def run(self, sql: str, parameters: Any = (), **named: Any) -> Any:
        self.statements += 1
        if self.is_endless:
            return await self.pool.run(ENDLESS)
        return await self.pool.run(sql, parameters, **named)


class Shown(Studio):
    """A studio over a cut that the test writes."""

    writer: CutWriter
    sql: Counted


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    root = tmp_path_factory.mktemp("http")
    writer = CutWriter(root / "home")
    rows = [event("view", "v1", 0), event("view", "v2", 1, page_path="/a"), event("buy", "v1", 2)]
    writer.to_tail("events", event_table(rows))
    writer.publish()
    pool = QueryPool(writer.home, "default", query_settings(workers_max=1, rows_max=2))
    counted = Counted(pool)
    shop = FakeShop(Home(root / "fake"))
    with studio(shop, root, sql=counted, home=writer.home) as found:
        one: Shown = found  # type: ignore[assignment]
        one.writer, one.sql = writer, counted
        yield one
        asyncio.run_coroutine_threadsafe(pool.close(), found.loop).result(60)


@pytest.fixture(scope="module")
def client(shown: Shown) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shown.url, timeout=60) as found:
        token = shown.services.sessions
        token.add_link("explore")
        assert found.get("/open?token=explore").status_code == 303
        yield found


def test_a_question_and_its_cells(client: httpx.Client) -> None:
    """What is counted is what is listed, also beyond `query.rows_max`."""
    answer = client.post("/api/explore/funnel", json=FUNNEL).json()
    assert [row["count"] for row in answer["rows"]] == [2, 1]
    asked = {"question": FUNNEL, "cell": answer["rows"][0]["cell"]}
    listed = client.post("/api/explore/funnel/members", json=asked).json()
    assert [one["id"] for one in listed["members"]] == ["shop/v1", "shop/v2"]
    assert (listed["kind"], listed["cut_sequence"]) == ("visitor", answer["cut_sequence"])


def test_mistakes_are_problems(client: httpx.Client) -> None:
    """All at once, as every error of the API is told."""
    bad = FUNNEL | {"window": "soon", "top": 0, "where": {"field": "page_pth"}}
    answer = client.post("/api/explore/funnel", json=bad)
    problem = answer.json()
    assert (answer.status_code, problem["code"], len(problem["problems"])) == (400, "invalid", 3)
    assert client.post("/api/explore/funnel", json={"stps": []}).status_code == 400
    asked = {"question": FUNNEL, "cell": "x"}
    assert client.post("/api/explore/funnel/members", json=asked).status_code == 400


@pytest.mark.parametrize(
    ("model", "more", "place"),
    [
        ("path", {"nodes": "events", "per": "visitor", "gap": "1d"}, 0),
        ("lifecycle", {"active": {"event": "view"}, "unit": "day"}, 0),
        ("attribution", {"goal": {"event": "buy"}, "touches": [{"event": "view"}]}, 0),
        ("compare", {"goal": {"event": "buy"}, "variant": "app_id"}, 0),
    ],
)
def test_further_models(client: httpx.Client, model: str, more: dict[str, Any], place: int) -> None:
    """Answered and opened as the others; numbers and lists agree."""
    question = {"range": RANGE, **more}
    answer = client.post(f"/api/explore/{model}", json=question)
    assert answer.status_code == 200, answer.text
    row = answer.json()["rows"][place]
    opened = {"question": question, "cell": row["cell"]}
    listed = client.post(f"/api/explore/{model}/members", json=opened).json()["members"]
    assert len(listed) == row["count"] > 0


def test_the_same_question_of_the_same_cut_is_asked_once(
    shown: Shown, client: httpx.Client
) -> None:
    """A dashboard that ten people open costs one answer; a new cut is a new answer."""
    question = {"start": {"event": "view"}, "range": {"start": "2024-10-06", "end": "2024-10-06"}}
    first = client.post("/api/explore/retention", json=question)
    ran = shown.sql.statements
    assert client.post("/api/explore/retention", json=question).content == first.content
    assert shown.sql.statements == ran
    shown.writer.to_tail("events", event_table([event("view", "v3", 48)]))
    shown.writer.publish()
    answer = client.post("/api/explore/retention", json=question).json()
    assert shown.sql.statements > ran
    assert answer["rows"][0]["size"] == first.json()["rows"][0]["size"] + 1


def test_a_question_ends_with_its_asker(shown: Shown, client: httpx.Client) -> None:
    """A page that was closed takes its question along, also one that waits for a worker."""
    pool = shown.sql.pool
    busy = asyncio.run_coroutine_threadsafe(pool.run(ENDLESS), shown.loop)
    wait_until(pool._slots.locked, 30)
    body = json.dumps(FUNNEL | {"window": "2d"}).encode()
    address = shown.url.removeprefix("http://")
    (cookie,) = [f"{name}={value}" for name, value in client.cookies.items()]
    head = (
        f"POST /api/explore/funnel HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as page:
        page.sendall(head.encode() + body)
        wait_until(lambda: pool._waiting == 1, 30)
    wait_until(lambda: pool._waiting == 0, 30)
    busy.cancel()


def test_a_question_is_ended_by_its_name(shown: Shown, client: httpx.Client) -> None:
    """Not only forgotten: the engine's work is over, and its one worker free for the next."""
    shown.sql.is_endless = True
    running = shown.services.running
    asked = FUNNEL | {"window": "3d"}

    def ask() -> httpx.Response:
        return client.post("/api/explore/funnel", params={"running": "a-1"}, json=asked)

    with ThreadPoolExecutor(1) as others:
        try:
            answer = others.submit(ask)
            wait_until(lambda: running.list() and shown.sql.pool.pids(), 30)
            (before,) = shown.sql.pool.pids()
            listed = client.get("/api/explore/running").json()["running"]
            assert [(one["id"], one["model"]) for one in listed] == [("a-1", "funnel")]
            assert ask().json()["code"] == "conflict"
            assert client.delete("/api/explore/running/a-1").status_code == 204
            told = answer.result(30)
        finally:
            shown.sql.is_endless = False
    assert (told.status_code, told.json()["code"]) == (503, "closed")
    assert "was ended" in told.json()["detail"]
    wait_until(lambda: not is_alive(before), 30)
    assert client.get("/api/explore/running").json() == {"running": []}
    assert client.post("/api/explore/funnel", json=asked).status_code == 200
    gone = client.delete("/api/explore/running/a-1")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    bad = client.post("/api/explore/funnel", params={"running": "../x"}, json=FUNNEL)
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid")


def test_too_many_questions_come_back_later(shown: Shown, client: httpx.Client) -> None:
    """A bound says so at once; what is refused has cost nothing."""
    running = shown.services.running
    running._count_max = 0
    ran = shown.sql.statements
    try:
        answer = client.post("/api/explore/funnel", json=FUNNEL | {"window": "4d"})
    finally:
        running._count_max = RUNNING_MAX
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["retryable"]) == (503, "overloaded", True)
    assert "try later" in problem["detail"]
    assert shown.sql.statements == ran


def test_reports_are_saved_renamed_starred_and_removed(client: httpx.Client) -> None:
    """For everybody of the project; nobody's change is lost, and what is no question is told."""
    body = {"title": "Buyers", "model": "funnel", "question": FUNNEL, "view": "table"}
    plain = client.post("/api/reports", json=body | {"title": "A first"}).json()
    kept = client.post("/api/reports", json=body).json()
    assert (kept["question"], kept["version"], kept["is_starred"]) == (FUNNEL, 1, False)
    named = body | {"title": "Who buys", "is_starred": True, "version": 1}
    at = f"/api/reports/{kept['id']}"
    assert client.put(at, json=named).json()["version"] == 2
    listed = client.get("/api/reports").json()["reports"]
    assert [one["title"] for one in listed] == ["Who buys", "A first"]
    late = client.put(at, json=named)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    bad = client.post("/api/reports", json=body | {"question": {"stps": []}})
    assert (bad.status_code, "near are: steps" in bad.text) == (400, True)
    assert client.post("/api/reports", json=body | {"model": "x"}).status_code == 400
    for one in (kept, plain):
        assert client.delete(f"/api/reports/{one['id']}").status_code == 204
    assert client.delete(at).status_code == 400
    assert client.get("/api/reports").json() == {"reports": []}


def test_python_answers_alike_from_a_home_and_over_http(shown: Shown) -> None:
    """The same words, numbers and lists, wherever the project is."""
    shown.services.sessions.add_link("python")
    remote = footfall.open(f"{shown.url}/open?token=python")
    assert isinstance(remote, RemoteProject)
    with Project(shown.writer.home.root, settings=query_settings()) as local:
        for shop in (local, remote):
            found = shop.events(
                "view", measure="visitors", by="page_path", range=tuple(RANGE.values())
            )
            frame = found.to_polars().filter(pl.col("start").is_null(), scope="group")
            assert frame.select("page_path", "value").rows()[-1] == ("/a", 1.0)
            rows = [row for row in found.rows if row.scope == "all" and row.bucket is None]
            assert len(found.visitors(rows[0])) == rows[0].value
            assert found.sql.startswith("WITH e AS")
            ways = shop.path(nodes="events", per="visitor", gap="1d", range=tuple(RANGE.values()))
            assert ways.to_polars()["count"].sum() == 3
            states = shop.lifecycle(active="view", unit="day", range=tuple(RANGE.values()))
            assert states.to_polars()["count"].to_list() == [2, 0, 0, 0, 0, 0, 0, 2]
            led = shop.attribution("buy", "view", model="linear", range=tuple(RANGE.values()))
            assert led.to_polars()["credit"].to_list() == [1.0, 0.0]
            tried = shop.compare("app_id", "buy", range=tuple(RANGE.values()))
            assert tried.to_polars().select("size", "count").rows() == [(2, 1)]
            assert tried.answer.verdict.startswith("Nothing to compare")
        told = []
        for shop in (local, remote):
            with pytest.raises(Invalid) as refused:
                shop.funnel("view", window="soon", zone="Nowhere")
            told.append(refused.value.problems)
        assert told[0] == told[1]
        assert len(told[0]) >= 2
    with pytest.raises(Invalid, match="opens once"):
        footfall.open(f"{shown.url}/open?token=python")


def test_python_asks_with_a_token(shown: Shown) -> None:
    """By the studio's address: questions, SQL, what is kept; no more, and only while it counts."""
    tokens = Tokens(SystemClock(), shown.services.home.studio_file)
    secret, _ = tokens.create("notebook", 90)
    with pytest.raises(Invalid, match="is for a studio's address"):
        footfall.open(shown.writer.home.root, token=secret)
    shop = footfall.open(shown.url + "/", token=secret + "\n")
    assert secret not in repr(shop) + repr(vars(shop).keys())
    assert [row.count for row in shop.funnel("view", "buy", range=tuple(RANGE.values())).rows][
        1:
    ] == [1]
    assert shop.sql("SELECT 1 AS n").rows() == [{"n": 1}]
    assert not shop.segments.list()
    assert not shop.dashboards.list()
    with pytest.raises(Invalid, match="footfall studio link"):
        shop.alerts.rules()
    for wrong, said in (
        (f"ff_{0:048}", "wrong, has ended"),
        ("x", "begins with ff_"),
        ("ff_ü", "begins with ff_"),
    ):
        with pytest.raises(Invalid, match=said):
            footfall.open(shown.url, token=wrong)
    with pytest.raises(Invalid, match="give a token"):
        footfall.open(shown.url)
    tokens.revoke("notebook")
    with pytest.raises(Invalid, match="was revoked"):
        shop.sql("SELECT 1 AS n")


def test_kept_answers_are_bounded() -> None:
    """By number and by bytes; the one asked for longest ago goes."""
    cache = AnswerCache(count_max=2, bytes_max=10)
    cut = CutName(1, 1)
    for name in "abc":
        cache.put(name, cut, b"1234")
    assert [cache.get(name, cut) for name in "abc"] == [None, b"1234", b"1234"]
    cache.get("b", cut)
    cache.put("d", cut, b"123456")
    assert [cache.get(name, cut) for name in "bcd"] == [b"1234", None, b"123456"]
    cache.put("e", cut, b"12345678901")
    assert cache.get("e", cut) is None
    assert cache.get("b", CutName(2, 2)) is None
