"""Section `[log.kafka]`: which cluster and topic, and what they must be set to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from footfall.secret import Secret
from footfall.settings.kinds import Count, Duration, Size

PROJECT_MARK: Final = "{project}"
RECORD_EXTRA_BYTES: Final = 128 * 1024
"""Of a request's record beyond its body and query: path and headers are at most 64 KiB."""

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{0,185}")
"""Kafka allows 249 characters; a project's name has at most 64."""
_SERVER: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")


class KafkaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[log.kafka]`."""

    bootstrap_servers: str
    topic: str
    partitions: Count
    replication_factor: Count
    min_insync_replicas: Count
    message_bytes_max: Size
    delivery_timeout: Duration
    in_flight_bytes_max: Size
    in_flight_requests_max: Count
    security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    username: str
    password: Secret
    ca_file: str

    def topic_of(self, project: str) -> str:
        """Name of a project's topic."""
        return self.topic.replace(PROJECT_MARK, project)


def problems_of_kafka(values: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """What the settings of a log on Kafka demand, each on its own and of each other.

    Args:
        values: As written, by section and name; types that are wrong are told elsewhere.
    """
    log = values["log"]
    found = {name.partition(".")[2]: value for name, value in log.items() if "." in name}
    servers, topic = found["bootstrap_servers"], found["topic"]
    if log["kind"] == "kafka" and not servers:
        yield "log: kind is kafka, but kafka.bootstrap_servers is empty; name some of its servers"
    if servers and not all(map(_SERVER.fullmatch, str(servers).split(","))):
        yield (
            "log: kafka.bootstrap_servers must be host:port, more of them with commas between,"
            f" not {servers!r}"
        )
    if not _is_topic(str(topic)):
        yield (
            f"log: kafka.topic must have {PROJECT_MARK} once, and else letters, digits, dots, - and"
            f" _, such as footfall.{PROJECT_MARK}, not {topic!r}"
        )
    yield from _of_counts(found)
    yield from _of_security(found)


def too_small_for(kafka: KafkaSettings, body_bytes_max: int, query_bytes_max: int) -> Iterable[str]:
    """Whether every request that the collector takes fits into a message."""
    least = body_bytes_max + query_bytes_max + RECORD_EXTRA_BYTES
    if kafka.message_bytes_max < least:
        yield (
            "log: kafka.message_bytes_max must be at least collector.body_bytes_max +"
            f" collector.query_bytes_max + {RECORD_EXTRA_BYTES >> 10}KiB, here"
            f" {-(-least // 1024)}KiB"
        )
    if kafka.in_flight_bytes_max < kafka.message_bytes_max:
        yield "log: kafka.in_flight_bytes_max must be at least kafka.message_bytes_max"


def _is_topic(topic: str) -> bool:
    before, mark, after = topic.partition(PROJECT_MARK)
    return bool(mark) and _TOPIC.fullmatch(before + after) is not None


def _of_counts(found: Mapping[str, Any]) -> Iterable[str]:
    least, copies = found["min_insync_replicas"], found["replication_factor"]
    if isinstance(least, int) and isinstance(copies, int) and least > copies:
        yield (
            "log: kafka.min_insync_replicas is more than kafka.replication_factor, so that nothing"
            f" could be taken: {least} > {copies}"
        )


def _of_security(found: Mapping[str, Any]) -> Iterable[str]:
    protocol = str(found["security_protocol"])
    has_user, has_password = bool(found["username"]), bool(found["password"])
    if protocol.startswith("sasl_") and not (has_user and has_password):
        yield f"log: kafka.security_protocol is {protocol}; set kafka.username and kafka.password"
    if not protocol.startswith("sasl_") and (has_user or has_password):
        yield (
            "log: kafka.username or kafka.password is set, but kafka.security_protocol is"
            f" {protocol}; set sasl_ssl, or none of them"
        )
    if found["ca_file"] and not protocol.endswith("ssl"):
        yield (
            f"log: kafka.ca_file is set, but kafka.security_protocol is {protocol}; set ssl or"
            " sasl_ssl, or no file"
        )
    if found["ca_file"] and not Path(str(found["ca_file"])).is_absolute():
        yield f"log: kafka.ca_file must be an absolute path, not {found['ca_file']!r}"
