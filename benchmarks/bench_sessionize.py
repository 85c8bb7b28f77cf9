"""Events a second through `sessionize` with a warm state, beside Spark's `session_window`.

    python benchmarks/bench_sessionize.py [--events 1000000] [--batches 4] [--no-spark]

Shapes: `uniform` (100,000 visitors), `pareto` (a few visitors do most), `late` (2 % of events up to
30 minutes late), `giant` (one visitor has 30 % of all events), `visits` (200,000 visitors whose
sessions have 8 events 20 s apart on average, a user in a fifth and a campaign in a tenth of them:
what sites are like; in the others nearly each event is a session). A batch covers ten minutes of
event time. Besides `gap`: `step` (windows of 30 s), `keyed` (of a minute, by user and browser) and
`cuts` (`gap` cut at Berlin's midnight, by user and by campaign; users change with every tenth
event, far more than people do). The first warms the state and is not counted; of the others the
median counts. `CPU` is processor time of all threads: on a machine that does other work, wall time
says little. `micro` is a batch of 5,000 events on a state of 500,000 sessions.

    python benchmarks/bench_sessionize.py --definitions 4 [--events 1000000] [--batches 4]

Nothing of the above: the shape `visits` through so many definitions, an epoch a batch, and the most
memory that the process took.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.event import EVENT_SCHEMA, conform
from footfall.sessionize import Key, SessionDefinition, SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.sessionize.step import StepDefinition, Windows
from footfall.sessionize.zones import Zones
from sizes import parsed

VISITORS = 100_000
STRETCH = 10 * MINUTE
START = 1_700_000_000_000_000
DEFINITION = GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR)
CUTS = GapDefinition(
    30 * MINUTE,
    24 * HOUR,
    100_000,
    HOUR,
    name="cuts",
    midnight=Zones("Europe/Berlin"),
    on_user="any",
    on_campaign=True,
)
STEP = StepDefinition(Windows(30 * SECOND), HOUR)
KEYED = StepDefinition(Windows(MINUTE), HOUR, name="keyed", key=Key(("user_id", "browser")))
SHAPES = ("uniform", "pareto", "late", "giant", "visits")
VISIT_EVENTS = 8
VISIT_VISITORS = 200_000


def visitors_of(shape: str, count: int, random: np.random.Generator) -> np.ndarray:
    if shape == "pareto":
        return np.minimum((random.pareto(1.16, count) * 2_000).astype(np.int64), VISITORS - 1)
    visitors = random.integers(0, VISITORS, count)
    if shape == "giant":
        visitors[random.random(count) < 0.3] = 7
    return visitors


def visits(
    number: int, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Visitor, event time, user and campaign of each event, in the order of time."""
    visit = np.arange(count) // VISIT_EVENTS
    is_first = np.arange(count) % VISIT_EVENTS == 0
    pause = random.exponential(20 * SECOND, count).astype(np.int64)
    pause[is_first] = 0
    passed = np.cumsum(pause)
    passed -= passed[np.flatnonzero(is_first)][visit]
    time = START + number * STRETCH + random.integers(0, STRETCH, count)[visit] + passed
    order = np.argsort(time)
    owner = random.integers(0, VISIT_VISITORS, count)[visit]
    users = random.choice(3, count, p=[0.8, 0.1, 0.1])[visit]
    campaigns = ((random.random(count) < 0.1) & is_first).astype(np.int64)
    return owner[order], time[order], users[order], campaigns[order]


