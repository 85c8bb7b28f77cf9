"""The project's apps, read from `metadata.db` with the standard library alone."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from footfall.errors import Unavailable
from footfall.home import Home
from footfall.project import App
from footfall.studio.edge.problems import NotFound


class AppView(msgspec.Struct, frozen=True):
    """An app, and what its SDK may send with."""

    app: App
    write_id: str | None
    """`None`: all are revoked."""
    write_ids: tuple[str, ...] = ()
    """All that may be sent with, newest first, the app's own id last; at most `WRITE_IDS_MAX`."""


class Apps(msgspec.Struct, frozen=True):
    """Answer of `GET /api/apps`."""

    project: str
    apps: tuple[AppView, ...]
    collector_url: str | None
    """Where SDKs send to; `None` if the collector does not run."""


ReadApps = Callable[[], tuple[AppView, ...]]
"""Reads the apps of the project, oldest first; blocks for a moment."""

_BUSY_MS: Final = 500
WRITE_IDS_MAX: Final = 20
_ID_CHARS_SHOWN: Final = 200
_SELECT: Final = """
SELECT a.app_id, a.name, a.time_zone, a.origins, (
    SELECT json_group_array(write_id) FROM (
        SELECT w.write_id FROM write_ids AS w
        WHERE w.project = a.project AND w.app_id = a.app_id AND w.revoked_at IS NULL
        ORDER BY w.write_id = w.app_id, w.created_at DESC, w.write_id LIMIT ?
    )
)
FROM apps AS a WHERE a.project = ? ORDER BY a.created_at, a.app_id
"""


def known(views: tuple[AppView, ...], app_id: str) -> AppView:
    """The app of this id.

    Raises:
        NotFound: the project has none.
    """
    for view in views:
        if view.app.app_id == app_id:
            return view
    raise NotFound(f"there is no such app in the project: app_id={app_id[:_ID_CHARS_SHOWN]}")


def read_apps(home: Home, project: str) -> tuple[AppView, ...]:
    """Apps of `project`; none before the database was made.

    Raises:
        Unavailable: the database cannot be read now.
    """
    file = home.metadata_file
    if not file.exists():
        return ()
    try:
        with contextlib.closing(_connect(file.absolute().as_uri())) as connection:
            rows = connection.execute(_SELECT, (WRITE_IDS_MAX, project)).fetchall()
    except sqlite3.Error as error:
        raise Unavailable(f"the metadata database cannot be read: {error} path={file}") from error
    return tuple(_view(project, *row) for row in rows)


def _view(
    project: str, app_id: str, name: str, time_zone: str, origins: str, write_ids: str
) -> AppView:
    app = App(project, app_id, name, time_zone, tuple(json.loads(origins)))
    known = tuple(json.loads(write_ids))
    return AppView(app, known[0] if known else None, known)


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    return connection
