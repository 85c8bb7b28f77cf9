"""Settings of logs on the test's broker; each has a project, and so a topic, of its own."""

from __future__ import annotations

import uuid
from typing import Any

from footfall.log import Log, LogSource
from footfall.settings import Settings, load_settings


def kafka_overrides(address: str, **values: Any) -> list[str]:
    """As `--set` takes them: a log on one broker, which keeps one copy."""
    known = {
        "bootstrap_servers": address,
        "partitions": 3,
        "replication_factor": 1,
        "min_insync_replicas": 1,
        **values,
    }
    return ["log.kind=kafka", *(f"log.kafka.{name}={value}" for name, value in known.items())]


def kafka_settings(address: str, **values: Any) -> Settings:
    return load_settings(None, {}, kafka_overrides(address, **values))


def new_project() -> str:
    return f"p{uuid.uuid4().hex[:16]}"


def source_of(settings: Settings, project: str) -> LogSource:
    return LogSource("", project, settings.log)


def new_log(address: str, partitions: int) -> Log:
    """A new topic, open for appending."""
    return source_of(kafka_settings(address, partitions=partitions), new_project()).writer()
