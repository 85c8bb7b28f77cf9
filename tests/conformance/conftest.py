"""A cluster takes servers, and Spark once: what needs it all is shared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from tools.servers.kafka import KafkaBroker
from tools.servers.postgres import PostgresServer
from tools.servers.rest_catalog import RestCatalog

from footfall.runner.spark import SparkEngine
from footfall.settings import load_settings
from tests.conformance.sides import SETTINGS, cluster_overrides
from tests.scale import IS_FULL
from tests.servers.s3 import S3Server

collect_ignore = [] if IS_FULL else ["test_killed_workers.py", "test_more_conformance.py"]
"""Minutes each: a part of `make test-full` only."""

CONF = 'runner.spark_conf=["spark.driver.memory=1g","spark.log.level=OFF"]'


@pytest.fixture
def servers(
    kafka_broker: KafkaBroker,
    postgres_server: PostgresServer,
    s3_server: S3Server,
    rest_catalog: RestCatalog,
) -> tuple[str, ...]:
    """Settings of a cluster of the test's own."""
    return cluster_overrides(kafka_broker, postgres_server, s3_server, rest_catalog)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    """Two cores of this machine."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17")
    settings = load_settings(overrides=(*SETTINGS, CONF, "runner.spark_master=local[2,4]"))
    started = SparkEngine.started(settings.runner)
    yield started
    started.close()
