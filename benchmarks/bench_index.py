"""How long questions take on the journey index, beside DuckDB (our statements) and chDB.

    python benchmarks/bench_index.py --events 10000000 --visitors 400000 --peers duckdb,chdb
    python benchmarks/bench_index.py --events 100000000 --visitors 4000000 --peers ""
    python benchmarks/bench_index.py --events 0 --lake 2000000

Data are made bucket by bucket, straight into what the index is built from, and, for the peers, into
Parquet files of the same rows; they are asked on the same run, after the index, and their numbers
must be equal. Every question is asked once before it counts. A peer has two minutes for one run of
a question and six gigabytes, so all of it fits a machine of 23.

The first two build one copy, of visitors, from Arrow tables. `--lake` makes a lake and all three
copies of its index, and says what reading the lake takes and what is the index's own work.
Compiling is apart from both: it happens once for a home.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.explore.journeys.kernels.cache import keep_in
from sizes import parsed

DAY = 86_400_000_000
DAYS = 90
START = 20_000 * DAY
NAMES = [f"step_{n}" for n in range(20)] + [f"event_{n}" for n in range(20)]
DEVICES = ["desktop", "mobile", "tablet"]
PAGES = [f"/page/{n}" for n in range(200)]
BUCKET_ROWS = 4_000_000
PEER_SECONDS_MAX = 120
"""Of one run of one question; what takes longer is cut."""
FIELDS = ("page_path", "device_category")
COLUMNS = {
    "event_name": sorted(NAMES),
    "app_id": ["shop"],
    "page_path": PAGES,
    "device_category": DEVICES,
}
RANGE = {"start": "2024-10-04", "end": "2025-01-01"}
MONTH = {"start": "2024-12-01", "end": "2024-12-30"}


def table(random: np.random.Generator, first: int, visitors: int, rows: int) -> pa.Table:
    """Events of some visitors in the order of time, as `Source.read` has them."""
    who = first + random.integers(0, visitors, rows)
    times = np.sort(START + random.integers(0, DAYS * DAY, rows))
    ids = pa.array(np.frombuffer(random.bytes(16 * rows), "S16"), pa.binary(16)).cast(pa.binary())

    def drawn(values: list[str], weights: np.ndarray | None = None) -> pa.Array:
        codes = random.choice(len(values), rows, p=weights).astype(np.int32)
        return pa.DictionaryArray.from_arrays(codes, values).cast(pa.string())

    falling = 1 / np.arange(1, len(NAMES) + 1)
    return pa.table(
        {
            "a": pc.binary_join_element_wise(
                pa.scalar("shop/v"), pa.array(who).cast(pa.string()), ""
            ),
            "t": times,
            "received": times,
            "request_id": ids,
            "request_index": np.zeros(rows, np.int64),
            "event_name": drawn(NAMES, falling / falling.sum()),
            "app_id": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), ["shop"]).cast(
                pa.string()
            ),
            "is_bot": np.zeros(rows, np.bool_),
            "page_path": drawn(PAGES),
            "device_category": drawn(DEVICES),
        }
    )


def as_events(rows: pa.Table) -> pa.Table:
    """The same rows with the columns of the view `events` that questions read."""
    moment = pa.timestamp("us", "UTC")
    times = rows["t"].cast(moment)
    nothing = pa.nulls(rows.num_rows, pa.string())
    return pa.table(
        {
            "event_time": times,
            "received_at": times,
            "event_name": rows["event_name"],
            "request_id": rows["request_id"],
            "request_index": rows["request_index"],
            "event_id": rows["request_id"],
            "visitor_id": pc.utf8_slice_codeunits(rows["a"], 5),
            "user_id": nothing,
            "session_id": nothing,
            "app_id": rows["app_id"],
            "is_bot": rows["is_bot"],
            "page_path": rows["page_path"],
            "device_category": rows["device_category"],
        }
    )


def questions() -> dict[str, Any]:
    from footfall.explore.question import (
        EventsQuestion,
        FunnelQuestion,
        LifecycleQuestion,
        PathQuestion,
        RetentionQuestion,
    )
    from footfall.explore.question.reading import read

    def funnel(count: int) -> Any:
        steps = [{"event": NAMES[n]} for n in range(count)]
        return read(
            FunnelQuestion, {"range": RANGE, "steps": steps, "window": "30d", "app": "shop"}
        )

    path = {"per": "visitor", "gap": "12h", "steps": 5, "range": RANGE, "app": "shop"}
    by_day = {
        "series": [{"event": "step_0"}],
        "by": ["device_category"],
        "range": MONTH,
        "app": "shop",
    }
    weekly = {
        "unit": "week",
        "periods": 12,
        "range": RANGE,
        "start": {"event": "step_0"},
        "app": "shop",
    }
    return {
        "funnel, 4 steps": funnel(4),
        "funnel, 10 steps": funnel(10),
        "funnel, 20 steps": funnel(20),
        "retention, 12 weeks": read(RetentionQuestion, weekly),
        "life cycle, by week": read(
            LifecycleQuestion, {"unit": "week", "range": RANGE, "app": "shop"}
        ),
        "path, 5 deep": read(PathQuestion, path),
        "events by day, by device": read(EventsQuestion, by_day),
        "visitors by day, by device": read(
            EventsQuestion, by_day | {"series": [{"event": "step_0", "measure": "visitors"}]}
        ),
    }


class Spent:
    """Seconds of the wall's clock, and of processors, of what is done within it."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._wall
        self.cpu += time.process_time() - self._cpu

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} s of processors)"


