"""What one connection may hold in memory, counted: no socket, every byte given by hand."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from footfall.connections import AddressGroups, Connection, Crowd
from footfall.connections import _connection as module
from footfall.settings import load_settings

POST = b"POST /nothing HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MIB = 1 << 20


class Transport(asyncio.Transport):
    """Remembers what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unread = 0
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unread


Feed = Callable[[bytes], None]


class Client:
    """One connection and the requests that its application saw."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, answers: bool) -> None:
        self.seen: list[dict[str, Any]] = []
        self.loop = loop
        self.transport = Transport()
        self.crowd = Crowd(10)
        self.malformed = 0

        async def app(scope: Any, receive: Any, send: Any) -> None:
            self.seen.append(scope)
            if not answers:
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", proxy_headers=False
        )
        config.load()

        def on_malformed() -> None:
            self.malformed += 1

        asyncio.set_event_loop(loop)
        self.state = ServerState()
        settings = load_settings().connections
        self.connection = Connection(
            config, self.state, settings, self.crowd, AddressGroups(), on_malformed
        )
        self.connection.connection_made(self.transport)

    def feed(self, data: bytes) -> None:
        """As the event loop does: nothing after the end."""
        if not self.transport.is_closed:
            self.connection.data_received(data)
            self.run()

    def run(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))

    def close(self) -> None:
        self.connection.connection_lost(None)
        while self.state.tasks:
            self.run()


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    loop = asyncio.new_event_loop()
    made: list[Client] = []

    def make(*, answers: bool = True) -> Client:
        made.append(Client(loop, answers=answers))
        return made[-1]

    yield make
    for client in made:
        client.close()
    asyncio.set_event_loop(None)
    loop.close()


def feed_until_closed(client: Client, part: bytes, total: int) -> tuple[int, int]:
    """Bytes fed until it closed, and how much memory was held at most meanwhile."""
    fed = 0
    tracemalloc.start()
    try:
        while fed < total and not client.transport.is_closed:
            client.feed(part)
            fed += len(part)
        return fed, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("part", [b"X-T: y\r\n" * 2000, b"y" * 16_000], ids=["many", "one"])
def test_trailers_are_bounded_and_not_kept(make_client: Any, part: bytes, *, answers: bool) -> None:
    """Headers after the body are nobody's: many or one endless, answered before or not."""
    client = make_client(answers=answers)
    client.feed(CHUNKED + b"1\r\nx\r\n0\r\nX-One: ")
    fed, peak = feed_until_closed(client, part, 4 * MIB)
    assert fed <= module.HEAD_BYTES_MAX + 2 * len(part)
    assert peak < 1 * MIB
    assert client.malformed == 1
    assert len(client.seen[0]["headers"]) == 2


def test_short_trailers_end_a_request_as_they_should(make_client: Any) -> None:
    """RFC 9112 lets a server forget them; the next request follows."""
    client = make_client()
    for _ in range(3):
        client.feed(CHUNKED + b"1\r\nx\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n")
    assert [len(scope["headers"]) for scope in client.seen] == [2, 2, 2]
    assert (client.transport.written.count(b" 404 "), client.malformed) == (3, 0)


def test_chunk_extensions_are_bounded(make_client: Any) -> None:
    """They are no body either."""
    client = make_client(answers=False)
    client.feed(CHUNKED + b"1;")
    fed, _ = feed_until_closed(client, b"e" * 16_000, 4 * MIB)
    assert fed <= module.HEAD_BYTES_MAX + 32_000


