"""How fast files are made of events: megabytes a second for each format and compression.

    python benchmarks/bench_deliver.py [--events 100000] [--repeats 3] [--tiny]

Epochs of a pipeline's own decoding lie in memory, so what is measured is what a destination costs
beyond reading them: choosing columns, texts, compression, the file and its sync. One core; MB are
of what the file has before compression, and seconds the least of the repeats. Beside it, on the
same rows, yardsticks: Polars' `write_ndjson`, which writes every null, and pyarrow's Parquet.
"""

from __future__ import annotations

import argparse
import io
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.deliver.making import Making
from footfall.deliver.outlet import Directory
from footfall.settings import DestinationSettings
from footfall.testing.events import NOON_US, event_table

ROWS = 10_000
KINDS = (
    *(("jsonl", "none"), ("jsonl", "gzip"), ("jsonl", "zstd"), ("json", "none")),
    *(("csv", "none"), ("csv", "gzip"), ("csv", "zstd"), ("parquet", "none"), ("parquet", "zstd")),
)
FEW = {"customerid": "properties.customer", "at": "event_time", "name": "event_name"}


def events(count: int) -> pa.Table:
    """As a shop sends them: some thirty columns have a value."""
    return event_table(
        {
            "event_name": ("page_view", "scroll", "purchase")[n % 3],
            "page_url": f"https://shop.example/product/{n % 977}?colour=blue&size={n % 7}",
            "page_title": f"Product {n % 977} \u2013 the shop",
            "event_time": NOON_US + n,
            "visitor_id": f"visitor-{n % 5_000}",
            "properties": f'{{"customer":"c{n % 5_000}","price":{n % 100}.5,"cart":[1,2,3]}}',
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0",
        }
        for n in range(count)
    )


def deliver(table: pa.Table, destination: DestinationSettings, directory: Path) -> tuple[int, int]:
    """One file of all rows; bytes before and after compression."""
    making = Making(directory, destination)
    for start in range(0, table.num_rows, ROWS):
        encoded = making.encode(table.slice(start, ROWS))
        making.append(encoded, len(encoded.ends))
    size = making.finish()
    Directory(str(directory)).put(str(directory / "out" / "file"), making.file)
    making.close()
    return making.bytes, size


def least(repeats: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tiny", action="store_true", help="only whether it runs")
    asked = parser.parse_args()
    if asked.tiny:
        asked.events, asked.repeats = 200, 1
    table = events(asked.events)
    print(f"{asked.events:,} events, {platform.machine()}, Python {platform.python_version()}")
    print(f"{'format':<22} {'MB/s':>8} {'events/s':>10} {'bytes/event':>12} {'as written':>11}")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for columns in ({}, FEW):
            for kind, compression in KINDS:
                one = DestinationSettings(
                    "events",
                    format=kind,
                    compression=compression,
                    columns=columns,
                )
                made = deliver(table, one, directory)
                seconds = least(asked.repeats, lambda one=one: deliver(table, one, directory))
                label = f"{kind} {compression}{' of 3 columns' if columns else ''}"
                print(
                    f"{label:<22} {made[0] / seconds / 1e6:>8.1f}"
                    f" {asked.events / seconds:>10,.0f} {made[0] / asked.events:>12,.0f}"
                    f" {made[1] / asked.events:>11,.0f}"
                )
    frame = pl.DataFrame(pl.from_arrow(table)).with_columns(pl.selectors.binary().bin.encode("hex"))
    seconds = least(asked.repeats, lambda: frame.write_ndjson(io.BytesIO()))
    print(f"yardstick: Polars write_ndjson {asked.events / seconds:,.0f} events/s")
    seconds = least(asked.repeats, lambda: pq.write_table(table, io.BytesIO()))
    print(f"yardstick: pyarrow write_table {asked.events / seconds:,.0f} events/s")


if __name__ == "__main__":
    main()
