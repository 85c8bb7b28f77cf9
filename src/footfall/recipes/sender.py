"""Send timed requests over HTTP/1.1: each at its time, none twice unless the answer was lost.

A few keep-alive connections take requests from one bounded queue in order. Nothing is sent before
its time; when the server is slower than the schedule, requests wait, and `lag_ms_max` says how
long. As SDKs do, a request is tried again on 5xx, 429 and broken connections, with back-off, and
not on any other answer.
"""

from __future__ import annotations

import asyncio
import ssl
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

import httptools
import msgspec

from footfall.clock import US_PER_MS, US_PER_SECOND, Clock, SystemClock
from footfall.errors import Invalid
from footfall.recipes.traffic import TimedRequest

CONNECTIONS: Final = 16
ATTEMPTS_MAX: Final = 8
TIMEOUT_SECONDS: Final = 15.0
_BACK_OFF_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
_READ_BYTES: Final = 1 << 16
_TRY_AGAIN: Final = 429

Progress = Callable[["SendReport"], None]


class SendReport(msgspec.Struct):
    """What became of the requests so far."""

    requests: int = 0
    """Answered or given up."""
    acknowledged: int = 0
    """Answered 2xx."""
    events: int = 0
    """Records in acknowledged requests."""
    refused: dict[str, int] = {}
    """Answered otherwise and not tried again, by status."""
    given_up: int = 0
    """No answer that counts after all attempts."""
    retries: int = 0
    maybe_twice: int = 0
    """Requests whose connection broke before the answer: the server may have taken them before."""
    body_bytes: int = 0
    seconds: float = 0.0
    latency_ms_p50: float = 0.0
    """From writing the request to its answer; of acknowledged requests."""
    latency_ms_p99: float = 0.0
    latency_ms_max: float = 0.0
    lag_ms_max: float = 0.0
    """How much later than planned a request was first sent, at worst."""
    last_error: str | None = None

    @property
    def requests_per_second(self) -> float:
        """Mean over the whole time."""
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def events_per_second(self) -> float:
        """Mean over the whole time."""
        return self.events / self.seconds if self.seconds else 0.0