@pytest.mark.parametrize("size", [60_000, 70_000, 250_000])
@pytest.mark.parametrize("reads", [1, 2, 9])
def test_a_head_has_its_bound_however_it_comes(make_client: Any, size: int, reads: int) -> None:
    """Complete in one read as well: nobody sees a head beyond it."""
    client = make_client()
    head = POST + b"X-Long: " + b"y" * size + b"\r\n\r\n"
    step = -(-len(head) // reads)
    for start in range(0, len(head), step):
        client.feed(head[start : start + step])
    if size < module.HEAD_BYTES_MAX:
        assert (len(client.seen), client.malformed) == (1, 0)
    else:
        assert (client.seen, client.malformed) == ([], 1)
        assert client.transport.written.startswith(b"HTTP/1.1 431 ")
        assert client.transport.is_closed


@pytest.mark.parametrize("reads", [1, 2])
def test_headers_are_counted(make_client: Any, reads: int) -> None:
    """Four bytes on the wire are more than a hundred in memory."""
    client = make_client()
    head = POST + b"a:\r\n" * module.HEADERS_MAX + b"\r\n"
    step = -(-len(head) // reads)
    for start in range(0, len(head), step):
        client.feed(head[start : start + step])
    assert client.seen == []
    assert client.transport.written.startswith(b"HTTP/1.1 431 ")


def test_a_large_body_and_the_next_head_are_no_large_head(make_client: Any) -> None:
    """The bound is of heads: bodies, and many requests in one read, are not counted in."""
    client = make_client()
    body = b"b" * 100_000
    request = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    head = POST + b"X-Long: " + b"y" * 60_000 + b"\r\n\r\n"
    client.feed(request + head[:30_000])
    client.feed(head[30_000:])
    client.feed(request + head)
    assert len(client.seen) == 4
    assert client.malformed == 0


def test_requests_sent_ahead_are_counted(make_client: Any) -> None:
    """Each takes a hundred times its bytes while it waits for the one before."""
    client = make_client(answers=False)
    fed, peak = feed_until_closed(client, b"GET / HTTP/1.1\r\n\r\n" * 10_000, 180_000)
    assert fed == 180_000
    assert client.transport.is_closed
    assert len(client.connection.pipeline) <= module.AHEAD_MAX
    assert peak < 2 * MIB
    client = make_client()
    client.feed((POST + b"\r\n") * module.AHEAD_MAX)
    for _ in range(2 * module.AHEAD_MAX):
        client.run()
    assert client.transport.written.count(b" 404 ") == module.AHEAD_MAX


def test_blank_lines_before_a_request_are_bounded(make_client: Any) -> None:
    """Parsers skip them, for ever if they are let."""
    client = make_client()
    fed, _ = feed_until_closed(client, b"\r\n" * 8000, 4 * MIB)
    assert fed <= module.HEAD_BYTES_MAX + 32_000


@pytest.mark.parametrize(
    "data", [b"", POST, CHUNKED + b"3\r\nabc\r\n", POST + b"\r\n", (POST + b"\r\n") * 9, b"\x16"]
)
@pytest.mark.parametrize("answers", [True, False])
def test_all_is_given_back_with_the_connection(
    make_client: Any, data: bytes, *, answers: bool
) -> None:
    """Garbage is looked for rarely, so nothing of a connection may be left for that."""
    client = make_client(answers=answers)
    if data:
        client.feed(data)
    for _ in range(5):
        client.run()
    gone = weakref.ref(client.connection)
    gc.collect()
    gc.disable()
    try:
        client.close()
        client.seen.clear()
        client.close = lambda: None
        del client.connection
        assert gone() is None
    finally:
        gc.enable()


HALF_BODY = POST + b"Content-Length: 9\r\n\r\nxxx"


@pytest.mark.parametrize(
    ("data", "seconds", "why"),
    [
        (b"", 10, "first_byte"),
        (POST, 10, "head"),
        (HALF_BODY, 10, "body"),
        (POST + b"\r\n", 30, "next_request"),
    ],
)
def test_each_wait_has_its_time(
    make_client: Any, monkeypatch: pytest.MonkeyPatch, data: bytes, seconds: int, why: str
) -> None:
    """A client that does not get on is dropped at the setting, and not before."""
    client = make_client(answers=why == "next_request")
    now = client.loop.time()
    monkeypatch.setattr(client.loop, "time", lambda: now)
    if data:
        client.feed(data)
        client.run()
    client.connection.drop_if_stalled()
    now += seconds - 0.1
    client.connection.drop_if_stalled()
    assert not client.transport.is_closed
    now += 0.2
    client.connection.drop_if_stalled()
    assert client.transport.is_closed
    assert client.crowd.dropped == {why: 1}


def test_a_trickling_body_has_a_time_in_all(
    make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte every few seconds is no stall, but no way to hold a connection for long either."""
    client = make_client(answers=False)
    now = client.loop.time()
    monkeypatch.setattr(client.loop, "time", lambda: now)
    client.feed(POST + b"Content-Length: 999\r\n\r\n")
    client.connection.drop_if_stalled()
    trickled = 0
    while not client.transport.is_closed:
        now += 5
        client.feed(b"x")
        client.connection.drop_if_stalled()
        trickled += 1
    assert trickled == 13


def test_who_does_not_read_is_dropped(make_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers and streams that nobody takes would be held for ever; a slow reader gets them."""
    client = make_client(answers=False)
    client.feed(POST + b"\r\n")
    now = client.loop.time()
    monkeypatch.setattr(client.loop, "time", lambda: now)
    client.connection.pause_writing()
    for unread in (900, 800, 700, 700):
        assert not client.transport.is_closed
        client.transport.unread = unread
        now += 8
        client.connection.drop_if_stalled()
    now += 8
    client.connection.drop_if_stalled()
    assert client.transport.is_closed
    assert client.crowd.dropped == {"reading": 1}


def test_who_waits_for_us_may_wait(make_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk, a long statement or a stream is not the client's fault."""
    client = make_client(answers=False)
    client.feed(POST + b"\r\n")
    now = client.loop.time()
    monkeypatch.setattr(client.loop, "time", lambda: now)
    for _ in range(9):
        client.connection.drop_if_stalled()
        now += 3600
    assert not client.transport.is_closed
    assert not client.connection.is_awaited
