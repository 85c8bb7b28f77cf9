"""A damaged catalog: told, and made anew from the metadata files of the tables."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from footfall.errors import Corrupt
from footfall.home import sync_directory
from footfall.lake.location import CATALOG, damaged_catalog, table_locations
from footfall.lake.place import LakePlace
from footfall.lake.store.catalog import METADATA_FILE, has_commits, open_catalog
from footfall.lake.store.damage import naming
from footfall.lake.store.local import LocalStore
from footfall.lake.store.store import Store

_RESTORED: Final = "catalog.restored.db"
_DAMAGED: Final = "damaged-"


def catalog_problem(directory: Path, store: Store | None = None) -> str | None:
    """What is wrong with the SQLite catalog in `directory`; `None` for a whole one.

    Args:
        directory: Of the catalog.
        store: Where the tables lie, if not there.

    Raises:
        Unavailable: the object store does not answer.
    """
    store = store or LocalStore(directory)
    try:
        known = table_locations(directory)
        _check(directory / CATALOG)
    except Corrupt as error:
        return str(error)
    for project, table in _tables(store):
        if (project, table) not in known and has_commits(store, project, table):
            return f"the lake's catalog lacks table {table} of project {project}"
    return None


def _check(file: Path) -> None:
    if not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as opened:
            verdict = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise damaged_catalog(file, error) from error
    if verdict != "ok":
        raise damaged_catalog(file, verdict)


def restore_catalog(place: LakePlace) -> dict[str, str]:
    """Make the catalog anew: each table at its newest metadata file; table → that file.

    Only after `catalog_problem`, and while nobody uses the lake. What was there is kept under a
    name that begins with `damaged-`. The newest file is that of the last commit, or of one that was
    interrupted just before the catalog took it: that commit is taken then, and its epoch, being in
    the table's properties, is not taken again.

    Raises:
        Corrupt: the newest metadata file of a table cannot be read.
    """
    directory = place.directory
    (directory / _RESTORED).unlink(missing_ok=True)
    files = place.file_properties()
    catalog = open_catalog(directory, _RESTORED, warehouse=place.warehouse, files=files)
    found = {}
    for (project, table), file in _tables(place.store).items():
        catalog.create_namespace_if_not_exists(project)
        with naming(file):
            catalog.register_table((project, table), f"file://{file}" if place.is_local else file)
        found[f"{project}.{table}"] = file
    catalog.engine.dispose()
    for suffix in ("", "-journal", "-wal", "-shm"):
        old = directory / f"{CATALOG}{suffix}"
        if old.exists():
            old.rename(directory / f"{_DAMAGED}{old.name}")
    (directory / _RESTORED).rename(directory / CATALOG)
    sync_directory(directory)
    return found


def _tables(store: Store) -> dict[tuple[str, str], str]:
    """Project and name of each table that has files → its newest metadata file."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for path in _metadata_files(store):
        *_, project, table, _, name = path.split("/")
        match = METADATA_FILE.fullmatch(name)
        if match:
            found = (int(match[1]), path)
            newest[project, table] = max(found, newest.get((project, table), found))
    return {name: path for name, (_, path) in sorted(newest.items())}


def _metadata_files(store: Store) -> Iterable[str]:
    if isinstance(store, LocalStore):  # without a look at every data file
        return map(str, Path(store.root).glob("*/*/metadata/*.json"))
    return (file.path for file in store.list(store.root) if "/metadata/" in file.path)
