"""A stranger's connections, on real sockets: what he holds open keeps nobody else out."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.collect.wire import POST, close, read_answer

Make = Callable[..., Any]
STRANGER = "127.0.0.2"
NEIGHBOUR = "127.0.0.3"
SIZE = 1 << 20
SLOW = b"POST /collect?appId=shop_web HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"


@pytest.fixture
def connect() -> Iterator[Callable[[Any, str], socket.socket]]:
    """Opens connections from an address and closes them after the test."""
    with contextlib.ExitStack() as stack:

        def one(running: Any, source: str) -> socket.socket:
            client = socket.create_connection(
                ("127.0.0.1", running.port), timeout=20, source_address=(source, 0)
            )
            return stack.enter_context(client)

        yield one


def answer_to(client: socket.socket, data: bytes) -> bytes:
    """All that comes back until the server closes."""
    answer = b""
    with contextlib.suppress(OSError):
        client.sendall(data)
        while part := client.recv(65536):
            answer += part
    return answer


def is_closed(client: socket.socket) -> bool:
    """Waits: a test fails by its time when it is not."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        client.settimeout(20)


def test_idle_connections_of_one_address_are_its_own_loss(make_running: Make, connect: Any) -> None:
    """Thousands of them used to shut everybody out; now they shut out each other."""
    running = make_running("collector.connections_per_address_max=5", "collector.connections_max=8")
    neighbour = connect(running, NEIGHBOUR)
    neighbour.sendall(POST % b"")
    stream = neighbour.makefile("rb")
    assert read_answer(stream)[0] == "HTTP/1.1 200 OK"
    idle = [connect(running, STRANGER) for _ in range(40)]
    assert all(is_closed(client) for client in idle[:35])
    assert all(is_open(client) for client in idle[35:])
    neighbour.sendall(POST % b"")  # idle for longest of all, and still there
    assert read_answer(stream)[0] == "HTTP/1.1 200 OK"
    assert answer_to(connect(running, NEIGHBOUR), close(POST)).startswith(b"HTTP/1.1 200")
    assert answer_to(connect(running, STRANGER), close(POST)).startswith(b"HTTP/1.1 200")


def test_connections_of_many_addresses_give_way_to_newcomers(
    make_running: Make, connect: Any
) -> None:
    """Beyond the total the longest waiting goes: who comes to send something is served."""
    running = make_running("collector.connections_max=4")
    idle = [connect(running, f"127.0.1.{number}") for number in range(1, 9)]
    half = connect(running, NEIGHBOUR)
    half.sendall(SLOW[:40])
    assert all(is_closed(client) for client in idle[:5])
    assert answer_to(connect(running, STRANGER), close(POST)).startswith(b"HTTP/1.1 200")
    metrics = answer_to(
        connect(running, STRANGER), b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert b'footfall_collector_connections_dropped_total{why="total"} ' in metrics


@pytest.mark.parametrize(
    ("source", "trusted"), [("127.0.0.1", "[]"), (STRANGER, f'["{STRANGER}/32"]')]
)
def test_a_proxy_is_not_one_client(
    make_running: Make, connect: Any, source: str, trusted: str
) -> None:
    """All visitors come from its address; only the total bounds them."""
    running = make_running(
        "collector.connections_per_address_max=1", f"collector.trusted_proxies={trusted}"
    )
    clients = [connect(running, source) for _ in range(5)]
    for client in clients:
        client.sendall(POST % b"")
        assert read_answer(client.makefile("rb"))[0] == "HTTP/1.1 200 OK"


def stall(client: socket.socket, header: bytes = b"") -> None:
    """Send most of a large body, then nothing."""
    client.sendall(SLOW % (SIZE, header) + b"x" * (SIZE * 3 // 4))


def test_stalled_bodies_of_one_address_are_its_own_loss(make_running: Make, connect: Any) -> None:
    """They held all the memory there is for bodies; now those of an address drop each other."""
    running = make_running(
        "collector.pending_bytes_max=8MiB", "collector.body_bytes_per_address_max=2MiB"
    )
    stalled = [connect(running, STRANGER) for _ in range(12)]
    for client in stalled:
        stall(client)
    neighbour = connect(running, NEIGHBOUR)
    neighbour.sendall(SLOW % (SIZE, b"") + b"x" * (SIZE // 2))
    neighbour.sendall(b"x" * (SIZE // 2))
    assert read_answer(neighbour.makefile("rb"))[0] == "HTTP/1.1 200 OK"
    assert [record.body_bytes for record in running.records()] == [SIZE]
    metrics = running.collector._metrics
    refused = metrics.requests["aws", "overloaded"]
    assert refused + metrics.bodies_dropped() >= len(stalled) - 2


def test_bodies_behind_a_proxy_count_by_the_address_it_names(
    make_running: Make, connect: Any
) -> None:
    """Through one proxy come the stranger and everybody else."""
    running = make_running(
        "collector.pending_bytes_max=8MiB",
        "collector.body_bytes_per_address_max=2MiB",
        'collector.trusted_proxies=["127.0.0.1/32"]',
    )
    first = connect(running, "127.0.0.1")
    first.sendall(SLOW % (SIZE, b"X-Forwarded-For: 198.51.100.2\r\n") + b"x" * (SIZE // 2))
    for _ in range(6):
        stall(connect(running, "127.0.0.1"), b"X-Forwarded-For: 203.0.113.7\r\n")
    first.sendall(b"x" * (SIZE // 2))
    assert read_answer(first.makefile("rb"))[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("path", [b"/collect?appId=shop_web", b"/nothing", b"/v1/events"])
def test_a_flood_of_trailers_is_cut_off(running: Any, connect: Any, path: bytes) -> None:
    """With a key, without one, and on a path that is nobody's."""
    client = connect(running, STRANGER)
    client.sendall(
        b"POST %b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n" % path
    )
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 64 << 20:
            sent += client.send(b"X-Trailer: %b\r\n" % (b"y" * 8000) * 8)
    assert sent < 64 << 20
    assert answer_to(connect(running, NEIGHBOUR), close(POST)).startswith(b"HTTP/1.1 200")
    assert running.collector._metrics.malformed == 1


def test_trickling_clients_are_dropped(make_running: Make, connect: Any) -> None:
    """A byte now and then makes no request: neither of a head nor of a body."""
    running = make_running("connections.head_time_max=1s", "connections.body_time_max=1s")
    for start in (b"GET /", SLOW % (SIZE, b"")):
        client = connect(running, STRANGER)
        client.sendall(start)
        with contextlib.suppress(ConnectionError):
            client.settimeout(0.2)
            for _ in range(100):
                client.sendall(b"G")
                with contextlib.suppress(TimeoutError):
                    if client.recv(1) == b"":
                        break
            else:
                pytest.fail("it may trickle for ever")
    assert running.records() == []
