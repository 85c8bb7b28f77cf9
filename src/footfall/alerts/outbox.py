"""The outbox: tells channels what was decided, at least once, however often it dies on the way.

    1. a decision leaves notices that wait                (the decision's transaction)
    2. all of one channel that are due go in one request
       crash before or during: they still wait
    3. "sent" is noted
       crash before: they are sent again, under the same ids

A thread looks for what is due; each channel has a thread while it is told something, so that one
that hangs delays nobody else. A channel that failed is left alone until its notices are due again:
an outage costs one request for each pause, however much waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from footfall.alerts.book import RuleBook
from footfall.alerts.sending import Sender
from footfall.clock import Clock
from footfall.errors import FootfallError, Invalid
from footfall.metadata.alert_store import AlertStore, Notice
from footfall.settings import AlertSettings

LOOK_SECONDS: Final = 1.0
"""How often it looks without being woken: for what is due again, and what another process left."""
_ERROR_CHARS_MAX: Final = 300


class Outbox:
    """See the module's text. Close it; what is on its way then may be sent again later."""

    def __init__(
        self,
        store: AlertStore,
        sender: Sender,
        settings: AlertSettings,
        read_book: Callable[[], RuleBook],
        clock: Clock,
    ) -> None:
        """Start its thread."""
        self._store = store
        self._sender = sender
        self._settings = settings
        self._read_book = read_book
        self._clock = clock
        self._wake = threading.Event()
        self._is_closed = False
        self._guard = threading.Lock()
        self._busy: set[str] = set()
        self._rests_until: dict[str, int] = {}
        self.problem = ""
        """Why the last look failed; "" if it did not."""
        self._thread = threading.Thread(target=self._run, name="alert outbox", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something waits."""
        self._wake.set()

    def close(self, seconds: float = 1.0) -> None:
        """Begin nothing more; wait so long for the thread that looks."""
        self._is_closed = True
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.clear()
            try:
                self.look()
                self.problem = ""
            except FootfallError as error:  # metadata is away: what waits, waits there
                self.problem = str(error)
            self._wake.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Start sending what is due, in a thread for each channel that is not busy."""
        now = self._clock.now_us()
        due = self._store.due(now, self._settings.batch_max)
        for channel, notices in due.items():
            with self._guard:
                is_free = channel not in self._busy and self._rests_until.get(channel, 0) <= now
                if is_free:
                    self._busy.add(channel)
            if is_free:
                threading.Thread(
                    target=self._tell, args=(channel, notices), name="alert channel", daemon=True
                ).start()

    def _tell(self, channel: str, notices: Sequence[Notice]) -> None:
        try:
            self._try(channel, notices)
        except FootfallError as error:  # noting failed: they wait as before, and are sent again
            self.problem = str(error)
        finally:
            with self._guard:
                self._busy.discard(channel)
            self._wake.set()

    def _try(self, channel: str, notices: Sequence[Notice]) -> None:
        try:
            known = self._read_book().channels.get(channel)
            if known is None:
                raise Invalid(f"the channel was removed: channel={channel}")
            self._sender.send(known, [notice.body for notice in notices])
        except FootfallError as error:
            self._failed(channel, notices, str(error)[:_ERROR_CHARS_MAX])
        else:
            self._rests_until.pop(channel, None)
            self._store.sent(notices, self._clock.now_us())

    def _failed(self, channel: str, notices: Sequence[Notice], error: str) -> None:
        settings, now = self._settings, self._clock.now_us()
        tries = min(notice.tries for notice in notices)
        pause = min(settings.retry_min * 2 ** min(tries, 32), settings.retry_max)
        self._rests_until[channel] = now + pause
        dead = [
            notice
            for notice in notices
            if notice.tries + 1 >= settings.tries_max or now - notice.created_at >= settings.age_max
        ]
        alive = [notice for notice in notices if notice not in dead]
        if dead:
            self._store.dead(dead, error)
        if alive:
            self._store.failed(alive, error, now + pause)
