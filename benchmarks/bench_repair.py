"""Late events beyond the hot tier: time of an epoch, time to repair, memory, with heavy visitors.

    python benchmarks/bench_repair.py [--sessions 100000] [--epochs 12] [--rate 1000]

First a lake of three days is made by the epoch function itself, an hour an epoch: `--sessions`
sessions of four events, one visitor with 30 % of all events, and a server's id shared by a tenth as
many events as there are sessions (a million for ten million). Then epochs of fifteen seconds
at `--rate` events/s come, of which 2 % are late by up to three days, of any visitor as likely as
its events are; after them, epochs without events until nothing is provisional. `wait` is how many
epochs a provisional session waited for its repair, by kind of visitor: an epoch is 15 s.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, conform
from footfall.lake import Footers, Lake, LakeHistory
from footfall.ledger import Ledger
from footfall.pipeline.epoch.epoch import EpochResult, Ingested, finish
from footfall.pipeline.epoch.plan import EpochPlan, Rules
from footfall.positions import Positions
from footfall.sessionize import Definitions, SessionState
from footfall.settings import load_settings
from sizes import parsed

START = 20_700 * DAY
HOURS = 72
EVENTS_PER_SESSION = 4
HEAVY, SHARED = "heavy", "server"
EPOCH = 15 * SECOND
LATE_SHARE = 0.02
EPOCHS_MAX = 400


class World:
    """A lake, the state beside it, and a clock that goes on by epochs."""

    def __init__(self, root: Path, sessions: int) -> None:
        self.lake = Lake(root, "default")
        self.footers = Footers()
        self.rows_read = 0
        self.rules = Rules.of(load_settings())
        self.states = Definitions.of(self.rules.sessions).empty()
        self.random = np.random.default_rng(4)
        self.epoch = 0
        self.offset = 0
        self.now = START
        self.per_hour = sessions // HOURS
        self.visitors = max(1, sessions // 3)
        normal = self.per_hour * EVENTS_PER_SESSION
        self.shared = sessions // 10 // HOURS
        self.heavy = round((normal + self.shared) * 0.3 / 0.7)

    def names(self, count: int) -> np.ndarray:
        """Visitors of events, as likely as they have events."""
        total = self.per_hour * EVENTS_PER_SESSION + self.shared + self.heavy
        chance = self.random.random(count) * total
        names = np.char.add("v", self.random.integers(0, self.visitors, count).astype(str))
        names[chance < self.heavy] = HEAVY
        names[chance > total - self.shared] = SHARED
        return names

    def hour(self) -> tuple[np.ndarray, np.ndarray]:
        """Visitors and times of the next hour's events."""
        first = self.random.integers(0, HOUR - 20 * MINUTE, self.per_hour)
        owner = self.random.integers(0, self.visitors, self.per_hour)
        steps = self.random.integers(SECOND, 5 * MINUTE, (self.per_hour, EVENTS_PER_SESSION))
        times = (first[:, None] + np.cumsum(steps, 1)).ravel()
        names = np.char.add("v", np.repeat(owner, EVENTS_PER_SESSION).astype(str))
        extra = self.random.integers(0, HOUR, self.heavy + self.shared)
        crowd = np.repeat([HEAVY, SHARED], [self.heavy, self.shared])
        return np.concatenate([names, crowd]), self.now + np.concatenate([times, extra])

    def run(self, names: np.ndarray, times: np.ndarray, length: int) -> tuple[EpochResult, float]:
        """One epoch of these events; and the seconds it took, commits included."""
        self.epoch += 1
        self.now += length
        received = np.maximum(times, self.now - length) + SECOND
        events = table_of(names, times, received, self.offset, self.random)
        plan = EpochPlan(
            project="default",
            epoch=self.epoch,
            log_from=Positions((self.offset,)),
            log_to=Positions((self.offset + len(names),)),
            watermark=self.now - 5 * SECOND,
            planned_at=self.now,
            rules=self.rules,
        )
        self.offset += len(names)
        ingested = Ingested(
            events, events.slice(0, 0), FAILED_SCHEMA.empty_table(), Ledger(), self.now
        )
        history = LakeHistory(self.lake, self.epoch, self.footers)
        started = time.perf_counter()
        result = finish(plan, ingested, self.states, history)
        for table, rows in result.rows.items():
            self.lake.commit(table, rows, self.epoch)
        self.states = result.state
        self.rows_read = history.looked.rows
        return result, time.perf_counter() - started


