"""Dashboards that come with Footfall, over columns that every project has.

Each is a JSON file of this folder: what it is for, and its definition. To add one makes it a
dashboard like any other, to be changed, shared or removed; a newer Footfall leaves it alone.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final, Protocol

import msgspec

from footfall.dashboards.definition import TITLE_LENGTH_MAX, Dashboard
from footfall.dashboards.reading import read_dashboard
from footfall.dashboards.storage import KeptDashboard
from footfall.errors import Conflict, Invalid
from footfall.explore.question.common import Filter
from footfall.project import App

_NAMES: Final = ("user-life-cycle", "web-overview", "content", "acquisition", "collector-health")
"""In the order they are offered; each is a file's, and the dashboard's that it becomes."""


NAME_LENGTH_MAX: Final = 64


class ReadyDashboard(msgspec.Struct, frozen=True):
    """A dashboard that can be had as it is."""

    name: str
    about: str
    """What it answers, in a sentence."""
    definition: Dashboard


class _File(msgspec.Struct, forbid_unknown_fields=True):
    about: str
    definition: dict[str, Any]


@cache
def ready_dashboards() -> tuple[ReadyDashboard, ...]:
    """All that come with Footfall."""
    return tuple(map(_read, _NAMES))


def ready_dashboard(name: str) -> ReadyDashboard:
    """One of them.

    Raises:
        Invalid: there is none of this name; those that there are stand in the message.
    """
    for one in ready_dashboards():
        if one.name == name:
            return one
    raise Invalid(f"no such ready-made dashboard; there are {', '.join(_NAMES)}: {name!r}")


class _Keeper(Protocol):
    def apply(self, name: str, given: Any, version: int | None = None) -> KeptDashboard: ...


def add_ready(keeper: _Keeper, name: str, app: App | None = None) -> KeptDashboard:
    """Make it a dashboard of the project, published under its own name.

    Args:
        keeper: Who keeps the project's.
        name: Of the ready-made one.
        app: The only one that it is about, in its zone: the dashboard is `<name>-<app_id>` then.

    Raises:
        Invalid: there is no ready-made dashboard of this name.
        Conflict: the project has a dashboard of this name already; nothing is changed.
    """
    definition = ready_dashboard(name).definition
    if app is not None:
        name = f"{name}-{app.app_id}"[:NAME_LENGTH_MAX]
        definition = _of_app(definition, app)
    try:
        return keeper.apply(name, definition, 0)
    except Conflict as error:
        raise Conflict(
            f"there is a dashboard of this name already; open it, or remove it first: {name}"
        ) from error


def _of_app(definition: Dashboard, app: App) -> Dashboard:
    title = f"{definition.title}: {app.name}"[:TITLE_LENGTH_MAX]
    filters = (Filter(field="app_id", op="is", value=app.app_id), *definition.filters)
    zone = app.time_zone or definition.zone
    return msgspec.structs.replace(definition, title=title, filters=filters, zone=zone)


def _read(name: str) -> ReadyDashboard:
    text = (resources.files(__name__) / f"{name}.json").read_bytes()
    file = msgspec.json.decode(text, type=_File)
    return ReadyDashboard(name, file.about, read_dashboard(file.definition))
