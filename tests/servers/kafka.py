"""A real Kafka broker, which can be killed and started again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tools.servers import CannotRun
from tools.servers.kafka import KafkaBroker


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """Running at `.address`; whoever kills it starts it again. Topics are the test's own."""
    try:
        broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), quick=True)
    except CannotRun as reason:
        pytest.skip(f"no Kafka: {reason}")
    with broker:
        yield broker
