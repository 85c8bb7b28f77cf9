"""The queue and the thread that empties it."""

from __future__ import annotations

import atexit
import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from footfall.client._post import Poster, Verdict
from footfall.clock import Clock, SystemClock, uuid7
from footfall.errors import Closed, Invalid

QUEUE_MAX: Final = 10_000
BATCH_MAX: Final = 100
EVENT_BYTES_MAX: Final = 64 * 1024
FLUSH_SECONDS: Final = 1.0
TIMEOUT_SECONDS: Final = 10.0
RETRY_SECONDS_MIN: Final = 0.2
RETRY_SECONDS_MAX: Final = 30.0
CLOSE_SECONDS: Final = 5.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ClientStatistics:
    """Counts of events since the client was made."""

    sent: int = 0
    """Acknowledged: durable at the collector."""
    waiting: int = 0
    """In the queue or on their way."""
    dropped: int = 0
    """The queue was full, or the client was closed before they could be sent."""
    refused: int = 0
    """The collector will not take them; `last_error` says why."""
    last_error: str | None = None


class Client:
    """Sends events in the background; thread-safe.

    Make it after forking, once per process. At exit of the program it is closed, which waits up to
    `CLOSE_SECONDS` for what is still queued.
    """

    def __init__(
        self,
        url: str,
        *,
        write_id: str | None = None,
        key: str | None = None,
        queue_max: int = QUEUE_MAX,
        batch_max: int = BATCH_MAX,
        flush_seconds: float = FLUSH_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        """Start the thread; nothing is sent before the first event.

        Args:
            url: Address of the collector, such as `http://127.0.0.1:7700`.
            write_id: Public id of the app; or
            key: its secret server key. Give one of both.
            queue_max: Most events waiting; further ones are dropped and counted.
            batch_max: Most events in a request.
            flush_seconds: How long an event waits for others to share its request.
            timeout_seconds: For connecting and for each answer.
            clock: Tests pass their own.

        Raises:
            Invalid: the address is none, or not exactly one of `write_id` and `key` is given.
        """
        self._poster = Poster(url, write_id, key, timeout_seconds)
        self._queue_max = queue_max
        self._batch_max = batch_max
        self._flush_seconds = flush_seconds
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._queue: deque[str] = deque()
        self._in_flight = 0
        self._flushing = 0
        self._closes_at: float | None = None
        self._statistics = ClientStatistics()
        self._thread = threading.Thread(target=self._run, name="footfall-client", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def track(
        self,
        name: str,
        *,
        visitor_id: str | None = None,
        user_id: str | None = None,
        properties: Mapping[str, Any] | None = None,
        page: Mapping[str, str] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
    ) -> str:
        """Queue one event and return its id at once.

        Args:
            name: Such as `order_shipped`.
            visitor_id: Anonymous id of browser or device; without it the event has no session.
            user_id: Id after login.
            properties: What JSON can say.
            page: `url`, `title`, `referrer`.
            timestamp: When it happened, aware; default now.
            event_id: Default a new UUID. The same id twice is one event.

        Raises:
            Invalid: no name, a naive timestamp, something JSON cannot say, or too large.
            Closed: the client is closed.
        """
        now_us = self._clock.now_us()
        event: dict[str, Any] = {
            "event_id": event_id or str(UUID(bytes=uuid7(now_us))),
            "name": name,
            "timestamp": _rfc3339(timestamp or _EPOCH + timedelta(microseconds=now_us)),
        }
        optional = {
            "visitor_id": visitor_id,
            "user_id": user_id,
            "page": None if page is None else dict(page),
            "properties": None if properties is None else dict(properties),
        }
        event |= {field: value for field, value in optional.items() if value is not None}
        if not name:
            raise Invalid("an event needs a name")
        self._put(_json(event))
        return str(event["event_id"])

    def flush(self, timeout_seconds: float = CLOSE_SECONDS) -> bool:
        """Send what is queued now without waiting for more.

        Returns:
            Whether everything queued was answered in time.
        """
        with self._changed:
            self._flushing += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(self._is_idle, timeout_seconds)
            finally:
                self._flushing -= 1

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> ClientStatistics:
        """Send what is queued, for at most `timeout_seconds`, and end the thread.

        What could not be sent by then is counted as dropped. Closing twice does nothing.
        """
        atexit.unregister(self.close)
        with self._changed:
            if self._closes_at is None:
                self._closes_at = self._clock.monotonic() + timeout_seconds
                self._changed.notify_all()
        self._thread.join(timeout_seconds + 1)
        return self.statistics()

    def statistics(self) -> ClientStatistics:
        """Counts so far."""
        with self._changed:
            return replace(self._statistics, waiting=len(self._queue) + self._in_flight)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, event: str) -> None:
        with self._changed:
            if self._closes_at is not None:
                raise Closed("the client is closed; make another")
            if len(self._queue) + self._in_flight >= self._queue_max:
                self._count(dropped=1)
                return
            self._queue.append(event)
            if len(self._queue) in (1, self._batch_max):
                self._changed.notify_all()

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._next_batch():
            self._send(batch)
            with self._changed:
                self._in_flight = 0
                self._changed.notify_all()
        self._poster.close()

    def _next_batch(self) -> list[str]:
        """Wait for a batch; empty when the client is closed and nothing is left to try."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._queue) or self._closes_at is not None)
            self._changed.wait_for(self._is_due, self._flush_seconds)
            if self._is_out_of_time():
                self._count(dropped=len(self._queue))
                self._queue.clear()
                self._changed.notify_all()
            size = min(len(self._queue), self._batch_max)
            self._in_flight = size
            return [self._queue.popleft() for _ in range(size)]

    def _is_due(self) -> bool:
        is_full = len(self._queue) >= self._batch_max
        return is_full or bool(self._flushing) or self._closes_at is not None

    def _is_idle(self) -> bool:
        return not self._queue and not self._in_flight

    def _is_out_of_time(self) -> bool:
        return self._closes_at is not None and self._clock.monotonic() >= self._closes_at

    def _send(self, events: list[str]) -> None:
        """Try until it is answered for good, or the client is closed and its time is over."""
        wait_seconds = RETRY_SECONDS_MIN
        while True:
            now = _EPOCH + timedelta(microseconds=self._clock.now_us())
            answer = self._poster.post(events, _rfc3339(now))
            with self._changed:
                if answer.verdict is Verdict.DONE:
                    self._count(sent=len(events))
                    return
                self._statistics = replace(self._statistics, last_error=answer.reason)
                if answer.verdict is Verdict.REFUSED:
                    self._count(refused=len(events))
                    return
                if answer.verdict is Verdict.TRY_AGAIN:
                    self._pause(wait_seconds)
                    wait_seconds = min(wait_seconds * 2, RETRY_SECONDS_MAX)
                    if self._is_out_of_time():
                        self._count(dropped=len(events))
                        return
            if answer.verdict is Verdict.SPLIT:
                half = len(events) // 2
                self._send(events[:half])
                self._send(events[half:])
                return

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; closing ends the wait early, or at the end of its time."""
        if self._closes_at is None:
            if not self._changed.wait_for(lambda: self._closes_at is not None, seconds):
                return
            seconds = RETRY_SECONDS_MIN
        assert self._closes_at is not None
        left = self._closes_at - self._clock.monotonic()
        self._changed.wait_for(lambda: False, max(0.0, min(seconds, left)))

    def _count(self, *, sent: int = 0, dropped: int = 0, refused: int = 0) -> None:
        old = self._statistics
        self._statistics = replace(
            old,
            sent=old.sent + sent,
            dropped=old.dropped + dropped,
            refused=old.refused + refused,
        )


def _rfc3339(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise Invalid(f"timestamp has no time zone; give it one: {moment.isoformat()}")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _json(event: dict[str, Any]) -> str:
    try:
        text = json.dumps(event, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"JSON cannot say this event: {error}") from None
    if len(text) > EVENT_BYTES_MAX:
        raise Invalid(f"event is larger than {EVENT_BYTES_MAX} bytes: {len(text)}")
    return text
