"""What only a log on Kafka must do: topics, gaps, several writers, a broker that dies."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)
from tools.servers.kafka import KafkaBroker

from footfall.errors import Invalid, Unavailable
from footfall.log import Log
from footfall.positions import Place, Positions
from footfall.request import LOST_RECORD
from footfall.testing import SimClock
from tests.log.kafka.topics import kafka_settings, new_project, source_of

ALL = {"records_max": 1000, "bytes_max": 1 << 20}


@pytest.fixture
def project() -> str:
    return new_project()


@pytest.fixture
def admin(kafka_broker: KafkaBroker) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka_broker.address, "log_level": 0})


@contextmanager
def writing(broker: KafkaBroker, project: str, **values: object) -> Iterator[Log]:
    with closing(source_of(kafka_settings(broker.address, **values), project).writer()) as log:
        yield log


def topic_of(project: str) -> str:
    return f"footfall.{project}"


def make_topic(admin: AdminClient, project: str, **config: str) -> None:
    topic = NewTopic(
        topic_of(project), 1, 1, config={k.replace("_", "."): v for k, v in config.items()}
    )
    admin.create_topics([topic])[topic_of(project)].result(30)


def test_topic_is_made_so_that_nothing_is_lost(
    kafka_broker: KafkaBroker, admin: AdminClient, project: str
) -> None:
    """No retention, no compaction, no unclean leader: what is acknowledged stays until trimmed."""
    with writing(kafka_broker, project, partitions=2, message_bytes_max="3MiB") as log:
        assert log.partitions == 2
    resource = ConfigResource(ResourceType.TOPIC, topic_of(project))
    found = {
        name: entry.value
        for name, entry in admin.describe_configs([resource])[resource].result(30).items()
    }
    expected = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "min.insync.replicas": "1",
        "max.message.bytes": str(3 << 20),
        "unclean.leader.election.enable": "false",
    }
    assert {name: found[name] for name in expected} == expected


def test_topic_that_would_lose_requests_is_not_used(
    kafka_broker: KafkaBroker, admin: AdminClient, project: str
) -> None:
    """Everything that is wrong with it is told at once, with what to set."""
    make_topic(admin, project, cleanup_policy="compact", max_message_bytes="1000")
    with pytest.raises(Invalid) as raised, writing(kafka_broker, project):
        pass
    assert len(raised.value.problems) == 2
    assert "cleanup.policy=compact" in raised.value.problems[0]
    assert str(2 << 20) in raised.value.problems[1]


def test_retention_of_a_topic_is_told(
    kafka_broker: KafkaBroker,
    admin: AdminClient,
    project: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A person may want it; unread requests go with it, so it is said."""
    make_topic(admin, project, retention_ms="3600000", max_message_bytes="2097152")
    with writing(kafka_broker, project):
        assert "retention.ms=3600000" in capfd.readouterr().err


def test_reader_may_come_before_the_topic(kafka_broker: KafkaBroker, project: str) -> None:
    """The pipeline may be started first; it finds an empty log, and then what is in it."""
    with closing(source_of(kafka_settings(kafka_broker.address), project).reader()) as reader:
        assert (reader.partitions, reader.starts(), reader.ends()) == (1, Positions(), Positions())
        assert reader.read(0, **ALL) == []
        with writing(kafka_broker, project) as log:
            log.append([b"a"], 2)
        assert reader.ends() == Positions((0, 0, 1))
        assert reader.read(0, partition=2, **ALL) == [(0, b"a")]


def test_any_number_of_collectors_may_append(kafka_broker: KafkaBroker, project: str) -> None:
    """No writer keeps another out, and what each had confirmed is there once, in its order."""
    with writing(kafka_broker, project) as one, writing(kafka_broker, project) as other:
        for number in range(20):
            (one if number % 2 else other).append([b"%d" % number], number % 3)
        found = [one.read(0, partition=partition, **ALL) for partition in range(3)]
    assert [[int(record) for _, record in part] for part in found] == [
        list(range(partition, 20, 3)) for partition in range(3)
    ]


def test_offsets_without_a_record_are_stated_as_lost(
    kafka_broker: KafkaBroker, project: str
) -> None:
    """Marks of a transaction take offsets, at the end of the partition as well; never skipped."""
    with writing(kafka_broker, project) as log:
        log.append([b"a", b"b"], 0)
        foreign = Producer(
            {"bootstrap.servers": kafka_broker.address, "transactional.id": project, "log_level": 0}
        )
        foreign.init_transactions(60)
        for number in range(2):
            foreign.begin_transaction()
            foreign.produce(topic_of(project), b"foreign %d" % number, partition=0)
            foreign.commit_transaction(60)
        expected = [b"a", b"b", b"foreign 0", LOST_RECORD, b"foreign 1", LOST_RECORD]
        while log.ends()[0] < 6:  # the mark is written a moment after the commit returned
            pass
        for offset in range(7):
            assert log.read(offset, **ALL) == [*enumerate(expected)][offset:]
        assert log.read(3, records_max=1, bytes_max=1) == [(3, LOST_RECORD)]
        log.append([b"c"], 0)
        assert log.read(5, **ALL) == [(5, LOST_RECORD), (6, b"c")]


