"""Bytes an event takes: in the lake, fresh and compacted, by column; in log, tail and state.

    python benchmarks/bench_bytes.py [--events 200000] [--columns 25]

A day of the demo's shop (`footfall generate`), fifteen events a visitor, most requests with one
event. It goes through the log and the pipeline as in life, on a clock that the benchmark moves;
epochs are fifteen minutes long, so that a day has a hundred. Requests come from an address of the
visitor's own. `fresh` is what the epochs left, `compacted` the same rows sorted and written anew in
files of the size that maintenance makes. The log is as of the end of the day, nothing trimmed; the
tail is that of one epoch; the state is the kept checkpoints with what they refer to.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import itertools
import os
import platform
import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.clock import DAY, MINUTE, SECOND, Uuid7Source
from footfall.event import EVENT_SCHEMA, conform
from footfall.home import Home
from footfall.lake import Lake
from footfall.lake.commit.data_files import write_sorted
from footfall.lake.location import local_path
from footfall.lake.tables.layout import COMPACTED
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._run import build
from footfall.recipes.shop import ShopSettings, shop_requests
from footfall.recipes.traffic import TimedRequest
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from sizes import parsed

START = 20_700 * DAY
EPOCH = 15 * MINUTE
EVENTS_PER_VISITOR = 15
DELAY_US_MAX = 90_000


def arrivals(events: int) -> Iterator[tuple[int, Request]]:
    """Requests as the collector logs them, in the order it does."""
    settings = ShopSettings(
        start_us=START,
        duration_us=DAY - 20 * SECOND,
        visitors=max(1, events // EVENTS_PER_VISITOR),
        events=events,
    )
    chance, ids, number = random.Random(3), Uuid7Source(), itertools.count()  # noqa: S311
    waiting: list[tuple[int, int, TimedRequest]] = []

    def ready(until: int) -> Iterator[tuple[int, Request]]:
        while waiting and waiting[0][0] <= until:
            received_at, _, request = heapq.heappop(waiting)
            yield received_at, _logged(request, received_at, ids.next(received_at))

    for request in shop_requests(settings):
        yield from ready(request.send_at_us)
        received_at = request.send_at_us + chance.randrange(200, DELAY_US_MAX)
        heapq.heappush(waiting, (received_at, next(number), request))
    yield from ready(START + 10 * DAY)


def _logged(request: TimedRequest, received_at: int, request_id: bytes) -> Request:
    who = hashlib.sha256(dict(request.headers)["user-agent"].encode()).digest()
    visitor = request.body.find(b'"unique_id":"')
    if visitor >= 0:
        who = hashlib.sha256(request.body[visitor : visitor + 49]).digest()
    return Request(
        version=REQUEST_VERSION,
        request_id=request_id,
        received_at=received_at,
        protocol="aws" if request.path == "/collect" else "footfall",
        app_id="web",
        credential="web",
        trusted=False,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=request.headers,
        client_ip=f"{who[0]}.{who[1]}.{who[2]}.{who[3]}",
        body=request.body,
        body_bytes=len(request.body),
    )


def run(home: Home, events: int) -> tuple[int, float]:
    """The day through log and pipeline; bytes of the log, and of an event in the tail."""
    settings = load_settings(
        overrides=(f"pipeline.epoch_age_max={EPOCH // SECOND}s", "log.keep_age_min=9d")
    )
    clock = SimClock(START)
    metadata = Metadata.open(home, clock)
    if "default" not in metadata.projects():
        metadata.create_project("default")
    log = SqliteLog.writer(home.log_dir("default"), settings.log, clock)
    pipeline = build(home, settings, "default", log, clock)
    pipeline.recover()
    batch: list[bytes] = []
    tail = 0.0
    for received_at, request in arrivals(events):
        if received_at - clock.now_us() >= EPOCH:
            log.append(batch)
            batch = []
            clock.advance(received_at - clock.now_us())
            while pipeline.step():
                pass
            tail = tail or tail_bytes(home.tail_dir("default"))
            pipeline._take_commit(wait=True)
        batch.append(encode_request(request))
    log.append(batch)
    pipeline.finish()
    log.close()
    return size(home.log_dir("default")), tail


def tail_bytes(directory: Path) -> float:
    """Bytes of all tail files for each event in them."""
    files = list(directory.glob("events-*"))
    rows = sum(pa.ipc.open_file(file).read_all().num_rows for file in files)
    return sum(file.stat().st_size for file in files) / rows if rows else 0.0


def size(directory: Path, pattern: str = "*") -> int:
    """Bytes of all files in a directory."""
    return sum(file.stat().st_size for file in directory.rglob(pattern) if file.is_file())


def by_column(files: list[str]) -> Counter[str]:
    """Compressed bytes of each column."""
    found: Counter[str] = Counter()
    for file in files:
        metadata = pq.read_metadata(file)
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                found[column.path_in_schema] += column.total_compressed_size
    return found


def compact(lake: Lake) -> tuple[list[str], float]:
    """The lake's events written anew, beside it; and the seconds that took."""
    frame = pl.read_parquet(list(lake.plan("events").files), hive_partitioning=False)
    rows = conform(
        frame.select(EVENT_SCHEMA.names).to_arrow(compat_level=pl.CompatLevel.oldest()),
        EVENT_SCHEMA,
    )
    started = time.perf_counter()
    files = write_sorted(lake._tables["events"], "events", rows, COMPACTED, uuid.uuid4())
    seconds = time.perf_counter() - started
    assert sum(file.record_count for file in files) == rows.num_rows
    return [str(local_path(file.file_path)) for file in files], seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=25, help="How many columns to show.")
    options = parsed(parser, events=300, columns=3)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as root:
        home = Home(Path(root))
        log_bytes, tail = run(home, options.events)
        lake = Lake(home.lake_dir, "default")
        plan = lake.plan("events")
        fresh = sum(Path(file).stat().st_size for file in plan.files)
        files, seconds = compact(lake)
        compacted = sum(Path(file).stat().st_size for file in files)
        state_bytes = size(home.state_dir("default"))
        _report(plan.rows, len(plan.files), fresh, files, compacted, seconds, options.columns)
        for name, number in (("log", log_bytes), ("state", state_bytes)):
            print(f"{name:<12} {number / plan.rows:8.2f} bytes/event of the day")
        print(f"{'tail':<12} {tail:8.2f} bytes/event of an open epoch")


def _report(
    rows: int, count: int, fresh: int, files: list[str], compacted: int, seconds: float, shown: int
) -> None:
    print(f"{rows:,} events")
    print(f"{'fresh':<12} {fresh / rows:8.2f} bytes/event in {count} files")
    print(
        f"{'compacted':<12} {compacted / rows:8.2f} bytes/event in {len(files)} files,"
        f" {rows / seconds / 1000:,.0f} k events/s to sort and write"
    )
    columns = by_column(files)
    for name, number in columns.most_common(shown):
        print(f"    {name:<24} {number / rows:6.2f}")
    rest = sum(number for _, number in columns.most_common()[shown:])
    print(f"    {f'{len(columns) - shown} others':<24} {rest / rows:6.2f}")
    print(f"    {'footers':<24} {(compacted - columns.total()) / rows:6.2f}")


if __name__ == "__main__":
    main()
