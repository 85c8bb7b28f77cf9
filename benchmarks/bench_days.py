"""What a small request with an event of each of a thousand days costs the pipeline.

    python benchmarks/bench_days.py [--days 1098] [--epochs 3] [--full]

One request of a server key with an event a day of the past, other visitors each time, with each of
some epochs, through a real log and lake: files and seconds of each commit, then one run of
maintenance (`--full`: runs until nothing waits). Beside it, in the same run and on the same
requests, every day gets its file at once (`lake.live_days` larger than the days), as before rows
waited. Seconds vary with the machine; files do not.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import tempfile
import time
import uuid
from pathlib import Path
from typing import Final

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.home import Home
from footfall.lake import TABLES, Lake
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline import maintain
from footfall.pipeline._run import build
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from sizes import parsed

START: Final = 1_790_000_000 * SECOND
RUNS_MAX: Final = 100


def history(number: int, days: int, now: int) -> Request:
    """An event of each day back from now, of one visitor."""
    events = [
        {
            "event_id": str(uuid.UUID(int=number * days + day + 1)),
            "name": "a",
            "timestamp": (now - day * DAY) // 1000,
            "visitor_id": f"v{number}",
        }
        for day in range(days)
    ]
    body = gzip.compress(json.dumps({"events": events}, separators=(",", ":")).encode())
    return Request(
        version=REQUEST_VERSION,
        request_id=uuid.UUID(int=number + (7 << 76)).bytes,
        received_at=now,
        protocol="footfall",
        app_id="shop",
        credential="shop",
        trusted=True,
        method="POST",
        path="/v1/events",
        query="",
        headers=(("content-type", "application/json"), ("content-encoding", "gzip")),
        client_ip="127.0.0.1",
        body=body,
        body_bytes=len(body),
    )


def files_of(lake: Lake) -> int:
    """Data files of the newest snapshots."""
    return sum(len(lake.plan(table).files) for table in TABLES)


def measure(home: Home, options: argparse.Namespace, live_days: int) -> None:
    settings = load_settings(overrides=(f"lake.live_days={live_days}",))
    clock = SimClock(START)
    Metadata.open(home, clock).create_project("default")
    log = SqliteLog.writer(home.log_dir("default"), settings.log, clock)
    pipeline = build(home, settings, "default", log, clock)
    pipeline.recover()
    lake = Lake(home.lake_dir, "default")
    for number in range(options.epochs):
        request = history(number, options.days, clock.now_us())
        before = files_of(lake)
        log.append([encode_request(request)])
        while pipeline.step():
            pass
        clock.advance(HOUR)
        began = time.perf_counter()
        pipeline.close_epoch()
        pipeline._take_commit(wait=True)
        seconds = time.perf_counter() - began
        print(
            f"  epoch {number + 1}: request of {request.body_bytes:,} bytes,"
            f" {files_of(lake) - before:,} data files, committed in {seconds:.2f} s"
        )
    pipeline.close()
    log.close()
    for _ in range(RUNS_MAX if options.full else 1):
        clock.advance(HOUR + MINUTE)
        before = files_of(lake)
        began = time.perf_counter()
        report = maintain(home, settings, "default", clock=clock)
        print(
            f"  maintenance: {report.rewrites} rewrites in {time.perf_counter() - began:.2f} s,"
            f" {before:,} data files before, {files_of(lake):,} after,"
            f" {report.events_waiting:,} events wait"
        )
        if not report.rewrites:
            break
    assert lake.plan("events").rows == options.days * options.epochs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=1098)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--full", action="store_true")
    options = parsed(parser, days=5, epochs=1)
    print(f"{platform.platform()}, Python {platform.python_version()}")
    default = load_settings().lake.live_days
    for name, live in (("rows of days past wait", default), ("a file a day", 10_000)):
        print(name)
        with tempfile.TemporaryDirectory() as directory:
            measure(Home(Path(directory)), options, live)


if __name__ == "__main__":
    main()
