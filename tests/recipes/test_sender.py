"""The sender against a real server in the same loop: order, pace, retries, what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from footfall.clock import SECOND
from footfall.errors import Invalid
from footfall.recipes.sender import Address, Sender, SendReport, quantile, send_all
from footfall.recipes.traffic import TimedRequest

Answer = Callable[[int, bytes], bytes | None]
"""Number of the request and its head and body → bytes to answer with; `None`: hang up."""

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
GONE = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
OK_AND_CLOSE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class JumpingClock:
    """Wall clock that is where the sender wants it: `sleep`s of the loop are not slept."""

    def __init__(self, now_us: int) -> None:
        self.time_us = now_us

    def now_us(self) -> int:
        return self.time_us

    def monotonic(self) -> float:
        return self.time_us / SECOND

    def sleep(self, seconds: float) -> None:
        self.time_us += int(seconds * SECOND)


def request(number: int, send_at_us: int = 0) -> TimedRequest:
    body = f"[{number}]".encode()
    return TimedRequest(send_at_us, "POST", "/collect", f"n={number}", (("x-a", "1"),), body, 2)


class Server:
    """Answers as told and remembers what came."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.heads.append(head.decode())
                self.bodies.append(body)
                answer = self._answer(len(self.bodies), head + body)
                if answer is None:
                    return
                writer.write(answer)
                if b"connection: close" in answer:
                    return
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()


def against(
    answer: Answer, use: Callable[[str], Awaitable[SendReport]]
) -> tuple[SendReport, Server]:
    """Run `use` against a server that answers so."""

    async def both() -> tuple[SendReport, Server]:
        server = Server(answer)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        try:
            report = await use(f"http://127.0.0.1:{port}")
        finally:
            listening.close()
        return report, server

    return asyncio.run(asyncio.wait_for(both(), 20))


@pytest.fixture(autouse=True)
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once: how long they wait is not what is tested."""
    monkeypatch.setattr("footfall.recipes.sender._BACK_OFF_SECONDS", (0.0,))


def test_everything_is_sent_once_over_few_connections() -> None:
    """Byte for byte: method, target, headers and body are the recipe's."""
    requests = [request(number) for number in range(50)]
    report, server = against(
        lambda *_: OK, lambda url: Sender(url, connections=3).run(requests, paced=False)
    )
    assert sorted(server.bodies) == sorted(item.body for item in requests)
    assert server.connections == 3
    assert server.heads[0].startswith("POST /collect?n=0 HTTP/1.1\r\nhost: 127.0.0.1:")
    assert "\r\nx-a: 1\r\n" in server.heads[0]
    assert (report.requests, report.acknowledged, report.events) == (50, 50, 100)
    assert (report.retries, report.given_up, report.maybe_twice, report.refused) == (0, 0, 0, {})
    assert 0 < report.latency_ms_p50 <= report.latency_ms_p99 <= report.latency_ms_max


def test_a_busy_server_is_asked_again() -> None:
    """503 promises that nothing was done: the same bytes again, and nobody counts them twice."""
    report, server = against(
        lambda number, _: BUSY if number <= 2 else OK,
        lambda url: Sender(url, connections=1).run([request(7)], paced=False),
    )
    assert server.bodies == [b"[7]"] * 3
    assert (report.acknowledged, report.retries, report.maybe_twice) == (1, 2, 0)


def test_a_lost_answer_is_asked_for_again_and_told() -> None:
    """The server may have taken the request before it hung up: the ledger may show it twice."""
    report, server = against(
        lambda number, _: None if number == 1 else OK,
        lambda url: Sender(url, connections=1).run([request(7)], paced=False),
    )
    assert server.bodies == [b"[7]"] * 2
    assert (report.acknowledged, report.retries, report.maybe_twice) == (1, 1, 1)


def test_a_refusal_is_final() -> None:
    """Sending a refused request again changes nothing; SDKs do not do it either."""
    report, server = against(
        lambda *_: GONE, lambda url: Sender(url).run([request(1), request(2)], paced=False)
    )
    assert len(server.bodies) == 2
    assert (report.requests, report.acknowledged, report.refused) == (2, 0, {"403": 2})


def test_a_dead_server_is_given_up() -> None:
    """The run must end, and say what was not taken."""
    report, _ = against(
        lambda *_: OK,
        lambda _: Sender("http://127.0.0.1:9", attempts_max=3).run([request(1)], paced=False),
    )
    assert (report.requests, report.given_up, report.retries) == (1, 1, 2)
    assert report.maybe_twice == 0
    assert "ConnectionRefusedError" in str(report.last_error)


def test_a_server_that_closes_after_each_answer_is_served() -> None:
    """`connection: close` is no failure: no retry, nothing maybe twice."""
    report, server = against(
        lambda *_: OK_AND_CLOSE,
        lambda url: Sender(url, connections=1).run(
            [request(number) for number in range(5)], paced=False
        ),
    )
    assert server.connections == 5
    assert (report.acknowledged, report.retries, report.maybe_twice) == (5, 0, 0)


def test_nothing_is_sent_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that arrives before it happened would be taken for a wrong clock."""
    clock = JumpingClock(1_000 * SECOND)
    waits: list[float] = []

    async def jump(seconds: float) -> None:
        waits.append(seconds)
        clock.sleep(seconds)

    monkeypatch.setattr("footfall.recipes.sender.asyncio.sleep", jump)
    requests = [request(1, 1_000 * SECOND), request(2, 1_003 * SECOND), request(3, 1_001 * SECOND)]
    report, server = against(
        lambda *_: OK, lambda url: Sender(url, connections=1, clock=clock).run(requests, paced=True)
    )
    assert server.bodies == [b"[1]", b"[2]", b"[3]"]
    assert [wait for wait in waits if wait] == [3.0]
    assert report.lag_ms_max == 2_000.0


@pytest.mark.parametrize("url", ["", "127.0.0.1:7700", "ftp://x", "http://", "http://x:port"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Before anything is generated, in one sentence."""
    with pytest.raises(Invalid, match="not an address to send to"):
        send_all(url, [])


def test_addresses_have_ports_and_prefixes() -> None:
    """Behind a proxy the collector may live below a path."""
    assert Address.parse("https://c.example/in/") == Address("c.example", 443, True, "/in")
    assert Address.parse("http://[::1]:7700") == Address("::1", 7700, False, "")


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0.0), ([1.0], 0.99, 1.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), ([1.0, 2.0], 1.0, 2.0)],
)
def test_quantiles_are_nearest_ranks(values: list[float], share: float, expected: float) -> None:
    """A p99 that nobody waited for is no p99."""
    assert quantile(values, share) == expected
