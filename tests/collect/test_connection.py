"""One connection: all that HTTP/1.1 allows, slow clients, idle ones, junk."""

from __future__ import annotations

import contextlib
import gc
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footfall.collect.http.connection import CollectorConnection
from footfall.connections import Crowd
from tests.collect.wire import POST, close, exchange, read_answer
from tests.scale import scaled

Make = Callable[..., Any]


def test_chunked_and_pipelined_and_expected_bodies(running: Any) -> None:
    """All the ways HTTP/1.1 brings a body."""
    head = b"POST /collect?appId=shop_web HTTP/1.1\r\nHost: x\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n%s\r\n3\r\n[{}\r\n1\r\n]\r\n0\r\n\r\n"
    expecting = head + b"Expect: 100-continue\r\nContent-Length: 3\r\n%s\r\n[1]"
    answers = exchange(running.port, POST % b"" + chunked % b"" + close(POST))
    assert answers.count(b"HTTP/1.1 200") == 3
    assert exchange(running.port, close(expecting)).startswith(b"HTTP/1.1 100 Continue")
    assert [record.body for record in running.records()] == [b"[]", b"[{}]", b"[]", b"[1]"]


def test_pipelined_requests_on_a_connection_that_stays(running: Any) -> None:
    """Each is answered, in order, and the connection goes on."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        stream = client.makefile("rb")
        for _ in range(2):
            client.sendall((POST % b"") * 3)
            assert [read_answer(stream)[0] for _ in range(3)] == ["HTTP/1.1 200 OK"] * 3
    assert len(running.records()) == 6


@pytest.mark.parametrize(
    "request_line",
    [
        b"POST /collect?appId=shop_web HTTP/1.1",
        b"POST /v1/events?write_id=shop_web HTTP/1.1",
        b"GET /v1/pixel.gif?write_id=shop_web HTTP/1.1",
        b"POST /collect?appId=gone HTTP/1.1",
        b"POST /v1/events HTTP/1.1",
        b"GET /v1/pixel.gif HTTP/1.1",
    ],
)
@pytest.mark.parametrize("origin", [b"", b"Origin: https://www.shop.test\r\n"])
def test_answer_in_one_piece_is_the_servers(
    running: Any, request_line: bytes, origin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written past the HTTP server says what the server itself says."""
    written = []
    answer = CollectorConnection.answer

    def noted(*arguments: Any) -> bool:
        written.append(answer(*arguments))
        return written[-1]

    monkeypatch.setattr(CollectorConnection, "answer", noted)
    request = request_line + b"\r\nHost: x\r\nContent-Length: 2\r\n" + origin + b"%s\r\n[]"
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        stream = client.makefile("rb")
        client.sendall(request % b"")
        ours = read_answer(stream)
        client.sendall(close(request))
        servers = read_answer(stream)
        assert stream.read() == b""
    assert written == [True, False]
    assert ours[0] == servers[0]
    assert ("connection", "close") in servers[1]
    assert ours[1] == servers[1] - {("connection", "close")}
    assert ours[2] == servers[2]
    assert (b"origin" in origin.lower()) == (
        ("access-control-allow-origin", "https://www.shop.test") in ours[1]
    )


def test_refusal_before_the_body(running: Any) -> None:
    """Who is refused at once may send the rest all the same: it is not taken for a request."""
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        stream = client.makefile("rb")
        for _ in range(2):
            client.sendall(head)
            assert read_answer(stream)[0] == "HTTP/1.1 401 Unauthorized"
            for _ in range(2):
                client.sendall(b"G" * 10_000)
                time.sleep(0.05)
        client.sendall(POST % b"")
        assert read_answer(stream)[0] == "HTTP/1.1 200 OK"
    assert len(running.records()) == 1


