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
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench_pipeline import newest, resident_mib, run_generator
from footfall.home import Home
from footfall.live import decode_snapshot
from footfall.query import QueryPool
from footfall.settings import load_settings

RATE = 1000.0
PROBES = 60
STATEMENTS = (
    "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC",
    "SELECT date_trunc('minute', event_time), count(DISTINCT visitor_id) FROM events GROUP BY 1",
    "SELECT status, count(*), avg(duration_ms) FROM sessions GROUP BY 1",
    "SELECT page_path, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 20",
    "SELECT s.entry_page, count(*) FROM sessions s JOIN events e USING (session_id) GROUP BY 1",
)


def start(home: Path) -> tuple[subprocess.Popen[str], dict[str, object], float]:
    command = [sys.executable, "-m", "footfall.cli.main", "serve", "--json", "--home", str(home)]
    command += ["--set", "collector.port=0", "--set", "studio.port=0"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = ""
    while not text.endswith("\n}\n"):
        text += process.stdout.readline()
    return process, json.loads(text), time.perf_counter() - started


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


def freshness(home: Path, url: str) -> tuple[list[float], list[float]]:
    """Seconds from the ack of a probe until the live snapshot and a cut have it."""
    live, cuts = [], []
    for number in range(PROBES):
        offset = number + 1
        post(url, "web")
        acknowledged = time.perf_counter()
        seen = {"live": 0.0, "cut": 0.0}
        while not all(seen.values()):
            snapshot = decode_snapshot(Home(home).live_file("default").read_bytes())
            if not seen["live"] and _probes(snapshot) >= offset:
                seen["live"] = time.perf_counter() - acknowledged
            if not seen["cut"] and newest(home).ledger.decoded >= offset:
                seen["cut"] = time.perf_counter() - acknowledged
            time.sleep(0.002)
        live.append(seen["live"])
        cuts.append(seen["cut"])
        time.sleep(0.1)
    return live, cuts


def _probes(snapshot: object) -> int:
    rows = snapshot.people.events.rows  # type: ignore[attr-defined]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.home) as directory:
        measure(Path(directory) / "home", arguments.seconds)


def measure(home: Path, seconds: float) -> None:
    process, _, first = start(home)
    process.terminate()
    process.wait(60)
    process, addresses, again = start(home)
    try:
        time.sleep(5)
        idle = resident_mib([process.pid, *addresses["pids"].values()])  # type: ignore[attr-defined]
        url = str(addresses["collector"])
        live, cuts = freshness(home, url)
        command = [sys.executable, "-m", "footfall.cli.main", "key", "create", "shop_web"]
        subprocess.run([*command, "--home", str(home), "--quiet"], check=True)
        time.sleep(1)
        load = threading.Thread(target=run_generator, args=(url, seconds + 5, RATE))
        load.start()
        time.sleep(5)
        sql = asyncio.run(statements(home, seconds))
        load.join()
        events = newest(home).ledger.events
    finally:
        process.terminate()
        process.wait(60)
    imports = import_seconds()
    print(f"start to ready, new home   {first:6.2f} s; later {again:.2f} s,")
    print(f"                           {again / imports:.1f} × importing the libraries once")
    print(f"idle memory of the tree    {idle:6.0f} MiB (PSS of all processes)")
    print(f"ack to live snapshot       {quantiles(live)}")
    print(f"ack to a new cut           {quantiles(cuts)}")
    print(f"SQL at {RATE:,.0f} events/s      {quantiles(sql)}; {events:,} events at the end")


if __name__ == "__main__":
    main()
