"""A simulated month of commits: do commits, plans and metadata stay as quick and small as at first?

    python benchmarks/bench_lake_month.py [--commits 600] [--rows 400] [--windows 6]

Every epoch commits events and sessions, synced, at full speed (`--commits 15000`: 30,000 real
commits); the clock is simulated so that all of them spread over thirty days, with some late events
for days before. Maintenance runs beside, in a process of its own as under `footfall serve`, every
20 epochs, which are seconds here and five minutes in life. Commits wait for it only when it is
three runs behind.

Printed for each window of commits: latency of an epoch's commits (`while` counts those during which
maintenance ran), of the plan after it, how many data files there are in all and in the newest day,
how large the metadata is that each commit writes and reads, and what lies on the disk beside live
data files. The last line is the last window against the second: the first has nothing to read yet.
The yardstick is the same commits without maintenance, a tenth as many.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from footfall.clock import DAY, HOUR
from footfall.event import EVENT_SCHEMA, LAST_COLUMNS, conform
from footfall.lake import Lake, Maintenance
from footfall.lake.commit.expiry import files_below, reachable
from footfall.lake.store.local import LocalStore
from footfall.session import SESSION_SCHEMA
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from sizes import parsed

LOCAL = LocalStore(Path("/"))

START = 20_000 * DAY
DAYS = 30
EVERY = 20
BEHIND_MAX = 3
LATE = 0.02


class Window(msgspec.Struct):
    """Figures of some commits."""

    commits: list[float] = []
    during: list[float] = []
    plans: list[float] = []
    files: int = 0
    files_newest_day: int = 0
    metadata_kib: float = 0
    disk_over_live: float = 0


class MonthClock(SimClock):
    """Simulated but for waiting: others need that time."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Child:
    """The process that maintains; told the time, it answers when done."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, __file__, "--maintain", str(root)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.is_busy = False
        self.seconds: list[float] = []

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def start(self, now_us: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{now_us}\n")
        self.process.stdin.flush()
        self.is_busy = True

    def look(self, *, wait: bool = False) -> None:
        while self.is_busy:
            try:
                answer = self._answers.get(timeout=600 if wait else 0)
            except queue.Empty:
                return
            if not answer:
                raise SystemExit("bench: maintenance died; see its message above")
            self.seconds.append(float(answer))
            self.is_busy = False

    def close(self) -> None:
        self.look(wait=True)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def maintain(root: Path) -> None:
    """The child's loop."""
    clock = MonthClock(START)
    settings = msgspec.structs.replace(load_settings().lake, file_grace=HOUR)
    work = Maintenance(
        Lake(root / "lake", "default", clock), root / "notes", root / "tail", settings, clock
    )
    for line in sys.stdin:
        clock.jump(int(line) - clock.now_us())
        started = time.perf_counter()
        work.resume()
        work.compact()
        work.expire()
        work.sweep()
        print(time.perf_counter() - started, flush=True)


def events_of(epoch: int, now_us: int, rows: int, chance: np.random.Generator) -> pa.Table:
    """One epoch: most of it just now, a little of it up to three days late."""
    times = now_us - chance.integers(0, 15_000_000, rows)
    late = chance.random(rows) < LATE
    times = np.where(late, times - chance.integers(0, 3 * DAY, rows), times)
    visitors = chance.integers(0, 50_000, rows)
    table = pa.table(
        {
            "event_id": pa.array([chance.bytes(16) for _ in range(rows)], pa.binary(16)),
            "event_name": ["page_view"] * rows,
            "app_id": ["shop"] * rows,
            "protocol": ["footfall"] * rows,
            "visitor_id": [f"visitor-{number:08d}" for number in visitors],
            "received_at": pa.array(np.full(rows, now_us)).cast(pa.timestamp("us", "UTC")),
            "event_time": pa.array(times).cast(pa.timestamp("us", "UTC")),
            "event_time_rule": ["device"] * rows,
            "request_id": pa.array([chance.bytes(16) for _ in range(rows)], pa.binary(16)),
            "request_index": pa.array(np.zeros(rows, np.int32)),
            "log_offset": pa.array(epoch * rows + np.arange(rows)),
            "page_url": [f"https://shop.example/{number % 97}" for number in visitors],
            **{
                name: pa.array([value] * rows, EVENT_SCHEMA.field(name).type)
                for name, value in LAST_COLUMNS.items()
            },
        }
    )
    return conform(table, EVENT_SCHEMA)