def test_topic_may_get_more_partitions(
    kafka_broker: KafkaBroker, admin: AdminClient, project: str
) -> None:
    """Readers see them at the next look; a collector uses them within half a minute."""
    clock = SimClock()
    source = source_of(kafka_settings(kafka_broker.address, partitions=1), project)
    with closing(source.writer(clock)) as log, closing(source.reader()) as reader:
        assert {log.append([b"a"]).partition for _ in range(3)} == {0}
        grown = NewPartitions(topic_of(project), 3)
        admin.create_partitions([grown])[topic_of(project)].result(30)
        while reader.partitions < 3:
            reader.ends()
        clock.advance(31_000_000)
        assert {log.append([b"b"]).partition for _ in range(3)} == {0, 1, 2}
        assert reader.ends().total == 6
        assert reader.read(0, partition=2, **ALL) == [(0, b"b")]


def test_group_that_is_larger_than_what_may_be_in_flight_goes_through(
    kafka_broker: KafkaBroker, project: str
) -> None:
    """The bound is one of memory: what does not fit waits, in order."""
    records = [b"%d " % number * 300 for number in range(500)]
    with writing(kafka_broker, project, in_flight_requests_max=7) as log:
        assert log.append(records, 1) == Place(1, 0)
        assert log.read(0, records_max=999, bytes_max=1 << 30, partition=1) == [*enumerate(records)]


def test_record_beyond_the_largest_message_is_refused_and_the_next_taken(
    kafka_broker: KafkaBroker, project: str
) -> None:
    """Settings keep such a request out; if one came all the same, it would stop nobody else."""
    with writing(kafka_broker, project) as log:
        with pytest.raises(Unavailable):
            log.append([bytes(3 << 20)], 0)
        assert log.append([b"x"], 0) == Place(0, 0)


def test_partition_that_failed_is_left_alone_for_a_while(
    kafka_broker: KafkaBroker, project: str
) -> None:
    """One broker of several away: its partitions would make every third group wait in vain."""
    clock = SimClock()
    source = source_of(kafka_settings(kafka_broker.address, delivery_timeout="5s"), project)
    with closing(source.writer(clock)) as log:
        with pytest.raises(Unavailable):
            log.append([bytes(3 << 20)], 1)
        assert {log.append([b"x"]).partition for _ in range(6)} == {0, 2}
        clock.advance(11_000_000)
        assert {log.append([b"x"]).partition for _ in range(3)} == {0, 1, 2}


def test_topic_that_is_gone_is_no_empty_log(
    kafka_broker: KafkaBroker, admin: AdminClient, project: str
) -> None:
    """A broker that just started may not know it yet: to be asked again, not to begin anew."""
    with writing(kafka_broker, project) as log:
        log.append([b"a"], 0)
        with closing(source_of(kafka_settings(kafka_broker.address), project).reader()) as reader:
            admin.delete_topics([topic_of(project)])[topic_of(project)].result(30)
            with pytest.raises(Unavailable, match="the topic is gone"):
                _ask_until_it_is_gone(reader)


def _ask_until_it_is_gone(reader: Log) -> None:
    while reader.ends() != Positions():
        pass


def test_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra: most installations do without."""
    for name in [name for name in sys.modules if name.startswith("footfall.log.kafka.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    source = source_of(kafka_settings("127.0.0.1:9"), "p")
    for open_log in (source.reader, source.writer):
        with pytest.raises(Invalid, match=r"pip install 'footfall\[kafka\]'"):
            open_log()


def test_no_broker_is_told_in_time() -> None:
    """One sentence with what to do, for whoever starts first."""
    source = source_of(kafka_settings("127.0.0.1:9", delivery_timeout="1s"), "p")
    for open_log in (source.reader, source.writer):
        with pytest.raises(Unavailable, match="Kafka"):
            open_log()


def test_what_was_refused_while_the_broker_was_away_is_not_sent_later(
    kafka_broker: KafkaBroker, project: str
) -> None:
    """A refused request comes again from its client: sent late as well it would be there twice.

    The same log goes on when the broker is back.
    """
    with writing(kafka_broker, project, partitions=1, delivery_timeout="2s") as log:
        log.append([b"before"])
        kafka_broker.kill()
        try:
            with pytest.raises(Unavailable, match="send them again"):
                log.append([b"refused 1", b"refused 2"])
            with pytest.raises(Unavailable):
                log.probe()
            with pytest.raises(Unavailable):
                log.read(1, **ALL)
        finally:
            kafka_broker.start()
        _until(lambda: log.append([b"after"]))
        records = [record for _, record in log.read(0, **ALL)]
        assert records[0] == b"before"
        assert set(records[1:]) == {b"after"}
        log.probe()


def _until(work: Callable[[], object]) -> None:
    """The broker answers before it has all of its partitions."""
    for _ in range(20):
        try:
            work()
        except Unavailable:
            continue
        return
    work()


def test_closed_log_leaves_no_threads(kafka_broker: KafkaBroker, project: str) -> None:
    """Status and pages open a reader each time they are asked: a client's threads would add up.

    The log is held on to, so that nothing is let go of by chance.
    """
    with writing(kafka_broker, project) as log:
        log.append([b"one"])
    before = len(list(Path("/proc/self/task").iterdir()))
    held = []
    for _ in range(5):
        with closing(source_of(kafka_settings(kafka_broker.address), project).reader()) as reader:
            assert len(reader.read(0, **ALL)) == 1
        held.append(reader)
    assert len(list(Path("/proc/self/task").iterdir())) <= before