def test_refusal_of_a_head_request_has_no_body(
    make_running: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows it would be taken for the next answer."""
    monkeypatch.setattr(Crowd, "is_full", True)
    running = make_running()
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        stream = client.makefile("rb")
        for _ in range(2):
            client.sendall(b"HEAD /collect?appId=shop_web HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stream.readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
            assert b"" not in iter(stream.readline, b"\r\n")


def test_upgrade_is_ignored(running: Any) -> None:
    """Java's client asks for HTTP/2 with its first POST; the request counts all the same."""
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        for request in (POST % upgrade, POST % b""):
            client.sendall(request)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert len(running.records()) == 2


def test_half_closed_connection_gets_its_answer(running: Any) -> None:
    """A client may say that it sends no more and still read."""
    answer = exchange(running.port, POST % b"", half_close=True)
    assert answer.startswith(b"HTTP/1.1 200")
    assert exchange(running.port, (POST % b"")[:-1], half_close=True) == b""
    assert len(running.records()) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /\xff\xfe?\xc3 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"CONNECT host:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST /collect HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST /collect HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", b"400"),
        (b"GET /collect?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"GET /a%ff%zz%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
        (
            b"GET /ping HTTP/1.1\r\nHost: x\r\nOrigin: \xff\xfe\r\nConnection: close\r\n\r\n",
            b"200",
        ),
    ],
)
def test_junk_is_refused_politely(running: Any, data: bytes, status: bytes) -> None:
    """Never a 5xx, never a dead process."""
    assert exchange(running.port, data)[9:12] == status
    assert exchange(running.port, close(POST)).startswith(b"HTTP/1.1 200")


def test_endless_headers_are_cut_off(running: Any) -> None:
    """Headers are held in memory, so they are bounded."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        client.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        with contextlib.suppress(ConnectionError):
            for number in range(1000):
                client.sendall(b"X-%d: %s\r\n" % (number, b"y" * 1000))
        with contextlib.suppress(ConnectionError):
            answer = client.recv(100)
    assert b"431" in answer or not answer
    assert exchange(running.port, close(POST)).startswith(b"HTTP/1.1 200")


def test_many_requests_are_not_one_endless_head(running: Any) -> None:
    """The bound is of one request: a connection may send any number."""
    request = POST % (b"X-Filler: %s\r\n" % (b"y" * 4000))
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = client.makefile("rb")
        for _ in range(40):
            for part in (request[:1000], request[1000:3000], request[3000:]):
                client.sendall(part)
                time.sleep(0.01)
            assert read_answer(stream)[0] == "HTTP/1.1 200 OK"


def test_requests_that_were_taken_leave_no_garbage(running: Any) -> None:
    """All of a request is freed with its answer: the collector hardly ever looks for garbage."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        stream = client.makefile("rb")

        def send(count: int) -> None:
            for _ in range(count):
                client.sendall(POST % b"")
                read_answer(stream)

        send(10)
        gc.collect()
        gc.disable()
        try:
            send(200)
            found = gc.collect()
        finally:
            gc.enable()
        assert found < 100


@pytest.mark.parametrize(
    ("before", "part"),
    [
        (b"", b""),
        (b"", b"POST /coll"),
        (b"", (POST % b"")[:-1]),
        (POST % b"", b"POST /coll"),
        (POST % b"", (POST % b"")[:-1]),
    ],
)
def test_stalled_clients_are_dropped(make_running: Make, before: bytes, part: bytes) -> None:
    """Half a request held open for ever would use up the connections."""
    running = make_running(
        "connections.head_time_max=1s",
        "connections.stall_time_max=1s",
        "connections.idle_time_max=1h",
    )
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as client:
        stream = client.makefile("rb")
        if before:
            client.sendall(before)
            read_answer(stream)
        client.sendall(part)
        with contextlib.suppress(ConnectionError):
            assert stream.read() == b""
    assert len(running.records()) == bool(before)


def test_idle_clients_are_dropped(make_running: Make) -> None:
    """A connection is kept for the next request, not for ever; a busy one is kept."""
    running = make_running("connections.idle_time_max=3s")
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        stream = client.makefile("rb")
        for _ in range(5):
            client.sendall(POST % b"")
            read_answer(stream)
            time.sleep(0.8)
        assert stream.read() == b""
    assert len(running.records()) == 5


@hypothesis_settings(
    max_examples=scaled(50, 1600),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_bytes_make_it_fail(running: Any, data: st.DataObject) -> None:
    """Damaged requests: flipped, cut, doubled, with anything in between."""
    request = bytearray(close(POST).replace(b"[]", b'[{"event_type":"a"}]'))
    for _ in range(data.draw(st.integers(0, 4))):
        position = data.draw(st.integers(0, len(request) - 1))
        request[position : position + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=9)
        )
        if not request:
            return
    answer = exchange(running.port, bytes(request), half_close=True)
    assert b"HTTP/1.1 5" not in answer
    assert running.thread.is_alive()
