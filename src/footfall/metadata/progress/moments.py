"""When epochs were committed: for status and doctor, without the whole database library."""

from __future__ import annotations

from footfall.metadata.place import MetadataPlace


def committed_at(place: MetadataPlace, project: str, epoch: int) -> int | None:
    """When `epoch`, or the first known after it, was committed, microseconds; `None` if none was.

    Raises:
        Unavailable: it cannot be read now.
    """
    rows = place.rows(
        "SELECT committed_at FROM epochs WHERE project = ? AND epoch >= ?"
        " AND committed_at IS NOT NULL ORDER BY epoch LIMIT 1",
        (project, epoch),
    )
    return int(rows[0][0]) if rows else None
