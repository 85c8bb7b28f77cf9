"""Continuous queries: windows and closed sessions asked a second, and what an epoch costs.

    python benchmarks/bench_continuous.py [--events 1000000] [--only hopping]

One home with an hour of events, four a session, in one epoch. Then the consumer is given that epoch
(`note`: finding the windows and noting them durably) and asked to run until nothing waits: windows
of a second, a statement each; ten minutes, one each minute (`hopping`: each event is in ten), and
closed sessions, thousands in one statement. `again` gives it the same epoch once more: everything
is asked, every answer is as before, nothing is written. `rows` are those that one window reads.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

from footfall.clock import HOUR, SECOND, SystemClock
from footfall.continuous.consumer import ContinuousQueries, make
from footfall.home import Home
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.pipeline import ConsumerPlace, Positions, Progress
from footfall.pipeline._run import build
from footfall.pipeline.consumers.committed import EpochReader
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import QueryDefinition, Window, load_settings
from footfall.testing.memory_log import MemoryLog
from footfall.testing.sim_clock import SimClock

START = 1_790_000_000 * SECOND
A_REQUEST = 20
QUERIES = {
    "seconds": QueryDefinition(
        'SELECT event_name, count(*) AS n FROM "window" GROUP BY event_name', "1s"
    ),
    "hopping": QueryDefinition(
        'SELECT event_name, count(*) AS n, count(DISTINCT visitor_id) AS visitors FROM "window"'
        " GROUP BY event_name",
        "10m by 1m",
    ),
    "sessions": QueryDefinition(
        'SELECT session_id, duration_ms, events FROM "window"', "session gap", "sessions"
    ),
}
OVERRIDES = ("sessions.gap=5s", "pipeline.epoch_age_max=1h", "continuous.run_interval=1ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", choices=QUERIES)
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args()
    count = 80 if given.tiny else given.events
    print(f"{count:,} events in an hour, {count // 4:,} sessions, {os.cpu_count()} cores")
    for name, definition in QUERIES.items():
        if given.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as directory:
            measure(Home(Path(directory)), name, definition, count)


def measure(home: Home, name: str, definition: QueryDefinition, count: int) -> None:
    """One query over a home of its own."""
    settings = load_settings(overrides=OVERRIDES)
    clock, log = SimClock(START), MemoryLog()
    log.append([encode_request(one) for one in requests(count)])
    with_project(home, name, definition)
    clock.advance(2 * HOUR)
    pipeline = build(home, settings, "default", log, clock)
    pipeline.recover()
    pipeline.finish()
    epochs = pipeline.epoch
    pipeline.close()
    place = ConsumerPlace(
        home, "default", home.state_dir("default"), 1, Positions(), clock.now_us(), settings
    )
    metadata = Metadata.open(home)
    reader = EpochReader("default", metadata, lambda: Lake(home.lake_dir, "default"))
    for label in ("first", "again"):
        consumer = make(place)
        began = timer()
        for number in range(1, epochs + 1):
            consumer.committed(reader.epoch(number))
        noted, used = timer(), processor_seconds()
        asked, results = run(consumer, clock, home)
        took = timer() - noted
        consumer.close()  # its workers' time counts when they have ended
        each = 1000 / max(1, asked)
        print(
            f"{name:<9}{label:<6} note {(noted - began) * 1000:8.1f} ms  asked {asked:7,}"
            f" in {took:7.2f} s  {took * each:8.2f} ms each, of the processor"
            f" {(processor_seconds() - used) * each:8.2f}  rows {rows_of(definition, count):7,}"
            f"  results {results:7,}"
        )
    reader.close()
    metadata.close()


def processor_seconds() -> float:
    """Of this process, and of those that it started and that have ended."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


def rows_of(definition: QueryDefinition, count: int) -> int:
    """Events that one window has, about."""
    window = Window.of(definition.window)
    return 4 if window.session else count * window.size // HOUR


def run(consumer: ContinuousQueries, clock: SimClock, home: Home) -> tuple[int, int]:
    """Let it ask all there is; how many windows, and how many results there are by then."""
    pending = consumer._parts.pending
    ((name, version),) = consumer._known
    waiting = asked = pending.count(name, version)
    while waiting:
        clock.advance(SECOND)
        consumer.watermark(progress(clock.now_us()))
        waiting = pending.count(name, version)
    lake = Lake(home.lake_dir, "default")
    results = lake.read("query_results", ("query",)).num_rows
    lake.close()
    return asked, results


def progress(at: int) -> Progress:
    """As the pipeline tells it; only the time is used."""
    from footfall.ledger import Ledger

    return Progress(at, at, 0, Positions(), 0, Ledger(), 0, 0)


def requests(count: int) -> list[Request]:
    """Sessions of four events, a second apart, spread over the hour."""
    made = []
    for number in range(0, count, A_REQUEST):
        events = [event(one, count) for one in range(number, min(count, number + A_REQUEST))]
        body = json.dumps({"events": events}).encode()
        made.append(
            Request(
                version=REQUEST_VERSION,
                request_id=uuid.UUID(int=number + (7 << 76)).bytes,
                received_at=START + 2 * HOUR,
                protocol="footfall",
                app_id="shop",
                credential="shop",
                trusted=False,
                method="POST",
                path="/v1/events",
                query="",
                headers=(("content-type", "application/json"),),
                client_ip="127.0.0.1",
                body=body,
                body_bytes=len(body),
            )
        )
    return made


def event(number: int, count: int) -> dict[str, Any]:
    """One event of the wire format."""
    session = number // 4
    at = START + session * (HOUR - 10 * SECOND) // max(1, count // 4) + number % 4 * SECOND
    return {
        "event_id": str(uuid.UUID(int=number + 1)),
        "name": ("view", "click")[number % 2],
        "timestamp": at // 1000,
        "visitor_id": f"v{session}",
    }


def with_project(home: Home, name: str, definition: QueryDefinition) -> None:
    """A home that has the query."""
    metadata = Metadata.open(home)
    metadata.create_project("default")
    metadata.queries.put("default", name, definition, 50)
    metadata.close()


timer = SystemClock().monotonic

if __name__ == "__main__":
    main()
