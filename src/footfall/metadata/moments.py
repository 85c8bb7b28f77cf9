"""When epochs were committed: for status and doctor, standard library only."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_BUSY_MS = 100


def committed_at(file: Path, project: str, epoch: int) -> int | None:
    """When `epoch`, or the first known after it, was committed, microseconds; `None` if none was.

    Raises:
        sqlite3.Error: it cannot be read now.
    """
    if not file.exists():
        return None
    address = f"{file.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        query = (
            "SELECT committed_at FROM epochs WHERE project = ? AND epoch >= ?"
            " AND committed_at IS NOT NULL ORDER BY epoch LIMIT 1"
        )
        row = connection.execute(query, (project, epoch)).fetchone()
    return None if row is None else int(row[0])
