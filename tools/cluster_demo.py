"""`make cluster-demo`: the demo's shop through a cluster and through one home; both must agree.

    python tools/cluster_demo.py                      everything that can be had here
    python tools/cluster_demo.py --log sqlite         without Kafka: one collector, same machine
    python tools/cluster_demo.py --keep               leave homes, data and logs for a look

On this machine and from packages: a Kafka broker, PostgreSQL, an S3 server, an Iceberg REST
catalog; two collectors, a worker on Spark and a studio, each with a home of its own. Each request
of one generated file goes to the cluster, the collectors in turn, and to `footfall serve` at the
same time. What both hold is then compared, and with what the shop is known to have sent. All
processes end with this one, also by Ctrl-C or SIGTERM. Status 0: equal. 1: something differs or
failed. 3: a server cannot be had here.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cluster.compare import Side, differences, table
from cluster.roles import Machine, Role, Settings, settings_file
from footfall.errors import FootfallError
from footfall.recipes.sender import SendReport, send_all
from footfall.recipes.traffic import TimedRequest, decode_line
from footfall.recipes.truth import GroundTruth
from servers import CannotRun
from servers.kafka import KafkaBroker
from servers.postgres import PostgresServer
from servers.rest_catalog import RestCatalog
from servers.versitygw import S3Server

APP: Final = "shop"
CANNOT_RUN: Final = 3
CONNECTIONS: Final = 8
SHORT_EPOCHS: Final[Settings] = {"pipeline.epoch_age_max": "3s"}
FEW_BUCKETS: Final[Settings] = {"runner.buckets": 4, "runner.spark_master": "local[2]"}
FREE_PORTS: Final[Settings] = {
    "collector.port": 0,
    "studio.port": 0,
    "pipeline.health_address": "127.0.0.1:0",
}


class Cluster(NamedTuple):
    """What runs, and where it is asked."""

    collectors: Sequence[Role]
    worker: Role
    studio: Role


def servers_settings(
    chosen: argparse.Namespace, directory: Path, stack: contextlib.ExitStack
) -> dict[str, str | int]:
    """Start the servers, ended by `stack`; the settings that name them.

    Raises:
        CannotRun: one cannot be had here.
    """
    settings: dict[str, str | int] = {}
    database = None
    if "postgresql" in (chosen.metadata, chosen.catalog) or chosen.catalog == "rest":
        say("starting PostgreSQL")
        database = stack.enter_context(PostgresServer())
    if chosen.log == "kafka":
        say("starting Kafka")
        broker = stack.enter_context(KafkaBroker(made(directory / "kafka")))
        settings |= {
            "log.kind": "kafka",
            "log.kafka.bootstrap_servers": broker.address,
            "log.kafka.partitions": 3,
            "log.kafka.replication_factor": 1,  # one broker: a demo only
            "log.kafka.min_insync_replicas": 1,
        }
    if chosen.metadata == "postgresql":
        assert database is not None
        settings |= {
            "metadata.url": database.uri,
            "metadata.password": database.password,
        }
    if chosen.catalog != "sqlite":
        say("starting the S3 server")
        s3 = stack.enter_context(S3Server(made(directory / "s3")))
        lake = f"{s3.bucket('lake')}/shop"
        settings |= {
            "lake.location": lake,
            "lake.s3_endpoint": s3.endpoint,
            "lake.s3_access_key": s3.access_key,
            "lake.s3_secret_key": s3.secret_key,
        }
        assert database is not None
        if chosen.catalog == "rest":
            say("starting the REST catalog")
            place = made(directory / "catalog")
            catalog = stack.enter_context(RestCatalog(place, s3, lake, database.jdbc))
            settings["lake.catalog"] = catalog.uri
        else:
            settings["lake.catalog"] = database.uri
            settings["lake.catalog_password"] = database.password
    if shares_nothing(chosen):
        settings["lake.cuts"] = "lake"
    return settings


def shares_nothing(chosen: argparse.Namespace) -> bool:
    """Whether each role can have a machine of its own: nothing they share is a file in a home."""
    return bool(
        chosen.log == "kafka" and chosen.metadata == "postgresql" and chosen.catalog != "sqlite"
    )


def start_cluster(
    chosen: argparse.Namespace,
    settings: Settings,
    directory: Path,
    stack: contextlib.ExitStack,
) -> Cluster:
    """Start the roles, ended by `stack` before the servers; ready when it returns."""
    settings = {**settings, **FREE_PORTS, **SHORT_EPOCHS}
    if chosen.runner == "spark":
        settings |= FEW_BUCKETS
    alone = Machine(directory / "cluster", settings)

    def machine(name: str) -> Machine:
        return Machine(directory / name, settings) if shares_nothing(chosen) else alone

    machine("collector-1").verb("key", "create", APP, "--quiet")
    count = 2 if chosen.log == "kafka" else 1
    collectors = [Role(machine(f"collector-{number + 1}"), "collector") for number in range(count)]
    runner = () if chosen.runner == "embedded" else ("--runner", chosen.runner)
    cluster = Cluster(
        collectors, Role(machine("worker"), "worker", *runner), Role(machine("studio"), "studio")
    )
    for role in (*collectors, cluster.worker, cluster.studio):
        say(f"starting the {role.name}")
        stack.enter_context(role)
    return cluster


def start_embedded(directory: Path, stack: contextlib.ExitStack) -> Role:
    """`footfall serve` with nothing but its home."""
    machine = Machine(directory / "embedded", {**FREE_PORTS, **SHORT_EPOCHS})
    say("starting footfall serve")
    machine.verb("key", "create", APP, "--quiet")
    role = Role(machine, "serve", "--no-studio")
    stack.enter_context(role)
    return role


def make_traffic(
    chosen: argparse.Namespace, machine: Machine, directory: Path
) -> tuple[list[TimedRequest], GroundTruth]:
    """The shop's requests from now on, and what they amount to."""
    out, truth = directory / "requests.jsonl", directory / "truth.json"
    shop = ("--users", str(chosen.users), "--seed", str(chosen.seed), "--write-id", APP)
    times = ("--rate", str(chosen.rate), "--duration", chosen.duration, "--backlog", chosen.backlog)
    machine.verb("generate", *times, *shop, "--out", str(out), "--truth", str(truth))
    with out.open("rb") as lines:
        requests = [decode_line(line) for line in lines]
    return requests, msgspec.json.decode(truth.read_bytes(), type=GroundTruth)


