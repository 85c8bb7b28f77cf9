"""A small HTTP/1.1 load generator: keep-alive connections, one request at a time on each.

A process of its own, on uvloop, with hand-made requests and answers parsed by their length only, so
that it takes as little as it can of the machine it shares with the server. Prints one JSON object.

    python benchmarks/load.py URL --connections 64 --seconds 5 --events 1 [--rate 9000]

Without a rate each connection sends when its answer has come. With one, requests are due at even
times, and how long one took counts from when it was due: one that waited for the answer before it
took that much longer, and so did one that the generator's own clock was late for (up to 1 ms).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
import uuid
from urllib.parse import urlsplit

import uvloop

EVENT_BYTES = 1000
VARIANTS = 64


def event(rng: random.Random, number: int) -> dict[str, object]:
    """An event of about 1 KB, as the AWS web SDK sends it."""
    return {
        "event_type": "_page_view",
        "event_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "device_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "unique_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "app_id": "shop_web",
        "timestamp": 1_795_300_000_000 + number,
        "host_name": "www.shop.test",
        "locale": "en-GB",
        "system_language": "en",
        "country_code": "GB",
        "zone_offset": 0,
        "make": "Gecko",
        "platform": "Web",
        "screen_height": 1080,
        "screen_width": 1920,
        "viewport_height": 900,
        "viewport_width": 1600,
        "sdk_name": "aws-solution-clickstream-sdk",
        "sdk_version": "0.12.6",
        "user": {"_user_first_touch_timestamp": {"value": 1795300000000, "set_timestamp": 1}},
        "attributes": {
            "_page_url": f"https://www.shop.test/products/{rng.randrange(10_000)}?ref=home",
            "_page_title": "A product of the shop",
            "_session_id": "ab12cd34-20261124-101112123",
            "_session_start_timestamp": 1795300000000,
            "_session_duration": rng.randrange(1_000_000),
            "_session_number": 3,
            "_latest_referrer": "https://www.search.example/",
        },
    }


def request(host: str, path: str, body: bytes) -> bytes:
    """One POST with the headers that Chromium sends."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n"
        f"Content-Length: {len(body)}\r\n"
        'sec-ch-ua-platform: "Linux"\r\n'
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/156.0.0.0 Safari/537.36\r\n"
        'sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156"\r\n'
        "Content-Type: application/json; charset=utf-8\r\nsec-ch-ua-mobile: ?0\r\n"
        "Accept-Language: en-GB\r\nAccept: */*\r\nOrigin: https://www.shop.test\r\n"
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
        "Referer: https://www.shop.test/\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n"
    )
    return head.encode() + body


def requests_of(host: str, path: str, events: int) -> list[bytes]:
    """Ready requests, sent in turn."""
    rng = random.Random(7)  # noqa: S311
    made = []
    for number in range(VARIANTS):
        batch = [event(rng, number * events + index) for index in range(events)]
        body = json.dumps(batch, separators=(",", ":")).encode()
        query = (
            f"?platform=Web&appId=shop_web&event_bundle_sequence_id={number}"
            f"&upload_timestamp=1795300000000&hashCode=0011aabb"
        )
        made.append(request(host, path + query, body))
    return made


class Client(asyncio.Protocol):
    """One connection: send, wait for the answer, note how long it took, send."""

    def __init__(self, run: Run, first: float = 0.0) -> None:
        self.run = run
        self.buffer = b""
        self.due = first
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send_when_due()

    def send_when_due(self) -> None:
        wait = self.due - time.perf_counter() if self.run.period else 0.0
        if self.run.is_over:
            self.transport.close()
        elif wait > 0.0:
            self.timer = asyncio.get_running_loop().call_later(wait, self.send)
        else:
            self.send()

    def send(self) -> None:
        self.timer = None
        self.started = self.due if self.run.period else time.perf_counter()
        self.due += self.run.period
        self.transport.write(self.run.next_request())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + self.run.body_bytes_of(data, end):
            self.buffer = data
            return
        self.buffer = b""
        self.run.note(data, time.perf_counter() - self.started)
        self.send_when_due()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.lost()


class Run:
    """What all connections share.

    `rate`: requests a second of all together, 0 for as many as they can.
    """

    def __init__(self, requests: list[bytes], connections: int, rate: float) -> None:
        self.requests = requests
        self.period = connections / rate if rate else 0.0
        self.position = 0
        self.connections = self.open = connections
        self.clients: list[Client] = []
        self.is_over = False
        self.is_measuring = False
        self.latencies: list[float] = []
        self.failed = 0
        self.answers = 0
        self.done = asyncio.get_running_loop().create_future()
        self.lengths: dict[bytes, int] = {}

    async def connect(self, host: str, port: int) -> None:
        """Open the connections; each begins at once, or when its first request is due."""
        loop = asyncio.get_running_loop()
        begin = time.perf_counter() + 0.1
        for number in range(self.connections):
            client = Client(self, begin + number * self.period / self.connections)
            self.clients.append(client)
            await loop.create_connection(lambda client=client: client, host, port)

    def stop(self) -> None:
        """Send nothing more; what was sent is waited for."""
        self.is_over = True
        for client in self.clients:
            if client.timer:
                client.timer.cancel()
                client.transport.close()

    def next_request(self) -> bytes:
        self.position = (self.position + 1) % len(self.requests)
        return self.requests[self.position]

    def body_bytes_of(self, data: bytes, end: int) -> int:
        head = data[:end].lower()
        start = head.find(b"content-length: ")
        if start < 0:
            return 0
        return int(head[start + 16 :].split(b"\r\n", 1)[0])

    def note(self, data: bytes, seconds: float) -> None:
        self.answers += 1
        if not data.startswith(b"HTTP/1.1 200"):
            self.failed += 1
        elif self.is_measuring:
            self.latencies.append(seconds)

    def lost(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


async def measure(
    url: str, connections: int, seconds: float, events: int, rate: float
) -> dict[str, float]:
    """Load the server for `seconds` after a second to warm up."""
    parts = urlsplit(url)
    run = Run(requests_of(parts.netloc, parts.path or "/", events), connections, rate)
    await run.connect(parts.hostname or "", parts.port or 80)
    await asyncio.sleep(1)
    run.is_measuring = True
    started = time.perf_counter()
    cpu = time.process_time()
    await asyncio.sleep(seconds)
    run.is_measuring = False
    elapsed = time.perf_counter() - started
    cpu = time.process_time() - cpu
    run.stop()
    await asyncio.wait_for(run.done, 30)
    taken = sorted(run.latencies) or [0.0]
    return {
        "requests_per_second": len(taken) / elapsed,
        "events_per_second": len(taken) * events / elapsed,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
        "failed": run.failed,
        "answers": run.answers,
        "request_bytes": sum(map(len, run.requests)) / len(run.requests),
        "generator_cpu": cpu / elapsed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--events", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: no limit")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(
            measure(
                arguments.url,
                arguments.connections,
                arguments.seconds,
                arguments.events,
                arguments.rate,
            )
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
