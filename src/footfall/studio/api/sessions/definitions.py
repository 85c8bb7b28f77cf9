"""Which session definitions a project has, and where the sessions of each are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.errors import Invalid
from footfall.settings import SessionSettings


class DefinitionView(msgspec.Struct, frozen=True):
    """One definition."""

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


def definitions_in(settings: SessionSettings) -> tuple[DefinitionView, ...]:
    """Those that run, the default first."""
    found: list[DefinitionView] = []
    for name, one in settings.named.items():
        own = ("visitor_id", "client_session_id") if one.kind == "client" else ("visitor_id",)
        found.append(DefinitionView(name, one.kind, tuple(one.key or own), is_default=not found))
    return tuple(found)


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