def table_of(
    names: np.ndarray,
    times: np.ndarray,
    received: np.ndarray,
    offset: int,
    random: np.random.Generator,
) -> pa.Table:
    """Events as the stages before sessions give them."""
    count = len(names)
    ids = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), count, [None, pa.py_buffer(random.bytes(16 * count))]
    )
    pages = pa.array([f"https://shop.example/{n}" for n in range(100)])
    page = pa.DictionaryArray.from_arrays(
        random.integers(0, 100, count).astype(np.int32), pages
    ).cast(pa.string())

    def same(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text), count)

    def instants(values: np.ndarray) -> pa.Array:
        return pa.array(values, pa.int64()).cast(pa.timestamp("us", "UTC"))

    return conform(
        pa.table(
            {
                "event_id": ids,
                "event_name": same("page_view"),
                "app_id": same("shop"),
                "protocol": same("footfall"),
                "visitor_id": pa.array(names.tolist(), pa.string()),
                "created_at": instants(times),
                "received_at": instants(received),
                "event_time": instants(times),
                "event_time_rule": same("device"),
                "request_id": ids,
                "request_index": pa.array(np.zeros(count, np.int32)),
                "log_offset": pa.array(offset + np.arange(count)),
                "page_url": page,
            }
        ),
        EVENT_SCHEMA,
    )


def kind_of(visitor: str) -> str:
    return visitor if visitor in (HEAVY, SHARED) else "others"


def late_epoch(world: World, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Fifteen seconds of events, 2 % of them of any time of the last three days."""
    count = rate * EPOCH // SECOND
    times = world.now + world.random.integers(0, EPOCH, count)
    late = world.random.random(count) < LATE_SHARE
    times[late] = START + world.random.integers(0, HOURS * HOUR, int(late.sum()))
    return world.names(count), times


def waiting(state: SessionState) -> dict[tuple[str, int], int]:
    frame = state.pending().select("visitor_id", "started_at", "pending_since")
    return {(visitor, start): since for visitor, start, since in frame.iter_rows()}


def rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=12, help="With late events.")
    parser.add_argument("--rate", type=int, default=1000, help="Events a second meanwhile.")
    parser.add_argument("--hours", type=int, default=HOURS, help="Of the lake, first of all.")
    options = parsed(parser, sessions=1_000, epochs=1, rate=40, hours=3)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as root:
        world = World(Path(root), options.sessions)
        started = time.perf_counter()
        for _ in range(options.hours):
            world.run(*world.hour(), HOUR)
        print(
            f"lake: {world.offset:,} events in {time.perf_counter() - started:.0f} s;"
            f" hot {len(world.states.default):,} sessions,"
            f" {world.states.default.to_arrow().nbytes / 2**20:,.0f} MiB;"
            f" peak memory {rss_mib():,.0f} MiB"
        )
        _measure(world, options.epochs, options.rate)


def _measure(world: World, epochs: int, rate: int) -> None:
    waits: dict[str, list[int]] = defaultdict(list)
    seconds, read, deepest = [], [], 0
    none = (np.array([], "U8"), np.array([], np.int64))
    for number in range(EPOCHS_MAX):
        before = waiting(world.states.default)
        if number >= epochs and not before:
            break
        events = late_epoch(world, rate) if number < epochs else none
        _, took = world.run(*events, EPOCH)
        seconds.append(took)
        read.append(world.rows_read)
        after = waiting(world.states.default)
        deepest = max(deepest, len(after))
        for (visitor, start), since in before.items():
            if (visitor, start) not in after:
                waits[kind_of(visitor)].append(world.epoch - since)
    print(
        f"{number} epochs, {epochs} of them with late events: median"
        f" {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s;"
        f" at most {deepest} sessions provisional; peak memory {rss_mib():,.0f} MiB"
    )
    print(
        f"    rows read for repairs in an epoch, of events and sessions: median"
        f" {statistics.median(read):,.0f}, most {max(read):,}"
    )
    for kind, values in sorted(waits.items()):
        print(
            f"    {kind:<8} {len(values):6,} repaired after {statistics.median(values):.0f} epochs"
            f" (median), {max(values)} (most)"
        )
    overrides = pl.DataFrame(pl.from_arrow(world.lake.read("session_overrides")))
    print(f"    {overrides.height:,} overrides, {world.lake.plan('events').rows:,} events")


if __name__ == "__main__":
    main()
