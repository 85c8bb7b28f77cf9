"""A topic of three partitions gives the rows of a log in memory with one, also after a death.

As `test_partitions`, which has three partitions in memory: here the offsets are a broker's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tools.servers.kafka import KafkaBroker

from footfall.clock import SECOND
from footfall.metadata import Metadata
from footfall.request import encode_request
from tests.log.kafka.topics import new_log
from tests.pipeline.harness import Bench
from tests.pipeline.test_partitions import PARTITIONS, ledgers, read_all, rows, work_off
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.scale import scaled


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


class OnKafka(Bench):
    """Each request in a partition by chance."""

    def __init__(self, directory: Path, broker: KafkaBroker, stack: ExitStack, seed: int) -> None:
        super().__init__(directory, *SETTINGS)
        self.log = new_log(broker.address, PARTITIONS)  # type: ignore[assignment]
        stack.callback(self.log.close)
        self._chance = random.Random(seed)  # noqa: S311 (seeded on purpose)

    def append(self, requests: Any) -> None:
        for one in requests:
            self.log.append([encode_request(one)], self._chance.randrange(PARTITIONS))


@pytest.mark.parametrize("seed", range(scaled(1, 6)))
def test_a_topic_gives_the_rows_of_memory(
    seed: int, tmp_path: Path, kafka_broker: KafkaBroker, stack: ExitStack
) -> None:
    """Rows, ids, sessions, epochs, watermarks, ledgers, of traffic with repeats and conflicts."""
    batches = _traffic(seed, 5)
    one = Bench(tmp_path / "one", *SETTINGS)
    work_off(one, batches)
    topic = OnKafka(tmp_path / "topic", kafka_broker, stack, seed)
    work_off(topic, batches)
    assert rows(topic) == rows(one)
    assert ledgers(topic) == ledgers(one)
    assert all(topic.log.ends()[partition] > 0 for partition in range(PARTITIONS))


def test_a_pipeline_that_starts_anew_goes_on_where_its_plans_say(
    tmp_path: Path, kafka_broker: KafkaBroker, stack: ExitStack
) -> None:
    """Not where a consumer group would: Kafka knows nothing of how far it was."""
    batches = _traffic(3, 4)
    one = Bench(tmp_path / "one", *SETTINGS)
    work_off(one, batches)
    topic = OnKafka(tmp_path / "topic", kafka_broker, stack, 3)
    for requests in batches:
        pipeline = topic.pipeline()
        topic.append(requests)
        read_all(topic, pipeline)
        topic.clock.advance(70 * SECOND)
        pipeline.close()
    topic.pipeline().finish()
    assert sorted(topic.tables()["events"].column("event_id").to_pylist()) == sorted(
        one.tables()["events"].column("event_id").to_pylist()
    )
    assert Metadata.open(topic.home).ledger("default").problems() == []
