"""`footfall dashboard`: dashboards as files, and links that show one to others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    metadata_place,
    open_metadata,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.terminal.verbs import group
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.dashboards.storage import Dashboards
    from footfall.project import App

app = group("Keep dashboards as files, and share them by read-only links.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the dashboard.")]


@app.command("list")
def list_all(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show which dashboards there are."""
    found = _store(home, project).list()
    if as_json:
        print_json(found)
        return
    for one in found:
        state = "published" if one.is_published else "draft"
        more = " with a draft" if one.is_published and one.has_draft else ""
        links = f", {one.links} links" if one.links else ""
        typer.echo(f"{one.name}: {one.title} ({state}{more}, version {one.version}{links})")
    if not found:
        typer.echo("no dashboards yet; make one with: footfall dashboard apply FILE", err=True)


@app.command("show")
def show(
    name: NameArgument,
    published: Annotated[
        bool, typer.Option("--published", help="What readers see, not the draft.")
    ] = False,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Print a dashboard as JSON, as `apply` takes it."""
    store = _store(home, project)
    found = store.find(name, is_published=published) or store.get(name)
    print_json(found.definition)


@app.command("apply")
def apply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON; - reads standard input.")],
    name: Annotated[
        str, typer.Option("--name", help="Name of the dashboard; the file's by default.")
    ] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="Keep it as a draft; readers see no change.")
    ] = False,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Make or replace a dashboard from a file."""
    if file == "-" and not name:
        raise Invalid("say --name: standard input has none")
    text = sys.stdin.read() if file == "-" else _read(Path(file))
    store = _store(home, project)
    keep = store.save if draft else store.apply
    kept = keep(name or Path(file).stem, text)
    typer.echo(f"{kept.name}: version {kept.version}, {'draft' if kept.is_draft else 'published'}")


@app.command("ready")
def ready(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="The one to add; without it they are listed.")
    ] = "",
    app_id: Annotated[
        str, typer.Option("--app", metavar="ID", help="Of this app alone; a name of its own.")
    ] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show the dashboards that come with Footfall, or add one."""
    from footfall.dashboards.ready import add_ready, ready_dashboards

    if name:
        only = _app(home, project, app_id) if app_id else None
        kept = add_ready(_store(home, project), name, only)
        typer.echo(f"{kept.name}: version {kept.version}, published")
    elif as_json:
        print_json(ready_dashboards())
    else:
        for one in ready_dashboards():
            typer.echo(f"{one.name}: {one.definition.title}. {one.about}")


@app.command("remove")
def remove(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Remove a dashboard and end its links."""
    _store(home, project).remove(name)


@app.command("share")
def share(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Print a link that shows the published dashboard to whoever has it."""
    from footfall.signin import studio_url

    place = open_project(home, project)
    url = studio_url(place, settings_for(place))
    token, link = _store(home, project).share(name)
    typer.echo(f"{url}/shared#{token}")
    typer.echo(
        f"It is shown this once. End it with: footfall dashboard unshare {name} --link {link.id}",
        err=True,
    )


@app.command("unshare")
def unshare(
    name: NameArgument,
    link: Annotated[str, typer.Option("--link", help="Id of one link; all without it.")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """End the links of a dashboard: they show nothing from now on."""
    count = _store(home, project).unshare(name, link or None)
    if link and not count:
        raise Invalid(f"the dashboard has no such link: {link}")
    typer.echo(f"{count} {'link' if count == 1 else 'links'} ended")


def _store(home: Path, project: str) -> Dashboards:
    from footfall.dashboards.storage import Dashboards

    place = open_project(home, project)
    return Dashboards(metadata_place(place), project, SystemClock())


def _app(home: Path, project: str, app_id: str) -> App:
    found = {one.app_id: one for one in open_metadata(open_project(home, project)).apps(project)}
    if app_id not in found:
        raise Invalid(f"no such app; there are {', '.join(found) or 'none'}: app_id={app_id!r}")
    return found[app_id]


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"a dashboard is JSON in UTF-8; this file is not: {file}") from error
    except OSError as error:
        raise Invalid(f"the file cannot be read: {error}") from error
