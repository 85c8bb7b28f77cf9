"""Events per second from HTTP to committed Iceberg rows, sustained, beside its yardsticks.

    python benchmarks/bench_pipeline.py [--seconds 300] [--rate 60000] [--spark] [--home DIR]

A real tree (collector and pipeline), the load generator on the same cores. Requests hold 20 events
of about 1 KB, every event id is new, visitors follow a Pareto distribution. The generator never
holds more than one request and paces itself at `--rate`. Every 10 seconds: what was
acknowledged, how far readers are behind, and memory. The figure is events divided by the time from
the first request until readers are no longer behind; afterwards a clean stop commits everything,
and the ledger must have every event once. Before the stop half the rate is sent, for the
acknowledgement at half load.

Yardsticks, in the same run: the same server storing nothing, `fsync`, PyArrow writing the same rows
to one Parquet file, and with `--spark` Spark Structured Streaming that parses the same events,
removes duplicates and writes Parquet (`pip install -r requirements/bench.lock` and Java).
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

import bench_collector
import spark
from footfall.lake import Lake
from fresh import EVENTS
from sizes import parsed
from tree import PROJECT, Sample, Tree, Watch, create_app, generator, result_of, running

HALF_SECONDS_MAX = 30.0
BEHIND_MAX = 200
"""Requests, a few micro-batches of 0.2 s: readers are never less behind while events come."""
WAIT_SECONDS_MAX = 1800.0


def parquet_yardstick(home: Path) -> float:
    """Events per second of a bare Parquet writer on rows that the lake has now."""
    files = Lake(home / "lake", PROJECT).plan("events").files
    table = pq.read_table(files[-1])
    with tempfile.TemporaryDirectory(dir=home) as directory:
        started = time.perf_counter()
        file = Path(directory) / "rows.parquet"
        pq.write_table(table, file, compression="zstd")
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
        return table.num_rows / (time.perf_counter() - started)


def bare_server(seconds: float) -> dict[str, float]:
    """Requests of 20 events answered by the same server without storing them."""
    with bench_collector.server(bench_collector.BARE) as (url, pid):
        return bench_collector.load(url + "/collect", pid, EVENTS, seconds, connections=16)


def wait_until_visible(tree: Tree, watch: Watch) -> None:
    """Until readers see what was acknowledged."""
    deadline = time.perf_counter() + WAIT_SECONDS_MAX
    while watch.behind() > BEHIND_MAX:
        assert tree.process.poll() is None
        assert time.perf_counter() < deadline, "readers stay behind"
        time.sleep(0.1)


def measure(home: Path, options: argparse.Namespace) -> None:
    create_app(home)
    middle, worst = bench_collector.fsync_ms(home)
    with running(home) as tree:
        time.sleep(options.idle)
        idle, _ = tree.memory_mib()
        before = tree.cpu_seconds()
        with Watch(tree) as watch:
            started = time.perf_counter()
            sent = result_of(generator(tree.collector, options.rate, options.seconds, series=1))
            behind = watch.behind()
            wait_until_visible(tree, watch)
            elapsed = time.perf_counter() - started
            cpu = {name: spent - before[name] for name, spent in tree.cpu_seconds().items()}
            seconds = min(options.seconds, HALF_SECONDS_MAX)
            half = result_of(generator(tree.collector, options.rate / 2, seconds, series=2))
        tree.stop()
    total = round(sent["acknowledged"] + half["acknowledged"])
    cut = tree.cut()
    assert not cut.tail
    assert sent["failed"] == half["failed"] == 0
    assert (cut.ledger.events, cut.ledger.records) == (total, total), (cut.ledger, total)
    rate = sent["acknowledged"] / elapsed
    print(f"asked for            {options.rate:10,.0f} events/s for {options.seconds:.0f} s")
    print(f"acknowledged         {sent['acknowledged'] / sent['seconds']:10,.0f} events/s")
    print(f"  ack p50 / p99      {sent['p50_ms']:10.1f} / {sent['p99_ms']:.1f} ms")
    print(f"HTTP to visible      {rate:10,.0f} events/s ({sent['acknowledged']:,} events)")
    print(f"  behind at last ack {behind * EVENTS:10,.0f} events")
    print(f"at half the rate     {half['acknowledged'] / half['seconds']:10,.0f} events/s")
    print(f"  ack p50 / p99      {half['p50_ms']:10.1f} / {half['p99_ms']:.1f} ms")
    show_course(watch.every(10))
    print(f"memory (PSS)         {idle:10.0f} MiB idle, {watch.peak_mib:.0f} MiB at most,")
    print(f"                     {watch.peak_anonymous_mib:10.0f} MiB at most that no file backs")
    for name, spent in {**cpu, "generator": sent["cpu_us"] * sent["acknowledged"] / 1e6}.items():
        print(f"CPU of {name:13} {spent * 1e6 / sent['acknowledged']:10.2f} µs/event")
    print("yardsticks, same run")
    bare = parquet_yardstick(home)
    print(f"  fsync of 4 KiB     {middle:10.2f} ms median, {worst:.2f} ms p99")
    print(f"  bare Parquet       {bare:10,.0f} events/s, ratio {rate / bare:.3f}")
    server = bare_server(min(options.seconds, 10.0))
    served = server["events_per_second"]
    print(f"  bare server        {served:10,.0f} events/s, ratio {rate / served:.3f}")
    if options.spark:
        spark.report(home.parent, options.spark_events, rate)


def show_course(samples: list[Sample]) -> None:
    """How it went: a line for each ten seconds."""
    print("     at   acknowledged     behind    memory   no file backs")
    since, before = 0.0, 0
    for at, acknowledged, behind, memory, anonymous in samples:
        rate = (acknowledged - before) * EVENTS / (at - since)
        print(
            f"{at:6.0f} s {rate:10,.0f} /s {behind * EVENTS:10,} {memory:5.0f} MiB"
            f" {anonymous:11.0f} MiB"
        )
        since, before = at, acknowledged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rate", type=float, default=60_000.0, help="events a second")
    parser.add_argument("--home", type=Path, help="directory on the disk to measure")
    parser.add_argument("--spark", action="store_true", help="measure Spark as well")
    parser.add_argument("--spark-events", type=int, default=1_000_000)
    parser.add_argument("--idle", type=float, default=2.0, help="seconds before idle memory")
    options = parsed(parser, seconds=1.0, rate=1_000.0, idle=0.1)
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.home) as directory:
        measure(Path(directory) / "home", options)


if __name__ == "__main__":
    main()
