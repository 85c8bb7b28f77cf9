"""Section `[log.kafka]`: a section within a section, and what a log on Kafka demands."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.clock import SECOND
from footfall.errors import Invalid
from footfall.reference import describe
from footfall.settings import load_settings

KAFKA = ("log.kind=kafka", "log.kafka.bootstrap_servers=a:9092,b.example:9092")


def test_each_source_reaches_a_section_within_a_section(tmp_path: Path) -> None:
    """File, environment and command line, in this order, as for any setting."""
    file = tmp_path / "footfall.toml"
    file.write_text('[log.kafka]\ntopic = "a.{project}"\nusername = "u"\npartitions = 2\n')
    environ = {
        "FOOTFALL__LOG__KAFKA__PASSWORD": "secret",
        "FOOTFALL__LOG__KAFKA__PARTITIONS": "4",
        "FOOTFALL__LOG__KAFKA__DELIVERY_TIMEOUT": "7s",
    }
    more = (*KAFKA, "log.kafka.security_protocol=sasl_ssl", "log.kafka.partitions=5")
    found = load_settings(file, environ, more).log.kafka
    assert found is not None
    assert found.topic_of("shop") == "a.shop"
    assert (found.partitions, found.delivery_timeout) == (5, 7 * SECOND)
    assert found.password.shown == "secret"
    assert "secret" not in repr(found)
    shown = {one.name: one.value for one in describe(file, environ, more)}
    assert shown["log.kafka.password"] == "***"
    assert shown["log.kafka.username"] == "u"


def test_mistakes_are_told_all_at_once() -> None:
    """Whoever sets up a cluster's client starts once, not once for each mistake."""
    wrong = (
        "log.kind=kafka",
        "log.kafka.topic=no mark",
        "log.kafka.partitions=0",
        "log.kafka.min_insync_replicas=4",
        "log.kafka.security_protocol=tls",
        "log.kafka.username=u",
        "log.kafka.ca_file=ca.pem",
        "log.kafka.nothing=1",
    )
    with pytest.raises(Invalid) as raised:
        load_settings(None, {}, wrong)
    told = "\n".join(raised.value.problems)
    for words in (
        "bootstrap_servers is empty",
        "topic must have {project}",
        "kafka.partitions",
        "min_insync_replicas is more than",
        "security_protocol: ",
        "kafka.username or kafka.password is set",
        "ca_file is set, but",
        "ca_file must be an absolute path",
        "no setting log.kafka.nothing",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("log.kafka.bootstrap_servers=a", "host:port"),
        ("log.kafka.bootstrap_servers=http://a:1", "host:port"),
        ("log.kafka.topic={project}/x", "topic must have"),
        ("log.kafka.security_protocol=sasl_ssl", "set kafka.username and kafka.password"),
        ("log.kafka.message_bytes_max=1MiB", "message_bytes_max must be at least"),
        ("collector.body_bytes_max=4MiB", "message_bytes_max must be at least"),
        ("log.kafka.in_flight_bytes_max=1MiB", "in_flight_bytes_max must be at least"),
    ],
)
def test_each_demand(change: str, told: str) -> None:
    """A request that no message holds, or an account without a name, would be met at run time."""
    load_settings(None, {}, KAFKA)
    with pytest.raises(Invalid) as raised:
        load_settings(None, {}, (*KAFKA, change))
    (problem,) = raised.value.problems
    assert told in problem


def test_a_log_of_files_asks_for_nothing_of_kafka() -> None:
    """Larger bodies need no larger messages where there are none."""
    load_settings(None, {}, ["collector.body_bytes_max=4MiB"])
