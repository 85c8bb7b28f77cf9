"""Every source in a home at its widest: a log on Kafka, a runner with buckets, other definitions.

What the driver of a Spark cluster does is done here by the same driver without Spark.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tools.servers.kafka import KafkaBroker

from footfall.clock import MINUTE, SECOND
from footfall.deliver.operating.report import DeliveryReport, delivery_reports
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.settings import QueryDefinition
from tests.deliver.bench import destinations, files_below, records
from tests.log.kafka.topics import kafka_overrides, kafka_settings, new_project, source_of
from tests.pipeline.harness import START_US, event, request
from tests.runner.harness import Bucketed

BY_NAME = 'SELECT event_name AS name, count(*) AS n FROM "window" GROUP BY event_name'
AGE = {"buffer_age": "60s"}
DESTINATIONS = destinations(
    raw={"source": "requests", **AGE},
    shop={"source": "requests", "app": "shop", "format": "csv", **AGE},
    clicks={"source": "events", "format": "parquet", **AGE},
    days={"source": "sessions", "definition": "steps", "settle": "0s", **AGE},
    results={"source": "query_results", "definition": "names", **AGE},
    all={"source": "query_results", "format": "csv", **AGE},
)
ROUNDS = 4


def test_all_sources_where_requests_are_on_kafka_and_epochs_of_a_runner(
    tmp_path: Path, kafka_broker: KafkaBroker
) -> None:
    """Requests of every partition, sessions of a second definition, results of queries: each once.

    The oracles are what was sent, and the lake's tables.
    """
    project = new_project()
    source = source_of(kafka_settings(kafka_broker.address), project)
    settings = (
        *kafka_overrides(kafka_broker.address),
        *("runner.buckets=2", "sessions.gap=1m", "pipeline.epoch_age_max=10s"),
        'sessions.definitions={steps={kind="step",step="30s"}}',
        f"deliver.destinations={DESTINATIONS}",
    )
    with closing(source.writer()) as log:
        bench = Bucketed(tmp_path, *settings, log=source.reader(), source=source, project=project)
        with closing(Metadata.open(bench.home, bench.clock)) as metadata:
            metadata.create_project(project)
            for name in ("names", "others"):
                metadata.queries.put(project, name, QueryDefinition(BY_NAME, "1m"), 50)
        driver = bench.driver()
        sent: list[int] = []
        for turn in range(ROUNDS):
            now = bench.clock.now_us()
            for partition in range(3):
                number = 10 * turn + partition
                at = [event(f"v{number}", now + n * SECOND, 10 * number + n) for n in range(2)]
                app = "shop" if partition else "blog"
                record = encode_request(request(number, at, now, app_id=app))
                log.append([record], partition)
                sent += [number] if app == "shop" else []
            for _ in range(3):
                driver.finish()
                bench.clock.advance(2 * MINUTE)
                driver.step()
                assert driver.consumers.settle(60)
        reports = {one.name: one for one in delivery_reports(bench.home, project, START_US)}
        _check(bench, project, reports, sent)
        driver.close()


def _rows(bench: Bucketed, name: str) -> list[dict[str, Any]]:
    files = files_below(bench.home.root / "delivered" / name)
    return [row for file in files for row in records(file)]


def _check(
    bench: Bucketed, project: str, reports: dict[str, DeliveryReport], sent: list[int]
) -> None:
    assert [str(one) for one in reports.values() if not one.is_well] == []
    raw = Counter((row["log_partition"], row["log_offset"]) for row in _rows(bench, "raw"))
    assert raw == Counter((partition, n) for partition in range(3) for n in range(ROUNDS))
    assert reports["raw"].delivered_to.total == 3 * ROUNDS
    shop = [int(row["request_id"].replace("-", ""), 16) - (7 << 76) for row in _rows(bench, "shop")]
    assert sorted(shop) == sent
    tables = {name: table.to_pylist() for name, table in bench.tables(project).items()}
    ids = Counter(row["event_id"].hex() for row in tables["events"])
    assert len(ids) == 6 * ROUNDS
    assert Counter(row["event_id"].replace("-", "") for row in _rows(bench, "clicks")) == ids
    others = Counter((row["session_id"].hex(), row["revision"]) for row in tables["other_sessions"])
    assert others
    days = Counter(
        (row["session_id"].replace("-", ""), row["revision"]) for row in _rows(bench, "days")
    )
    assert days == others
    _check_results(bench, tables["query_results"])


def _check_results(bench: Bucketed, rows: list[dict[str, Any]]) -> None:
    """Those of the last epoch wait for the next one; all before are there, once, as JSON."""
    last = max(row["epoch"] for row in rows)
    assert len({row["epoch"] for row in rows}) > 2
    ripe = [row for row in rows if row["epoch"] < last]
    found = _rows(bench, "all")
    assert Counter((row["query"], row["window_id"], row["revision"]) for row in found) >= Counter(
        (row["query"], row["window_id"], str(row["revision"])) for row in ripe
    )
    keys = Counter((row["query"], row["window_id"], row["revision"]) for row in found)
    assert set(keys.values()) == {1}
    named = _rows(bench, "results")
    assert {row["query"] for row in named} == {"names"}
    answers = {row["window_id"]: json.loads(row["answer"]) for row in rows}
    assert [row["answer"] for row in named] == [answers[row["window_id"]] for row in named]
    assert sum(one["n"] for row in named for one in row["answer"]) >= 6 * (ROUNDS - 1)
