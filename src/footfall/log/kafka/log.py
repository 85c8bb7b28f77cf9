"""A `Log` in a topic of Kafka."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from footfall.clock import Clock
from footfall.errors import Closed, Invalid, Unavailable
from footfall.log.kafka.appender import KafkaAppender
from footfall.log.kafka.reader import PartitionReader
from footfall.log.kafka.topic import Topic
from footfall.positions import Place, Positions
from footfall.settings.kafka import KafkaSettings

READERS_MAX: Final = 16
"""Partitions that one process reads with connections kept open."""


class KafkaLog:
    """A project's topic; any number of writers and readers, in any process, on any machine."""

    def __init__(
        self, settings: KafkaSettings, project: str, clock: Clock, *, is_writer: bool
    ) -> None:
        """Use `writer` or `reader` instead."""
        self._settings = settings
        self._clock = clock
        self._topic = Topic(settings.topic_of(project), settings, clock)
        self._readers: OrderedDict[int, PartitionReader] = OrderedDict()
        self._appender: KafkaAppender | None = None
        self._is_closed = False
        self._is_trimming = True
        self._partitions = self._topic.partitions() if not is_writer else self._open_topic()
        if is_writer:
            self._appender = KafkaAppender(self._topic.name, settings, clock, self._partitions)

    @classmethod
    def writer(cls, settings: KafkaSettings, project: str, clock: Clock) -> KafkaLog:
        """Open for appending and reading; makes the topic if there is none.

        Raises:
            Invalid: the topic, or the account's rights, do not serve.
            Unavailable: no broker answers; try again.
        """
        return cls(settings, project, clock, is_writer=True)

    @classmethod
    def reader(cls, settings: KafkaSettings, project: str, clock: Clock) -> KafkaLog:
        """Open for reading and trimming; the topic may not exist yet.

        Raises:
            Invalid: the account may not read it.
            Unavailable: no broker answers; try again.
        """
        return cls(settings, project, clock, is_writer=False)

    @property
    def partitions(self) -> int:
        """See `Log.partitions`; 1 while there is no topic."""
        return max(1, self._partitions)

    def append(self, records: Sequence[bytes], partition: int | None = None) -> Place:
        """See `Log.append`.

        Raises:
            Invalid: this log was opened for reading.
        """
        self._check_open()
        appender = self._appender
        if appender is None:
            raise Invalid("log was opened for reading; open it with KafkaLog.writer to append")
        chosen = appender.choose() if partition is None else self._existing(partition)
        if not records:
            return Place(chosen, self._topic.end(chosen))
        return appender.append(records, chosen)

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        """See `Log.read`; records that Kafka lost have `LOST_RECORD` in their place."""
        self._check_open()
        self._existing(partition)
        return self._reader(partition).read(offset, records_max, bytes_max)

    def starts(self) -> Positions:
        """See `Log.starts`."""
        self._check_open()
        return self._positions(self._topic.starts())

    def ends(self) -> Positions:
        """See `Log.ends`."""
        self._check_open()
        return self._positions(self._topic.ends())

    def trim(self, before: Positions) -> None:
        """See `Log.trim`; exactly, of the newest record none.

        Where the account may not delete, nothing is trimmed, and it is said once.
        """
        self._check_open()
        if not self._is_trimming:
            return
        starts, ends = self.starts(), self.ends()
        wanted = {one: min(before[one], ends[one]) for one in range(self.partitions)}
        wanted = {one: at for one, at in wanted.items() if at > starts[one]}
        if not wanted:
            return
        try:
            self._topic.delete_before(wanted)
        except Invalid as error:
            self._is_trimming = False
            sys.stderr.write(
                "footfall: the log is not trimmed; allow its account to delete records of the"
                f" topic, or set the topic's retention: topic={self._topic.name} {error}\n"
            )

    def positions_within(self, bytes_max: int) -> Positions:
        """See `Log.positions_within`; estimated from the records' own bytes."""
        starts, ends = self.starts(), self.ends()
        share = bytes_max // self.partitions
        return Positions(
            tuple(
                self._reader(one).offset_within(starts[one], ends[one], share)
                for one in range(self.partitions)
            )
        )

    def cautions(self) -> list[str]:
        """What of the topic's settings deserves attention; none of a topic that is not there.

        Raises:
            Invalid: requests would be lost, or could not be taken, with its settings.
        """
        self._check_open()
        return self._topic.check() if self._topic.partitions() else []

    def probe(self) -> None:
        """See `Log.probe`; asks the brokers how many copies are up."""
        self._check_open()
        self._topic.can_take()

    def close(self) -> None:
        """See `Log.close`."""
        self._is_closed = True
        while self._readers:
            self._readers.popitem()[1].close()
        if self._appender is not None:
            self._appender.close()
        self._topic.close()

    def _open_topic(self) -> int:
        if not self._topic.partitions():
            self._topic.make()
        for caution in self._topic.check():
            sys.stderr.write(f"footfall: topic {self._topic.name}: {caution}\n")
        return self._topic.partitions()

    def _positions(self, offsets: list[int]) -> Positions:
        if len(offsets) < self._partitions:
            raise Unavailable(
                "the topic is gone, or a broker that just started does not know it yet:"
                f" topic={self._topic.name}"
            )
        self._partitions = len(offsets)
        return Positions(tuple(offsets))

    def _existing(self, partition: int) -> int:
        if not 0 <= partition < self.partitions:
            self._partitions = self._topic.partitions()
        if not 0 <= partition < self.partitions:
            raise Invalid(
                f"there is no such partition: {partition=} partitions={self.partitions}"
                f" topic={self._topic.name}"
            )
        return partition

    def _reader(self, partition: int) -> PartitionReader:
        reader = self._readers.get(partition)
        if reader is None:
            reader = PartitionReader(self._topic, partition, self._settings, self._clock)
            self._readers[partition] = reader
            if len(self._readers) > READERS_MAX:
                self._readers.popitem(last=False)[1].close()
        self._readers.move_to_end(partition)
        return reader

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the log was closed")
