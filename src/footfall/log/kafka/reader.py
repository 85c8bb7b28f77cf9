"""Reading side: one partition from an offset on, without a consumer group.

A consumer is a few threads and connections that fetch ahead, so it is kept while the reader goes
on where it stopped, and sent elsewhere when it does not.

An offset below the end that has no record was a request that is gone (a compacted topic), or never
was one (somebody wrote to the topic in transactions, whose marks take offsets). Which of the two
cannot be told, so it is stated as lost and never skipped: `LOST_RECORD` stands at that offset.
"""

from __future__ import annotations

from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from footfall.clock import Clock
from footfall.errors import Corrupt, Unavailable
from footfall.log.kafka.client import LastError, client_config, failure, seconds
from footfall.log.kafka.sizes import MeanSize
from footfall.log.kafka.topic import Topic
from footfall.request import LOST_RECORD
from footfall.settings.kafka import KafkaSettings

_WAIT_SECONDS: Final = 0.2
"""Between two looks at the clock, and at signals."""
_FETCH_WAIT_MS: Final = 100
"""How long a broker holds an answer at the end of a partition: as long as going elsewhere takes."""
_FULL_QUEUE_MS: Final = 10
"""How soon fetching goes on after what was fetched ahead was taken."""
_AHEAD_KIB: Final = 16 * 1024
"""Most that is fetched ahead, for each partition that is read."""
_SAMPLE_RECORDS: Final = 100
_SAMPLE_BYTES: Final = 1 << 20
_FETCH_BYTES: Final = 4 << 20
_OUT_OF_RANGE: Final = (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET)
_DAMAGED: Final = (KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION)


class _Batch:
    """What one read returns, while it is gathered."""

    def __init__(self, offset: int, records_max: int, bytes_max: int) -> None:
        self.offset = offset
        self.found: list[tuple[int, bytes]] = []
        self.records_left = records_max
        self.bytes_left = bytes_max

    @property
    def is_full(self) -> bool:
        return self.records_left <= 0 or self.bytes_left <= 0

    def add(self, record: bytes) -> None:
        self.found.append((self.offset, record))
        self.offset += 1
        self.records_left -= 1
        self.bytes_left -= len(record)

    def add_lost(self, before: int) -> None:
        while self.offset < before and not self.is_full:
            self.add(LOST_RECORD)


class PartitionReader:
    """Reads one partition, from one thread at a time."""

    def __init__(self, topic: Topic, partition: int, settings: KafkaSettings, clock: Clock) -> None:
        """Connect to nothing yet.

        `topic` says where the partition begins and ends, on connections of its own: on the
        consumer's the question would wait behind a fetch that waits for records.
        """
        self._topic = topic
        self._partition = partition
        self._settings = settings
        self._clock = clock
        self._last = LastError()
        self._seconds = seconds(settings.delivery_timeout)
        self._consumer = Consumer(
            client_config(settings, self._last)
            | {
                "group.id": "footfall",  # the library demands one; nothing is committed to it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "isolation.level": "read_uncommitted",
                "enable.partition.eof": True,
                "check.crcs": True,
                "fetch.wait.max.ms": _FETCH_WAIT_MS,
                "fetch.queue.backoff.ms": _FULL_QUEUE_MS,
                "fetch.message.max.bytes": max(_FETCH_BYTES, settings.message_bytes_max),
                "queued.max.messages.kbytes": _AHEAD_KIB,
            }
        )
        self._sizes = MeanSize()
        self._next: int | None = None
        """Offset of the next message that the consumer gives, if it is known."""

    def read(self, offset: int, records_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """See `Log.read`."""
        try:
            end = self._topic.end(self._partition)
            batch = _Batch(offset, records_max, bytes_max)
            if offset < end:
                self._gather(batch, end)
        except KafkaException as error:
            raise failure(error, "reading", self._last) from error
        self._sizes.add(record for _, record in batch.found)
        return batch.found

    def offset_within(self, start: int, end: int, bytes_max: int) -> int:
        """See `Log.positions_within`: where to trim so that about `bytes_max` stay."""
        if not self._sizes.is_known:
            self.read(max(start, end - _SAMPLE_RECORDS), _SAMPLE_RECORDS, _SAMPLE_BYTES)
        return self._sizes.offset_within(start, end, bytes_max)

    def close(self) -> None:
        """Let go of threads and connections."""
        self._consumer.close()

    def _gather(self, batch: _Batch, end: int) -> None:
        if self._next != batch.offset:
            self._go_to(batch.offset)
        self._next = None  # until it is known again: a read may be given up anywhere
        deadline = self._clock.monotonic() + self._seconds
        while batch.offset < end and not batch.is_full:
            messages = self._consumer.consume(self._wanted(batch, end), _WAIT_SECONDS)
            if messages:
                deadline = self._clock.monotonic() + self._seconds
            elif self._clock.monotonic() > deadline:
                if batch.found:
                    return
                raise self._silent()
            for message in messages:
                if not self._take(message, batch, end):
                    return
        self._next = batch.offset

    def _go_to(self, offset: int) -> None:
        place = TopicPartition(self._topic.name, self._partition, offset)
        self._consumer.assign([place])

    def _wanted(self, batch: _Batch, end: int) -> int:
        """How many messages surely fit, and one more: none is fetched to be thrown away."""
        fitting = batch.bytes_left // self._settings.message_bytes_max + 1
        return min(batch.records_left, fitting, end - batch.offset)

    def _take(self, message: Message, batch: _Batch, end: int) -> bool:
        """Add a message; false if the consumer is not where the batch ends."""
        error, offset = message.error(), message.offset()
        if error is not None:
            if error.code() in _OUT_OF_RANGE:
                return not batch.found and self._went_to_start(batch)
            if error.code() != KafkaError._PARTITION_EOF:
                raise self._problem(error, batch.offset)
            if offset is not None and offset >= end:
                batch.add_lost(end)
            return True
        if offset is None or offset < batch.offset:
            return True  # from before it was sent elsewhere
        batch.add_lost(offset)
        if batch.is_full:
            return False
        value = message.value()
        batch.add(value if isinstance(value, bytes) else b"")
        return True

    def _went_to_start(self, batch: _Batch) -> bool:
        """What was asked for is not kept any more: go on with the oldest that is."""
        start = self._topic.start(self._partition)
        if start <= batch.offset:
            raise Unavailable(
                "a broker lacks requests that the topic has; try again:"
                f" topic={self._topic.name} partition={self._partition} offset={batch.offset}"
            )
        batch.offset = start
        self._go_to(start)
        return True

    def _problem(self, error: KafkaError, offset: int) -> Exception:
        if error.code() in _DAMAGED:
            return Corrupt(
                "a record of the log is damaged; see to the brokers' disks:"
                f" topic={self._topic.name} partition={self._partition} {offset=}"
            )
        return failure(error, "reading", self._last)

    def _silent(self) -> Unavailable:
        return Unavailable(
            "Kafka does not answer; see to the brokers:"
            f" topic={self._topic.name} partition={self._partition}{self._last}"
        )
