"""The project's apps, read from the metadata in few imports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

import msgspec

from footfall.metadata.place import MetadataPlace
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

WRITE_IDS_MAX: Final = 20
_ID_CHARS_SHOWN: Final = 200
_APPS: Final = """
SELECT app_id, name, time_zone, origins FROM apps WHERE project = ? ORDER BY created_at, app_id
"""
_WRITE_IDS: Final = """
SELECT app_id, write_id FROM (
    SELECT app_id, write_id, created_at, row_number() OVER (
        PARTITION BY app_id
        ORDER BY CASE WHEN write_id = app_id THEN 1 ELSE 0 END, created_at DESC, write_id
    ) AS place
    FROM write_ids WHERE project = ? AND revoked_at IS NULL
) AS ranked WHERE place <= ? ORDER BY app_id, place
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


def read_apps(metadata: MetadataPlace, project: str) -> tuple[AppView, ...]:
    """Apps of `project`; none before the database was made.

    Raises:
        Unavailable: the database cannot be read now.
    """
    write_ids: dict[str, list[str]] = {}
    for app_id, write_id in metadata.rows(_WRITE_IDS, (project, WRITE_IDS_MAX)):
        write_ids.setdefault(app_id, []).append(write_id)
    return tuple(
        _view(App(project, app_id, name, time_zone, tuple(json.loads(origins))), write_ids)
        for app_id, name, time_zone, origins in metadata.rows(_APPS, (project,))
    )


def _view(app: App, write_ids: dict[str, list[str]]) -> AppView:
    known = tuple(write_ids.get(app.app_id, ()))
    return AppView(app, known[0] if known else None, known)
