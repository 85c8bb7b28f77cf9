"""The two sides, and what of them is compared."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from tools.servers.kafka import KafkaBroker
from tools.servers.postgres import PostgresServer
from tools.servers.rest_catalog import RestCatalog

from footfall.clock import SECOND
from footfall.lake import TABLES, Lake, LakePlace
from footfall.log import LogSource
from footfall.metadata import Metadata
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.positions import Place, Positions
from footfall.request import Request, encode_request
from tests.log.kafka.topics import kafka_overrides
from tests.pipeline.harness import Bench
from tests.runner.harness import Bucketed
from tests.servers.databases import new_database, overrides_of
from tests.servers.s3 import S3Server

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
    "runner.buckets=3",
)
PARTITIONS = 3


class Embedded(Bench):
    """A home with a log of SQLite files."""

    def __init__(self, directory: Path, *overrides: str) -> None:
        super().__init__(directory, *SETTINGS, *overrides)
        self.source = LogSource.of(self.home, "default", self.settings.log)
        writer = self.source.writer()
        self.log = writer

    def work_off(self, batches: Iterable[Sequence[Request]]) -> None:
        """Each batch as it comes, an epoch each, then what closes in the end."""
        pipeline = self.pipeline()
        for requests in batches:
            last = max(one.received_at for one in requests)
            self.clock.advance(max(0, last - self.clock.now_us()))
            self.append(requests)
            while pipeline.step():
                pass
            self.clock.advance(20 * SECOND)
            pipeline.step()
            pipeline._take_commit(wait=True)
        pipeline.finish()
        self.stop_consumers()
        pipeline.close()

    def follow(self, plans: Iterable[EpochPlan]) -> None:
        """Do epochs that others planned, as one does after a death: each by a new pipeline."""
        for plan in plans:
            pipeline = self.pipeline()
            pipeline._committer.plan(msgspec.structs.replace(plan, project="default"))
        self.pipeline()
        self.stop_consumers()


def cluster_overrides(
    kafka: KafkaBroker, postgres: PostgresServer, s3: S3Server, catalog: RestCatalog
) -> tuple[str, ...]:
    """Settings of a cluster of its own on these servers."""
    mine = f"c{uuid.uuid4().hex[:12]}"
    return (
        *kafka_overrides(kafka.address, partitions=PARTITIONS, topic=f"{mine}-{{project}}"),
        *overrides_of(new_database(postgres)),
        f'lake.location="{s3.bucket(mine)}/lake"',
        f'lake.catalog="{catalog.uri}"',
        f'lake.s3_endpoint="{s3.endpoint}"',
        f'lake.s3_region="{s3.region}"',
        f'lake.s3_access_key="{s3.access_key}"',
        f'lake.s3_secret_key="{s3.secret_key}"',
        'lake.cuts="lake"',
    )


class Cluster(Bucketed):
    """A log on Kafka, a lake in a bucket, metadata in PostgreSQL."""

    def __init__(self, directory: Path, project: str, *overrides: str) -> None:
        super().__init__(directory, *SETTINGS, *overrides, log=None, project=project)
        self.source = LogSource.of(self.home, project, self.settings.log)
        self.log = self.source.writer()

    def spread(self, batches: Iterable[Sequence[Request]], seed: int) -> list[Place]:
        """Append each request to a partition by chance; where each is now."""
        chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
        return [
            self.log.append([encode_request(one)], chance.randrange(PARTITIONS))
            for requests in batches
            for one in requests
        ]


def moved(plan: EpochPlan, project: str, places: Sequence[Place]) -> EpochPlan:
    """The plan for the same requests where they are in the other log."""
    return msgspec.structs.replace(
        plan,
        project=project,
        log_from=_moved(plan.log_from, places),
        log_to=_moved(plan.log_to, places),
        quarantined=tuple(sorted(places[one.offset] for one in plan.quarantined)),
    )


def _moved(positions: Positions, places: Sequence[Place]) -> Positions:
    found = Positions()
    for partition, offset in places[: positions[0]]:
        found = found.advanced(partition, offset + 1)
    return found


def plans_of(bench: Bench, project: str = "default") -> list[EpochPlan]:
    """What its epochs were planned as."""
    metadata = Metadata.open(bench.home, settings=bench.settings.metadata)
    texts = metadata.plans_after(project, 0)
    metadata.close()
    return [decode_plan(text) for text in texts]


def epochs_of(
    bench: Bench, project: str = "default", places: Sequence[Place] | None = None
) -> list[Any]:
    """Each epoch with its ledger; where it ends in the log, in the other one if `places` are."""
    metadata = Metadata.open(bench.home, settings=bench.settings.metadata)
    found = [
        (one.epoch, _moved(one.log_to, places) if places else one.log_to, one.watermark, one.ledger)
        for one in metadata.last_epochs(project, 10_000)
    ]
    metadata.close()
    return found


def rows_of(
    bench: Bench, project: str = "default", places: Sequence[Place] | None = None
) -> Iterator[tuple[str, pa.Schema, list[str]]]:
    """Of each table: its columns, and every row with all of them, in order."""
    lake = Lake(LakePlace.of(bench.settings.lake, bench.home.lake_dir), project)
    for name in TABLES:
        table = lake.read(name)
        rows = table.to_pylist()
        if places is not None and "log_offset" in table.column_names:
            for row in rows:
                row["log_partition"], row["log_offset"] = places[row["log_offset"]]
        yield name, table.schema, sorted(map(str, rows))
    lake.close()
