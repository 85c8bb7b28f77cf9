"""How long a commit takes on an object store, and how old events are when readers get them.

    python benchmarks/bench_cluster.py [--epochs 60] [--events 20000] [--age 5s] [--seconds 60]

On this machine and from packages: an S3 server, PostgreSQL (metadata), an Iceberg REST catalog and
a Kafka broker. First `--epochs` epochs of `--events` events each are worked off one after another;
*commit* is what the driver does when its tasks are done: every table takes the epoch, each once;
*job* is its waiting for tasks, *epoch* everything from the plan to the cut. The other parts are of
all tasks together.
Then a request comes ten times a second for `--seconds`, and the driver runs as the worker does,
with epochs of `--age`. From acknowledgement to visible is from the moment the log had a request to
the moment that a *cut* names it (SQL, studio), the *live* counters have it, a *consumer* is given
it. With `--engine spark` tasks run on Spark's `local[2]`, else in a loop of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

import footfall.runner._run as running
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.live import decode_snapshot
from footfall.log import Log, LogSource
from footfall.metadata import Metadata
from footfall.pipeline import CommittedEpoch, ConsumerPlace, EpochConsumer
from footfall.positions import Positions
from footfall.request import REQUEST_VERSION, Request, encode_request
from footfall.runner.driver import Driver
from footfall.runner.engine import LocalEngine
from footfall.settings import Settings, load_settings
from servers.kafka import KafkaBroker
from servers.postgres import PostgresServer
from servers.rest_catalog import RestCatalog
from servers.versitygw import S3Server
from sizes import parsed

PROJECT: Final = "default"
EVENTS: Final = 20
"""In a request."""
PAUSE: Final = 0.1
"""Between requests that are watched."""
LOOK: Final = 0.02
VISITORS: Final = 2_000


def servers(stack: ExitStack, directory: Path, options: argparse.Namespace) -> list[str]:
    """Start them; the settings that name them."""
    settings, database = [], None
    if options.metadata == "postgresql":
        server = stack.enter_context(PostgresServer())
        database = server.jdbc
        settings += [f'metadata.url="{server.uri}"', f'metadata.password="{server.password}"']
    s3 = stack.enter_context(S3Server(made(directory / "s3")))
    lake = f"{s3.bucket('lake')}/bench"
    place = made(directory / "catalog")
    catalog = stack.enter_context(RestCatalog(place, s3, lake, database))
    settings += [
        f'lake.location="{lake}"',
        f'lake.catalog="{catalog.uri}"',
        f'lake.s3_endpoint="{s3.endpoint}"',
        f'lake.s3_access_key="{s3.access_key}"',
        f'lake.s3_secret_key="{s3.secret_key}"',
        'lake.cuts="lake"',
    ]
    if options.log == "kafka":
        broker = stack.enter_context(KafkaBroker(made(directory / "kafka")))
        settings += [
            'log.kind="kafka"',
            f'log.kafka.bootstrap_servers="{broker.address}"',
            "log.kafka.partitions=2",
            "log.kafka.replication_factor=1",
            "log.kafka.min_insync_replicas=1",
        ]
    return settings


def made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


def request(number: int) -> bytes:
    """Some visitors' page views of now."""
    now = time.time_ns() // 1_000
    events = [
        {
            "event_id": str(uuid.uuid4()),
            "name": "page_view",
            "timestamp": now // 1_000,
            "visitor_id": f"visitor-{(number * EVENTS + place) * 7919 % VISITORS}",
            "page": {"url": f"https://shop.example/{place}"},
            "properties": {"price": place, "list": "summer"},
        }
        for place in range(EVENTS)
    ]
    body = json.dumps({"events": events}, separators=(",", ":")).encode()
    agent = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0")
    return encode_request(
        Request(
            version=REQUEST_VERSION,
            request_id=uuid.uuid4().bytes,
            received_at=now,
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
    )


class Watched(EpochConsumer):
    """Notes when it is given which requests."""

    seen: Final[list[tuple[float, Positions]]] = []

    def __init__(self, place: ConsumerPlace) -> None:
        """See `EpochConsumer`."""

    def committed(self, epoch: CommittedEpoch) -> None:
        """Note it."""
        self.seen.append((time.perf_counter(), epoch.log_to))


class Looker(threading.Thread):
    """Looks at the live counters, as the studio does, until it is told to stop."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self._file = home.live_file(PROJECT)
        self.live: list[tuple[float, int]] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        while not self.stopping.wait(LOOK):
            now = time.perf_counter()
            if self._file.exists():
                counts = decode_snapshot(self._file.read_bytes())
                self.live.append((now, counts.people.events_30m))


def driver_of(home: Home, settings: Settings, log: Log, options: argparse.Namespace) -> Driver:
    if options.engine == "spark":
        from footfall.runner.spark import SparkEngine

        engine = SparkEngine.started(settings.runner)
    else:
        engine = LocalEngine()
    driver = running.build(home, settings, PROJECT, log, SystemClock(), engine=engine)
    driver.lease.renew_in_background()
    driver.recover()
    return driver


def commits(driver: Driver, writer: Log, options: argparse.Namespace) -> None:
    """Epochs one after another, each of new events."""
    seconds: dict[str, list[float]] = {}
    for number in range(options.epochs + 1):
        size = options.events // EVENTS
        writer.append([request(number * size + one) for one in range(size)])
        plan = driver._due(at_once=True)
        assert plan is not None
        began = time.perf_counter()
        done = driver.do(plan)
        if number:  # the first one makes the tables
            parts = {**done.seconds, "epoch": time.perf_counter() - began}
            for name, spent in parts.items():
                seconds.setdefault(name, []).append(spent)
    print(f"{options.epochs} epochs of {options.events:,} events, tasks: {options.engine}")
    for name, found in sorted(seconds.items()):
        print(f"  {name:10} {quantiles(found)}")


def latencies(driver: Driver, writer: Log, home: Home, options: argparse.Namespace) -> None:
    """A request now and then; when who has it."""
    acknowledged: list[tuple[float, Positions]] = []
    stopping = threading.Event()
    looker = Looker(home)

    def send() -> None:
        number = 0
        while not stopping.wait(PAUSE):
            writer.append([request(number)])
            acknowledged.append((time.perf_counter(), writer.ends()))
            number += 1

    known = driver._truth.ledger.events  # the counters have them already
    sender = threading.Thread(target=send)
    sender.start()
    looker.start()
    cuts: list[tuple[float, Positions]] = []
    end = time.perf_counter() + options.seconds
    while time.perf_counter() < end:
        if driver.step():
            cuts.append((time.perf_counter(), driver._truth.log_to))
        else:
            time.sleep(0.5)
    stopping.set()
    sender.join()
    driver.finish()
    cuts.append((time.perf_counter(), driver._truth.log_to))
    driver.consumers.settle(30.0)
    time.sleep(2 * LOOK)
    looker.stopping.set()
    looker.join()
    print(f"from acknowledgement to visible, epochs of {options.age}, {len(acknowledged)} requests")
    print(f"  cut        {quantiles(waits(acknowledged, cuts))}")
    live = [(at, known + EVENTS * number) for number, (at, _) in enumerate(acknowledged, 1)]
    print(f"  live       {quantiles(waits(live, looker.live))}")
    print(f"  consumer   {quantiles(waits(acknowledged, Watched.seen))}")


_Reached = TypeVar("_Reached", Positions, int)


def waits(
    asked: Sequence[tuple[float, _Reached]], seen: Sequence[tuple[float, _Reached]]
) -> list[float]:
    """From each moment to the first one at which that much was seen."""
    return [
        next(later for later, reached in seen if at <= later and wanted <= reached) - at
        for at, wanted in asked
    ]


def quantiles(seconds: list[float]) -> str:
    """Median, 99 of 100, the longest."""
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return (
        f"p50 {statistics.median(ordered):7.3f} s  p99 {high:7.3f} s  most {ordered[-1]:7.3f} s"
        f"  of {len(ordered)}"
    )


def measure(stack: ExitStack, directory: Path, options: argparse.Namespace) -> None:
    settings = load_settings(
        overrides=(
            *servers(stack, directory, options),
            f"pipeline.epoch_age_max={options.age}",
            "runner.buckets=2",
            "runner.spark_master=local[2,4]",
            'runner.spark_conf=["spark.driver.memory=1g","spark.log.level=ERROR"]',
        )
    )
    home = Home(directory / "home")
    metadata = Metadata.open(home, settings=settings.metadata)
    metadata.create_project(PROJECT)
    metadata.close()
    source = LogSource.of(home, PROJECT, settings.log)
    writer, log = source.writer(), source.reader()
    running.plug_ins = lambda: {"watched": Watched}
    driver = driver_of(home, settings, log, options)
    commits(driver, writer, options)
    latencies(driver, writer, home, options)
    driver.close()
    log.close()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--events", type=int, default=20_000, help="of an epoch")
    parser.add_argument("--age", default="5s", help="pipeline.epoch_age_max")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--metadata", choices=("postgresql", "home"), default="postgresql")
    parser.add_argument("--log", choices=("kafka", "sqlite"), default="kafka")
    parser.add_argument("--engine", choices=("spark", "local"), default="spark")
    options = parsed(
        parser,
        epochs=2,
        events=200,
        age="1s",
        seconds=2.0,
        metadata="home",
        log="sqlite",
        engine="local",
    )
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        measure(stack, Path(directory), options)


if __name__ == "__main__":
    main()
