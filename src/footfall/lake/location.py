"""Whether the lake lies where its catalog says; the standard library alone.

Iceberg writes absolute locations. A home that was copied or renamed has a catalog that names the
files of the place it came from, where another installation may be at work.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

from footfall.errors import Corrupt, Invalid

CATALOG: Final = "catalog.db"
_BUSY_MS: Final = 10_000


def local_path(location: str) -> Path | None:
    """Path of a `file:` location or a bare path; `None` for an object store."""
    parsed = urlparse(location)
    if parsed.scheme == "file":
        return Path(unquote(parsed.path))
    return Path(location) if not parsed.scheme else None


def place_of(location: str) -> str:
    """A location as readers and stores name it: a path of this machine, or the address it is."""
    path = local_path(location)
    return location if path is None else str(path)


def table_locations(directory: Path) -> dict[tuple[str, str], str]:
    """Namespace and name of each table of the catalog → location of its newest metadata.

    Raises:
        Corrupt: the catalog cannot be read.
    """
    file = directory / CATALOG
    if not file.exists():
        return {}
    try:
        # For writing: after a power cut SQLite may have to undo a commit that was not finished.
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as opened:
            opened.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            query = "SELECT count(*) FROM sqlite_master WHERE name = 'iceberg_tables'"
            if not opened.execute(query).fetchone()[0]:
                return {}
            query = "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables"
            rows = opened.execute(query).fetchall()
    except sqlite3.Error as error:
        raise damaged_catalog(file, error) from error
    for namespace, table, location in rows:
        if not all(isinstance(text, str) for text in (namespace, table, location)):
            raise damaged_catalog(file, f"a row is no table: {namespace!r} {table!r} {location!r}")
    return {(namespace, table): location for namespace, table, location in rows}


def damaged_catalog(file: Path, why: object) -> Corrupt:
    """What to do about a catalog that cannot be used, in one sentence."""
    return Corrupt(
        "the lake's catalog is damaged; stop the server and run footfall repair:"
        f" path={file} {' '.join(str(why).split())}"
    )


def is_moved(directory: Path) -> bool:
    """Whether a table of the catalog lies elsewhere than below `directory`."""
    here = directory.resolve()
    for location in table_locations(directory).values():
        path = local_path(location)
        if path is not None and not path.resolve().is_relative_to(here):
            return True
    return False


def is_elsewhere(directory: Path) -> bool:
    """Whether files of a table that the catalog in `directory` names are in an object store."""
    return any(local_path(location) is None for location in table_locations(directory).values())


def check_location(directory: Path) -> None:
    """Refuse to open a lake that was moved.

    Raises:
        Invalid: its catalog names files of another place.
    """
    if is_moved(directory):
        raise Invalid(
            "the lake was moved here and its catalog names files of another place; register them"
            f" with: footfall upgrade --home {directory.parent}"
        )
