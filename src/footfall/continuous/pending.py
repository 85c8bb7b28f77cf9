"""Windows that changed and were not asked since: durable, so that an epoch is done with at once.

One SQLite file in the consumer's directory. What is in it may be asked once too often (a death
between the commit of a result and its removal here), which finds the same answer and writes
nothing; never too seldom.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from footfall.continuous.statement import WindowRef

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS windows (
    query TEXT, version INTEGER, id TEXT, start INTEGER, stop INTEGER, epoch INTEGER,
    PRIMARY KEY (query, version, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS windows_by_end ON windows (query, version, stop);
"""
_ADD: Final = """
INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (query, version, id) DO UPDATE SET
    epoch = max(epoch, excluded.epoch),
    start = iif(excluded.start, excluded.start, start),
    stop = iif(excluded.stop, excluded.stop, stop)
"""


class Pending:
    """For one thread."""

    def __init__(self, directory: Path) -> None:
        """Open or make the file."""
        self._connection = sqlite3.connect(directory / "windows.db", isolation_level=None)
        self._connection.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_SCHEMA}"
        )

    def add(
        self, epoch: int, changed: Mapping[tuple[str, int], Sequence[WindowRef]], windows_max: int
    ) -> dict[str, int]:
        """Note the windows that `epoch` changed, by name and version of their query, durably.

        Returns:
            By name, how many windows of before are left out, as more than `windows_max` wait.
        """
        left_out: dict[str, int] = {}
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for (query, version), windows in changed.items():
                rows = ((query, version, one.id, one.start, one.end, epoch) for one in windows)
                self._connection.executemany(_ADD, rows)
                over = self.count(query, version) - windows_max
                if over > 0:
                    self._connection.execute(
                        "DELETE FROM windows WHERE (query, version, id) IN (SELECT query, version,"
                        " id FROM windows WHERE query = ? AND version = ? ORDER BY start LIMIT ?)",
                        (query, version, over),
                    )
                    left_out[query] = over
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return left_out

    def due(
        self, query: str, version: int, watermark: int, epoch: int, count: int
    ) -> list[tuple[WindowRef, int]]:
        """Windows that end by `watermark`, with the last epoch that changed each, oldest first.

        At most `count`, none that an epoch after `epoch` changed.
        """
        rows = self._connection.execute(
            "SELECT id, start, stop, epoch FROM windows WHERE query = ? AND version = ?"
            " AND stop <= ? AND epoch <= ? ORDER BY stop LIMIT ?",
            (query, version, watermark, epoch, count),
        )
        return [(WindowRef(key, start, stop), changed) for key, start, stop, changed in rows]

    def done(self, query: str, version: int, windows: Iterable[tuple[WindowRef, int]]) -> None:
        """They were asked; unless a later epoch than theirs changed one meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "DELETE FROM windows WHERE query = ? AND version = ? AND id = ? AND epoch <= ?",
            ((query, version, window.id, epoch) for window, epoch in windows),
        )
        self._connection.execute("COMMIT")

    def count(self, query: str, version: int) -> int:
        """How many wait."""
        return int(
            self._connection.execute(
                "SELECT count(*) FROM windows WHERE query = ? AND version = ?", (query, version)
            ).fetchone()[0]
        )

    def keep(self, queries: Iterable[tuple[str, int]]) -> None:
        """Forget windows of all but these queries, by name and version."""
        kept = set(queries)
        known = self._connection.execute("SELECT DISTINCT query, version FROM windows").fetchall()
        for gone in set(known) - kept:
            self._connection.execute("DELETE FROM windows WHERE query = ? AND version = ?", gone)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
