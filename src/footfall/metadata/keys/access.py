"""Who may send: a view of the keys for the collector, in memory, standard library only.

The collector looks a key up for each request, so the whole directory is held in two dicts, loaded
again when SQLite says that another process has committed something (`PRAGMA data_version`). Asked
for often enough, a revocation counts within a second. A key that nobody knows may just have been
made, so it is looked for at once, but not more often than `MISS_INTERVAL_US`: strangers who make
keys up cost twenty looks a second together.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from footfall.clock import US_PER_MS, Clock
from footfall.errors import Unavailable
from footfall.metadata.keys.origins import normal_or_same
from footfall.metadata.place import MetadataPlace

POLL_INTERVAL_US: Final = 250 * US_PER_MS
MISS_INTERVAL_US: Final = 50 * US_PER_MS
_BUSY_MS: Final = 100

_SELECT: Final = """
SELECT {key}, k.app_id, k.revoked_at, a.origins
FROM {table} AS k JOIN apps AS a ON a.project = k.project AND a.app_id = k.app_id
WHERE k.project = ?
"""


class Access(msgspec.Struct, frozen=True):
    """What a key stands for."""

    app_id: str
    origins: tuple[str, ...]
    is_revoked: bool
    trusted: bool
    """A server key, not a write id."""


class KeyDirectory(Protocol):
    """What the collector asks of keys."""

    @property
    def is_sure(self) -> bool:
        """Whether a key that is not known here is known nowhere."""

    @property
    def failures(self) -> int:
        """How often the database could not be read."""

    def write_id(self, text: str) -> Access | None:
        """What a write id stands for."""

    def server_key(self, key_hash: str) -> Access | None:
        """What the key of this hash stands for."""

    def refresh(self) -> bool:
        """Look for changes, without waiting long; whether there were any."""

    def close(self) -> None:
        """Look no more."""


class AccessDirectory:
    """Keys of one project, as the metadata database has them."""

    def __init__(self, path: Path, clock: Clock, project: str) -> None:
        """Load what there is; the file may not exist yet, then no key is known."""
        self._path = path
        self._clock = clock
        self._project = project
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._data_version = -1
        self._polled_at = -1
        self._missed_at = -1
        self._write_ids: dict[str, Access] = {}
        self._server_keys: dict[str, Access] = {}
        self.is_sure = True
        """Whether a key that is not known here is known nowhere: a file is always at hand."""
        self.failures = 0
        """How often the database could not be read; the keys known before go on to count."""
        self.poll()

    def write_id(self, text: str) -> Access | None:
        """What a write id stands for; `None` if nobody knows it."""
        found = self._write_ids.get(text)
        if found is None and self._look_again():
            found = self._write_ids.get(text)
        return found

    def server_key(self, key_hash: str) -> Access | None:
        """What the key of this hash stands for; `None` if nobody knows it."""
        found = self._server_keys.get(key_hash)
        if found is None and self._look_again():
            found = self._server_keys.get(key_hash)
        return found

    def poll(self) -> bool:
        """Look for changes, at most every `POLL_INTERVAL_US`; whether there were any."""
        now = self._now_us()
        if self._polled_at >= 0 and now - self._polled_at < POLL_INTERVAL_US:
            return False
        self._polled_at = now
        return self.refresh()

    def refresh(self) -> bool:
        """Look for changes now; whether there were any."""
        try:
            return self._refresh()
        except (sqlite3.Error, OSError):
            # The tables may not be there yet, or be locked: what was known stays true for longer.
            self.failures += 1
            self._disconnect()
            return False

    def close(self) -> None:
        """Close the database; lookups go on with what was known."""
        self._disconnect()

    def _look_again(self) -> bool:
        """Look for a key that is not known; whether anything has changed.

        While the database cannot be read, which may take as long as it is locked, only `poll` and
        `refresh` try.
        """
        now = self._now_us()
        is_late = self._missed_at < 0 or now - self._missed_at >= MISS_INTERVAL_US
        if self._connection is None or not is_late:
            return False
        self._missed_at = now
        return self.refresh()

    def _now_us(self) -> int:
        return round(self._clock.monotonic() * 1_000_000)

    def _refresh(self) -> bool:
        connection = self._connect()
        if connection is None:
            return False
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return False
        write_ids = self._load(connection, trusted=False)
        server_keys = self._load(connection, trusted=True)
        is_changed = (write_ids, server_keys) != (self._write_ids, self._server_keys)
        self._write_ids, self._server_keys = write_ids, server_keys
        self._data_version = version
        return is_changed

    def _connect(self) -> sqlite3.Connection | None:
        """The connection to the file that is there now: a restored backup is another file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._disconnect()
            return None
        file = (status.st_dev, status.st_ino)
        if self._connection is not None and file != self._file:
            self._disconnect()
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            self._file = file
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._data_version = -1

    def _load(self, connection: sqlite3.Connection, *, trusted: bool) -> dict[str, Access]:
        rows = connection.execute(keys_query(trusted=trusted), (self._project,))
        return accesses(rows, trusted=trusted)


def keys_query(*, trusted: bool) -> str:
    """Selects the keys of a project: itself, app, when it was revoked, origins."""
    table, key = ("server_keys", "k.key_hash") if trusted else ("write_ids", "k.write_id")
    return _SELECT.format(table=table, key=key)


def accesses(rows: Iterable[tuple[Any, ...]], *, trusted: bool) -> dict[str, Access]:
    """What rows of `keys_query` stand for, by key."""
    return {
        text: Access(app_id, _origins(origins), revoked_at is not None, trusted)
        for text, app_id, revoked_at, origins in rows
    }


@functools.lru_cache(maxsize=1024)
def _origins(stored: str) -> tuple[str, ...]:
    """As browsers send them, also where they were stored otherwise by an earlier version."""
    return tuple(map(normal_or_same, json.loads(stored)))


def project_names(place: MetadataPlace) -> list[str]:
    """Ids of all projects, oldest first; none when the database is missing or cannot be read."""
    with contextlib.suppress(Unavailable):
        rows = place.rows("SELECT project FROM projects ORDER BY created_at, project")
        return [str(row[0]) for row in rows]
    return []
