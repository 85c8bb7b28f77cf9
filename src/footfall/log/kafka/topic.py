"""A project's topic: made, looked at, measured and trimmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from footfall.clock import Clock
from footfall.errors import Invalid, Unavailable
from footfall.log.kafka.client import LastError, client_config, error_of, failure, seconds
from footfall.settings.kafka import KafkaSettings

FOREVER: Final = "-1"
"""Kafka's word for no bound. What nobody needs any more is deleted by the pipeline, and nothing
else may be."""
_NO_TOPIC: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)
_NO_LEADER: Final = KafkaError._NOENT
_LEADERLESS: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    _NO_LEADER,
)
_AGAIN_SECONDS: Final = 0.05
EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_Told = TypeVar("_Told")


class Topic:
    """One topic, by an administrator's client; from one thread at a time."""

    def __init__(self, name: str, settings: KafkaSettings, clock: Clock) -> None:
        """Connect to nothing yet."""
        self.name = name
        self._settings = settings
        self._clock = clock
        self._last = LastError()
        self._stack = ExitStack()
        self._admin = self._stack.enter_context(AdminClient(client_config(settings, self._last)))
        self._seconds = seconds(settings.delivery_timeout)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._stack.close()

    def partitions(self) -> int:
        """How many there are; 0 if there is no such topic.

        Raises:
            Unavailable: no broker answers.
            Invalid: it may not be read.
        """
        return len(self._described())

    def make(self) -> None:
        """Make it as the settings say, unless it is there.

        Raises:
            Unavailable: no broker answers, or too few for so many copies.
            Invalid: the cluster does not allow it; make it by other means.
        """
        wanted = NewTopic(
            self.name,
            num_partitions=self._settings.partitions,
            replication_factor=self._settings.replication_factor,
            config={
                "cleanup.policy": "delete",
                "retention.ms": FOREVER,
                "retention.bytes": FOREVER,
                "min.insync.replicas": str(self._settings.min_insync_replicas),
                "max.message.bytes": str(self._settings.message_bytes_max),
                "unclean.leader.election.enable": "false",
                "compression.type": "producer",
            },
        )
        try:
            told = self._admin.create_topics([wanted], request_timeout=self._seconds)[self.name]
            told.result(2 * self._seconds)
        except KafkaException as error:
            found = error_of(error)
            if found is None or found.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise failure(error, f"making the topic {self.name}", self._last) from error
        except TimeoutError as error:
            raise self._silent("making the topic") from error
        deadline = self._clock.monotonic() + self._seconds
        while not self.partitions():  # every broker has to hear of it
            if self._clock.monotonic() > deadline:
                raise self._silent("making the topic")
            self._clock.sleep(_AGAIN_SECONDS)

    def check(self) -> list[str]:
        """What of its settings deserves a person's attention; empty where they cannot be read.

        Raises:
            Invalid: requests would be lost, or could not be taken, with its settings.
            Unavailable: no broker answers.
        """
        found = self._config()
        problems = tuple(_problems(found, self._settings))
        if problems:
            raise Invalid(f"the topic {self.name} cannot hold a log; alter it:", problems)
        return list(_cautions(found))

    def can_take(self) -> None:
        """Find out whether a partition could take records now.

        Raises:
            Unavailable, Invalid: none can; the message says why.
        """
        partitions = self._described()
        in_sync = [len(one.isr) for one in partitions if one.leader is not None]
        if not partitions:
            raise Unavailable(f"the topic is gone; restart the collector: topic={self.name}")
        if max(in_sync, default=0) < self._settings.min_insync_replicas:
            raise Unavailable(
                "too few of the topic's copies are up; see to the brokers:"
                f" topic={self.name} in_sync={max(in_sync, default=0)}"
                f" min_insync_replicas={self._settings.min_insync_replicas}"
            )

    def starts(self) -> list[int]:
        """Oldest offset kept of each partition; empty if there is no such topic."""
        return self._offsets(range(self.partitions()), EARLIEST)

    def ends(self) -> list[int]:
        """Where the next record of each partition will be; empty if there is no such topic."""
        return self._offsets(range(self.partitions()), LATEST)

    def start(self, partition: int) -> int:
        """As `starts`, of one partition; 0 if there is none."""
        return self._offset(partition, EARLIEST)

    def end(self, partition: int) -> int:
        """As `ends`, of one partition; 0 if there is none."""
        return self._offset(partition, LATEST)

    def delete_before(self, offsets: dict[int, int]) -> None:
        """Forget the records before an offset, by partition; none of them is beyond the end.

        Raises:
            Invalid: it is not allowed to.
            Unavailable: no broker answers.
        """
        wanted = [TopicPartition(self.name, one, at) for one, at in offsets.items()]
        self._results(
            lambda: self._admin.delete_records(wanted, request_timeout=self._seconds).values(),
            "deleting records",
        )

    def _offset(self, partition: int, spec: OffsetSpec) -> int:
        try:
            return self._offsets([partition], spec)[0]
        except _AbsentError:
            return 0

    def _offsets(self, partitions: Iterable[int], spec: OffsetSpec) -> list[int]:
        wanted = {TopicPartition(self.name, one): spec for one in partitions}
        if not wanted:
            return []

        def ask() -> Iterable[Future[Any]]:
            told = self._admin.list_offsets(wanted, request_timeout=self._seconds)
            return [told[one] for one in wanted]

        return [one.offset for one in self._results(ask, "asking for offsets")]

    def _described(self) -> list[Any]:
        collection = TopicCollection([self.name])

        def ask() -> Iterable[Future[Any]]:
            return self._admin.describe_topics(collection, request_timeout=self._seconds).values()

        try:
            (found,) = self._results(ask, "asking for the topic")
        except _AbsentError:
            return []
        return list(found.partitions)

    def _config(self) -> dict[str, str]:
        resource = ConfigResource(ResourceType.TOPIC, self.name)

        def ask() -> Iterable[Future[Any]]:
            return self._admin.describe_configs([resource], request_timeout=self._seconds).values()

        try:
            (found,) = self._results(ask, "asking for the topic's settings")
        except Invalid:
            return {}  # an account without that right can still append
        return {name: entry.value for name, entry in found.items()}

    def _results(self, ask: Callable[[], Iterable[Future[_Told]]], doing: str) -> list[_Told]:
        """Answers of the brokers; asked again while a leader is being found."""
        deadline = self._clock.monotonic() + self._seconds
        while True:
            try:
                return [one.result(2 * self._seconds) for one in ask()]
            except KafkaException as error:
                told = error_of(error)
                code = None if told is None else told.code()
                if code in _NO_TOPIC or (code == _NO_LEADER and not self.partitions()):
                    raise _AbsentError(f"there is no such topic now: {self.name}") from error
                if code not in _LEADERLESS or self._clock.monotonic() > deadline:
                    raise failure(error, doing, self._last) from error
            except TimeoutError as error:
                raise self._silent(doing) from error
            self._clock.sleep(_AGAIN_SECONDS)
            with suppress(KafkaException):
                self._admin.list_topics(timeout=self._seconds)  # who leads now

    def _silent(self, doing: str) -> Unavailable:
        return Unavailable(
            f"Kafka does not answer; see to the brokers: {doing}, topic={self.name}{self._last}"
        )


