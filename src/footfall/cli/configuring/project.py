"""`footfall project`: which projects an installation has, and making one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    HomeOption,
    JsonOption,
    existing_home,
    open_metadata,
    print_json,
)
from footfall.cli.terminal.verbs import group

if TYPE_CHECKING:
    from footfall.metadata import Metadata

app = group("List the projects and what is in them; make one.", no_args_is_help=True)


class _App(msgspec.Struct, frozen=True):
    app: str
    time_zone: str
    write_ids: list[str]
    """Public; those that are revoked are left out."""
    server_keys: int


class _Project(msgspec.Struct, frozen=True):
    project: str
    events: int
    """Of committed epochs, as are the others."""
    failed: int
    requests: int
    apps: list[_App]


@app.command("list")
def list_projects(home: HomeOption = HOME_DEFAULT, as_json: JsonOption = False) -> None:
    """Show projects with their apps, write ids and counts."""
    metadata = open_metadata(existing_home(home))
    found = [_project(metadata, project) for project in metadata.projects()]
    if as_json:
        print_json(found)
        return
    for project in found:
        typer.echo(
            f"{project.project}: in the lake {project.events:,} events, {project.failed:,} failed;"
            f" {project.requests:,} requests"
        )
        for one in project.apps:
            keys = "" if one.server_keys == 0 else f", server keys: {one.server_keys}"
            typer.echo(f"  {one.app:<18} write ids: {' '.join(one.write_ids) or 'none'}{keys}")
        if not project.apps:
            typer.echo(f"  no app yet: footfall key create APP --project {project.project}")


@app.command("create")
def create(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Letters, digits and .-_")],
    home: HomeOption = HOME_DEFAULT,
) -> None:
    """Make a project: a log, tables and keys of its own."""
    metadata = open_metadata(existing_home(home))
    is_new = project not in metadata.projects()
    metadata.create_project(project)
    typer.echo(
        f"{'made' if is_new else 'there already'}; an app for it:"
        f" footfall key create APP --project {project}"
    )


def _project(metadata: Metadata, project: str) -> _Project:
    ledger = metadata.ledger(project)
    apps = [
        _App(
            app.app_id,
            app.time_zone,
            [k.write_id for k in metadata.write_ids(project, app.app_id) if k.revoked_at is None],
            sum(k.revoked_at is None for k in metadata.server_keys(project, app.app_id)),
        )
        for app in metadata.apps(project)
    ]
    failed = ledger.failed + ledger.undecodable
    return _Project(project, ledger.events, failed, ledger.requests, apps)