def built(root: Path, events: int, visitors: int, is_kept: bool) -> tuple[Any, Spent]:
    """The index, and what it took without making the data."""
    from footfall.explore.journeys.build import Rows
    from footfall.explore.journeys.layout import Segment
    from footfall.explore.journeys.opened import Opened

    random, spent = np.random.default_rng(1), Spent()
    buckets = max(1, -(-events // BUCKET_ROWS))
    with contextlib.closing(Rows(root, "visitor", "visitor", COLUMNS)) as rows:
        for bucket in range(buckets):
            size, of = events // buckets, max(1, visitors // buckets)
            made = table(random, bucket * of, of, size)
            if is_kept:
                pq.write_table(as_events(made), root / f"events-{bucket}.parquet")
            with spent:
                rows.add(made)
            del made
        with spent:
            part = rows.finish()
    return Opened([Segment(root, part)], COLUMNS, threads=2), spent


def of_a_lake(root: Path, events: int) -> None:
    """Build all three copies from a lake, and say where the time goes."""
    from bench_query import Fixture
    from footfall.explore.journeys import source as sources
    from footfall.explore.journeys.build import Plan, build
    from footfall.query.engine import Engine
    from footfall.settings import load_settings

    settings = load_settings()
    fixture = Fixture(root / "home", events)
    fixture.publish()
    given = settings.index
    plan = Plan(given.fields, given.values_max, given.memory_max)
    whole, steps = Spent(), {}
    for name in ("values", "prints", "count", "read"):
        steps[name] = Spent()
        setattr(sources.Source, name, within(steps[name], getattr(sources.Source, name)))
    limits = msgspec.structs.replace(settings.query, time_max=3_600_000_000)
    engine = Engine(fixture.home, "default", limits, None)
    with sources.opened(engine, given.fields) as source:
        count = source.all_rows()
        with whole:
            made = build(source, root / "index", "b", plan)
    engine.close()
    print(
        f"an index of a lake of {count:,} events: {whole}, {made.bytes / count:.1f} bytes an event"
    )
    for name, spent in steps.items():
        print(f"    {name:<8} {spent}")
    own = Spent()
    own.wall = whole.wall - sum(one.wall for one in steps.values())
    own.cpu = whole.cpu - sum(one.cpu for one in steps.values())
    rows = sum(one.rows for one in made.parts)
    print(
        f"    itself   {own}, {rows / own.wall / 1e6:.2f} M rows/s, {rows:,} rows in three copies"
    )


def within(spent: Spent, work: Callable[..., Any]) -> Callable[..., Any]:
    def measured(*given: Any, **named: Any) -> Any:
        with spent:
            return work(*given, **named)

    return measured


def timed(runs: int, work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median seconds, least seconds of processors, after a run that counts not; last answer."""
    found = work()
    walls, cpus = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        found = work()
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - used)
    return statistics.median(walls), min(cpus), found


def scene_of(question: Any) -> Any:
    from footfall.explore.question.fields import known_fields
    from footfall.explore.question.reading import scene_of as made

    problems: list[str] = []
    scene = made(question, known_fields(), START + DAYS * DAY, problems)
    assert not problems, problems
    return scene


def by_index(opened: Any, question: Any) -> list[list[Any]]:
    from footfall.explore.journeys.index import _WAYS

    return _WAYS[type(question)].rows(opened, question, scene_of(question))


def by_duckdb(root: Path, name: str) -> Callable[[], list[list[Any]]]:
    import duckdb

    from footfall.explore.asking import compiled

    connection = duckdb.connect(
        config={"threads": "2", "memory_limit": "6GB", "temp_directory": str(root / "spill")}
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW events AS FROM read_parquet('{root}/*.parquet')")
    made = compiled(questions()[name], START + DAYS * DAY)
    return lambda: [list(row) for row in connection.execute(made.text(), made.values).fetchall()]


def by_chdb(root: Path, name: str) -> Callable[[], list[list[Any]]]:
    import chdb

    text = f"{chdb_queries(root)[name]} SETTINGS max_threads = 2, max_memory_usage = 6000000000"

    def ask() -> list[list[Any]]:
        found = str(chdb.query(text, "JSONCompactEachRow"))
        return [json.loads(row) for row in found.splitlines()]

    return ask


PEERS = {"duckdb": by_duckdb, "chdb": by_chdb}


def ask_peer(peer: str, root: Path, name: str, answers: Any) -> None:
    """In a process of its own: asks once for nothing, and once that counts."""
    ask = PEERS[peer](root, name)
    for _ in range(2):
        began = time.perf_counter()
        found = ask()
        answers.send((time.perf_counter() - began, found))


def of_peer(peer: str, root: Path, name: str) -> tuple[float, list[list[Any]]] | None:
    """Seconds and rows of a peer; `None`: one run took too long, and was cut.

    A process for each question gives its memory back, and can be ended whatever it does.
    """
    spawning = multiprocessing.get_context("spawn")
    answers, given = spawning.Pipe(duplex=False)
    process = spawning.Process(target=ask_peer, args=(peer, root, name, given))
    process.start()
    given.close()
    found = None
    try:
        for _ in range(2):
            found = answers.recv() if answers.poll(PEER_SECONDS_MAX) else None
            if found is None:
                break
    finally:
        process.kill()
        process.join()
    return found


def chdb_queries(root: Path) -> dict[str, str]:
    """The same questions in ClickHouse's words, those that it has functions for."""
    source = f"file('{root}/*.parquet', Parquet)"
    span = "event_time >= '2024-10-04 00:00:00' AND event_time < '2025-01-02 00:00:00'"

    def funnel(count: int) -> str:
        # Of columns that may be null ClickHouse takes eight conditions at most.
        steps = ", ".join(f"assumeNotNull(event_name) = 'step_{n}'" for n in range(count))
        names = ", ".join(f"'step_{n}'" for n in range(count))
        window = 30 * 86_400_000_000
        at = "assumeNotNull(toUInt64(toUnixTimestamp64Micro(event_time)))"
        return (
            f"SELECT level, count() FROM (SELECT visitor_id, windowFunnel({window})"
            f"({at}, {steps}) AS level FROM {source}"
            f" WHERE {span} AND event_name IN ({names}) GROUP BY visitor_id) GROUP BY level"
        )

    return {
        "funnel, 4 steps": funnel(4),
        "funnel, 10 steps": funnel(10),
        "funnel, 20 steps": funnel(20),
        "events by day, by device": (
            f"SELECT toDate(event_time) AS d, device_category, count() FROM {source}"
            " WHERE event_name = 'step_0' AND event_time >= '2024-12-01 00:00:00'"
            " AND event_time < '2024-12-31 00:00:00' GROUP BY d, device_category"
        ),
        "visitors by day, by device": (
            f"SELECT toDate(event_time) AS d, device_category, uniqExact(visitor_id) FROM {source}"
            " WHERE event_name = 'step_0' AND event_time >= '2024-12-01 00:00:00'"
            " AND event_time < '2024-12-31 00:00:00' GROUP BY d, device_category"
        ),
    }


def in_order(rows: list[list[Any]]) -> list[str]:
    return sorted(
        repr([one if isinstance(one, str | None) else float(one) for one in row]) for row in rows
    )


def numbers(question: Any, rows: list[list[Any]]) -> list[int]:
    """What chDB is held against: who got to each step; else the numbers of days and devices."""
    if hasattr(question, "steps"):
        return [int(one) for one in rows[0][1 : 1 + len(question.steps)]]
    return sorted(int(row[-1]) for row in rows if row[2] is not None and row[4] is not None)


def of_chdb(question: Any, rows: list[list[Any]]) -> list[int]:
    if hasattr(question, "steps"):
        far = {int(level): int(count) for level, count in rows}
        steps = range(1, len(question.steps) + 1)
        return [sum(count for level, count in far.items() if level >= one) for one in steps]
    return sorted(int(row[-1]) for row in rows)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--events", type=int, default=1_000_000)
    given.add_argument("--visitors", type=int, default=40_000)
    given.add_argument("--runs", type=int, default=3)
    given.add_argument("--peers", default="duckdb")
    given.add_argument("--lake", type=int, default=0, help="events of a lake; 0: none")
    options = parsed(given, events=20_000, visitors=1_000, runs=1, lake=5_000)
    peers = set(filter(None, options.peers.split(",")))
    with tempfile.TemporaryDirectory(prefix="footfall-index-") as directory:
        root = Path(directory)
        keep_in(Path(__file__).parents[1] / "build" / "kernels")
        from footfall.explore.journeys.warm import warm_up

        compiling = Spent()
        with compiling:
            warm_up()
        print(f"compiling, or loading what was compiled: {compiling}")
        if options.lake:
            of_a_lake(root, options.lake)
        if not options.events:
            return
        opened, spent = built(root, options.events, options.visitors, bool(peers))
        rate = options.events / spent.wall / 1e6
        size = sum(file.stat().st_size for file in (root / "visitor").iterdir())
        print(f"build: {spent}, {rate:.2f} M events/s, {size / options.events:.1f} bytes an event")
        report(root, opened, options.runs, peers)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"most memory, with the making of data: {most:.1f} GiB")


def report(root: Path, opened: Any, runs: int, peers: set[str]) -> None:
    for name, question in questions().items():
        seconds, cpu, found = timed(runs, lambda asked=question: by_index(opened, asked))
        line = f"{name:<28} index {seconds:7.3f} s ({cpu:.3f} s of processors)"
        for peer in sorted(peers):
            if peer == "chdb" and name not in chdb_queries(root):
                continue
            told = of_peer(peer, root, name)
            if told is None:
                line += f"   {peer} cut at {PEER_SECONDS_MAX} s"
                continue
            line += f"   {peer} {told[0]:7.3f} s"
            is_equal = (
                in_order(found) == in_order(told[1])
                if peer == "duckdb"
                else numbers(question, found) == of_chdb(question, told[1])
            )
            assert is_equal, f"{name}: {peer} has other numbers"
        print(line, flush=True)


if __name__ == "__main__":
    main()