class _AbsentError(Unavailable):
    """There is no such topic (any more)."""


def _problems(found: dict[str, str], settings: KafkaSettings) -> Iterable[str]:
    policy = found.get("cleanup.policy", "delete")
    if policy != "delete":
        yield f"cleanup.policy={policy}, which removes requests among others; set delete"
    least = int(found.get("min.insync.replicas", settings.min_insync_replicas))
    if least < settings.min_insync_replicas:
        yield (
            f"min.insync.replicas={least}, so that a request in fewer copies than promised is"
            f" acknowledged; set {settings.min_insync_replicas}, or log.kafka.min_insync_replicas"
        )
    size = int(found.get("max.message.bytes", settings.message_bytes_max))
    if size < settings.message_bytes_max:
        yield (
            f"max.message.bytes={size}, so that large requests could not be taken; set"
            f" {settings.message_bytes_max}"
        )


def _cautions(found: dict[str, str]) -> Iterable[str]:
    for name in ("retention.ms", "retention.bytes"):
        if found.get(name, FOREVER) != FOREVER:
            yield (
                f"{name}={found[name]}: requests that the lake lacks are deleted when they wait"
                " that long; set -1, the pipeline deletes what nobody needs"
            )
    if found.get("unclean.leader.election.enable") == "true":
        yield (
            "unclean.leader.election.enable=true: acknowledged requests can be lost with a broker;"
            " set false"
        )
