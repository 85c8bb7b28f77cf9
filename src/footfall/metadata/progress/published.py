"""How far a project is and its live counters, for those on other machines; in few imports."""

from __future__ import annotations

import msgspec

from footfall.ledger import Ledger
from footfall.metadata.place import MetadataPlace
from footfall.positions import Positions


class PublishedProgress(msgspec.Struct, frozen=True):
    """What `status` shows of the newest cut; fields as in `footfall.lake.cut.Cut`."""

    positions: Positions
    epoch: int
    watermark: int
    published_at: int
    ledger: Ledger


def read_progress(place: MetadataPlace, project: str) -> PublishedProgress | None:
    """The newest progress; none before the first.

    Raises:
        Unavailable: it cannot be read now.
    """
    rows = place.rows("SELECT progress FROM published WHERE project = ?", (project,))
    return msgspec.json.decode(rows[0][0], type=PublishedProgress) if rows else None


def read_live(place: MetadataPlace, project: str, after: int = -1) -> tuple[int, bytes] | None:
    """The newest live snapshot with its time in microseconds, if it is from after `after`.

    Raises:
        Unavailable: it cannot be read now.
    """
    query = "SELECT at, live FROM published WHERE project = ? AND at > ?"
    rows = place.rows(query, (project, after))
    return (int(rows[0][0]), str(rows[0][1]).encode()) if rows else None
