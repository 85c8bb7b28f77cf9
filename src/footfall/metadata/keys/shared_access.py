"""Who may send, where the keys are in PostgreSQL: looked at by a thread, answered from memory.

A request never waits for the database. Keys are read once a second, all of them, and at once when a
key is asked for that nobody knows. When the database does not answer, the keys that are known go on
to count for `metadata.keys_age_max`; a key that is not known may just have been made, so then it is
neither known nor refused (`is_sure`): the collector answers that the client shall try again. After
`keys_age_max`, or when nothing was ever read, that holds for every key.
"""

from __future__ import annotations

import threading
from typing import Final

from footfall.clock import SECOND, Clock
from footfall.errors import Unavailable
from footfall.metadata.keys.access import Access, accesses, keys_query
from footfall.metadata.place import MetadataPlace

POLL_SECONDS: Final = 1.0
MISS_SECONDS: Final = 0.2
"""Strangers who make keys up cost at most five looks a second."""


class SharedAccess:
    """Keys of one project, as the shared database had them a moment ago."""

    def __init__(self, place: MetadataPlace, clock: Clock, project: str, age_max: int) -> None:
        """Read what there is; without an answer no key is known yet, and that is no error.

        Args:
            place: The database.
            clock: Says how old the keys are.
            project: Whose keys.
            age_max: Microseconds that keys count without an answer.
        """
        self._place = place
        self._clock = clock
        self._project = project
        self._age_max = age_max / SECOND
        self._keys: tuple[dict[str, Access], dict[str, Access]] = ({}, {})
        self._read_at: float | None = None
        self._is_reached = False
        self._changes = self._seen = 0
        self.failures = 0
        """How often the database could not be read."""
        self._wake = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self.look()

    def start(self) -> None:
        """Look again and again, from a thread of its own, until `close`."""
        self._thread = threading.Thread(target=self._keep, name="keys", daemon=True)
        self._thread.start()

    @property
    def is_sure(self) -> bool:
        """Whether a key that is not known here is known nowhere."""
        return self._is_reached and self._is_fresh

    @property
    def _is_fresh(self) -> bool:
        return (
            self._read_at is not None and self._clock.monotonic() - self._read_at <= self._age_max
        )

    def write_id(self, text: str) -> Access | None:
        """What a write id stands for; `None` if it is not known, see `is_sure`."""
        return self._find(0, text)

    def server_key(self, key_hash: str) -> Access | None:
        """What the key of this hash stands for; `None` if it is not known, see `is_sure`."""
        return self._find(1, key_hash)

    def _find(self, kind: int, key: str) -> Access | None:
        found = self._keys[kind].get(key)
        if found is None:
            self._wake.set()
            return None
        return found if self._is_fresh else None

    def refresh(self) -> bool:
        """Whether anything has changed since this was asked last; waits for nothing."""
        changes = self._changes
        is_new, self._seen = changes != self._seen, changes
        return is_new

    def look(self) -> None:
        """Read all keys now; the database may take seconds to answer."""
        try:
            found = self._load(trusted=False), self._load(trusted=True)
        except Unavailable:
            self.failures += 1
            self._is_reached = False
            return
        self._changes += found != self._keys
        self._keys = found
        self._read_at = self._clock.monotonic()
        self._is_reached = True

    def close(self) -> None:
        """End the thread; lookups go on with what was known."""
        self._is_closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _load(self, *, trusted: bool) -> dict[str, Access]:
        rows = self._place.rows(keys_query(trusted=trusted), (self._project,))
        return accesses(rows, trusted=trusted)

    def _keep(self) -> None:
        pause = threading.Event()
        while not self._is_closed:
            self._wake.wait(POLL_SECONDS)
            if not self._is_closed:
                pause.wait(MISS_SECONDS)
                self._wake.clear()
                self.look()
