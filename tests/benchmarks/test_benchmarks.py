"""Each benchmark runs: a figure that nobody can measure again is no figure.

At a size of seconds, so times mean nothing and are not looked at: what is asserted is that a run
ends well, counted what it was given, and printed its figures. Most count for themselves what came
out at the end (events in the lake, once each) and fail if it is not all there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scale import IS_FULL

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 300
"""Of a run that hangs; each takes a few."""
SAID = {
    "bench_alerts": (r"sessions closed [1-9]\d*, told [1-9]",),
    "bench_bytes": (r"compacted +\d+\.\d+ bytes/event in [1-9]", r"state +\d+\.\d+ bytes/event"),
    "bench_catchup": (r"log of 1,800 events", r"all [1-9][\d,]* events are in the lake once"),
    "bench_cluster": (r"commit +p50 +\d", r"live +p50 .* of [1-9]", r"consumer +p50 .* of [1-9]"),
    "bench_collector": (
        r"durable, 20 events, sqlite +[1-9]",
        r"durable, 20 events, kafka +[1-9].* failed 0 ",
        r"refused: rate of its app",
    ),
    "bench_continuous": (
        r"seconds +first .* results +[1-9]",
        r"sessions +again .* asked +20 .* results +20\b",
    ),
    "bench_days": (r"rows of days past wait\n(.*\n)+a file a day\n.*\d",),
    "bench_crawl": (r"new files: [1-9].* 40 rows", r"known files: [1-9]"),
    "bench_dashboard": (r"5,000 events, 8 tiles", r"update, all tiles at once +median"),
    "bench_decode": (r"aws, requests of 20 .* events/s", r"keep +1,000 ids remembered .* events/s"),
    "bench_deliver": (r"200 events", r"parquet zstd +\d", r"Polars write_ndjson [1-9]"),
    "bench_duplicates": (r"filled with 72,000 ids", r"rebuild from events in memory: [\d,]+/s"),
    "bench_explore": (r"5,000 events, 100 visitors", r"funnel of 20 .*\d ms"),
    "bench_fast_ways": (r"aws, requests of 20", r"footfall, requests of 20"),
    "bench_hostile": (r"most for a request", r"a usual request of 20 events"),
    "bench_index": (
        r"funnel, 20 steps +index +\d+\.\d+ s .*duckdb +\d",
        r"path, 5 deep +index +\d+\.\d+ s .*duckdb +\d",
        r"life cycle, by week +index +\d+\.\d+ s .*duckdb +\d",
        r"itself .* rows in three copies",
    ),
    "bench_lake_month": (r"12 epochs of 20 events", r"metadata, last window / second: \d"),
    "bench_pipeline": (r"HTTP to visible .*\([1-9][\d,.]* events\)", r"bare server .*ratio"),
    "bench_query": (r"5,000 events in \d+ files", r"5 small files"),
    "bench_recovery": (r"[1-9][\d,]* acknowledged, each once", r"whole tree: visible .*of 1\)"),
    "bench_redefine": (r"[1-9][\d,]* events, [1-9][\d,]* sessions: .* ns/event",),
    "bench_repair": (r"lake: [1-9][\d,]* events", r"\d+ overrides, [1-9][\d,]* events"),
    "bench_runner": (r"embedded +[1-9][\d,]* events/s", r"sessions +\d+\.\d+ µs/event", r"30%"),
    "bench_serve": (r"ack to a new cut .* of 2\)", r"SQL at 1,000 events/s .* events at the end"),
    "bench_sessionize": (r"uniform", r"micro +5,000 events on [1-9]"),
    "bench_sessions_memory": (r"200 visitors +200 sessions",),
}
"""What a run says at its tiny size, as patterns. Spark, which two of them can measure beside, is
not part of it: it needs Java and `requirements/bench.lock`."""


LONG = {
    *("bench_bytes", "bench_cluster", "bench_collector", "bench_continuous", "bench_dashboard"),
    *("bench_explore", "bench_pipeline", "bench_query", "bench_recovery", "bench_serve"),
    *("bench_sessionize", "bench_sessions_memory"),
}
"""Most of the time of all; they run in `make test-full`, and whether they load is seen here."""


def test_every_benchmark_is_run() -> None:
    """A new one says here what it prints."""
    found = {file.stem for file in (ROOT / "benchmarks").glob("bench_*.py")}
    assert found == set(SAID)
    assert LONG < found


def test_those_of_the_full_run_load() -> None:
    """A name of the product that is gone is noticed by whoever takes it away."""
    load = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = subprocess.run(
        [sys.executable, "-c", load, *sorted(LONG)],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAID if IS_FULL else SAID.keys() - LONG))
def test_benchmark_runs(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    more = []
    if name == "bench_collector":
        more = ["--log", "both", "--kafka", request.getfixturevalue("kafka_broker").address]
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--tiny", *more],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    for pattern in SAID[name]:
        assert re.search(pattern, done.stdout), done.stdout
