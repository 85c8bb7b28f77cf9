"""The lake's catalog: one SQLite database that says which metadata file a table is at.

PyIceberg opens it with SQLite's defaults, and those lose commits: a transaction is over when its
journal is removed, and that removal is not synced. After a power cut the journal is there again and
takes the last commit back, although the epoch was marked committed and the state after it kept.
`synchronous=EXTRA` syncs the removal. A write-ahead log would need fewer syncs, but a catalog that
is copied or replaced must not find another one's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy import event

from footfall.lake._files import SyncedFileIO
from footfall.lake.location import CATALOG


def open_catalog(directory: Path, name: str = CATALOG) -> SqlCatalog:
    """The catalog of the lake below `directory`, made if need be; its commits survive a power cut.

    Every writer of ours opens it here: how much is synced is not a property of the file.
    """
    catalog = SqlCatalog(
        "footfall",
        uri=f"sqlite:///{directory / name}",
        warehouse=f"file://{directory}",
        **{"py-io-impl": f"{SyncedFileIO.__module__}.{SyncedFileIO.__name__}"},
    )
    event.listen(catalog.engine, "connect", _sync_commits)
    catalog.engine.dispose()  # connections made before the line above
    return catalog


def _sync_commits(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous = EXTRA").close()
