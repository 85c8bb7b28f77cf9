"""The outbox: tells channels what was decided, at least once, however often it dies on the way.

    1. a decision leaves notices that wait                (the decision's transaction)
    2. all of one channel that are due go in one request
       crash before or during: they still wait
    3. "sent" is noted
       crash before: they are sent again, under the same ids

A thread looks for what is due; each channel has a thread while it is told something, so that one
that hangs delays nobody else. A channel that failed is left alone until its notices are due again:
an outage costs one request for each pause, however much waits. What is refused, other than what
fails, goes in smaller parts (`parting`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from footfall.alerts.actions import Refused
from footfall.alerts.book import RuleBook
from footfall.alerts.delivery.parting import Parted, send_in_parts
from footfall.alerts.delivery.sending import Sender
from footfall.clock import Clock
from footfall.errors import FootfallError, Invalid
from footfall.metadata.alerts.store import AlertStore, Notice
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
        self._failures: dict[str, int] = {}
        """By channel, tries in a row of which nothing was taken."""
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
        except FootfallError as error:
            self._note(channel, Parted(left=list(notices), error=error))
            return

        def send(some: Sequence[Notice]) -> None:
            self._sender.send(known, [notice.body for notice in some])

        def taken(some: Sequence[Notice]) -> None:
            self._store.sent(some, self._clock.now_us())

        self._note(channel, send_in_parts(notices, send, taken))

    def _note(self, channel: str, parted: Parted) -> None:
        """What was not taken waits, each for its own time; the channel too if nothing was."""
        if parted.error is None:
            self._failures.pop(channel, None)
            self._rests_until.pop(channel, None)
            return
        failures = 0 if parted.taken else self._failures.get(channel, 0) + 1
        self._failures[channel] = failures
        now = self._clock.now_us()
        for notice, error in parted.refused:
            self._failed([notice], error, now + self._pause(notice.tries))
        if parted.left:
            # Those that were refused among others are not to blame: it does not count as their try.
            is_try = not isinstance(parted.error, Refused)
            tries = min(notice.tries for notice in parted.left) if is_try else failures - 1
            pause = self._pause(tries)
            self._failed(parted.left, str(parted.error), now + pause, is_try=is_try)
        if not parted.taken:
            everyone = [*parted.left, *(notice for notice, _ in parted.refused)]
            tries = min(notice.tries for notice in everyone)
            self._rests_until[channel] = now + self._pause(max(tries, failures - 1))

    def _pause(self, tries: int) -> int:
        least, most = self._settings.retry_min, self._settings.retry_max
        return min(least << max(0, min(tries, 32)), most)

    def _failed(
        self, notices: Sequence[Notice], error: str, due_at: int, *, is_try: bool = True
    ) -> None:
        settings, now = self._settings, self._clock.now_us()
        error = error[:_ERROR_CHARS_MAX]
        dead = [
            notice
            for notice in notices
            if (is_try and notice.tries + 1 >= settings.tries_max)
            or now - notice.created_at >= settings.age_max
        ]
        alive = [notice for notice in notices if notice not in dead]
        if dead:
            self._store.dead(dead, error)
        if alive:
            self._store.failed(alive, error, due_at, is_try=is_try)
