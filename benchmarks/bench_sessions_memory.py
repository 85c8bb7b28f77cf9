"""Memory, epochs and restart of the pipeline over the number of sessions: what a good day costs.

    python benchmarks/bench_sessions_memory.py [--visitors 250000,500000,1000000]

A whole pipeline (decoding, duplicates, sessions, lake, cuts) in one process, on a log of real
requests, under a simulated clock: every second of it `--rate` events come from visitors of whom
nobody was there before, 3.6 events each (now, after one minute, most after three), twenty to a
request. An hour runs as fast as it can; `realtime` is how many times faster than it would come, and
`step` is the longest that readers waited for their next cut. Without `--in-one` each number of
visitors is a process of its own.

`memory` is what the process added since it was empty, the generator's and the clock's included:
`private` no file backs, `mapped` the kernel takes back when it needs it. `state` is counted from
the state's own arrays, those in files aside. `restart` is opening the newest checkpoint, `start` a
new pipeline that publishes its first cut. `--spark` adds what Spark's session_window says it keeps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from footfall.clock import SECOND
from footfall.home import Home
from footfall.lake.cut import read_cut
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._memory import calm_collector, keep_freed
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline._run import build
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from sizes import parsed
from spark_sessions import state_bytes

START = 1_790_000_000 * SECOND
EVENTS_PER_VISITOR = 3.6
LATER = ((60, 1.0), (180, 1.0), (420, 0.6))
"""Seconds after its first event that a visitor's others come, and how many visitors have one."""
PER_REQUEST = 20
PROJECT = "default"


