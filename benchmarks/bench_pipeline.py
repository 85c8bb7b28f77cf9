"""Events per second from HTTP to committed Iceberg rows, and how fresh SQL is meanwhile.

    python benchmarks/bench_pipeline.py [--seconds 20] [--rate 40000] [--home DIR]

A real tree (collector and pipeline), the load generator on the same cores. Requests hold 20 events
of about 1 KB, every event id is new, visitors follow a Pareto distribution. The generator paces
itself at `--rate`; what is acknowledged but not visible at the end says whether the pipeline kept
up. The figure is events divided by the time from the first request to the end of a clean stop,
which commits everything to the lake. The yardstick is PyArrow writing the same rows to one Parquet
file with nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import uvloop

import load
from footfall.home import Home
from footfall.lake import Lake
from footfall.lake.cut import Cut, read_cut

EVENTS = 20
VISITORS = 50_000
CONNECTIONS = 16
SETTINGS = ("collector.port=0", "collector.rate_per_app_max=1000000")


class FreshRun(load.Run):
    """Requests made before the clock starts, each sent once: no event id twice, paced."""

    def __init__(self, host: str, rate: float, seconds: float, connections: int) -> None:
        super().__init__([], connections)
        self._rng = random.Random(11)  # noqa: S311
        self._host = host
        self._parts = _split(load.event(self._rng, 0))
        self.rate = rate
        self.sent = 0
        self.requests = [self._make() for _ in range(round(rate * seconds / EVENTS))]
        self.started = time.perf_counter()

    def next_request(self) -> bytes:
        self.sent += EVENTS
        request = self.requests.pop()
        self.is_over = not self.requests
        return request

    def note(self, data: bytes, seconds: float) -> None:
        super().note(data, seconds)
        self.is_over = not self.requests

    def _make(self) -> bytes:
        now = int(time.time() * 1000)
        bodies = ",".join(self._event(now - index) for index in range(EVENTS))
        query = f"/collect?platform=Web&appId=shop_web&upload_timestamp={now}"
        return load.request(self._host, query, f"[{bodies}]".encode())

    def _event(self, now: int) -> str:
        visitor = int(self._rng.paretovariate(1.1)) % VISITORS
        identity = f"{self._rng.getrandbits(128):032x}"
        return "".join(
            (
                self._parts[0],
                f"{identity[:8]}-{identity[8:12]}-4{identity[13:16]}-8{identity[17:20]}-{identity[20:]}",
                self._parts[1],
                f"00000000-0000-4000-8000-{visitor:012x}",
                self._parts[2],
                str(now),
                self._parts[3],
            )
        )

    def wait_seconds(self) -> float:
        ahead = self.sent / self.rate - (time.perf_counter() - self.started)
        return max(ahead, 0.0)


def _split(event: dict[str, object]) -> list[str]:
    """The event's JSON around its id, its visitor and its time."""
    text = json.dumps(event, separators=(",", ":"))
    parts = []
    for name in ("event_id", "unique_id"):
        head, text = text.split(f'"{event[name]}"', 1)
        parts.append(head + '"')
        text = '"' + text
    head, text = text.split(f'"timestamp":{event["timestamp"]}', 1)
    return [*parts, head + '"timestamp":', text]


class PacedClient(load.Client):
    """Waits its turn when the run is ahead of its rate."""

    def send(self) -> None:
        if not self.run.requests:
            self.transport.close()
            return
        wait = self.run.wait_seconds()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.send_now)
        else:
            super().send()

    def send_now(self) -> None:
        if self.run.requests:
            super().send()
        else:
            self.transport.close()


async def generate(url: str, seconds: float, rate: float) -> dict[str, float]:
    parts = urlsplit(url)
    run = FreshRun(parts.netloc, rate, seconds, CONNECTIONS)
    run.is_measuring = True
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: PacedClient(run), parts.hostname, parts.port)
    await asyncio.wait_for(run.done, seconds * 5 + 60)
    taken = sorted(run.latencies)
    return {
        "acknowledged": len(taken) * EVENTS,
        "failed": run.failed,
        "seconds": time.perf_counter() - run.started,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
    }


def run_generator(url: str, seconds: float, rate: float) -> dict[str, float]:
    command = [sys.executable, __file__, "--generate", url]
    command += ["--seconds", str(seconds), "--rate", str(rate)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=seconds * 6 + 120)
    return dict(json.loads(done.stdout))


def newest(home: Path) -> Cut:
    cut = read_cut(Home(home).cut_file("default"))
    assert cut is not None
    return cut


def start(home: Path) -> tuple[subprocess.Popen[str], dict[str, object]]:
    base = [sys.executable, "-m", "footfall.cli.main"]
    subprocess.run([*base, "key", "create", "shop_web", "--home", str(home)], check=True)
    command = [*base, "serve", "--no-studio", "--json", "--home", str(home)]
    for setting in SETTINGS:
        command += ["--set", setting]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = ""
    assert process.stdout is not None
    while not text.rstrip().endswith("}\n}") and not text.endswith("\n}\n"):
        text += process.stdout.readline()
    return process, json.loads(text)


def resident_mib(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def parquet_yardstick(home: Path) -> float:
    """Events per second of a bare Parquet writer on rows that the lake has now."""
    files = Lake(home / "lake", "default").plan("events").files
    table = pq.read_table(files[-1])
    with tempfile.TemporaryDirectory(dir=home) as directory:
        started = time.perf_counter()
        file = Path(directory) / "rows.parquet"
        pq.write_table(table, file, compression="zstd")
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
        return table.num_rows / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=40_000.0)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--generate", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.generate:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(generate(arguments.generate, arguments.seconds, arguments.rate))
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory(dir=arguments.home) as directory:
        measure(Path(directory) / "home", arguments.seconds, arguments.rate)


def measure(home: Path, seconds: float, rate: float) -> None:
    process, addresses = start(home)
    try:
        time.sleep(2)
        pids = [process.pid, *addresses["pids"].values()]  # type: ignore[attr-defined]
        idle = resident_mib(pids)
        report = run_generator(str(addresses["collector"]), seconds, rate)
        started = time.perf_counter() - report["seconds"]
        behind = report["acknowledged"] - newest(home).ledger.events
        busy = resident_mib(pids)
    finally:
        process.terminate()  # a clean stop commits everything
        process.wait(300)
    elapsed = time.perf_counter() - started
    cut = newest(home)
    assert not cut.tail
    assert cut.ledger.events == report["acknowledged"], (cut.ledger, report)
    committed = cut.ledger.events / elapsed
    bare = parquet_yardstick(home)
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    print(f"acknowledged         {report['acknowledged'] / report['seconds']:10,.0f} events/s")
    print(f"  ack p50 / p99      {report['p50_ms']:10.1f} / {report['p99_ms']:.1f} ms")
    print(f"  not visible yet    {behind:10,.0f} events when the last ack came")
    print(f"HTTP to Iceberg      {committed:10,.0f} events/s ({cut.ledger.events:,} events,")
    print("                     from the first request to the end of a clean stop)")
    print(f"  bare Parquet       {bare:10,.0f} events/s, ratio {committed / bare:.3f}")
    print(f"memory (PSS)         {idle:10.0f} MiB idle, {busy:.0f} MiB under load")


if __name__ == "__main__":
    main()
