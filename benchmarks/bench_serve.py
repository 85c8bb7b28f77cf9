"""The whole tree as people meet it: start, idle memory, freshness and SQL at 1,000 events/s.

    python benchmarks/bench_serve.py [--seconds 20] [--home DIR]

Freshness is the time from an acknowledgement until the event's number is in the live snapshot and
in a new cut. SQL runs as the studio runs it, in warm workers, one statement after another. The
yardstick for the start is the Python interpreter importing the libraries and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from footfall.home import Home
from footfall.live import LiveSnapshot, decode_snapshot
from footfall.query import QueryPool
from footfall.settings import load_settings
from sizes import parsed
from tree import Tree, create_app, generator, result_of, running

RATE = 1000.0
PROBES = 60
WAIT_SECONDS_MAX = 60.0
STATEMENTS = (
    "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC",
    "SELECT date_trunc('minute', event_time), count(DISTINCT visitor_id) FROM events GROUP BY 1",
    "SELECT status, count(*), avg(duration_ms) FROM sessions GROUP BY 1",
    "SELECT page_path, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 20",
    "SELECT s.entry_page, count(*) FROM sessions s JOIN events e USING (session_id) GROUP BY 1",
)


def import_seconds() -> float:
    code = "import pyarrow, polars, pyiceberg.catalog.sql, sqlalchemy"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def post(url: str, write_id: str) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/v1/events", b'{"name":"probe"}', {"X-Write-Id": write_id})
    assert connection.getresponse().status == 200
    connection.close()


def freshness(tree: Tree, probes: int) -> tuple[list[float], list[float]]:
    """Seconds from the ack of a probe until the live snapshot and a cut have it."""
    live, cuts = [], []
    for number in range(1, probes + 1):
        post(tree.collector, "web")
        acknowledged = time.perf_counter()
        seen = {"live": 0.0, "cut": 0.0}
        while not all(seen.values()):
            snapshot = decode_snapshot(tree.home.live_file("default").read_bytes())
            if not seen["live"] and _probes(snapshot) >= number:
                seen["live"] = time.perf_counter() - acknowledged
            if not seen["cut"] and tree.cut().ledger.decoded >= number:
                seen["cut"] = time.perf_counter() - acknowledged
            assert time.perf_counter() < acknowledged + WAIT_SECONDS_MAX, "a probe is never seen"
            time.sleep(0.002)
        live.append(seen["live"])
        cuts.append(seen["cut"])
        time.sleep(0.1)
    return live, cuts


def _probes(snapshot: LiveSnapshot) -> int:
    rows = snapshot.people.events.rows
    return next((row.count for row in rows if row.value == "probe"), 0)


async def statements(home: Path, seconds: float) -> list[float]:
    pool = QueryPool(Home(home), "default", load_settings().query)
    taken = []
    try:
        await pool.run(STATEMENTS[0], format="json")
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            for statement in STATEMENTS:
                started = time.perf_counter()
                await pool.run(statement, format="json")
                taken.append(time.perf_counter() - started)
                await asyncio.sleep(0.05)
    finally:
        await pool.close()
    return taken


def quantiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    share = [ordered[min(len(ordered) * part // 100, len(ordered) - 1)] for part in (50, 95, 99)]
    values = " / ".join(f"{value * 1000:.0f}" for value in share)
    return f"{values} ms (p50 / p95 / p99 of {len(ordered)})"


def measure(home: Path, options: argparse.Namespace) -> None:
    started = time.perf_counter()
    with running(home, "studio.port=0", parts=()) as tree:
        first = time.perf_counter() - started
        tree.stop()
    create_app(home)
    started = time.perf_counter()
    with running(home, "studio.port=0", parts=()) as tree:
        again = time.perf_counter() - started
        time.sleep(options.settle)
        idle, _ = tree.memory_mib()
        live, cuts = freshness(tree, options.probes)
        loading = generator(tree.collector, RATE, options.seconds + options.settle, series=1)
        time.sleep(options.settle)
        sql = asyncio.run(statements(home, options.seconds))
        sent = result_of(loading)
        tree.stop()
    events = tree.cut().ledger.events
    assert events == round(sent["acknowledged"]) + options.probes, (events, sent)
    imports = import_seconds()
    print(f"start to ready, new home   {first:6.2f} s; later {again:.2f} s,")
    print(f"                           {again / imports:.1f} × importing the libraries once")
    print(f"idle memory of the tree    {idle:6.0f} MiB (PSS of all processes)")
    print(f"ack to live snapshot       {quantiles(live)}")
    print(f"ack to a new cut           {quantiles(cuts)}")
    print(f"SQL at {RATE:,.0f} events/s      {quantiles(sql)}; {events:,} events at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--probes", type=int, default=PROBES)
    parser.add_argument("--settle", type=float, default=5.0, help="seconds before it counts")
    options = parsed(parser, seconds=0.5, probes=2, settle=0.2)
    with tempfile.TemporaryDirectory(dir=options.home) as directory:
        measure(Path(directory) / "home", options)


if __name__ == "__main__":
    main()
