"""`footfall key`: apps, their public write ids and their secret server keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    check_project,
    existing_home,
    open_home,
    open_metadata,
    open_project,
    print_json,
)
from footfall.cli.configuring.keys import KEY_VARIABLE, KeyFileOption, given_key
from footfall.cli.terminal.errors import masked
from footfall.cli.terminal.verbs import group
from footfall.clock import SECOND
from footfall.errors import Invalid
from footfall.project import SERVER_KEY_PREFIX, App
from footfall.upgrade import stamp_new

app = group("Make, list and revoke the keys that apps send with.", no_args_is_help=True)

AppArgument = Annotated[str, typer.Argument(metavar="APP", help="Id of the app, such as shop_web.")]
QuietOption = Annotated[bool, typer.Option("--quiet", hidden=True)]


@app.command("create")
def create(
    app_id: AppArgument,
    server: Annotated[bool, typer.Option("--server", help="A secret key for a server.")] = False,
    write_id: Annotated[str | None, typer.Option(help="Use this public write id.")] = None,
    origin: Annotated[
        list[str], typer.Option(help="Origin whose pages may send; may be repeated.")
    ] = [],  # noqa: B006 (Typer makes a new list for each call)
    time_zone: Annotated[str, typer.Option(help="IANA name, for a new app.")] = "UTC",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a key for an app, and the app if it is new.

    The app's id is itself a write id, for SDKs that send an app id (AWS Clickstream).
    """
    place = open_home(home)
    check_project(place, project)
    stamp_new(place)
    metadata = open_metadata(place)
    metadata.create_project(project)
    origins = tuple(origin)
    is_new = app_id not in {known.app_id for known in metadata.apps(project)}
    created = ""
    if is_new:
        made = App(project, app_id, app_id, time_zone, origins or ("*",))
        created = metadata.create_app(made).write_id
    elif origins:
        metadata.set_origins(project, app_id, origins)
    if server:
        created, _ = metadata.create_server_key(project, app_id)
    elif write_id is not None or not is_new:
        created = metadata.create_write_id(project, app_id, write_id).write_id
    if quiet:
        return
    if as_json:
        print_json({"app": app_id, "key": created, "is_secret": server})
    else:
        typer.echo(created)
        if server:
            typer.echo("Keep it now: it is shown this once and stored as a hash.", err=True)


@app.command("list")
def list_keys(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show apps and keys; of server keys the first characters only."""
    metadata = open_metadata(open_project(home, project))
    rows = [
        {
            "app": key.app_id,
            "key": shown,
            "kind": kind,
            "created_at": _time(key.created_at),
            "revoked_at": None if key.revoked_at is None else _time(key.revoked_at),
        }
        for kind, keys in (
            ("write id", [(key, key.write_id) for key in metadata.write_ids(project)]),
            ("server key", [(key, key.prefix + "…") for key in metadata.server_keys(project)]),
        )
        for key, shown in keys
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "" if row["revoked_at"] is None else f"  revoked {row['revoked_at']}"
        typer.echo(f"{row['app']:<20} {row['kind']:<11} {row['key']}{state}")


@app.command("revoke")
def revoke(
    context: typer.Context,
    key: Annotated[
        str | None,
        typer.Argument(
            envvar=KEY_VARIABLE, help="Write id, or the first characters of a server key."
        ),
    ] = None,
    key_file: KeyFileOption = None,
    home: HomeOption = HOME_DEFAULT,
) -> None:
    """Refuse a key from now on; the collector follows within a second."""
    chosen = given_key(context, key, key_file)
    if chosen is None:
        raise Invalid("name the key, as footfall key list shows it")
    metadata = open_metadata(existing_home(home))
    if chosen.startswith(SERVER_KEY_PREFIX):
        metadata.revoke_server_key(chosen.rstrip("…"))
    else:
        metadata.revoke_write_id(chosen)
    typer.echo(f"revoked {masked(chosen)}")


def _time(moment_us: int) -> str:
    return datetime.fromtimestamp(moment_us / SECOND, UTC).isoformat(timespec="seconds")