class Memory(threading.Thread):
    """Samples this process; `private` and `mapped` are the highest, in MiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._first = sample()
        self.private = self.mapped = 0.0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(0.05):
            self.look()

    def look(self) -> None:
        private, mapped = (now - then for now, then in zip(sample(), self._first, strict=True))
        self.private, self.mapped = max(self.private, private), max(self.mapped, mapped)

    def stop(self) -> None:
        self.look()
        self._stopped.set()
        self.join()


def sample() -> tuple[float, float]:
    """Private and file-backed resident memory, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    private, mapped = (int(found[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
    return private, mapped


def visitor(number: int) -> str:
    """As an SDK names one: 36 characters."""
    return str(uuid.UUID(int=((number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))


def events_of(second: int, per_second: float, last: int) -> Iterator[tuple[int, int]]:
    """Numbers of visitors that are seen in this second, and how many events each had before."""
    for nth, (later, share) in enumerate(((0, 1.0), *LATER)):
        first, end = (int((second - later + n) * per_second) for n in (0, 1))
        for number in range(max(first, 0), min(end, last)):
            if share == 1.0 or number % 5 < 5 * share:
                yield number, nth


def requests_of(second: int, per_second: float, last: int) -> Iterator[bytes]:
    """The second's requests as the log keeps them."""
    at = START + second * SECOND
    wire: list[str] = []
    found = list(events_of(second, per_second, last))
    for place, (number, nth) in enumerate(found):
        wire.append(
            f'{{"event_id":"{uuid.UUID(int=(number << 4) + nth + 1)}","name":"page_view",'
            f'"timestamp":{at // 1000 + place % 1000},"visitor_id":"{visitor(number)}",'
            f'"page":{{"url":"https://shop.example/products/{(number * 7 + nth) % 2000}"}}}}'
        )
        if len(wire) == PER_REQUEST or place == len(found) - 1:
            body = f'{{"events":[{",".join(wire)}]}}'.encode()
            wire = []
            yield encode_request(
                Request(
                    version=REQUEST_VERSION,
                    request_id=uuid.UUID(int=(at << 64) + place).bytes,
                    received_at=at + place,
                    protocol="footfall",
                    app_id="shop",
                    credential="shop",
                    trusted=True,
                    method="POST",
                    path="/v1/events",
                    query="",
                    headers=(("content-type", "application/json"),),
                    client_ip="127.0.0.1",
                    body=body,
                    body_bytes=len(body),
                )
            )


def run(visitors: int, rate: int, root: Path, overrides: list[str]) -> dict[str, Any]:
    """One run; figures by name."""
    home = Home(root)
    metadata = Metadata.open(home)
    metadata.create_project(PROJECT)
    metadata.close()
    settings = load_settings(overrides=overrides)
    clock = SimClock(START)
    reader = SqliteLog.reader(home.log_dir(PROJECT))
    per_second = rate / EVENTS_PER_VISITOR
    seconds = int(visitors / per_second) + LATER[-1][0] + 1
    writer = SqliteLog.writer(home.log_dir(PROJECT), settings.log)
    pipeline = build(home, settings, PROJECT, reader, clock)
    pipeline.recover()
    keep_freed()
    calm_collector()

    def fill(second: int) -> None:
        writer.append(list(requests_of(second, per_second, visitors)))
        clock.advance(SECOND)

    found = {"visitors": visitors, **hours(pipeline, fill, seconds)}
    pipeline.close()
    del pipeline
    checkpoints = Checkpoints(home.state_dir(PROJECT))
    began = time.perf_counter()
    checkpoints.read(checkpoints.epochs()[-1])
    found["restart"] = time.perf_counter() - began
    began = time.perf_counter()
    with closing(build(home, settings, PROJECT, reader, clock)) as again:
        again.recover()
        found["start"] = time.perf_counter() - began
        while again.step():
            pass
        cut = read_cut(home.cut_file(PROJECT))
        sent = sum(1 for second in range(seconds) for _ in events_of(second, per_second, visitors))
        assert cut is not None
        assert cut.ledger.events == sent
    return found


def hours(pipeline: Pipeline, fill: Callable[[int], None], seconds: int) -> dict[str, Any]:
    """Seconds of traffic, one after the other, and a checkpoint."""
    memory = Memory()
    memory.start()
    steps = []
    for second in range(seconds):
        fill(second)
        began = time.perf_counter()
        while pipeline.step():
            pass
        steps.append(time.perf_counter() - began)
    began = time.perf_counter()
    pipeline._take_commit(wait=True)
    spent = sum(steps) + time.perf_counter() - began
    memory.look()
    state = pipeline.truth.state.default
    found: dict[str, Any] = {
        "sessions": len(state),
        "seconds": seconds,
        "realtime": seconds / spent,
        "step": max(steps),
        "private": memory.private,
        "mapped": memory.mapped,
    }
    if hasattr(state, "nbytes"):
        found["state"] = state.nbytes / max(len(state), 1)
    began = time.perf_counter()
    pipeline._keeper.write(pipeline.truth)
    found["checkpoint"] = time.perf_counter() - began
    memory.stop()
    found["peak"] = memory.private
    return found


def show(found: dict[str, Any]) -> None:
    state = f"{found['state']:5.0f}" if "state" in found else "    –"
    print(
        f"  {found['visitors']:>9,} visitors  {found['sessions']:>9,} sessions"
        f"  private {found['private']:6.0f} MiB, with checkpoint {found['peak']:6.0f}"
        f"  mapped {found['mapped']:6.0f}  state {state} bytes a session"
        f"  realtime {found['realtime']:4.1f}  step {found['step']:5.2f} s"
        f"  checkpoint {found['checkpoint']:5.2f} s  restart {found['restart']:5.2f} s"
        f"  start {found['start']:5.2f} s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", default="250000,500000,1000000")
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--in-one", action="store_true", help="print JSON of one run")
    options = parsed(parser, visitors="200", rate=100)
    counts = [int(number) for number in options.visitors.split(",")]
    if options.in_one:
        with tempfile.TemporaryDirectory() as root:
            print(json.dumps(run(counts[0], options.rate, Path(root), options.overrides)))
        return
    print(f"machine: {os.cpu_count()} cores; {options.rate:,} events/s of event time")
    for count in counts:
        command = [sys.executable, __file__, "--in-one", "--visitors", str(count)]
        command += ["--rate", str(options.rate)]
        command += [part for one in options.overrides for part in ("--set", one)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        show(json.loads(done.stdout.splitlines()[-1]))
    if options.spark:
        with tempfile.TemporaryDirectory() as root:
            found = state_bytes(Path(root), counts[0], START)
        if found is None:
            print("  Spark is missing: install the group `bench` for the comparison")
        else:
            rows, taken = found
            print(f"  Spark: {rows:,} sessions with one count, {taken / rows:.0f} bytes each")


if __name__ == "__main__":
    main()