def make_events(shape: str, number: int, count: int) -> pa.Table:
    """One batch as the stages before give it: `EVENT_SCHEMA`, in order of receipt."""
    random = np.random.default_rng(1000 * SHAPES.index(shape) + number)
    received = START + number * STRETCH + np.sort(random.integers(0, STRETCH, count))
    event_time = received - random.integers(0, 2 * SECOND, count)
    if shape == "late":
        is_late = random.random(count) < 0.02
        event_time[is_late] -= random.integers(0, 30 * MINUTE, int(is_late.sum()))
    users = random.choice(3, count, p=[0.8, 0.1, 0.1])
    campaigns, names_max = np.zeros(count, np.int64), VISITORS
    owner = visitors_of(shape, count, random)
    if shape == "visits":
        owner, event_time, users, campaigns = visits(number, count, random)
        received = event_time + random.integers(0, 2 * SECOND, count)
        names_max = VISIT_VISITORS
    requests = random.bytes(16 * count)

    def pick(values: list[str | None], weights: list[float] | None = None) -> pa.Array:
        return named(values, random.choice(len(values), count, p=weights))

    def named(values: list[str | None], chosen: np.ndarray) -> pa.Array:
        chosen = chosen.astype(np.int32)
        return pa.DictionaryArray.from_arrays(chosen, pa.array(values, pa.string())).cast(
            pa.string()
        )

    names = np.char.add(
        "0f0e5c1e-7d4a-4b1f-9c55-", np.char.zfill(np.arange(names_max).astype(str), 12)
    )
    owner = owner.astype(np.int32)
    pages = [f"https://shop.example/products/{n}?utm_source=newsletter" for n in range(2_000)]
    return conform(
        pa.table(
            {
                "event_id": pa.FixedSizeBinaryArray.from_buffers(
                    pa.binary(16), count, [None, pa.py_buffer(requests)]
                ),
                "event_name": pick(
                    ["page_view", "click", "scroll", "user_engagement", "add_to_cart"],
                    [0.4, 0.3, 0.15, 0.1, 0.05],
                ),
                "app_id": pick(["shop"]),
                "protocol": pick(["aws"]),
                "platform": pick(["web"]),
                "visitor_id": pa.DictionaryArray.from_arrays(owner, pa.array(names)).cast(
                    pa.string()
                ),
                "user_id": named([None, "user-1", "user-2"], users),
                "campaign": named([None, "spring"], campaigns),
                "received_at": pa.array(received).cast(EVENT_SCHEMA.field("received_at").type),
                "event_time": pa.array(event_time).cast(EVENT_SCHEMA.field("event_time").type),
                "event_time_rule": pick(["device"]),
                "request_id": pa.FixedSizeBinaryArray.from_buffers(
                    pa.binary(16), count, [None, pa.py_buffer(requests)]
                ),
                "request_index": pa.array(np.zeros(count, np.int32)),
                "log_offset": pa.array(np.arange(count)),
                "page_url": pick(pages),
                "source": pick([None, "google", "newsletter"], [0.9, 0.05, 0.05]),
                "medium": pick([None, "cpc"], [0.9, 0.1]),
                "referrer_host": pick([None, "google.com"], [0.9, 0.1]),
                "browser": pick(["Chrome", "Safari", "Firefox"]),
                "os": pick(["Windows", "iOS", "Android"]),
                "device_category": pick(["desktop", "mobile"]),
                "language": pick(["en-GB", "de-DE"]),
                "engagement_ms": pa.array(random.integers(0, 5_000, count)),
                "client_session_number": pa.array(random.integers(1, 9, count)),
            }
        ),
        EVENT_SCHEMA,
    )


class Timer:
    """Wall and processor time of a `with` block, in seconds."""

    def __enter__(self) -> Timer:
        self._begin = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._begin[0]
        self.cpu = time.process_time() - self._begin[1]


def run_shape(
    shape: str, batches: int, count: int, definition: SessionDefinition = DEFINITION
) -> float:
    """Print and return events a second of wall time."""
    state, first, rest = SessionState.empty(definition.columns), [], []
    asked = 0
    for number in range(batches + 1):
        events = make_events(shape, number, count)
        with Timer() as timer:
            found = definition.sessionize(state, events)
        first.append(timer)
        with Timer() as timer:
            definition.assign(events, found.state)
            state = definition.close(found.state, START + number * STRETCH, number).state
        rest.append(timer)
        asked += found.repairs.num_rows
    wall, cpu = (statistics.median(getattr(t, n) for t in first[1:]) for n in ("wall", "cpu"))
    more = statistics.median(timer.cpu for timer in rest[1:])
    print(
        f"  {definition.name:5s} {shape:8s} {count / wall / 1e6:5.2f} M events/s"
        f"   CPU {1e9 * cpu / count:4.0f} ns/event"
        f" (assign and close {1e9 * more / count:4.0f})   {len(state):,} sessions, {asked} repairs"
    )
    return count / wall


