"""Connections to the studio: bounded as the collector's, and work ends with who asked for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.machine.process import is_alive
from footfall.query import QueryPool
from tests.query.cuts import query_settings, sample
from tests.query.test_pool import ENDLESS
from tests.studio.fakes import FakeShop, Studio, studio, wait_until


class Asked(Studio):
    """A studio over a real pool of query workers."""

    pool: QueryPool
    cookie: str

    def ask(self, path: str, question: dict[str, Any] | None = None) -> socket.socket:
        """Send a request, and do not wait for the answer."""
        body = b"" if question is None else json.dumps(question).encode()
        port = int(self.url.rpartition(":")[2])
        head = (
            f"{'GET' if question is None else 'POST'} {path} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{port}\r\nCookie: {self.cookie}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client = socket.create_connection(("127.0.0.1", port), timeout=30)
        client.sendall(head.encode() + body)
        return client


@contextlib.contextmanager
def asked_studio(shop: FakeShop, assets: Path, pool: Any, *overrides: str) -> Iterator[Asked]:
    with studio(shop, assets, overrides=overrides, sql=pool) as found:
        opened = httpx.get(found.link)
        asked = Asked(found.url, found.server, found.services)
        asked.pool, asked.cookie = pool, opened.headers["set-cookie"].partition(";")[0]
        yield asked
        asyncio.run_coroutine_threadsafe(pool.close(), found.loop).result(60)


@pytest.fixture
def asked(shop: FakeShop, assets: Path, tmp_path: Path) -> Iterator[Asked]:
    cut = sample(tmp_path / "cut")
    pool = QueryPool(cut.home, cut.project, query_settings(workers_max=1, time_max=3_600_000_000))
    with asked_studio(shop, assets, pool) as found:
        yield found


def busy_pid(asked: Asked) -> int:
    wait_until(lambda: asked.pool.pids() != [] and asked.pool._idle == [], 30)
    (pid,) = asked.pool.pids()
    return pid


def test_a_statement_ends_with_its_asker(asked: Asked) -> None:
    """A closed page must not leave a statement running for a minute on all cores."""
    client = asked.ask("/api/sql", {"sql": ENDLESS})
    pid = busy_pid(asked)
    client.close()
    wait_until(lambda: not is_alive(pid), 30)
    with asked.ask("/api/sql", {"sql": "SELECT 1"}) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_statement_that_waits_leaves_with_its_asker(asked: Asked) -> None:
    """Its place is free for others, and it never runs."""
    first = asked.ask("/api/sql", {"sql": ENDLESS})
    pid = busy_pid(asked)
    second = asked.ask("/api/sql", {"sql": ENDLESS})
    event = asked.ask("/api/events/00000000-0000-4000-8000-000000000000/0")
    wait_until(lambda: asked.pool._waiting == 2)
    second.close()
    event.close()
    wait_until(lambda: asked.pool._waiting == 0)
    assert asked.pool.pids() == [pid]
    first.close()
    wait_until(lambda: not is_alive(pid), 30)
    with asked.ask("/api/sql", {"sql": "SELECT 1"}) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_an_asker_who_sent_more_requests_ahead_may_leave_too(asked: Asked) -> None:
    """The server tells only the last request of a connection that it is lost; ours tells all."""
    client = asked.ask("/api/sql", {"sql": ENDLESS})
    pid = busy_pid(asked)
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: any(one.pipeline for one in asked.server.server_state.connections))
    connection = next(iter(asked.server.server_state.connections))
    asked.loop.call_soon_threadsafe(connection.transport.abort)
    wait_until(lambda: not is_alive(pid), 30)
    client.close()


class Held:
    """A pool whose statements wait until they are let go."""

    def __init__(self) -> None:
        self.running = 0

    async def run(self, *_: Any, **__: Any) -> Any:
        self.running += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1

    async def close(self) -> None:
        pass


def test_idle_connections_give_way_and_work_stays(shop: FakeShop, assets: Path) -> None:
    """A program that holds connections open shuts no page out, and no stream or statement down."""
    pool = Held()
    with asked_studio(shop, assets, pool, "studio.connections_max=4") as asked:
        stream = asked.ask("/api/live/stream")
        assert stream.recv(100).startswith(b"HTTP/1.1 200")
        statement = asked.ask("/api/sql", {"sql": "SELECT 1"})
        wait_until(lambda: pool.running == 1)
        address = ("127.0.0.1", int(asked.url.rpartition(":")[2]))
        idle = [socket.create_connection(address, timeout=20) for _ in range(9)]
        assert all(client.recv(1) == b"" for client in idle[:7])
        with asked.ask("/api/status") as client:
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
        assert pool.running == 1
        assert asked.services.live.subscribers == 1
        for client in (*idle, stream, statement):
            client.close()


def test_beyond_the_connections_there_is_a_problem(shop: FakeShop, assets: Path) -> None:
    """Where all wait for us, one more is told so, in the shape of every error."""
    pool = Held()
    with asked_studio(shop, assets, pool, "studio.connections_max=2") as asked:
        statements = [asked.ask("/api/sql", {"sql": "SELECT 1"}) for _ in range(2)]
        wait_until(lambda: pool.running == 2)
        answer = httpx.get(f"{asked.url}/api/status")
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert "studio.connections_max" in answer.json()["detail"]
        for client in statements:
            client.close()


def test_slow_heads_are_dropped(shop: FakeShop, assets: Path) -> None:
    """As at the collector."""
    with studio(shop, assets, overrides=["connections.head_time_max=1s"]) as found:
        address = ("127.0.0.1", int(found.url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=20) as client:
            client.sendall(b"GET / HT")
            assert client.recv(1) == b""


def test_large_heads_are_refused(running: Studio) -> None:
    """As at the collector."""
    answer = httpx.get(running.url, headers={"x-long": "y" * 70_000})
    assert answer.status_code == 431
