"""Requests whose events nobody has seen before, for a few microseconds each, at a steady rate.

    python benchmarks/fresh.py URL --rate 60000 --seconds 300 [--series 0]

A body is made once as JSON; each use writes new ids, visitors and times over the old ones, which
have the same length. So a generator of 60,000 events a second needs a fraction of a core and no
memory, and a log of hours is filled as fast as the disk takes it. How long an acknowledgement took
counts from when its request was due, as in `load.py`. Stops early on SIGTERM. Prints one JSON
object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import signal
import time
from array import array
from typing import Final
from urllib.parse import urlsplit

import uvloop

import load

EVENTS: Final = 20
CONNECTIONS: Final = 16
VISITORS: Final = 50_000
VARIANTS: Final = 32
_DRAWN: Final = 1 << 16

_ID: Final = re.compile(rb'"event_id":"[0-9a-f-]{24}([0-9a-f]{12})"')
_VISITOR: Final = re.compile(rb'"unique_id":"([0-9a-f-]{36})"')
_TIME: Final = re.compile(rb'"timestamp":([0-9]{13})')


class FreshBodies:
    """Bodies of `events` AWS events each; visitors follow a Pareto distribution.

    No event id occurs twice among all objects of different `series` (below 4,096).
    """

    def __init__(self, events: int, *, series: int = 0, seed: int = 11) -> None:
        rng = random.Random(seed)  # noqa: S311
        self.events = events
        self._count = series << 32
        self._bodies = [_Template(rng, events, number) for number in range(VARIANTS)]
        drawn = (int(rng.paretovariate(1.1)) % VISITORS for _ in range(_DRAWN))
        self._visitors = [b"00000000-0000-4000-8000-%012x" % visitor for visitor in drawn]

    def next(self, now_ms: int) -> bytearray:
        """A new body; valid until this variant's turn comes again, so copy or send it at once."""
        count = self._count
        self._count = count + 1
        template = self._bodies[count % VARIANTS]
        body = template.body
        identity, time, visitors = b"%012x" % count, b"%d" % now_ms, self._visitors
        for at in template.ids:
            body[at : at + 12] = identity
        for at in template.times:
            body[at : at + 13] = time
        draw = count * 40_503
        for at in template.visitors:
            body[at : at + 36] = visitors[draw & (_DRAWN - 1)]
            draw += 1
        return body


class _Template:
    """A body and where to write."""

    def __init__(self, rng: random.Random, events: int, number: int) -> None:
        batch = [load.event(rng, number * events + index) for index in range(events)]
        self.body = bytearray(json.dumps(batch, separators=(",", ":")).encode())
        self.ids = [found.start(1) for found in _ID.finditer(self.body)]
        self.times = [found.start(1) for found in _TIME.finditer(self.body)]
        self.visitors = [found.start(1) for found in _VISITOR.finditer(self.body)]
        assert len(self.ids) == len(self.times) == len(self.visitors) == events


class FreshRun(load.Run):
    """Each request is new; over when those that `seconds` have at `rate` events a second are sent.

    `failed` and `latencies` hold what became of them.
    """

    def __init__(self, host: str, rate: float, seconds: float, series: int) -> None:
        super().__init__([], CONNECTIONS, rate / EVENTS)
        self.is_measuring = True
        self.latencies = array("d")  # type: ignore[assignment]
        self._bodies = FreshBodies(EVENTS, series=series)
        self._heads: dict[int, tuple[bytes, bytes]] = {}
        self._host = host
        self._unsent = round(rate * seconds / EVENTS)

    def next_request(self) -> bytes:
        self._unsent -= 1
        if self._unsent <= 0:
            self.stop()
        now_ms = time.time_ns() // 1_000_000
        body = self._bodies.next(now_ms)
        before, after = self._heads.get(len(body)) or self._head(body)
        return b"".join((before, b"%d" % now_ms, after, body))

    def _head(self, body: bytearray) -> tuple[bytes, bytes]:
        """What is before and after the time of sending in the request's head."""
        path = "/collect?platform=Web&appId=shop_web&upload_timestamp=@"
        head = load.request(self._host, path, bytes(body))[: -len(body)]
        before, _, after = head.partition(b"@")
        self._heads[len(body)] = before, after
        return before, after


async def generate(url: str, seconds: float, rate: float, series: int) -> dict[str, float]:
    parts = urlsplit(url)
    run = FreshRun(parts.netloc, rate, seconds, series)
    made_cpu = time.process_time()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.stop)
    started = time.perf_counter()
    await run.connect(parts.hostname or "", parts.port or 80)
    await asyncio.wait_for(run.done, seconds * 5 + 60)
    elapsed = time.perf_counter() - started
    cpu = time.process_time() - made_cpu
    taken = sorted(run.latencies)
    return {
        "acknowledged": len(taken) * EVENTS,
        "failed": run.failed,
        "seconds": elapsed,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
        "cpu_us": cpu * 1e6 / (len(taken) * EVENTS),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=60_000.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument(
        "--series", type=int, default=0, help="runs of one home need different ones"
    )
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(generate(options.url, options.seconds, options.rate, options.series))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
