"""Tables that are not there yet are made, as their definitions say; lost ones are told from new."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)

from footfall.errors import Corrupt
from footfall.lake.location import CATALOG
from footfall.lake.place import LakePlace
from footfall.lake.store.catalog import has_commits
from footfall.lake.tables.evolve import create_table
from footfall.lake.tables.specs import TABLES, TableSpec

RETRY_PROPERTY: Final = "commit.retry.num-retries"
KEPT_PROPERTIES: Final = {
    RETRY_PROPERTY: "0",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "20",
    # Merging reads and writes as much as this at a time: small, so that a commit takes the same
    # time however many files there are.
    "commit.manifest.target-size-bytes": str(128 << 10),
    # Replacing files does not conflict with rows appended meanwhile.
    "write.delete.isolation-level": "snapshot",
    "write.update.isolation-level": "snapshot",
}
"""Every table has these; one that an older version made is given them."""


def create_missing(
    catalog: Catalog, place: LakePlace, project: str, load: Callable[[str], object]
) -> None:
    """Make the project's namespace and every table that it lacks.

    Args:
        catalog: Of the lake.
        place: Where tables lie.
        project: The namespace.
        load: Loads a table by its name; raises `NoSuchTableError` if there is none.

    Raises:
        Corrupt: the catalog lacks a table whose files are there; it is never begun anew, empty.
    """
    with contextlib.suppress(NamespaceAlreadyExistsError):
        catalog.create_namespace(project)
    for name, spec in TABLES.items():
        try:
            load(name)
        except NoSuchTableError as error:
            if has_commits(place.store, project, name):
                raise Corrupt(_lost_table(place, project, name)) from error
            properties = {"format-version": "2", **comment_of(spec), **KEPT_PROPERTIES}
            location = f"{place.warehouse}/{project}/{name}"
            with contextlib.suppress(TableAlreadyExistsError, CommitFailedException):
                create_table(catalog, (project, name), spec, properties, location)
            load(name)


def comment_of(spec: TableSpec) -> dict[str, str]:
    """A table's comment, as a property."""
    return {"comment": spec.row_is}


def _lost_table(place: LakePlace, project: str, name: str) -> str:
    what = "the lake's catalog lacks a table whose files are there"
    if place.is_local and place.has_local_catalog:
        path = place.directory / CATALOG
        return f"{what}; stop the server and run footfall repair: {path=!s} table={name}"
    files = place.table_path(project, name)
    return f"{what}; restore it, or name another lake.location: {files=} table={name}"
