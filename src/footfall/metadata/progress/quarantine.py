"""How many requests are quarantined as poison: for status and doctor, in few imports."""

from __future__ import annotations

from footfall.metadata.place import MetadataPlace


def quarantined_since(place: MetadataPlace, project: str, since_us: int) -> int:
    """Requests of `project` quarantined since then; 0 if there is no database yet.

    Raises:
        Unavailable: it cannot be read now.
    """
    query = "SELECT count(*) FROM quarantined WHERE project = ? AND found_at >= ?"
    rows = place.rows(query, (project, since_us))
    return int(rows[0][0]) if rows else 0
