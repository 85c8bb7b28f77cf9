"""A home whose log is a topic of Kafka: the whole way, through the death of the broker."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools.servers.kafka import KafkaBroker

import footfall
from footfall.home import Home
from footfall.lake.cut import read_cut
from footfall.log import LogSource
from footfall.request import decode_request
from footfall.settings import load_settings
from tests.scale import scaled
from tests.system.tree import RetryingClient, Tree

KILLS = scaled(1, 12)
PARTITIONS = 3
FEWEST = 50
"""Events acknowledged, below which nothing was proved."""
DOWN_SECONDS = scaled(4, 8)


class Statuses:
    """What clients were answered, by protocol."""

    def __init__(self) -> None:
        self.found: Counter[tuple[str, int]] = Counter()

    def of(self, protocol: str) -> set[int]:
        return {status for known, status in self.found if known == protocol}


class OwnClient(RetryingClient):
    def __init__(self, tree: Tree, name: str, size: int, statuses: Statuses) -> None:
        super().__init__(tree, name, size)
        self._statuses = statuses

    def _send(self, events: list[dict[str, Any]]) -> bool:
        return self._post("footfall", "/v1/events", {"events": events})

    def _post(self, protocol: str, target: str, body: Any) -> bool:
        self.attempts += 1
        host = self._tree.collector_url().removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=20)
        try:
            headers = {"X-Write-Id": "web", "Content-Type": "application/json"}
            connection.request("POST", target, json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        self._statuses.found[protocol, answer.status] += 1
        return answer.status == 200


class AwsClient(OwnClient):
    """As the AWS SDKs send: they send again whatever is not 200."""

    def _event(self) -> dict[str, Any]:
        return {
            "event_id": str(uuid.uuid4()),
            "event_type": "_page_view",
            "timestamp": int(time.time() * 1000),
            "app_id": "web",
            "unique_id": self._visitor,
            "device_id": self._visitor,
            "platform": "Web",
            "attributes": {"_page_url": f"https://shop.example/{self._visitor}"},
            "user": {},
        }

    def _send(self, events: list[dict[str, Any]]) -> bool:
        return self._post("aws", "/collect?appId=web&platform=Web", events)


def footfall_verb(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli.main", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def tree(kafka_broker: KafkaBroker, tmp_path: Path) -> Tree:
    """Not started; its settings are in the home's file."""
    home = tmp_path / "home"
    home.mkdir()
    topic = f"t{uuid.uuid4().hex[:12]}.{{project}}"
    lines = [
        "[log]",
        'kind = "kafka"',
        "[log.kafka]",
        f'bootstrap_servers = "{kafka_broker.address}"',
        f'topic = "{topic}"',
        f"partitions = {PARTITIONS}",
        "replication_factor = 1",
        "min_insync_replicas = 1",
        'delivery_timeout = "2s"',
    ]
    (home / "footfall.toml").write_text("\n".join(lines) + "\n")
    return Tree(home)


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 1800))
def test_broker_killed_under_load_loses_and_doubles_nothing(
    tree: Tree, kafka_broker: KafkaBroker, record_property: Callable[[str, object], None]
) -> None:
    """While the broker is away each protocol refuses as its SDK retries; it goes on by itself.

    What clients had acknowledged is in the lake once, though some of it lies in the topic twice:
    for requests that were refused after they were sent, nobody knows.
    """
    statuses = Statuses()
    tree.start()
    clients = [
        *(OwnClient(tree, f"own-{n}", size, statuses) for n, size in enumerate((1, 5))),
        *(AwsClient(tree, f"aws-{n}", size, statuses) for n, size in enumerate((1, 5))),
    ]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        _until(lambda: all(client.acknowledged for client in clients))
        kafka_broker.kill()
        time.sleep(DOWN_SECONDS)
        kafka_broker.start()
        before = [len(client.acknowledged) for client in clients]
        _until(
            lambda seen=before: all(
                len(client.acknowledged) > count
                for client, count in zip(clients, seen, strict=True)
            )
        )
    _until(lambda: sum(len(client.acknowledged) for client in clients) > FEWEST)
    with contextlib.closing(_log(tree.home, "default").reader()) as log:
        # A partition that failed is left out for a while, for the rest of a short test maybe.
        _until(lambda: all(log.ends()[one] > 0 for one in range(PARTITIONS)))
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(120)
        assert not client.is_alive(), tree.errors()
    assert statuses.of("footfall") == {200, 503}
    assert statuses.of("aws") == {200, 503}
    _look_at(tree)
    assert tree.stop() == 0, tree.errors()
    acknowledged = [event for client in clients for event in client.acknowledged]
    _check(tree.home, acknowledged)
    record_property("kills of the broker under load", KILLS)
    record_property("events acknowledged by a log on Kafka, found once", len(acknowledged))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _look_at(tree: Tree) -> None:
    """What a person sees of it, and what a log elsewhere cannot do."""
    status = footfall_verb(tree.home, "status")
    assert "requests behind, by partition: " in status.stdout, status.stderr
    doctor = footfall_verb(tree.home, "doctor")
    assert "3 partitions, requests behind: " in doctor.stdout, doctor.stderr
    assert "BROKEN" not in doctor.stdout
    refused = footfall_verb(tree.home, "backup", str(tree.home.parent / "backup"))
    assert refused.returncode != 0
    assert "the log lies in Kafka" in refused.stderr


def _check(home: Path, acknowledged: list[str]) -> None:
    lake = footfall.open(home)
    rows = lake.sql("SELECT event_id, log_partition FROM events").rows()
    stored = [str(uuid.UUID(str(row["event_id"]))) for row in rows]
    assert sorted(stored) == sorted(acknowledged)
    assert {row["log_partition"] for row in rows} == set(range(PARTITIONS))
    cut = read_cut(Home(home).cut_file("default"))
    assert cut is not None
    assert cut.ledger.problems() == []
    assert cut.ledger.duplicates == _sent(home, "default") - len(acknowledged)
    repaired = footfall_verb(home, "repair")
    assert "the log lies in Kafka" in repaired.stdout


def _log(home: Path, project: str) -> LogSource:
    return LogSource.of(Home(home), project, load_settings(home / "footfall.toml").log)


def _sent(home: Path, project: str) -> int:
    """Events in the topic, repeats among them, counted from the records."""
    log = _log(home, project).reader()
    count = 0
    for partition in range(log.partitions):
        for _, record in log.read(0, records_max=1_000_000, bytes_max=1 << 30, partition=partition):
            count += decode_request(record).body.count(b'"event_id"')
    log.close()
    return count
