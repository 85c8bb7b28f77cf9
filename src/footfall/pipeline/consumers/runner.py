"""The thread of one consumer: gives it epochs and micro-batches in order, and survives it.

Theory of operation. An epoch is given again until its consumer says that it is done with it:

    1. the epoch is committed; only its number waits in the mailbox
    2. the consumer reads what it wants of it, and works
       crash before: it is given the epoch again, and those of before that it still needs
    3. it says what it still needs; that is written durably to its position
       crash before: the same
    4. the next epoch

In a process at most one object of a consumer works at a time: when the pipeline starts over (on a
full disk) while one hangs, the next waits for it, in its own thread; everything else goes on. A
process that was paused, and lost its lease, may give an epoch once more before it finds out.

A consumer that ends the whole process (three times in a row while it did something) rests longer
and longer before it is made again, like one that raises.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from footfall.clock import SECOND, Clock
from footfall.errors import Invalid
from footfall.home import Home
from footfall.pipeline.consumers.closed import closed_in
from footfall.pipeline.consumers.committed import EpochLost, EpochReader
from footfall.pipeline.consumers.contract import (
    ConsumerPlace,
    EpochConsumer,
    LostEpochs,
    Progress,
    SessionsSeen,
)
from footfall.pipeline.consumers.mailbox import Committed, Item, Mailbox
from footfall.pipeline.consumers.notes import (
    ERROR_CHARS_MAX,
    ConsumerNotes,
    ConsumerPosition,
    ConsumerState,
    Needs,
)
from footfall.settings import ConsumerSettings, Settings

MakeConsumer = Callable[[ConsumerPlace], EpochConsumer]

DEATHS_MAX: Final = 3
"""Of the process, while the consumer did something: as for requests, fewer may be a kill's."""
_LOCK_SECONDS: Final = 0.2
_guard: Final = threading.Lock()
_locks: Final[dict[str, threading.Lock]] = {}
"""By directory; a handful in a process."""


