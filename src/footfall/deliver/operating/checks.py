"""Whether destinations can be: what they name is there, and files can be written where they go.

Those of the settings file are checked so before a server starts, as those that are added are when
they are added: what is wrong with any is told at once. An app, a query or a column that is gone is
no mistake, nor a place that cannot be written to now, which a start does not even try: what comes
waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import msgspec

from footfall.deliver.chosen import check_source, check_table, held_for
from footfall.deliver.source import RESULTS
from footfall.errors import FootfallError, Invalid
from footfall.home import Home
from footfall.metadata.added.definition_notes import with_notes
from footfall.metadata.added.queries import read_queries
from footfall.metadata.place import MetadataPlace
from footfall.settings import DestinationSettings, Settings

if TYPE_CHECKING:
    from footfall.metadata import Metadata

HELD: Final = "until then nothing is written to it, and what comes waits"
TRIES_AT_ONCE: Final = 20
"""Places that are tried beside each other: a store that does not answer takes a while."""


class Known(msgspec.Struct, frozen=True):
    """What destinations may name."""

    settings: Settings
    """With the session definitions that were added."""
    queries: frozenset[str]
    """Continuous queries, those of the settings too."""
    apps: tuple[str, ...]

    @classmethod
    def of(cls, home: Home, settings: Settings, metadata: Metadata, project: str) -> Known:
        """As it is now. Raises `Unavailable`."""
        sessions = with_notes(settings.sessions, metadata.definitions.all(project))
        queries = read_queries(MetadataPlace.of(home, settings.metadata), project)
        return cls(
            msgspec.structs.replace(settings, sessions=sessions),
            frozenset({*settings.continuous.queries, *(one.name for one in queries)}),
            tuple(sorted(one.app_id for one in metadata.apps(project))),
        )

    def check(self, destination: DestinationSettings) -> None:
        """Refuse a source, a definition, a query, a column or an app that there is not.

        Raises:
            Invalid: what there is.
        """
        check_source(destination, self.settings)
        if missing := self.missing(destination):
            raise Invalid(missing)

    def missing(self, destination: DestinationSettings) -> str:
        """What it names that is not there now, and what to do; empty if all is there."""
        source, name, app = destination.source, destination.definition, destination.app
        definitions = self.settings.sessions.named
        if source == "sessions" and name and name not in definitions:
            return f"there is no session definition {name!r}; name one of {', '.join(definitions)}"
        if source == RESULTS and name and name not in self.queries:
            there = ", ".join(sorted(self.queries))
            return (
                f"there is no continuous query {name!r}; name one of"
                f" {there or 'none; add one with: footfall continuous add'}"
            )
        if app and app not in self.apps:
            return (
                f"there is no app {app!r}; there are: {', '.join(self.apps) or 'none'}; make it"
                f" with: footfall key create {app}"
            )
        return ""

    def mistakes(self, destinations: Mapping[str, DestinationSettings]) -> dict[str, str]:
        """What is wrong with each that is wrong, one sentence, by name."""
        found = {}
        for name, one in destinations.items():
            held = held_for(one, self.settings)
            if problem := f"{held}; {HELD}" if held else self.missing(one):
                found[name] = problem
        return found


def unreachable(
    destinations: Mapping[str, DestinationSettings], settings: Settings, home: Home
) -> dict[str, str]:
    """Why files cannot be written now, one sentence, by name; they are tried, and leave nothing."""
    if not destinations:
        return {}
    with ThreadPoolExecutor(TRIES_AT_ONCE) as pool:
        tried = {
            name: pool.submit(_problem, name, one, settings, home)
            for name, one in destinations.items()
        }
        return {name: problem for name, one in tried.items() if (problem := one.result())}


def refuse_mistakes(destinations: Mapping[str, DestinationSettings]) -> None:
    """Let nobody start with destinations of the settings that cannot be.

    Apps, queries, definitions and columns of packages come and go: what names one that is gone is
    told, and keeps no server from coming up again.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    found = {}
    for name, one in destinations.items():
        try:
            check_table(one)
        except Invalid as error:
            found[name] = str(error)
    if found:
        raise Invalid(
            "destinations of the settings cannot be; mend footfall.toml:", tuple(sentences(found))
        )


def sentences(found: Mapping[str, str]) -> list[str]:
    """As a person reads them, each with the name that it has in the settings."""
    return [f"deliver.destinations.{name}: {problem}" for name, problem in found.items()]


def _problem(name: str, destination: DestinationSettings, settings: Settings, home: Home) -> str:
    from footfall.deliver.outlet import outlet_of, place_of

    try:
        outlet_of(place_of(name, destination, home), settings).test()
    except (FootfallError, OSError) as error:
        return " ".join(str(error).split())
    return ""
