"""How many requests are quarantined as poison: for status and doctor, standard library only."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_BUSY_MS = 100


def quarantined_since(file: Path, project: str, since_us: int) -> int:
    """Requests of `project` quarantined since then; 0 if the database is not there yet.

    Raises:
        sqlite3.Error: it cannot be read now.
    """
    if not file.exists():
        return 0
    address = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'quarantined'"
        if not connection.execute(query).fetchone()[0]:
            return 0  # an older version wrote it
        query = "SELECT count(*) FROM quarantined WHERE project = ? AND found_at >= ?"
        return int(connection.execute(query, (project, since_us)).fetchone()[0])
