"""Duplicate removal with three days of ids: rate, memory, checkpoints, rebuilding.

`python benchmarks/bench_duplicates.py --ids 259000000` builds an index of as many ids in hourly
files (6.8 GB below --directory for that many), opens it as a start does, and runs micro-batches
against it, an epoch for each 400,000 events. Memory is the process's own (smaps_rollup: mapped
pages that are in memory count). As a yardstick, the time a bare sort of keys takes.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from footfall.clock import DAY, HOUR
from footfall.duplicates import FINGERPRINT_COLUMNS, DuplicateIndex
from footfall.duplicates.fingerprint import fingerprints
from footfall.duplicates.runs import make_run
from footfall.duplicates.runs_store import write_run
from footfall.event import EVENT_SCHEMA, TIMESTAMP
from footfall.settings import DuplicateSettings
from sizes import parsed

HOURS = 72
START_HOUR = 500_000
SETTINGS = DuplicateSettings(horizon=3 * DAY)
RANDOM = np.random.default_rng(1)
PROPERTIES = '{"position": "hero", "variant": "b", "price": 12.50, "quantity": 1, "sku": "A-%08d"}'


def events(rows: int, hour: int, ids: bytes | None = None) -> pa.Table:
    """With ids of their own, properties of 80 bytes, and a page."""
    texts = pa.array([PROPERTIES % number for number in range(rows)])
    columns = {name: pa.nulls(rows, EVENT_SCHEMA.field(name).type) for name in FINGERPRINT_COLUMNS}
    columns["event_name"] = pa.array(["view", "click"]).take(np.arange(rows) % 2)
    columns["page_url"] = pa.array([f"https://shop.example/item/{n % 500}" for n in range(rows)])
    columns["properties"] = columns["user_properties"] = texts
    columns["created_at"] = pa.array(np.arange(rows)).cast(TIMESTAMP)
    buffer = pa.py_buffer(ids or RANDOM.bytes(16 * rows))
    columns["event_id"] = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, buffer])
    columns["app_id"] = pa.array(["shop"]).take(np.zeros(rows, dtype=np.int8))
    columns["received_at"] = pa.array(np.full(rows, hour * HOUR)).cast(TIMESTAMP)
    return pa.table(columns)


def fill(directory: Path, ids: int) -> DuplicateIndex:
    """An index as three days leave it: a file for each hour."""
    rows, runs = ids // HOURS, []
    for hour in range(HOURS):
        primary = np.sort(RANDOM.integers(0, 2**64, rows, dtype=np.uint64))
        secondary, prints = RANDOM.integers(1, 2**64, (2, rows), dtype=np.uint64)
        run = make_run(primary, secondary, prints, START_HOUR + hour, (hour + 1, hour + 1))
        runs.append(write_run(directory, run))
    index = DuplicateIndex(SETTINGS, runs, START_HOUR)
    index.persist(directory, HOURS)
    return index


def memory_mib() -> dict[str, float]:
    """What of this process is in memory: all of it, and what no file holds."""
    found = {}
    with open("/proc/self/smaps_rollup", encoding="ascii") as stream:
        for line in stream:
            name, _, rest = line.partition(":")
            if name in ("Pss", "Pss_Anon", "Pss_File", "Anonymous"):
                found[name] = int(rest.split()[0]) / 1024
    return found


def bench_keep(index: DuplicateIndex, batch: int, repeated: float, seconds: float) -> None:
    tables = [events(batch, START_HOUR + HOURS) for _ in range(20)]
    known = tables[0].column("event_id").chunk(0).buffers()[1].to_pybytes()
    times, rows, start = [], 0, time.perf_counter()
    epoch = 10_000 + batch
    while time.perf_counter() - start < seconds:
        fresh = bytearray(RANDOM.bytes(16 * batch))
        if rows:
            count = int(batch * repeated)
            fresh[: 16 * count] = known[: 16 * count]
        table = tables[rows // batch % 20].set_column(
            tables[0].schema.get_field_index("event_id"),
            "event_id",
            pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(16), batch, [None, pa.py_buffer(bytes(fresh))]
            ),
        )
        before = time.process_time()
        index.keep(table, epoch)
        times.append(time.process_time() - before)
        rows += batch
        if rows % 400_000 < batch:
            epoch += 1
            index.expire(0)
    micro = np.array(times) / batch * 1e6
    print(
        f"keep  batches of {batch:>6,}, {repeated:4.0%} repeated: {1e6 / micro.mean():>9,.0f}/s"
        f"   {micro.mean():.2f} µs each; a batch {np.median(times) * 1e3:.1f} ms,"
        f" p99 {np.quantile(times, 0.99) * 1e3:.1f} ms"
    )


def bench_fingerprints() -> None:
    table = events(20_000, START_HOUR)
    times = []
    for _ in range(9):
        before = time.perf_counter()
        fingerprints(table)
        times.append(time.perf_counter() - before)
    size = table.column("properties").nbytes * 2 / table.num_rows
    print(f"fingerprints of {size:.0f} B of properties: {min(times) / 20_000 * 1e6:.2f} µs each")


def bench_checkpoint(index: DuplicateIndex, directory: Path, new_ids: tuple[int, ...]) -> None:
    index.persist(directory, 10**6)
    index.settle()
    for rows in new_ids:
        epoch = 10**6 + rows
        for _ in range(rows // 20_000):
            index.keep(events(20_000, START_HOUR + HOURS), epoch)
        before = time.perf_counter()
        index.persist(directory, epoch)
        print(f"checkpoint with {rows:,} new ids: {(time.perf_counter() - before) * 1e3:,.0f} ms")
        before = time.perf_counter()
        index.settle()
        print(f"  the merge beside it: {time.perf_counter() - before:.2f} s")


def bench_rebuild(directory: Path, rows: int) -> None:
    table = events(100_000, START_HOUR)
    place = table.schema.get_field_index("event_id")
    hours = table.schema.get_field_index("received_at")

    def pieces() -> Iterator[pa.Table]:
        for number in range(rows // 100_000):
            ids = pa.py_buffer(RANDOM.bytes(1_600_000))
            column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), 100_000, [None, ids])
            hour = np.full(100_000, (START_HOUR + number * HOURS * 100_000 // rows) * HOUR)
            yield table.set_column(place, "event_id", column).set_column(
                hours, "received_at", pa.array(hour).cast(TIMESTAMP)
            )

    before = time.perf_counter()
    index = DuplicateIndex.rebuild(pieces(), directory, 1, START_HOUR * HOUR, SETTINGS)
    seconds = time.perf_counter() - before
    assert len(index) == rows // 100_000 * 100_000
    print(
        f"rebuild from events in memory: {rows / seconds:,.0f}/s,"
        f" {seconds * 1e8 / rows:,.0f} s for 100 M ids"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=int, default=50_000_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--rebuilt", type=int, default=20_000_000, help="ids to rebuild")
    parser.set_defaults(new_ids=(60_000, 1_800_000))
    arguments = parsed(parser, ids=72_000, seconds=0.05, rebuilt=100_000, new_ids=(20_000,))
    directory = Path(tempfile.mkdtemp(prefix="bench-duplicates-", dir=arguments.directory))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(f"{platform.python_version()}, NumPy {np.__version__}")
    try:
        before = time.perf_counter()
        fill(directory, arguments.ids)
        print(f"filled with {arguments.ids:,} ids in {time.perf_counter() - before:,.0f} s")
        size = sum(file.stat().st_size for file in directory.iterdir())
        print(f"disk: {size / 2**30:.2f} GiB, {size / arguments.ids:.1f} B an id")
        print("memory before:", memory_mib())
        before = time.perf_counter()
        index = DuplicateIndex.load(directory, HOURS)
        print(f"open: {(time.perf_counter() - before) * 1e3:.0f} ms; files: {len(index._runs)}")
        for batch, repeated in ((200, 0.01), (5_000, 0.01), (20_000, 0.01), (20_000, 0.5)):
            bench_keep(index, batch, repeated, arguments.seconds)
        print("memory after lookups:", memory_mib())
        bench_checkpoint(index, directory, arguments.new_ids)
        print("memory after checkpoints:", memory_mib())
        bench_fingerprints()
        del index
        bench_rebuild(directory / "rebuilt", arguments.rebuilt)
        keys = RANDOM.integers(0, 2**64, 20_000, dtype=np.uint64)
        before = time.perf_counter()
        for _ in range(20):
            np.sort(keys)
        print(f"yardstick: a bare sort {(time.perf_counter() - before) / 0.4:.2f} µs a key")
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