def sessions_of(events: pa.Table, epoch: int) -> pa.Table:
    """As many closed sessions as a tenth of the events."""
    some = events.slice(0, max(1, events.num_rows // 10))
    columns: dict[str, Any] = {}
    for field in SESSION_SCHEMA:
        if field.name in ("app_id", "visitor_id"):
            columns[field.name] = some.column(field.name)
        elif field.name == "session_id":
            columns[field.name] = some.column("event_id")
        elif field.name in ("started_at", "ended_at"):
            columns[field.name] = some.column("event_time")
        elif field.nullable:
            columns[field.name] = pa.nulls(some.num_rows, field.type)
        else:
            value = {pa.string(): "page_view", pa.bool_(): False}.get(field.type, epoch)
            columns[field.name] = pa.array([value] * some.num_rows, field.type)
    return pa.table(columns, schema=SESSION_SCHEMA)


def run(
    root: Path, commits: int, per_window: int, rows: int, every: int | None = None
) -> list[Window]:
    """Commit, and measure; with maintenance beside it after each `every` commits, or without."""
    chance = np.random.default_rng(7)
    (root / "tail").mkdir(parents=True)
    lake = Lake(root / "lake", "default")
    child = None if every is None else Child(root)
    windows, since = [Window()], 0
    for epoch in range(1, commits + 1):
        now_us = START + epoch * (DAYS * DAY // commits)
        events = events_of(epoch, now_us, rows, chance)
        tables = {"events": events, "sessions": sessions_of(events, epoch)}
        since += 1
        if child is not None:
            child.look(wait=since >= BEHIND_MAX * every)
            if since >= every and not child.is_busy:
                child.start(now_us)
                since = 0
        started = time.perf_counter()
        for name, table in tables.items():
            assert lake.commit(name, table, epoch)
        committed = time.perf_counter()
        lake.plan("events")
        window = windows[-1]
        window.plans.append(1000 * (time.perf_counter() - committed))
        taken = 1000 * (committed - started)
        window.commits.append(taken)
        if child is not None and child.is_busy:
            window.during.append(taken)
        if epoch % per_window == 0:
            look_at(lake, window)
            print(
                shown(str(len(windows)) if child is not None else "yardstick", window), flush=True
            )
            windows.append(Window())
    if child is not None:
        child.close()
        median = statistics.median(child.seconds)
        print(f"maintenance: {len(child.seconds)} runs, median {median:.1f} s")
    assert lake.plan("events").rows == commits * rows
    return windows[:-1]


def look_at(lake: Lake, window: Window) -> None:
    """What lies on the disk at the end of a window."""
    table = lake.table("events")
    files = lake.plan("events").files
    days = [file.partition[0] for file in lake.data_files("events")]
    window.files = len(files)
    window.files_newest_day = days.count(max(days))
    needed = reachable(table)
    metadata = [Path(file) for file in needed if not file.endswith(".parquet")]
    window.metadata_kib = sum(file.stat().st_size for file in metadata if file.exists()) / 1024
    live = sum(Path(file).stat().st_size for file in files)
    disk = sum(file.size for file in files_below(table, LOCAL))
    window.disk_over_live = disk / live


def shown(name: str, window: Window) -> str:
    p50, p99 = (np.percentile(window.commits, share) for share in (50, 99))
    during = np.percentile(window.during, 99) if window.during else float("nan")
    plan50, plan99 = (np.percentile(window.plans, share) for share in (50, 99))
    return (
        f"{name:>10} {p50:8.0f} {p99:8.0f} {during:10.0f} {plan50:8.1f} {plan99:8.1f}"
        f" {window.files:7} {window.files_newest_day:7} {window.metadata_kib:10.0f}"
        f" {window.disk_over_live:7.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--commits", type=int, default=600, help="epochs; each commits two tables")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--maintain", type=Path, help=argparse.SUPPRESS)
    parser.set_defaults(every=EVERY)
    options = parsed(parser, commits=12, rows=20, windows=3, every=4)
    if options.maintain is not None:
        maintain(options.maintain)
        return
    per_window = options.commits // options.windows
    print(
        f"{options.commits} epochs of {options.rows} events over {DAYS} days, two tables and so two"
        " commits each; milliseconds, KiB"
    )
    print(
        f"{'window':>10} {'p50':>8} {'p99':>8} {'p99 while':>10} {'plan p50':>8} {'plan p99':>8}"
        f" {'files':>7} {'newest':>7} {'metadata':>10} {'disk':>7}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        windows = run(root / "a", options.commits, per_window, options.rows, options.every)
        few = max(2, options.commits // 10)
        run(root / "b", few, few, options.rows)
    first, last = windows[1], windows[-1]
    for name, share in (("p50", 50), ("p99", 99)):
        ratio = np.percentile(last.commits, share) / np.percentile(first.commits, share)
        print(f"commit {name}, last window / second: {ratio:.2f}")
    ratio = np.percentile(last.plans, 50) / np.percentile(first.plans, 50)
    print(f"plan p50, last window / second: {ratio:.2f}")
    print(f"metadata, last window / second: {last.metadata_kib / first.metadata_kib:.2f}")


if __name__ == "__main__":
    main()
