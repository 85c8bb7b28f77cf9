"""The queue and the thread that empties it: those of one process.

A fork copies the queue and not the thread, and maybe a lock that nobody will release. So nothing
here is used across a fork: the client makes another sender in the child (see `_client`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from footfall.client._event import moment, rfc3339
from footfall.client._post import Poster, Reply, Verdict
from footfall.client._told import OTHER, REASONS_MAX, Teller
from footfall.clock import Clock
from footfall.errors import Closed

RETRY_SECONDS_MIN: Final = 0.2
RETRY_SECONDS_MAX: Final = 30.0


@dataclass(frozen=True)
class ClientStatistics:
    """Counts of events since the client was made; in a forked child, since the fork."""

    sent: int = 0
    """Acknowledged: durable at the collector."""
    waiting: int = 0
    """In the queue or on their way."""
    dropped: int = 0
    """The queue was full, or the client was closed before they could be sent."""
    refused: int = 0
    """The collector will not take them; `refusals` says why."""
    last_error: str | None = None
    """Why the last attempt that failed did; it may have been repeated with success."""
    refusals: dict[str, int] = field(default_factory=dict)
    """Refused events by reason, at most 21 reasons; the last is `other reasons`."""


@dataclass(frozen=True)
class Limits:
    """See `Client`."""

    queue_max: int
    batch_max: int
    flush_seconds: float


class Sender:
    """Sends what is put into it, in order, from one thread that starts with the first event."""

    def __init__(
        self, make_poster: Callable[[], Poster], limits: Limits, clock: Clock, teller: Teller
    ) -> None:
        """Open nothing."""
        self._poster = make_poster()
        self._limits = limits
        self._clock = clock
        self._teller = teller
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()
        self._in_flight = 0
        self._flushing = 0
        self._queued = 0
        self._settled = 0
        """Of those ever queued: answered for good, or given up."""
        self._lost_told = 0
        self._closes_at: float | None = None
        self._statistics = ClientStatistics()
        self._thread: threading.Thread | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more."""
        return self._closes_at is not None

    def put(self, event: str) -> None:
        """Queue one event, or drop and count it where the queue is full.

        Raises:
            Closed: see `close`.
        """
        with self._changed:
            if self.is_closed:
                raise Closed("the client is closed; make another")
            is_full = len(self._queue) + self._in_flight >= self._limits.queue_max
            if is_full:
                self._count(dropped=1)
            else:
                self._queue.append(event)
                self._queued += 1
                self._start()
                if len(self._queue) in (1, self._limits.batch_max):
                    self._changed.notify_all()
        if is_full:
            self._teller.tell("full", self._say_full())

    def flush(self, timeout_seconds: float) -> bool:
        """Send what is queued now; whether all was taken since the last flush."""
        with self._changed:
            target = self._queued
            self._flushing += 1
            self._changed.notify_all()
            try:
                is_settled = self._changed.wait_for(
                    lambda: self._settled >= target, timeout_seconds
                )
            finally:
                self._flushing -= 1
            lost = self._statistics.dropped + self._statistics.refused
            is_lossless = lost == self._lost_told
            self._lost_told = lost
        return is_settled and is_lossless

    def close(self, timeout_seconds: float) -> None:
        """Send what is queued, for at most `timeout_seconds`; what is left is dropped."""
        with self._changed:
            is_first = self._closes_at is None
            if is_first:
                self._closes_at = self._clock.monotonic() + timeout_seconds
                self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_seconds + 1)
        elif is_first:
            self._run()  # nothing was tracked, or the interpreter ends and starts no more threads

    def close_unused(self) -> None:
        """Take nothing, as a closed one."""
        self._closes_at = self._clock.monotonic()

    def statistics(self) -> ClientStatistics:
        """Counts so far."""
        with self._changed:
            return replace(
                self._statistics,
                waiting=len(self._queue) + self._in_flight,
                refusals=dict(self._statistics.refusals),
            )

    def _start(self) -> None:
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._run, name="footfall-client", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # no thread to be had now: the next event tries again, and `close` needs none
        self._thread = thread

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._next_batch():
            self._send(batch)
            with self._changed:
                self._in_flight = 0
                self._settled += len(batch)
                self._changed.notify_all()
        self._poster.close()

    def _next_batch(self) -> list[str]:
        """Wait for a batch; empty when the client is closed and nothing is left to try."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._queue) or self.is_closed)
            self._changed.wait_for(self._is_due, self._limits.flush_seconds)
            given_up = len(self._queue) if self._is_out_of_time() else 0
            if given_up:
                self._queue.clear()
                self._settled += given_up
                self._count(dropped=given_up)
                self._changed.notify_all()
            size = min(len(self._queue), self._limits.batch_max)
            self._in_flight = size
            batch = [self._queue.popleft() for _ in range(size)]
        if given_up:
            self._tell_given_up()
        return batch

    def _is_due(self) -> bool:
        is_full = len(self._queue) >= self._limits.batch_max
        return is_full or bool(self._flushing) or self.is_closed

    def _is_out_of_time(self) -> bool:
        return self._closes_at is not None and self._clock.monotonic() >= self._closes_at

    def _send(self, events: list[str]) -> None:
        """Try until it is answered for good, or the client is closed and its time is over."""
        wait_seconds = RETRY_SECONDS_MIN
        while True:
            answer = self._poster.post(events, rfc3339(moment(self._clock.now_us())))
            with self._changed:
                if answer.verdict is Verdict.DONE:
                    self._count(sent=len(events))
                    return
                self._statistics = replace(self._statistics, last_error=answer.reason)
                if answer.verdict is Verdict.REFUSED:
                    self._refuse(answer.reason, len(events))
                    break
                if answer.verdict is Verdict.TRY_AGAIN:
                    self._pause(wait_seconds)
                    wait_seconds = min(wait_seconds * 2, RETRY_SECONDS_MAX)
                    if self._is_out_of_time():
                        self._count(dropped=len(events))
                        break
            if answer.verdict is Verdict.SPLIT:
                half = len(events) // 2
                self._send(events[:half])
                self._send(events[half:])
                return
        if answer.verdict is Verdict.REFUSED:
            self._tell_refused(answer, len(events))
        else:
            self._tell_given_up()

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; closing ends the wait early, or at the end of its time."""
        if self._closes_at is None:
            if not self._changed.wait_for(lambda: self.is_closed, seconds):
                return
            seconds = RETRY_SECONDS_MIN
        assert self._closes_at is not None
        left = self._closes_at - self._clock.monotonic()
        self._changed.wait_for(lambda: False, max(0.0, min(seconds, left)))

    def _refuse(self, reason: str, events: int) -> None:
        refusals = self._statistics.refusals
        if reason not in refusals and len(refusals) >= REASONS_MAX:
            reason = OTHER
        refusals[reason] = refusals.get(reason, 0) + events
        self._statistics = replace(
            self._statistics, refused=self._statistics.refused + events, refusals=refusals
        )

    def _count(self, *, sent: int = 0, dropped: int = 0) -> None:
        old = self._statistics
        self._statistics = replace(old, sent=old.sent + sent, dropped=old.dropped + dropped)

    # -- what is told ----------------------------------------------------------------------------

    def _tell_refused(self, answer: Reply, events: int) -> None:
        noun = "1 event was" if events == 1 else f"{events} events were"
        self._teller.tell(
            answer.reason,
            f"{noun} not taken by {self._poster.url}: {answer.reason}."
            f"{answer.advice} Said once for each reason; statistics() counts all.",
        )

    def _tell_given_up(self) -> None:
        self._teller.tell(
            "given up",
            f"the client was closed before all events were sent to {self._poster.url}; those left"
            " are lost, close(timeout_seconds=…) waits longer:"
            f" {self._statistics.last_error or 'no time was left'}",
        )

    def _say_full(self) -> str:
        return (
            f"{self._limits.queue_max} events wait already, further ones are dropped until"
            f" {self._poster.url} takes some; Client(queue_max=…) keeps more:"
            f" {self._statistics.last_error or 'it is slow'}"
        )
