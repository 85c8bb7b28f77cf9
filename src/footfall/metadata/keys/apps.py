"""Projects and their apps, in one transaction each."""

from __future__ import annotations

import json
import zoneinfo

from sqlalchemy import Connection, Row, select, update

from footfall.clock import random_token
from footfall.errors import Conflict, Invalid
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import apps, projects
from footfall.metadata.keys.credentials import check_id, insert_write_id
from footfall.metadata.keys.origins import normal_origin
from footfall.project import WRITE_ID_PREFIX, App, WriteId


def create_project(connection: Connection, project: str, now_us: int) -> None:
    """See `Metadata.create_project`."""
    check_id("project", project)
    row = {"project": project, "created_at": now_us}
    connection.execute(insert(connection, projects).values(row).on_conflict_do_nothing())


def all_projects(connection: Connection) -> list[str]:
    """See `Metadata.projects`."""
    query = select(projects.c.project).order_by(projects.c.created_at, projects.c.project)
    return list(connection.execute(query).scalars())


def create_app(connection: Connection, app: App, now_us: int) -> WriteId:
    """See `Metadata.create_app`."""
    check_id("app", app.app_id)
    origins = _checked_origins(app)
    random = WriteId(WRITE_ID_PREFIX + random_token(12), app.app_id, now_us)
    if not connection.execute(select(projects).filter_by(project=app.project)).first():
        raise Invalid(f"there is no such project; create it first: project={app.project}")
    if _row(connection, app.project, app.app_id):
        raise Conflict(f"the project has this app already: app={app.app_id}")
    connection.execute(
        insert(connection, apps).values(
            project=app.project,
            app_id=app.app_id,
            name=app.name,
            time_zone=app.time_zone,
            origins=json.dumps(origins),
            created_at=now_us,
        )
    )
    for write_id in (WriteId(app.app_id, app.app_id, now_us), random):
        insert_write_id(connection, app.project, write_id)
    return random


def apps_of(connection: Connection, project: str) -> list[App]:
    """See `Metadata.apps`."""
    query = select(apps).filter_by(project=project)
    rows = connection.execute(query.order_by(apps.c.created_at, apps.c.app_id)).all()
    return [
        App(row.project, row.app_id, row.name, row.time_zone, tuple(json.loads(row.origins)))
        for row in rows
    ]


def set_origins(
    connection: Connection, project: str, app_id: str, origins: tuple[str, ...]
) -> None:
    """See `Metadata.set_origins`."""
    row = _row(connection, project, app_id)
    if row is None:
        raise Invalid(f"there is no such app: {project=} app={app_id}")
    checked = _checked_origins(App(project, app_id, row.name, row.time_zone, origins))
    connection.execute(
        update(apps)
        .where((apps.c.project == project) & (apps.c.app_id == app_id))
        .values(origins=json.dumps(checked))
    )


def _row(connection: Connection, project: str, app_id: str) -> Row[tuple[str, ...]] | None:
    return connection.execute(select(apps).filter_by(project=project, app_id=app_id)).first()


def _checked_origins(app: App) -> tuple[str, ...]:
    """The app's origins as browsers send them; all mistakes of the app are told at once."""
    problems = []
    if app.time_zone not in zoneinfo.available_timezones():
        problems.append(f"time zone is an IANA name such as Europe/Berlin, not {app.time_zone!r}")
    origins: dict[str, None] = {}
    for origin in app.origins:
        try:
            origins[normal_origin(origin)] = None
        except Invalid as error:
            problems.append(str(error))
    if problems:
        raise Invalid("app has mistakes; mend them:", tuple(problems))
    return tuple(origins)
