"""How fast a backlog is caught up with, and how fast requests are acknowledged meanwhile.

    python benchmarks/bench_catchup.py [--hours 0.1] [--rate 1000] [--beside 1000] [--home DIR]

The pipeline stood still for `--hours` while `--rate` events a second came (`--hours 6`: 21.6 M
events). The log is filled directly, by its own writer with the collector's own
records, 20 events of about 1 KB in a request. Then a real tree is started and `--beside` events a
second are sent while it catches up: until readers are at most a second behind. At the end, after a
clean stop, every event must be there: the run fails otherwise.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
import uuid
from pathlib import Path

from footfall.clock import HOUR, US_PER_MS
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import load_settings
from fresh import EVENTS, FreshBodies
from sizes import parsed
from tree import PROJECT, Tree, Watch, create_app, generator, result_of, running

GROUP = 500
HEADERS = (
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0"),
    ("content-type", "application/json; charset=utf-8"),
    ("accept-language", "en-GB"),
    ("origin", "https://www.shop.test"),
    ("referer", "https://www.shop.test/"),
)
RUNNING_SECONDS_MAX = 6 * 3600.0


def fill(home: Home, count: int, hours: float) -> None:
    """Append `count` requests that came evenly over the last `hours`."""
    bodies = FreshBodies(EVENTS, series=1, seed=12)
    log = SqliteLog.writer(home.log_dir(PROJECT), load_settings().log)
    now = time.time_ns() // 1000
    for start in range(0, count, GROUP):
        times = [
            now - round(hours * HOUR * (1 - number / count))
            for number in range(start, min(start + GROUP, count))
        ]
        log.append([encode_request(_request(bodies, at)) for at in times])
    log.close()


def _request(bodies: FreshBodies, at: int) -> Request:
    sent_ms = at // US_PER_MS
    body = bytes(bodies.next(sent_ms))
    return Request(
        version=REQUEST_VERSION,
        request_id=uuid.uuid4().bytes,
        received_at=at,
        protocol="aws",
        app_id="shop_web",
        credential="shop_web",
        trusted=False,
        method="POST",
        path="/collect",
        query=f"platform=Web&appId=shop_web&upload_timestamp={sent_ms}",
        headers=HEADERS,
        client_ip="127.0.0.1",
        body=body,
        body_bytes=len(body),
    )


def catch_up(tree: Tree, watch: Watch, beside: float, started: float) -> float:
    """Wait until readers are at most a second behind; seconds since `started`."""
    while watch.behind() > max(beside / EVENTS, 1):
        assert tree.process.poll() is None
        time.sleep(0.1)
    return time.perf_counter() - started


def measure(directory: Path, options: argparse.Namespace) -> None:
    home = Home(directory)
    create_app(directory)
    count = round(options.hours * 3600 * options.rate / EVENTS)
    filling = time.perf_counter()
    fill(home, count, options.hours)
    filling = time.perf_counter() - filling
    print(f"log of {count * EVENTS:,} events ({options.hours} h) filled in {filling:.0f} s")
    started = time.perf_counter()
    with running(directory) as tree:
        ready = time.perf_counter() - started
        with Watch(tree) as watch:
            generating = generator(tree.collector, options.beside, RUNNING_SECONDS_MAX, series=2)
            seconds = catch_up(tree, watch, options.beside, started)
            generating.terminate()
            sent = result_of(generating)
            cpu = tree.cpu_seconds()
        tree.stop()
    total = count * EVENTS + round(sent["acknowledged"])
    ledger = tree.cut().ledger
    assert not tree.cut().tail
    assert sent["failed"] == 0
    assert (ledger.events, ledger.records) == (total, total), (ledger, total)
    print(f"ready after          {ready:10.1f} s")
    print(f"caught up in         {seconds:10.1f} s")
    print(f"  backlog            {count * EVENTS / seconds:10,.0f} events/s")
    print(f"                     {options.hours * 3600 / seconds:10.1f} times as fast as it came")
    print(f"acknowledged beside  {sent['acknowledged'] / sent['seconds']:10,.0f} events/s")
    print(f"  ack p50 / p99      {sent['p50_ms']:10.1f} / {sent['p99_ms']:.1f} ms")
    print(f"memory (PSS)         {watch.peak_mib:10.0f} MiB at most, all processes")
    print(f"                     {watch.peak_anonymous_mib:10.0f} MiB at most that no file backs")
    for name, spent in cpu.items():
        print(f"CPU of {name:13} {spent * 1e6 / total:11.1f} µs/event")
    print(f"all {total:,} events are in the lake once")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=0.1)
    parser.add_argument("--rate", type=float, default=1_000.0, help="events a second before")
    parser.add_argument("--beside", type=float, default=1_000.0, help="events a second meanwhile")
    parser.add_argument("--home", type=Path, help="directory on the disk to measure")
    options = parsed(parser, hours=0.0005, rate=1_000.0, beside=100.0)
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.home) as directory:
        measure(Path(directory) / "home", options)


if __name__ == "__main__":
    main()
