"""Latency of typical statements over a lake of a million events and a tail, in a warm worker.

    python benchmarks/bench_query.py [--events 1000000] [--runs 40]

Each statement runs through the pool, as the studio runs it: guard, cut, views, DuckDB, JSON, pipe.
A new cut is published before each, as the pipeline does several times a second, so every run pays
for opening it. Three states of one lake: without overrides, with 5,000, and the same rows in 4,000
small files (a day of epochs without compaction). The yardstick is plain DuckDB on the same Parquet
files: no guard, no tail, no other process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from footfall.clock import DAY, MINUTE
from footfall.event import EVENT_SCHEMA, LAST_COLUMNS, conform
from footfall.home import Home
from footfall.lake import Lake
from footfall.lake.cut import HOT_SCHEMA, Cut, CutSessions, Plan, publish
from footfall.ledger import Ledger
from footfall.positions import Positions
from footfall.query import QueryPool
from footfall.session import OVERRIDE_SCHEMA, SESSION_SCHEMA
from footfall.settings import load_settings
from sizes import parsed

DAYS = 10
START = 20_000 * DAY
TAIL_BATCHES = 75
SMALL_FILES = 4_000
STATEMENTS = {
    "count of everything": "SELECT count(*) FROM events",
    "events by name, last day": (
        "SELECT event_name, count(*) FROM events WHERE event_time >= $day"
        " GROUP BY 1 ORDER BY 2 DESC"
    ),
    "visitors by page": (
        "SELECT page_url, count(DISTINCT visitor_id) AS visitors FROM events GROUP BY 1"
        " ORDER BY 2 DESC LIMIT 20"
    ),
    "newest 100, every column": "SELECT * FROM events ORDER BY event_time DESC LIMIT 100",
    "sessions with their events": (
        "SELECT s.entry_page, count(*), avg(s.duration_ms) FROM sessions s"
        " JOIN events e USING (session_id) GROUP BY 1 ORDER BY 2 DESC LIMIT 20"
    ),
}


class Fixture:
    """One home, and cuts over it in several states."""

    def __init__(self, root: Path, events: int) -> None:
        self.home = Home(root)
        self.tail_dir = self.home.tail_dir("default")
        self.tail_dir.mkdir(parents=True)
        self.sequence = 0
        self.visitors = max(1, events // 50)
        lake = Lake(self.home.lake_dir, "default")
        per_day = events // DAYS
        for day in range(DAYS):
            lake.commit("events", self.events(per_day, day, seed=day), day + 1)
            lake.commit("sessions", self.sessions(per_day // 10, day, seed=day), day + 1)
        self.plans = {table: self._plan(lake.plan(table)) for table in ("events", "sessions")}
        self.files = lake.plan("events").files
        self.tail = tuple(
            self._write("events", self.events(1_000, DAYS, seed=100 + number))
            for number in range(TAIL_BATCHES)
        )
        hot = self.sessions(5_000, DAYS, seed=200)
        flags = {
            "is_removed": pa.array([False] * hot.num_rows),
            "sequence": _whole(hot.num_rows, 1),
        }
        for name, values in flags.items():
            hot = hot.append_column(name, values)
        self.hot = (self._write("hot", conform(hot, HOT_SCHEMA)),)

    def publish(self, *, overrides: str | None = None, plan: str | None = None) -> None:
        """A new cut of the same files."""
        self.sequence += 1
        cut = Cut(
            project="default",
            sequence=self.sequence,
            published_at=0,
            positions=Positions(),
            epoch=DAYS,
            watermark=START + DAYS * DAY + self.sequence,
            ledger=Ledger(),
            plans={**self.plans, **({} if plan is None else {"events": plan})},
            tail={"events": self.tail},
            sessions={"gap": CutSessions(1, START + DAYS * DAY - 30 * MINUTE, self.hot)},
            overrides=overrides,
        )
        publish(cut, self.home.cut_file("default"))

    def overrides(self, visitors: int, each: int) -> str:
        """Overrides for some visitors, spread over the days."""
        count = visitors * each
        start = START + np.tile(np.arange(each) * DAY, visitors)
        rows = pa.Table.from_arrays(
            [
                pa.array(["shop"] * count),
                pa.array([f"v{n}" for n in np.repeat(np.arange(visitors), each)]),
                _instants(start),
                _instants(start + DAY // 2),
                _ids(np.arange(count) + 10**9),
                _whole(count, 1),
            ],
            schema=OVERRIDE_SCHEMA,
        )
        return self._write("overrides", rows)

    def small_files(self, count: int) -> str:
        """The lake's events once more, in `count` files."""
        directory = self.home.lake_dir / "default" / "events" / "small"
        directory.mkdir()
        paths = []
        for path in self.files:
            table = pq.read_table(path)
            size = -(-table.num_rows * len(self.files) // count)
            for start in range(0, table.num_rows, size):
                paths.append(str(directory / f"{len(paths)}.parquet"))
                pq.write_table(table.slice(start, size), paths[-1], compression="zstd")
        return self._plan(Plan("events", -1, tuple(paths), 0))

    def events(self, count: int, day: int, seed: int) -> pa.Table:
        """Events of one day."""
        random = np.random.default_rng(seed)
        visitor = random.zipf(1.3, count) % self.visitors
        moment = START + day * DAY + np.sort(random.integers(0, DAY, count))
        names = np.array(["page_view", "click", "scroll", "purchase"])
        page = random.integers(0, 500, count)
        given = {
            "event_id": _ids(random.integers(0, 2**62, count)),
            "event_name": pa.array(names[random.integers(0, 4, count)]),
            "visitor_id": pa.array([f"v{n}" for n in visitor]),
            "session_id": _ids(visitor * 1000 + day),
            "received_at": _instants(moment),
            "event_time": _instants(moment),
            "request_id": _ids(random.integers(0, 2**62, count)),
            "page_url": pa.array([f"https://shop.example/product/{n}" for n in page]),
            "page_title": pa.array([f"Product {n}" for n in page]),
            "properties": pa.array([f'{{"price":{n},"list":"search"}}' for n in page]),
        }
        return _filled(given, EVENT_SCHEMA, count)

    def sessions(self, count: int, day: int, seed: int) -> pa.Table:
        """Sessions of one day; one in a hundred is a later revision."""
        random = np.random.default_rng(seed)
        moment = START + day * DAY + np.sort(random.integers(0, DAY, count))
        given = {
            "session_id": _ids(np.arange(count) * 1000 + day),
            "revision": pa.array(1 + (np.arange(count) % 100 == 0), pa.int32()),
            "visitor_id": pa.array([f"v{n}" for n in range(count)]),
            "started_at": _instants(moment),
            "ended_at": _instants(moment + 5 * MINUTE),
            "entry_page": pa.array(
                [f"https://shop.example/product/{n % 500}" for n in range(count)]
            ),
        }
        return _filled(given, SESSION_SCHEMA, count)

    def _plan(self, plan: Plan) -> str:
        name = f"plan-{plan.table}-{plan.snapshot_id}.json"
        (self.tail_dir / name).write_bytes(msgspec.json.encode(plan))
        return name

    def _write(self, kind: str, rows: pa.Table) -> str:
        name = f"{kind}-{len(list(self.tail_dir.iterdir())):06d}.arrow"
        with ipc.new_file(self.tail_dir / name, rows.schema) as writer:
            writer.write_table(rows)
        return name


def _filled(given: dict[str, pa.Array], schema: pa.Schema, count: int) -> pa.Table:
    """`given`, and constants for the other required columns."""
    constants: dict[pa.DataType, Any] = {
        pa.string(): "shop",
        pa.bool_(): False,
        pa.int32(): 1,
        pa.int64(): 1,
    }
    columns = dict(given)
    for field in schema:
        if not field.nullable and field.name not in {*columns, *LAST_COLUMNS}:
            columns[field.name] = pa.repeat(pa.scalar(constants[field.type], field.type), count)
    columns.setdefault("epoch", _whole(count, 1))
    return conform(pa.table(columns), schema)


def _ids(numbers: np.ndarray) -> pa.Array:
    data = np.zeros((len(numbers), 2), ">u8")
    data[:, 1] = numbers
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), len(numbers), [None, pa.py_buffer(data.tobytes())]
    )


