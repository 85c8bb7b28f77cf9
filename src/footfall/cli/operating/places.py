"""Where the parts of an installation lie, for people: without any secret."""

from __future__ import annotations

from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.settings import Settings


def place_lines(home: Home, settings: Settings) -> list[str]:
    """One line for each part that does not lie in the home; none if all do."""
    lake = settings.lake
    found = {
        "lake": lake.location,
        "catalog": lake.catalog,
        "cut": f"{lake.location}/_cuts" if lake.cuts == "lake" else "",
        "metadata": "" if not settings.metadata.url else _metadata(home, settings),
    }
    return [f"{name:<10} {where}" for name, where in found.items() if where]


def _metadata(home: Home, settings: Settings) -> str:
    return MetadataPlace.of(home, settings.metadata).shown
