"""What status and doctor ask of epochs and their requests, without the whole database library."""

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


def quarantined_since(place: MetadataPlace, project: str, since_us: int) -> int:
    """Requests of `project` quarantined since then; 0 if there is no database yet.

    Raises:
        Unavailable: it cannot be read now.
    """
    query = "SELECT count(*) FROM quarantined WHERE project = ? AND found_at >= ?"
    rows = place.rows(query, (project, since_us))
    return int(rows[0][0]) if rows else 0