def run_micro(sessions: int, count: int) -> None:
    """Time of a small batch on a large state: it must follow the batch, not the state."""
    events = make_events("uniform", 0, sessions)
    names = pa.array(np.char.add("visitor-", np.arange(sessions).astype(str)))
    column = events.schema.get_field_index("visitor_id")
    events = events.set_column(column, "visitor_id", names.cast(pa.string()))
    state = DEFINITION.sessionize(SessionState.empty(GAP_COLUMNS), events).state
    random, timers = np.random.default_rng(9), []
    base = make_events("uniform", 1, count)
    for _ in range(60):
        mine = names.take(pa.array(random.choice(sessions, count))).cast(pa.string())
        batch = base.set_column(column, "visitor_id", mine)
        with Timer() as timer:
            found = DEFINITION.sessionize(state, batch)
            assert found.touched.num_rows
        timers.append(timer)
        state = found.state
    wall, cpu = (sorted(1000 * getattr(t, n) for t in timers) for n in ("wall", "cpu"))
    print(
        f"  micro    {count:,} events on {len(state):,} sessions, with rows to show: median"
        f" {wall[30]:.0f} ms, p95 {wall[56]:.0f} ms; CPU {cpu[30]:.0f} ms, p95 {cpu[56]:.0f} ms"
    )


def run_memory(definitions: int, batches: int, count: int) -> None:
    """Memory of epochs with some definitions; a process measures one number of them."""
    chosen = (DEFINITION, STEP, KEYED, CUTS)[:definitions]
    states = [SessionState.empty(one.columns) for one in chosen]
    make_events("visits", 0, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    for number in range(batches + 1):
        events = make_events("visits", number, count)
        found = [
            one.sessionize(state, events, epoch=number + 1)
            for one, state in zip(chosen, states, strict=True)
        ]
        DEFINITION.assign(events, found[0].state)
        watermark = START + number * STRETCH
        states = [
            one.close(placed.state, watermark, number + 1).state
            for one, placed in zip(chosen, found, strict=True)
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(
        f"  {definitions} definitions, epochs of {count:,} events: {peak:,} MiB at most,"
        f" {before:,} of them to make the events;"
        f" {sum(map(len, states)):,} sessions in {sum(one.nbytes for one in states) >> 20:,} MiB"
    )


def run_spark(shape: str, batches: int, count: int) -> float | None:
    """Events a second of Spark Structured Streaming on the same events and keys."""
    try:
        from pyspark.sql import SparkSession
        from pyspark.sql import functions as sf
    except ImportError:
        print("  Spark is missing: install the group `bench` for the comparison")
        return None
    java = Path("/usr/lib/jvm/java-17-openjdk-amd64")
    if "JAVA_HOME" not in os.environ and java.exists():
        os.environ["JAVA_HOME"] = str(java)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "events"
        source.mkdir()
        for number in range(batches + 1):
            table = make_events(shape, number, count)
            columns = ["app_id", "visitor_id", "event_time", "event_name", "engagement_ms"]
            name = source / f"{number:03d}.parquet"
            pq.write_table(table.select(columns), name, coerce_timestamps="us")
            os.utime(name, (number + 1, number + 1))
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.memory", "4g")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        schema = spark.read.parquet(str(source)).schema
        stream = (
            spark.readStream.schema(schema).option("maxFilesPerTrigger", 1).parquet(str(source))
        )
        grouped = (
            stream.withWatermark("event_time", "1 hour")
            .groupBy("app_id", "visitor_id", sf.session_window("event_time", "30 minutes"))
            .agg(
                sf.count("*").alias("events"),
                sf.sum("engagement_ms").alias("engagement_ms"),
                sf.sum((sf.col("event_name") == "page_view").cast("int")).alias("views"),
            )
        )
        query = (
            grouped.writeStream.outputMode("append")
            .format("noop")
            .option("checkpointLocation", str(Path(folder) / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination(600)
        progress = [p for p in query.recentProgress if p["numInputRows"] == count]
        times = [p["durationMs"]["triggerExecution"] / 1000 for p in progress][1:]
        spark.stop()
    rate = count / statistics.mean(times)
    print(f"  {shape:8s} {rate / 1e6:6.2f} M events/s   Spark session_window, three sums, local[2]")
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--micro", type=int, default=500_000, help="sessions below a small batch")
    parser.add_argument("--definitions", type=int, choices=range(1, 5), help="measure memory alone")
    options = parsed(parser, events=2_000, batches=2, micro=5_000, no_spark=True)
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    if options.definitions:
        run_memory(options.definitions, options.batches, options.events)
        return
    rates: dict[str, float] = {}
    for shape in SHAPES:
        rates[shape] = run_shape(shape, options.batches, options.events)
    for definition in (STEP, KEYED, CUTS):
        for shape in ("uniform", "late", "visits"):
            run_shape(shape, options.batches, options.events, definition)
    run_micro(options.micro, 5_000)
    if not options.no_spark:
        spark = run_spark("uniform", options.batches, options.events)
        if spark:
            print(f"  ratio    {rates['uniform'] / spark:6.1f} times Spark's session_window")


if __name__ == "__main__":
    main()
