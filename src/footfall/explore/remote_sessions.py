"""Session definitions in Python, kept by a studio elsewhere."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from footfall.redefine import Difference, Listed

_Type = TypeVar("_Type")


class Asked(Protocol):
    """`footfall.explore.remote.RemoteProject.ask`."""

    def __call__(self, method: str, target: str, body: Any, kind: type[_Type]) -> _Type:
        """One request with the session, and its answer."""


class _Listing(msgspec.Struct):
    definitions: tuple[Listed, ...]


class RemoteSessions:
    """As `footfall.redefine.access.Sessions`, over HTTP; without the rows of the view."""

    def __init__(self, ask: Asked) -> None:
        """Of a project behind a studio."""
        self._ask = ask

    def define(self, name: str, *, kind: str = "gap", **options: Any) -> Listed:
        """Add a definition, which is computed over all history; `list` says how far it is.

        Raises:
            Invalid: what is wrong with it, and what is valid.
            Conflict: one of this name is there.
        """
        return self._ask("PUT", _at(name), {"options": {"kind": kind, **options}}, Listed)

    def list(self) -> list[Listed]:
        """All definitions and how far each is, the stored default first."""
        return [*self._ask("GET", "/api/sessions/definitions", None, _Listing).definitions]

    def diff(self, a: str, b: str, samples: int = 5) -> Difference:
        """How the numbers move from `a` to `b`, and visitors whose sessions differ.

        Raises:
            Invalid: there is none of such a name, or nothing of it is shown yet.
        """
        query = urlencode({"a": a, "b": b, "samples": samples})
        return self._ask("GET", f"/api/sessions/diff?{query}", None, Difference)

    def switch(self, name: str) -> None:
        """Let `events.session_id` and `sessions` follow this definition, within a second or two.

        Raises:
            Invalid: there is none of this name, or its key is not the visitor.
            Conflict: its past is not whole yet.
        """
        self._ask("POST", f"{_at(name)}/switch", None, dict)

    def drop(self, name: str) -> None:
        """Place no more events in its sessions; its view goes.

        Raises:
            Invalid: none that was added has this name.
            Conflict: it is the default; switch first.
        """
        self._ask("DELETE", _at(name), None, dict)

    def __repr__(self) -> str:
        return f"<session definitions: {', '.join(one.name for one in self.list())}>"


def _at(name: str) -> str:
    return f"/api/sessions/definitions/{quote(name, safe='')}"
