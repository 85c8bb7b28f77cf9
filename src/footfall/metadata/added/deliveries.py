"""Destinations of files that people added while the server runs, which are paused, and more.

What a destination may be, `footfall.deliver` says; here it is a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from footfall.metadata.place import MetadataPlace
from footfall.positions import Positions

if TYPE_CHECKING:
    from footfall.metadata.store import Metadata


class DeliveryRow(msgspec.Struct, frozen=True):
    """One row."""

    name: str
    options: str | None
    """JSON as settings have it; none: settings say what the destination is."""
    flush_to: Positions | None
    """Files are asked for of all requests before it."""
    paused_at: int = 0
    """Since when nothing is written to it, microseconds; 0: it is not paused."""


def read_deliveries(place: MetadataPlace, project: str) -> list[DeliveryRow]:
    """All of a project, by name; light.

    Raises:
        Unavailable: it cannot be read now.
    """
    query = (
        "SELECT name, options, flush_to, paused_at FROM deliveries WHERE project = ? ORDER BY name"
    )
    return [
        DeliveryRow(
            name,
            options,
            None if flush is None else msgspec.json.decode(flush, type=Positions),
            paused_at or 0,
        )
        for name, options, flush, paused_at in place.rows(query, (project,))
    ]


def put_delivery(metadata: Metadata, project: str, name: str, options: str) -> None:
    """Add a destination, or replace what it is."""
    _put(metadata, project, name, {"options": options})


def ask_for_files(metadata: Metadata, project: str, name: str, flush_to: Positions) -> None:
    """Have a destination's files closed that have requests before `flush_to`."""
    _put(metadata, project, name, {"flush_to": msgspec.json.encode(flush_to).decode()})


def pause_delivery(metadata: Metadata, project: str, name: str, at: int) -> None:
    """Have nothing written to a destination from now on; `at` is the time, 0 to go on."""
    _put(metadata, project, name, {"paused_at": at or None})


def remove_delivery(metadata: Metadata, project: str, name: str) -> bool:
    """Take a destination out; whether it was there."""
    from sqlalchemy import delete

    from footfall.metadata.database.tables import deliveries

    with metadata._transaction() as connection:
        done = connection.execute(
            delete(deliveries).where(
                deliveries.c.project == project,
                deliveries.c.name == name,
                deliveries.c.options.is_not(None),
            )
        )
        return done.rowcount > 0


def _put(metadata: Metadata, project: str, name: str, values: dict[str, str | int | None]) -> None:
    from footfall.metadata.database.insert import insert
    from footfall.metadata.database.tables import deliveries

    row = {**values, "changed_at": metadata._clock.now_us()}
    with metadata._transaction() as connection:
        new = insert(connection, deliveries).values(project=project, name=name, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["project", "name"], set_=row))
