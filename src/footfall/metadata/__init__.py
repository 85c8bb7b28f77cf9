"""Metadata: projects, apps, keys, epochs, leases: one SQLite database below the home directory.

Everything written is on stable storage when a call returns. The collector reads keys through
`footfall.metadata.keys.access`, which imports the standard library only; import `Metadata` from
here where SQLAlchemy may be loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.metadata.added.definition_notes import DefinitionNote
    from footfall.metadata.added.definitions import DefinitionNotes
    from footfall.metadata.progress.epochs import Epoch
    from footfall.metadata.progress.leases import Holder, Lease
    from footfall.metadata.store import Metadata

__all__ = ["DefinitionNote", "DefinitionNotes", "Epoch", "Holder", "Lease", "Metadata"]


def __getattr__(name: str) -> Any:
    """Load SQLAlchemy with the first use of `Metadata`: the collector never needs it."""
    if name == "Metadata":
        from footfall.metadata.store import Metadata

        return Metadata
    if name == "Epoch":
        from footfall.metadata.progress.epochs import Epoch

        return Epoch
    if name == "DefinitionNote":
        from footfall.metadata.added.definition_notes import DefinitionNote

        return DefinitionNote
    if name == "DefinitionNotes":
        from footfall.metadata.added.definitions import DefinitionNotes

        return DefinitionNotes
    if name in ("Holder", "Lease"):
        from footfall.metadata.progress import leases as _leases

        return getattr(_leases, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