class Runner:
    """Runs one consumer until it is closed."""

    def __init__(
        self,
        name: str,
        make: MakeConsumer,
        notes: ConsumerNotes,
        mailbox: Mailbox,
        open_reader: Callable[[], EpochReader],
        home: Home,
        project: str,
        settings: ConsumerSettings,
        clock: Clock,
        report: Callable[[str], None],
        installation: Settings | None = None,
        committed_as: str | None = None,
    ) -> None:
        """Start the thread.

        Args:
            name: Of the consumer.
            make: Makes it; again after each failure.
            notes: Where its position and state are.
            mailbox: What comes from the pipeline.
            open_reader: Finds epochs; one for each object that is made.
            home: For its place.
            project: For its place.
            settings: How long it rests after a failure.
            clock: For what people see.
            report: Takes a line about each failure.
            installation: All settings, for its place.
            committed_as: Where nothing is previewed, the default session definition's name:
                sessions that closed are then those of committed epochs.
        """
        self._name = name
        self._make = make
        self._notes = notes
        self._open_reader = open_reader
        self._home = home
        self._project = project
        self._settings = settings
        self._clock = clock
        self._report = report
        self._installation = installation
        self._committed_as = committed_as
        self._state = notes.state()
        self._next = 0
        self.mailbox = mailbox
        self._thread = threading.Thread(target=self._run, name=f"consumer {name}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the end of the thread after the mailbox was closed, for so long at most."""
        self._thread.join(seconds)

    def _run(self) -> None:
        self._note_death()
        while not self.mailbox.is_closed:
            try:
                with self._alone() as is_alone:
                    if is_alone:
                        self._work()
            except (Exception, SystemExit) as error:  # supervisor: a consumer may raise anything
                self._failed(str(error) or type(error).__name__)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Wait for the one before to end; whether it did, before this one was closed."""
        with _guard:
            lock = _locks.setdefault(str(self._notes.directory), threading.Lock())
        has_it = False
        while not (has_it or self.mailbox.is_closed):
            has_it = lock.acquire(timeout=_LOCK_SECONDS)
        try:
            yield has_it
        finally:
            if has_it:
                lock.release()

    def _work(self) -> None:
        """Make the consumer, give it what it missed, then what comes."""
        begins = self.mailbox.committed
        reader = self._open_reader()
        position = self._notes.position()
        self._next = _first_epoch(position, begins)
        place = ConsumerPlace(
            self._home,
            self._project,
            self._notes.directory,
            self._next,
            begins.log_to,
            self._clock.now_us(),
            self._installation,
        )
        self._note(doing="start")
        consumer = self._make(place)
        self.mailbox.takes_batches = type(consumer).preview is not EpochConsumer.preview
        self.mailbox.takes_sessions = type(consumer).sessions is not EpochConsumer.sessions
        try:
            self._keep(position, consumer, Needs(self._next), was_done=position is not None)
            self._note(doing="")
            self._give_epochs(consumer, reader, begins.number)
            while (item := self.mailbox.take()) is not None:
                self._give(consumer, reader, item, begins)
        finally:
            with contextlib.suppress(Exception):  # what it raised before says more
                consumer.close()
            reader.close()

    def _give(
        self, consumer: EpochConsumer, reader: EpochReader, item: Item, begins: Committed
    ) -> None:
        if isinstance(item, Committed):
            self._give_epochs(consumer, reader, item.number)
        elif isinstance(item, Progress):
            consumer.watermark(item)
        elif isinstance(item, SessionsSeen):
            if item.epoch >= begins.number:  # else its epoch was given
                consumer.sessions(item)
        elif begins.log_to <= item.log_from:  # else it is in an epoch that was given
            consumer.preview(item)

    def _give_epochs(self, consumer: EpochConsumer, reader: EpochReader, newest: int) -> None:
        while self._next <= newest and not self.mailbox.is_closed:
            number = last = self._next
            self._note(doing=f"epoch {number}")
            try:
                epoch = reader.epoch(number)
                if self._committed_as is not None and self.mailbox.takes_sessions:
                    consumer.sessions(closed_in(epoch, self._committed_as))
                needs = consumer.committed(epoch)
            except EpochLost:
                last = min(max(number, reader.lost_to()), newest)
                self._report(f"consumer {self._name} lost epochs {number} to {last}")
                needs = consumer.lost(LostEpochs(number, last))
                self._count_lost(number, last)
            self._done(consumer, needs or Needs(last + 1), last)
            self._next = last + 1

    def _count_lost(self, first: int, last: int) -> None:
        """With the position, before it moves on: one that is lost again is not counted again."""
        position = self._notes.position()
        assert position is not None
        lost = last - max(first - 1, position.lost_to)
        if lost > 0:
            self._notes.write_position(
                msgspec.structs.replace(position, lost=position.lost + lost, lost_to=last)
            )

    def _done(self, consumer: EpochConsumer, needs: Needs, last: int) -> None:
        position = self._notes.position()
        least = 1 if position is None else position.needs.epoch
        if not least <= needs.epoch <= last + 1:
            raise Invalid(
                f"a consumer needs an epoch from {least} to {last + 1} on after epoch {last}, not"
                f" from {needs.epoch} on"
            )
        self._keep(position, consumer, needs, was_done=False)
        self._note(doing="", failures=0, deaths=0, retry_at=0)

    def _keep(
        self,
        position: ConsumerPosition | None,
        consumer: EpochConsumer,
        needs: Needs,
        *,
        was_done: bool,
    ) -> None:
        """Write what it needs; `was_done` leaves a durable position as it is."""
        before = position or ConsumerPosition(needs)
        if was_done and before.is_durable and consumer.is_durable:
            needs = msgspec.structs.replace(before.needs, epoch=needs.epoch)
        after = msgspec.structs.replace(before, needs=needs, is_durable=consumer.is_durable)
        if after != position:
            self._notes.write_position(after)

    # How it gets on

    def _note_death(self) -> None:
        """If the process before ended while the consumer did something: after a few times, rest."""
        if not self._state.doing:
            return
        deaths = self._state.deaths + 1
        self._note(deaths=deaths, error=f"the process ended during: {self._state.doing}")
        if deaths >= DEATHS_MAX:
            self._rest(deaths - DEATHS_MAX + 1)

    def _failed(self, error: str) -> None:
        failures = self._state.failures + 1
        text = " ".join(error.split())[:ERROR_CHARS_MAX]
        self._note(doing="", failures=failures, error=text)
        self._report(f"consumer {self._name} failed and is tried again: {text}")
        self._rest(failures)

    def _rest(self, failures: int) -> None:
        settings = self._settings
        pause = min(settings.retry_min * 2 ** min(failures - 1, 32), settings.retry_max)
        now = self._clock.now_us()
        self._note(failed_at=now, retry_at=now + pause)
        self.mailbox.rest(pause / SECOND)
        self._note(retry_at=0)

    def _note(self, **changes: object) -> None:
        state: ConsumerState = msgspec.structs.replace(
            self._state, batches_left_out=self.mailbox.batches_left_out, **changes
        )
        if state != self._state:
            self._state = state
            self._notes.write_state(state)


def _first_epoch(position: ConsumerPosition | None, begins: Committed) -> int:
    """Where it goes on; a home that was restored may know fewer epochs than it was given."""
    if position is None or not position.is_durable:
        return begins.number + 1
    return min(position.needs.epoch, begins.number + 1)
