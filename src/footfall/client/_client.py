"""The client: checks events where they are made, and follows its process through forks."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from footfall.client._event import make_event
from footfall.client._post import Poster
from footfall.client._sender import ClientStatistics, Limits, Sender
from footfall.client._told import Teller
from footfall.clock import Clock, SystemClock
from footfall.errors import FootfallError

QUEUE_MAX: Final = 10_000
BATCH_MAX: Final = 100
FLUSH_SECONDS: Final = 1.0
TIMEOUT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 5.0


class Client:
    """Sends events in the background; thread-safe.

    Make it anywhere, also before a server forks its workers: each process sends what it tracked,
    from a thread of its own, and nothing twice. At exit of the program it is closed, which waits
    up to `CLOSE_SECONDS` for what is still queued. Events that are not taken are told by a
    `DeliveryWarning`, once for each reason.
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
        """Open nothing: the first event starts the thread, and that the connection.

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
        self._clock = clock or SystemClock()
        self._is_server = key is not None
        self._teller = Teller()
        self._make_sender = partial(
            Sender,
            partial(Poster, url, write_id, key, timeout_seconds),
            Limits(queue_max, batch_max, flush_seconds),
            self._clock,
        )
        self._sender = self._make_sender(self._teller)
        with _forking:
            _clients.add(self)
        atexit.register(self.close)

    @property
    def is_server(self) -> bool:
        """Whether it sends with a server key, so that `ip` and `user_agent` are believed."""
        return self._is_server

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
        value: float | str | None = None,
        currency: str | None = None,
        items: Sequence[Mapping[str, Any]] | None = None,
        ip: str | None = None,
        user_agent: str | None = None,
        **fields: Any,
    ) -> str:
        """Queue one event and return its id at once.

        Args:
            name: Such as `order_shipped`.
            visitor_id: Anonymous id of browser or device; without it the event has no session.
            user_id: Id after login.
            properties: Your own fields: what JSON can say.
            page: `url`, `title`, `referrer`.
            timestamp: When it happened, aware; default now.
            event_id: Default a new UUID. The same id twice is one event.
            value: Amount, six decimals; a `Decimal` as its text.
            currency: Of `value`, such as `EUR`.
            items: What was looked at or bought, an object each.
            ip: The visitor's address; with a server key only.
            user_agent: The visitor's browser; with a server key only.
            **fields: The events API's other fields: `device_id`, `session_id`, `session_number`,
                `platform`, `app_id`, `entrance`, `engagement_ms`, `search_term`, `language`,
                `time_zone`, and the dicts `screen`, `campaign`, `device`, `app`, `sdk`, `link`,
                `error`, `user_properties`.

        Raises:
            Invalid: no name, an unknown field, a naive timestamp, something JSON cannot say, too
                large, or `ip` or `user_agent` with a write id. Nothing was queued.
            Closed: the client is closed.
        """
        given = {
            "visitor_id": visitor_id,
            "user_id": user_id,
            "page": _as_dict(page),
            "properties": _as_dict(properties),
            "timestamp": timestamp,
            "event_id": event_id,
            "value": value,
            "currency": currency,
            "items": None if items is None else list(items),
            "ip": ip,
            "user_agent": user_agent,
        }
        return self._track(name, given | fields)

    def try_track(self, name: str, fields: Mapping[str, Any]) -> str | None:
        """As `track`, but a mistake is told as a `DeliveryWarning` in place of being raised.

        For places that must not fail for the sake of a statistic, such as a web request.

        Args:
            name: As in `track`.
            fields: The other arguments of `track`.

        Returns:
            The event's id; `None` if it is not queued.
        """
        try:
            return self._track(name, fields)
        except FootfallError as error:
            self._teller.tell(str(error), f"an event was not sent: {error}")
            return None

    def flush(self, timeout_seconds: float = CLOSE_SECONDS) -> bool:
        """Send what is queued now without waiting for more.

        Returns:
            Whether everything tracked since the last flush is durable at the collector. `False`:
            some of it was refused or dropped, or not answered within `timeout_seconds` (it is
            tried further); `statistics()` says how many and why.
        """
        is_taken = self._sender.flush(timeout_seconds)
        self._teller.raise_untold()
        return is_taken

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> ClientStatistics:
        """Send what is queued, for at most `timeout_seconds`, and end the thread.

        What could not be sent by then is counted as dropped. Closing twice does nothing.
        """
        atexit.unregister(self.close)
        self._sender.close(timeout_seconds)
        self._teller.raise_untold()
        return self.statistics()

    def statistics(self) -> ClientStatistics:
        """Counts so far."""
        return self._sender.statistics()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _track(self, name: str, given: Mapping[str, Any]) -> str:
        now_us = self._clock.now_us()
        event_id, event = make_event(name, given, now_us, is_server=self._is_server)
        self._sender.put(event)
        return event_id

    def _follow_fork(self) -> None:
        """In the child: what the parent queued is the parent's to send."""
        was_closed = self._sender.is_closed
        self._teller = Teller()
        self._sender = self._make_sender(self._teller)
        if was_closed:
            self._sender.close_unused()


def _as_dict(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else value


_forking: Final = threading.RLock()
"""Held across each fork, so that no child inherits a set in the middle of a change."""
_clients: Final[weakref.WeakSet[Client]] = weakref.WeakSet()


def _follow_forks() -> None:
    try:
        for client in list(_clients):
            client._follow_fork()
    finally:
        _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_follow_forks
    )