def send_to_both(
    requests: Sequence[TimedRequest], embedded: Role, collectors: Sequence[Role]
) -> dict[str, list[SendReport]]:
    """Each request at its time to both sides; the collectors of the cluster take turns."""
    say(f"sending {len(requests):,} requests to each side")
    share = len(collectors)
    with ThreadPoolExecutor(1 + share) as senders:
        one = senders.submit(send_all, embedded.url, requests, connections=CONNECTIONS)
        others = [
            senders.submit(send_all, role.url, requests[place::share], connections=CONNECTIONS)
            for place, role in enumerate(collectors)
        ]
        return {"embedded": [one.result()], "cluster": [other.result() for other in others]}


def report_columns(sent: Mapping[str, Sequence[SendReport]]) -> dict[str, dict[str, object]]:
    """What was acknowledged, and how fast the slowest collector was."""
    return {
        side: {
            "acknowledged requests": sum(report.acknowledged for report in reports),
            "sent again": sum(report.retries for report in reports),
            "answer p50, ms": max(report.latency_ms_p50 for report in reports),
            "answer p99, ms": max(report.latency_ms_p99 for report in reports),
        }
        for side, reports in sent.items()
    }


def run(chosen: argparse.Namespace, directory: Path) -> int:
    """Everything between an empty directory and the verdict."""
    with contextlib.ExitStack() as stack:
        settings = servers_settings(chosen, directory, stack)
        print(textwrap.indent(settings_file(settings), "    "))
        cluster = start_cluster(chosen, settings, directory, stack)
        embedded = start_embedded(directory, stack)
        requests, truth = make_traffic(chosen, embedded.machine, directory)
        sent = send_to_both(requests, embedded, cluster.collectors)
        say("stopping what writes: what was acknowledged goes to the lake first")
        for role in (*cluster.collectors, cluster.worker, embedded):
            role.stop()
        say("comparing")
        reader = cluster.studio.machine
        sides = {"embedded": Side.of(embedded.machine), "cluster": Side.of(reader)}
    columns = report_columns(sent)
    lines = {side: {**columns[side], **sides[side].sums} for side in sides}
    print("\n".join(table(lines)))
    found = differences(sides["embedded"], sides["cluster"])
    for side, held in sides.items():
        found += [f"{side}: {line}" for line in truth.differences(held.sessions)]
    for line in found:
        print(f"DIFFERS  {line}", file=sys.stderr)
    if not found:
        print("equal: rows, ids, sessions and ledgers, and they are what the shop sent")
    return int(bool(found))


def made(directory: Path) -> Path:
    """The directory, which is there now."""
    directory.mkdir(parents=True)
    return directory


def say(line: str) -> None:
    """What happens now, for a person who waits."""
    print(f"{time.strftime('%H:%M:%S')}  {line} …", flush=True)


def end_once() -> None:
    """Let the first Ctrl-C or SIGTERM end this with all that it started; more do not disturb it."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The choices."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--log", choices=("kafka", "sqlite"), default="kafka")
    parser.add_argument("--metadata", choices=("postgresql", "home"), default="postgresql")
    parser.add_argument("--catalog", choices=("rest", "postgresql", "sqlite"), default="rest")
    parser.add_argument("--runner", choices=("spark", "embedded"), default="spark")
    parser.add_argument("--rate", type=float, default=50.0, help="mean events a second")
    parser.add_argument("--duration", default="20s")
    parser.add_argument("--backlog", default="1h", help="so much comes late")
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="a new one for all data; else a temporary")
    parser.add_argument("--keep", action="store_true", help="leave homes, data and logs")
    return parser.parse_args(arguments)


def main() -> int:
    """See the module's text."""
    chosen = parse()
    if chosen.directory is None:
        directory = Path(tempfile.mkdtemp(prefix="footfall-cluster-"))
    elif chosen.directory.exists():
        print(f"name a directory that is not there yet: {chosen.directory}", file=sys.stderr)
        return 2
    else:
        directory = made(chosen.directory.resolve())
    end_once()
    try:
        return run(chosen, directory)
    except CannotRun as problem:
        print(f"the cluster cannot run here: {problem}", file=sys.stderr)
        return CANNOT_RUN
    except (RuntimeError, FootfallError, subprocess.SubprocessError) as problem:
        print(f"the cluster did not work: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    finally:
        if chosen.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
