"""How long the explore models take over a lake of ten million events, in a warm worker.

    python benchmarks/bench_explore.py [--events 10000000] [--runs 5]

Each question goes the whole way, as the studio asks it: checked, made into a statement, guarded,
run by a worker, read back, made into an answer. The yardstick is plain DuckDB running the same
statement over the same data files: what is beyond it is ours.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from bench_query import DAYS, START, Fixture
from footfall.clock import DAY
from footfall.explore.asking import answering, compiled
from footfall.explore.question import EventsQuestion, FunnelQuestion, RetentionQuestion
from footfall.explore.question.reading import read
from footfall.explore.running import run_on
from footfall.query import QueryPool
from footfall.settings import load_settings
from sizes import parsed

NOW = START + DAYS * DAY - 1
NAMES = ("page_view", "click", "scroll", "purchase")
RANGE = {"last": DAYS, "unit": "day"}


def steps(count: int) -> list[dict[str, Any]]:
    return [{"event": NAMES[number % len(NAMES)]} for number in range(count)]


QUESTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "events by day, by page": (
        EventsQuestion,
        {"series": [{"event": "page_view"}], "by": ["page_url"]},
    ),
    "visitors by day": (
        EventsQuestion,
        {"series": [{"event": "page_view", "measure": "visitors"}]},
    ),
    "sum of a property": (
        EventsQuestion,
        {"series": [{"event": "purchase", "measure": "sum", "of": "properties.price"}]},
    ),
    "funnel of 4": (FunnelQuestion, {"steps": steps(4), "window": "1d"}),
    "funnel of 10": (FunnelQuestion, {"steps": steps(10), "window": "1d"}),
    "funnel of 20": (FunnelQuestion, {"steps": steps(20), "window": "1d"}),
    "retention of 7 days": (RetentionQuestion, {"start": {"event": "page_view"}}),
}


async def measured(pool: QueryPool, question: Any, runs: int) -> list[float]:
    """Seconds of each run; the first one, which warms up, left out."""
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        answer = await run_on(pool, lambda: answering(question, NOW))
        seconds.append(time.perf_counter() - start)
        assert any(row.count if hasattr(row, "count") else row.value for row in answer.rows)
    return seconds[1:]


def plain(fixture: Fixture, question: Any, runs: int) -> float:
    """Median seconds of the same statement in plain DuckDB, over the lake's files alone."""
    connection = duckdb.connect(config={"threads": str(load_settings().query.threads)})
    files = ", ".join(f"'{file}'" for file in fixture.files)
    connection.execute(f"CREATE VIEW events AS FROM read_parquet([{files}])")
    made = compiled(question, NOW)
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        connection.execute(made.text(), made.values).fetchall()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parsed(parser, events=5_000, runs=1)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} cores, {platform.system()}")
    with tempfile.TemporaryDirectory() as directory:
        fixture = Fixture(Path(directory), arguments.events)
        fixture.publish()
        print(f"{arguments.events:,} events, {fixture.visitors:,} visitors, {DAYS} days")
        pool = QueryPool(fixture.home, "default", load_settings().query)
        for name, (kind, asked) in QUESTIONS.items():
            question = read(kind, {"range": RANGE, **asked})
            seconds = await measured(pool, question, arguments.runs)
            median, bare = statistics.median(seconds), plain(fixture, question, arguments.runs)
            print(
                f"  {name:<24} median {median * 1000:8.0f} ms   slowest {max(seconds) * 1000:8.0f}"
                f" ms   {median / bare:5.1f} × plain DuckDB"
            )
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