def _instants(moments: np.ndarray) -> pa.Array:
    return pa.array(moments, pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def _whole(count: int, value: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.int64()), count)


async def measure(
    fixture: Fixture, pool: QueryPool, runs: int, publish_cut: Callable[[], None]
) -> dict[str, list[float]]:
    """Seconds of each run of each statement."""
    day = {"day": _day()}
    found: dict[str, list[float]] = {}
    for name, sql in STATEMENTS.items():
        parameters = day if "$day" in sql else ()
        publish_cut()
        await pool.run(sql, parameters)
        seconds = []
        for _ in range(runs):
            publish_cut()
            start = time.perf_counter()
            await pool.run(sql, parameters)
            seconds.append(time.perf_counter() - start)
        found[name] = seconds
    return found


def _day() -> str:
    return np.datetime_as_string(np.datetime64(START + (DAYS - 1) * DAY, "us")) + "+00"


def yardstick(fixture: Fixture, runs: int) -> dict[str, float]:
    """Median seconds of the statements over events alone, in plain DuckDB."""
    connection = duckdb.connect(config={"threads": str(load_settings().query.threads)})
    connection.execute("SET TimeZone = 'UTC'")
    files = ", ".join(f"'{file}'" for file in fixture.files)
    connection.execute(f"CREATE VIEW events AS FROM read_parquet([{files}])")
    medians = {}
    for name, sql in STATEMENTS.items():
        if "sessions" in sql:
            continue
        values = {"day": _day()} if "$day" in sql else None
        seconds = []
        for _ in range(runs + 1):
            start = time.perf_counter()
            with connection.sql(sql, params=values).to_arrow_reader(10_000) as reader:
                reader.read_all()
            seconds.append(time.perf_counter() - start)
        medians[name] = statistics.median(seconds[1:])
    return medians


