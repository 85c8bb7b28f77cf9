"""Writing side: a group of records to one partition, acknowledged when the brokers say so.

Theory of operation. A group is handed to an idempotent producer and flushed, so it travels as few
batches, at once, and the producer's own tries again neither double nor reorder it. It is
acknowledged when each of its records was confirmed by `min.insync.replicas` copies (`acks=all`).

What is not confirmed within `delivery_timeout` is refused, and then nobody knows whether Kafka has
it: a confirmation may have been lost on its way. Refused requests are sent again by their clients,
and what is there twice is dropped by event id. So the only thing to prevent is that something is
sent long after it was refused: a producer that failed once is purged and given up with all it
holds, and the next append begins with a new one, whatever state the old one was in.

A partition that failed is left alone for a while if there are others: with one broker of several
away, only what went to its partitions meanwhile is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from footfall.clock import US_PER_MS, Clock
from footfall.errors import Unavailable
from footfall.log.kafka.client import LastError, client_config, failure, seconds
from footfall.positions import Place
from footfall.settings.kafka import KafkaSettings

_LINGER_MS: Final = 1_000
"""A batch is sent when its group is flushed, or is full."""
_LOOK_SECONDS: Final = 30.0
"""How often it looks whether the topic got more partitions."""
_ROOM_SECONDS: Final = 0.1
_REPORT_SECONDS: Final = 3.0
"""Beyond the timeout: the producer looks for what is too old once a second."""
_KIB: Final = 1024


class _Outcome:
    """What became of a group."""

    def __init__(self, records: int) -> None:
        self.left = records
        self.first: int | None = None
        self.error: KafkaError | None = None

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Callback of the producer, for each record in their order."""
        self.left -= 1
        if error is not None:
            self.error = self.error or error
        elif self.first is None:
            self.first = message.offset()


class KafkaAppender:
    """Appends to a topic, from one thread. Others may append to the same topic."""

    def __init__(self, topic: str, settings: KafkaSettings, clock: Clock, partitions: int) -> None:
        """Begin to connect."""
        self._topic = topic
        self._settings = settings
        self._clock = clock
        self._start()
        self._turn = 0
        self._failed_until: dict[int, float] = {}
        self._looked_at = clock.monotonic()
        self.partitions = partitions
        """Among which it chooses."""

    def choose(self) -> int:
        """The partition for the next group: in turn, those that failed of late left out."""
        now = self._clock.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._look_for_more()
        for _ in range(self.partitions):
            chosen = self._turn % self.partitions
            self._turn += 1
            if self._failed_until.get(chosen, now) <= now:
                break
        return chosen

    def append(self, records: Sequence[bytes], partition: int) -> Place:
        """See `Log.append`; at least one record, and the partition exists."""
        producer = self._producer
        outcome = _Outcome(len(records))
        try:
            for record in records:
                self._hand_over(producer, record, partition, outcome)
            producer.flush(seconds(self._settings.delivery_timeout) + _REPORT_SECONDS)
        except KafkaException as error:
            self._give_up(partition)
            raise failure(error, "appending", self._last) from error
        if outcome.error is not None or outcome.left or outcome.first is None:
            last = self._last
            self._give_up(partition)
            why = "not confirmed in time" if outcome.error is None else outcome.error.str()
            raise Unavailable(
                f"Kafka did not confirm requests; send them again: topic={self._topic}"
                f" {partition=} {why}{last}"
            )
        self._failed_until.pop(partition, None)
        return Place(partition, outcome.first)

    def _look_for_more(self) -> None:
        """Ask for the topic's partitions, by the producer: it must know them as well."""
        with suppress(KafkaException):
            told = self._producer.list_topics(
                self._topic, seconds(self._settings.delivery_timeout)
            ).topics[self._topic]
            self.partitions = max(self.partitions, len(told.partitions))

    def close(self) -> None:
        """Let go of connections; nothing waits in the producer."""
        self._producer.close()

    def _start(self) -> None:
        """A new producer; it learns its number from a broker meanwhile, which takes a second."""
        self._last = LastError()
        self._producer = Producer(self._config())

    def _hand_over(
        self, producer: Producer, record: bytes, partition: int, outcome: _Outcome
    ) -> None:
        """Give the producer a record, when there is room; what fails meanwhile makes some."""
        while outcome.error is None:
            try:
                producer.produce(
                    self._topic, record, partition=partition, on_delivery=outcome.report
                )
            except BufferError:
                producer.flush(_ROOM_SECONDS)  # sends at once what it holds
            else:
                return

    def _give_up(self, partition: int) -> None:
        now = self._clock.monotonic()
        self._failed_until[partition] = now + 2 * seconds(self._settings.delivery_timeout)
        self._producer.purge(blocking=False)
        self._start()

    def _config(self) -> dict[str, Any]:
        settings = self._settings
        timeout_ms = max(1, settings.delivery_timeout // US_PER_MS)
        return client_config(settings, self._last) | {
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "zstd",
            "compression.level": 1,
            "linger.ms": _LINGER_MS,
            "delivery.timeout.ms": max(timeout_ms, _LINGER_MS + 1),
            "request.timeout.ms": timeout_ms,
            "message.max.bytes": settings.message_bytes_max,
            "queue.buffering.max.kbytes": settings.in_flight_bytes_max // _KIB,
            "queue.buffering.max.messages": settings.in_flight_requests_max,
        }
