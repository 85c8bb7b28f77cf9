"""Which destinations there are now: those of settings, and those added while the server runs."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.metadata.added.deliveries import DeliveryRow, read_deliveries
from footfall.metadata.place import MetadataPlace
from footfall.positions import Positions
from footfall.settings import (
    DESTINATIONS_MAX,
    DestinationSettings,
    Settings,
    read_destination,
)

FROM_SETTINGS: Final = "settings"
ADDED: Final = "added"


class Chosen(msgspec.Struct, frozen=True):
    """One destination."""

    destination: DestinationSettings
    origin: str
    """`settings`, or `added`."""
    flush_to: Positions | None = None
    """Files are asked for of all requests before it."""
    paused_at: int = 0
    """Since when nothing is written to it, microseconds; 0: it is not paused."""


def chosen_destinations(
    settings: Settings, metadata: MetadataPlace, project: str
) -> dict[str, Chosen]:
    """All of a project, by name; of two with one name that of settings.

    Raises:
        Unavailable: metadata cannot be read now.
    """
    rows = {row.name: row for row in read_deliveries(metadata, project)}
    found = {}
    for name, one in settings.deliver.destinations.items():
        row = rows.get(name, DeliveryRow(name, None, None))
        found[name] = Chosen(one, FROM_SETTINGS, row.flush_to, row.paused_at)
    for name, row in rows.items():
        if name not in found and row.options is not None and len(found) < DESTINATIONS_MAX:
            destination = parsed(name, msgspec.json.decode(row.options))
            found[name] = Chosen(destination, ADDED, row.flush_to, row.paused_at)
    return found


def parsed(name: str, options: Any) -> DestinationSettings:
    """A destination as settings write it.

    Raises:
        Invalid: what is wrong with it, and what is valid.
    """
    try:
        return read_destination(name, options)
    except ValueError as error:
        raise Invalid(f"not a destination; mend it: {error}") from error


def parsed_place(name: str, destination: DestinationSettings, place: str) -> str:
    """Another place of a destination, checked as its own is; empty if none is named.

    Raises:
        Invalid: it is no place.
    """
    if place:
        options = {"source": destination.source, "place": place}
        return parsed(name, options).place
    return ""


def check_source(destination: DestinationSettings, settings: Settings) -> None:
    """Refuse a source that there is not, or columns that cannot be made of it.

    Args:
        destination: What somebody wants.
        settings: Know the columns that enrichment steps write.

    Raises:
        Invalid: what there is.
    """
    check_table(destination)
    _check_columns(destination, settings)


def check_table(destination: DestinationSettings) -> None:
    """Refuse a source that there is not; raises as `check_source`."""
    from footfall.deliver.source import REQUESTS
    from footfall.lake import TABLES

    if destination.source != REQUESTS and destination.source not in TABLES:
        raise Invalid(
            f"there is no source {destination.source!r}; name one of {REQUESTS},"
            f" {', '.join(TABLES)}"
        )


def held_for(destination: DestinationSettings, settings: Settings) -> str:
    """Why a destination is held: its columns cannot be made now; else empty.

    Columns come and go with packages of enrichment. A file without one that is asked for would
    be another file than was asked for, so nothing is written, and what comes waits.
    """
    try:
        check_source(destination, settings)
    except Invalid as error:
        return str(error)
    return ""


def _check_columns(destination: DestinationSettings, settings: Settings) -> None:
    from footfall.deliver.shape import names_of
    from footfall.deliver.source import REQUEST_SCHEMA, REQUESTS
    from footfall.enrich import own_columns, plan_steps
    from footfall.lake import TABLES

    is_requests = destination.source == REQUESTS
    schema = REQUEST_SCHEMA if is_requests else TABLES[destination.source].schema
    if destination.source == "events":
        for field in own_columns(plan_steps(settings.enrich)):
            schema = schema.append(field)
    names_of(schema, destination)
    if unknown := sorted(set(destination.leave_out) - set(schema.names)):
        raise Invalid(
            f"{destination.source} has no column {unknown[0]!r} to leave out; see docs/tables.md"
        )