def show(title: str, found: dict[str, list[float]], plain: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, seconds in found.items():
        p50, p99 = (1000 * np.percentile(seconds, q) for q in (50, 99))
        ratio = f"{p50 / 1000 / plain[name]:6.1f} × plain DuckDB" if name in plain else ""
        print(f"  {name:<28} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms  {ratio}")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--small", type=int, default=SMALL_FILES, help="files in the last state")
    arguments = parsed(parser, events=5_000, runs=2, small=5)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    )
    with tempfile.TemporaryDirectory() as directory:
        fixture = Fixture(Path(directory), arguments.events)
        print(
            f"{arguments.events:,} events in {len(fixture.files)} files,"
            f" {TAIL_BATCHES * 1000:,} in the tail"
        )
        plain = yardstick(fixture, arguments.runs)
        overrides = fixture.overrides(min(fixture.visitors, 1_000), 5)
        small = fixture.small_files(arguments.small)
        pool = QueryPool(fixture.home, "default", load_settings().query)
        fixture.publish()
        start = time.perf_counter()
        await pool.run("SELECT 1")
        print(f"first statement, with the start of its worker: {time.perf_counter() - start:.2f} s")
        show("no overrides", await measure(fixture, pool, arguments.runs, fixture.publish), plain)
        show(
            "5,000 overrides",
            await measure(
                fixture, pool, arguments.runs, lambda: fixture.publish(overrides=overrides)
            ),
            plain,
        )
        show(
            f"{arguments.small:,} small files",
            await measure(
                fixture, pool, max(3, arguments.runs // 8), lambda: fixture.publish(plan=small)
            ),
            plain,
        )
        await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
