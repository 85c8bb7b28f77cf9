"""What an event costs in the embedded pipeline and on the runner, and where the time goes.

    python benchmarks/bench_runner.py [--events 1000000] [--cores 2] [--engine spark] [--share 0.3]

The same log is worked off twice, in homes of their own: by the embedded pipeline in this process,
and by a driver on Spark's `local[cores]` (or on its loop, `--engine local`). The first epoch warms
up and does not count. Then once more with one visitor who has `--share` of all events, which makes
one task of each epoch longer. Both must have every event once, and the same sessions.

Per core: events a second, divided by the cores that were given; of the embedded pipeline by the
processor time that it took. `shuffle and waiting` is what is left of the cores' time when the
tasks' own is taken away: Spark moving bytes, and cores without a task.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
import uuid
from pathlib import Path
from typing import Final

from footfall.clock import SECOND, US_PER_MS, SystemClock
from footfall.home import Home
from footfall.lake import Lake
from footfall.log import LogSource, SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._run import build as build_pipeline
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.runner._run import _spark
from footfall.runner._run import build as build_driver
from footfall.runner.driver import Driver
from footfall.runner.engine import LocalEngine
from footfall.settings import Settings, load_settings
from sizes import parsed

PROJECT: Final = "default"
EVENTS: Final = 20
VISITORS: Final = 20_000
GROUP: Final = 500


def fill(home: Home, settings: Settings, requests: int, share: float) -> None:
    """Requests of the last minutes, in order; one visitor has `share` of the events."""
    log = SqliteLog.writer(home.log_dir(PROJECT), settings.log)
    now = time.time_ns() // 1_000 - requests * 10 * US_PER_MS
    for start in range(0, requests, GROUP):
        some = range(start, min(start + GROUP, requests))
        log.append([encode_request(_request(n, now + n * 10 * US_PER_MS, share)) for n in some])
    log.close()


def _request(number: int, at: int, share: float) -> Request:
    events = []
    for place in range(EVENTS):
        one = number * EVENTS + place
        is_busy = place < share * EVENTS
        events.append(
            {
                "event_id": str(uuid.UUID(int=one * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)),
                "name": "page_view",
                "timestamp": (at - place * SECOND) // US_PER_MS,
                "visitor_id": "busy" if is_busy else f"visitor-{one * 7919 % VISITORS}",
                "page": {"url": f"https://shop.example/{one % 997}?q={one % 13}"},
                "properties": {"price": one % 100, "list": "summer"},
            }
        )
    body = json.dumps({"events": events}, separators=(",", ":")).encode()
    agent = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0")
    return Request(
        version=REQUEST_VERSION,
        request_id=uuid.UUID(int=number + (7 << 76)).bytes,
        received_at=at,
        protocol="footfall",
        app_id="shop",
        credential="shop",
        trusted=False,
        method="POST",
        path="/v1/events",
        query="",
        headers=(("content-type", "application/json"), agent),
        client_ip="127.0.0.1",
        body=body,
        body_bytes=len(body),
    )


def made(home: Home) -> None:
    metadata = Metadata.open(home)
    metadata.create_project(PROJECT)
    metadata.close()


def counts(home: Home) -> tuple[int, int]:
    """Events, each once, and sessions in the lake."""
    lake = Lake(home.lake_dir, PROJECT)
    ids = lake.read("events").column("event_id")
    assert len(ids.unique()) == len(ids)
    return len(ids), lake.read("sessions").num_rows


def embedded(root: Path, settings: Settings, log_home: Home, events: int) -> None:
    home = Home(root / "embedded")
    made(home)
    log = LogSource.of(log_home, PROJECT, settings.log).reader()
    pipeline = build_pipeline(home, settings, PROJECT, log, SystemClock())
    pipeline.recover()
    began, cpu = time.perf_counter(), time.process_time()
    while pipeline.step():
        pass
    pipeline.close_epoch()
    pipeline._take_commit(wait=True)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert counts(home)[0] == events
    pipeline.close()
    print(f"embedded             {events / seconds:10,.0f} events/s, {seconds:.1f} s")
    print(f"  a core             {events / cpu:10,.0f} events/s, {cpu:.1f} s of processor time")


def bucketed(
    root: Path,
    name: str,
    settings: Settings,
    log_home: Home,
    events: int,
    options: argparse.Namespace,
) -> None:
    home = Home(root / name)
    made(home)
    source = LogSource.of(log_home, PROJECT, settings.log)
    engine = LocalEngine() if options.engine == "local" else _spark(settings)
    log = source.reader()
    driver = build_driver(home, settings, PROJECT, log, SystemClock(), engine=engine, source=source)
    driver.recover()
    cores = 1 if options.engine == "local" else options.cores
    seconds, spent, counted, epochs = 0.0, dict[str, float](), 0, 0
    while (done := next_epoch(driver)) is not None:
        took, ledger, parts = done
        if epochs or ledger == events:
            seconds, counted = seconds + took, counted + ledger
            for doing, more in parts.items():
                spent[doing] = spent.get(doing, 0.0) + more
        epochs += 1
    total, _ = counts(home)
    assert total == events, (total, events)
    driver.close()
    print(f"{name:20} {counted / seconds:10,.0f} events/s in {epochs} epochs")
    print(f"  a core             {counted / seconds / cores:10,.0f} events/s of {cores}")
    job = spent.pop("job")
    for doing, more in sorted(spent.items()):
        print(f"  {doing:18} {more * 1e6 / counted:10.2f} µs/event")
    tasks = sum(more for doing, more in spent.items() if doing != "commit")
    print(f"  {'shuffle and waiting':18} {(job * cores - tasks) * 1e6 / counted:9.2f} µs/event")


def next_epoch(driver: Driver) -> tuple[float, int, dict[str, float]] | None:
    plan = driver._due(at_once=True)
    if plan is None:
        return None
    began = time.perf_counter()
    done = driver.do(plan)
    return time.perf_counter() - began, done.result.ledger.events, done.seconds


def measure(root: Path, options: argparse.Namespace) -> None:
    epoch = max(1, options.events // EVENTS // options.epochs)
    settings = load_settings(
        overrides=(
            f"runner.buckets={options.buckets}",
            f"runner.epoch_requests_max={epoch}",
            f"runner.slice_requests_max={max(1, epoch // (2 * options.cores))}",
            f"runner.spark_master=local[{options.cores}]",
            'runner.spark_conf=["spark.driver.memory=3g"]',
        )
    )
    for share in (0.0, options.share):
        folder = root / f"share-{share}"
        log_home = Home(folder / "log")
        fill(log_home, settings, options.events // EVENTS, share)
        print(f"\n{options.events:,} events, one visitor has {share:.0%} of them")
        if not share:
            embedded(folder, settings, log_home, options.events)
        bucketed(folder, options.engine, settings, log_home, options.events, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--buckets", type=int, default=8)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--engine", choices=("spark", "local"), default="spark")
    parser.add_argument("--share", type=float, default=0.3)
    options = parsed(parser, events=400, epochs=2, buckets=2, engine="local")
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory), options)


if __name__ == "__main__":
    main()