def send_all(
    url: str,
    requests: Iterable[TimedRequest],
    *,
    connections: int = CONNECTIONS,
    paced: bool = True,
    attempts_max: int = ATTEMPTS_MAX,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> SendReport:
    """Send everything and wait for the answers.

    Args:
        url: Address of the collector, without a path.
        requests: In order of `send_at_us`; taken one by one, so the stream may be endless.
        connections: Most requests on their way at a time.
        paced: Wait for each request's time. Without, as fast as the server answers: only for
            requests whose times are in the past or do not matter.
        attempts_max: Attempts for each request.
        clock: What `send_at_us` is compared with.
        progress: Called now and then with the report so far (latencies are filled at the end).

    Raises:
        Invalid: `url` is no http or https address.
    """
    sender = Sender(url, connections=connections, attempts_max=attempts_max, clock=clock)
    return asyncio.run(sender.run(requests, paced=paced, progress=progress))


class Sender:
    """One run against one server."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = CONNECTIONS,
        attempts_max: int = ATTEMPTS_MAX,
        clock: Clock | None = None,
    ) -> None:
        """See `send_all`."""
        self._address = Address.parse(url)
        self._connections = connections
        self._attempts_max = attempts_max
        self._clock = clock or SystemClock()
        self._refused: Counter[str] = Counter()
        self._latencies_ms = array("f")
        self.report = SendReport()

    async def run(
        self, requests: Iterable[TimedRequest], *, paced: bool, progress: Progress | None = None
    ) -> SendReport:
        """See `send_all`."""
        started = self._clock.monotonic()
        queue: asyncio.Queue[TimedRequest | None] = asyncio.Queue(2 * self._connections)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._connections):
                tasks.create_task(self._work(queue))
            for request in requests:
                if paced:
                    await self._wait_until(request.send_at_us)
                await queue.put(request)
                if progress is not None:
                    self.report.seconds = self._clock.monotonic() - started
                    progress(self.report)
            for _ in range(self._connections):
                await queue.put(None)
        self._finish(self._clock.monotonic() - started)
        return self.report

    async def _wait_until(self, at_us: int) -> None:
        while (left_us := at_us - self._clock.now_us()) > 0:
            await asyncio.sleep(left_us / US_PER_SECOND)
        self.report.lag_ms_max = max(self.report.lag_ms_max, -left_us / US_PER_MS)

    async def _work(self, queue: asyncio.Queue[TimedRequest | None]) -> None:
        connection = Connection(self._address)
        try:
            while (request := await queue.get()) is not None:
                await self._deliver(connection, request)
        finally:
            connection.close()

    async def _deliver(self, connection: Connection, request: TimedRequest) -> None:
        """Send until it is answered for good or attempts are used up."""
        is_unsure = False
        for attempt in range(self._attempts_max):
            if attempt:
                self.report.retries += 1
                await asyncio.sleep(_BACK_OFF_SECONDS[min(attempt, len(_BACK_OFF_SECONDS)) - 1])
            began = self._clock.monotonic()
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    status = await connection.exchange(request)
            except (OSError, EOFError, TimeoutError, httptools.HttpParserError) as error:
                is_unsure = is_unsure or connection.has_written
                connection.close()
                self.report.last_error = f"{type(error).__name__}: {error}".rstrip(": ")
                continue
            if status < 500 and status != _TRY_AGAIN:
                latency_ms = (self._clock.monotonic() - began) * 1_000
                self._settle(request, status, latency_ms)
                break
            self.report.last_error = f"answered {status}"
        else:
            self.report.requests += 1
            self.report.given_up += 1
        self.report.maybe_twice += is_unsure

    def _settle(self, request: TimedRequest, status: int, latency_ms: float) -> None:
        report = self.report
        report.requests += 1
        if 200 <= status < 300:
            report.acknowledged += 1
            report.events += request.events
            report.body_bytes += len(request.body)
            self._latencies_ms.append(latency_ms)
        else:
            self._refused[str(status)] += 1
            report.refused = dict(self._refused)

    def _finish(self, seconds: float) -> None:
        latencies = sorted(self._latencies_ms)
        self.report.seconds = seconds
        self.report.latency_ms_p50 = quantile(latencies, 0.50)
        self.report.latency_ms_p99 = quantile(latencies, 0.99)
        self.report.latency_ms_max = quantile(latencies, 1.0)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Value below or at which `share` of `ordered` lies (nearest rank); 0.0 of nothing."""
    if not ordered:
        return 0.0
    rank = max(1, -(-int(share * 1_000) * len(ordered) // 1_000))
    return round(ordered[min(rank, len(ordered)) - 1], 3)


class Address(msgspec.Struct, frozen=True):
    """Where to connect."""

    host: str
    port: int
    is_tls: bool
    prefix: str
    """Path before every request's own."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take `http://host:port`, with a path prefix if there is one.

        Raises:
            Invalid: anything else.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"not an address to send to; write http://127.0.0.1:7700: {url!r}")
        is_tls = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if is_tls else 80), is_tls, parts.path.rstrip("/"))


class Connection:
    """One keep-alive connection; opens when needed."""

    def __init__(self, address: Address) -> None:
        """Prepare; nothing is opened."""
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.has_written = False
        """Whether bytes of the last request may have reached the server."""

    async def exchange(self, request: TimedRequest) -> int:
        """Send and wait for the whole answer; its status.

        Raises:
            OSError, EOFError, httptools.HttpParserError: the connection is of no more use; close
                it. With `has_written`, the server may have taken the request.
        """
        self.has_written = False
        reader, writer = await self._open()
        self.has_written = True
        writer.write(_head(self._address, request) + request.body)
        await writer.drain()
        answer = _Answer()
        while not answer.is_complete:
            data = await reader.read(_READ_BYTES)
            if not data:
                raise EOFError("the server closed the connection before it answered")
            answer.parser.feed_data(data)
        if not answer.keeps_alive:
            self.close()
        return answer.status

    def close(self) -> None:
        """Drop the connection; the next exchange opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # the server ended an idle connection; nothing was sent on it
        if self._streams is None:
            context = ssl.create_default_context() if self._address.is_tls else None
            self._streams = await asyncio.open_connection(
                self._address.host, self._address.port, ssl=context
            )
        return self._streams


class _Answer:
    """What the parser calls while it reads; it forgets an answer as soon as it is complete."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.keeps_alive = False
        self.is_complete = False

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.keeps_alive = self.parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self.is_complete = True


def _head(address: Address, request: TimedRequest) -> bytes:
    target = address.prefix + request.path + (f"?{request.query}" if request.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"host: {address.host}:{address.port}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += [f"content-length: {len(request.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1")
