"""What a project's catalog adds to its views: tables over files, and views that people made.

The catalog itself (`footfall.catalog`) stands above this stage and hands them in. A table's text is
the program's own, made of quoted names and paths; a view's is a person's, and passes the guard each
time before it is used.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from footfall.lake.store.options import SCHEME, S3Options


class DefinedTable(msgspec.Struct, frozen=True):
    """A table over files."""

    name: str
    text: str
    """The SELECT that reads its files, each by its whole path, and no others."""


class DefinedView(msgspec.Struct, frozen=True):
    """A view that somebody made."""

    name: str
    sql: str
    """One SELECT, as the guard passes it."""


class Definitions(msgspec.Struct, frozen=True):
    """Everything that a statement may name besides the views of the cut; names in lower case."""

    version: int = 0
    """Another one: something changed. Engines are made for one version."""
    tables: tuple[DefinedTable, ...] = ()
    views: tuple[DefinedView, ...] = ()
    files: tuple[str, ...] = ()
    """What the tables read: absolute paths, or `s3://bucket/key`; nothing else may be read."""
    store: S3Options | None = None
    """How files of `s3://` are reached."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of tables and views."""
        return (*(one.name for one in self.tables), *(one.name for one in self.views))

    @property
    def is_online(self) -> bool:
        """Whether some files are in an object store."""
        return any(file.startswith(SCHEME) for file in self.files)


ReadDefinitions = Callable[[Definitions | None], Definitions]
"""The newest ones; given those that are known, it answers with the same object if none changed."""

NO_DEFINITIONS = Definitions()


def no_definitions(known: Definitions | None = None) -> Definitions:
    """For those who have no catalog."""
    return known or NO_DEFINITIONS
