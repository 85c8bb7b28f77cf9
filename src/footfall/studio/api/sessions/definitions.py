"""Which session definitions a project has, and where the sessions of each are read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from footfall.errors import Invalid
from footfall.metadata.added.definition_notes import read_notes, read_shown
from footfall.metadata.place import MetadataPlace
from footfall.redefine import Listed, listing
from footfall.settings import SessionSettings


class DefinitionView(msgspec.Struct, frozen=True):
    """One definition whose sessions can be read."""

    name: str
    kind: str
    """`gap`, `step`, `day` or `client`."""
    key: tuple[str, ...]
    """Columns of the events that say whose a session is."""
    is_default: bool
    """Whether `events.session_id` follows it."""

    @property
    def view(self) -> str:
        """The view that has its sessions; settings allow no name that SQL would mistake."""
        return "sessions" if self.is_default else f"sessions_{self.name}"


DEFAULT: Final = DefinitionView("gap", "gap", ("visitor_id",), is_default=True)
"""The one that runs where settings name none."""


def read_listed(place: MetadataPlace, project: str, settings: SessionSettings) -> list[Listed]:
    """All definitions as they are noted now, the stored default first.

    Raises:
        Unavailable: the metadata cannot be read now.
    """
    return listing(settings, read_notes(place, project), read_shown(place, project))


def views_of(found: Sequence[Listed]) -> tuple[DefinitionView, ...]:
    """Those that the pipeline has begun with, the default first."""
    views = [
        DefinitionView(one.name, one.kind, one.key, is_default=one.is_default)
        for one in found
        if one.state != "waits"
    ]
    return tuple(sorted(views, key=lambda one: not one.is_default))


def chosen(definitions: Sequence[DefinitionView], name: str) -> DefinitionView:
    """The one of this name; "" is the default.

    Raises:
        Invalid: there is none; it says which there are.
    """
    for one in definitions:
        if name in (one.name, "" if one.is_default else one.name):
            return one
    known = ", ".join(one.name for one in definitions)
    raise Invalid(f"there is no such session definition; there are {known}: {name[:40]!r}")


async def definition_of(
    read: Callable[[], tuple[DefinitionView, ...]], name: str
) -> DefinitionView:
    """The one of this name among those that are noted now; "" is the default.

    Raises:
        Invalid: there is none; it says which there are.
        Unavailable: the metadata cannot be read now.
    """
    return chosen(await asyncio.to_thread(read), name)
