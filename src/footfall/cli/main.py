"""`footfall`: start here. `footfall --help` lists the verbs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from footfall.cli import completion
from footfall.cli.asking import crawl, dashboard, explore, query, segment, sessions, sql, tables
from footfall.cli.configuring import continuous, deliver, key, link, project, settings, token
from footfall.cli.demos import verbs as demos
from footfall.cli.operating import alert, backup, doctor, maintain, repair, status, upgrade
from footfall.cli.running import generate, roles, send, serve
from footfall.cli.terminal.errors import (
    EXIT_FAILED,
    EXIT_STOPPED,
    complain,
    fail,
    fail_fault,
    fail_system,
    fail_usage,
)
from footfall.cli.terminal.verbs import group
from footfall.errors import DiskFull, FootfallError
from footfall.machine.disk import is_disk_full
from footfall.machine.private import keep_private

app = group(
    "Self-hosted clickstream analytics: collect events, see sessions live, ask in SQL.",
    no_args_is_help=True,
)

RUN, LOOK, SEND, KEEP, PARTS = (
    "Run",
    "Look and ask",
    "Apps and events",
    "Upkeep",
    "Parts on their own (serve starts them)",
)

app.command("serve", rich_help_panel=RUN)(serve.serve)
app.add_typer(demos.app, name="demo", rich_help_panel=RUN)
app.command("status", rich_help_panel=LOOK)(status.status)
app.command("sql", rich_help_panel=LOOK)(sql.sql)
app.command("tables", rich_help_panel=LOOK)(tables.tables)
app.add_typer(query.app, name="query", rich_help_panel=LOOK)
app.add_typer(crawl.app, name="crawl", rich_help_panel=LOOK)
app.command("trend", rich_help_panel=LOOK)(explore.trend)
app.command("funnel", rich_help_panel=LOOK)(explore.funnel)
app.command("retention", rich_help_panel=LOOK)(explore.retention)
app.command("paths", rich_help_panel=LOOK)(explore.paths)
app.command("lifecycle", rich_help_panel=LOOK)(explore.lifecycle)
app.command("attribution", rich_help_panel=LOOK)(explore.attribution)
app.command("compare", rich_help_panel=LOOK)(explore.compare)
app.add_typer(alert.app, name="alert", rich_help_panel=LOOK)
app.add_typer(continuous.app, name="continuous", rich_help_panel=LOOK)
app.add_typer(dashboard.app, name="dashboard", rich_help_panel=LOOK)
app.add_typer(segment.app, name="segment", rich_help_panel=LOOK)
app.add_typer(sessions.app, name="sessions", rich_help_panel=LOOK)
app.command("settings", rich_help_panel=LOOK)(settings.settings)
app.add_typer(project.app, name="project", rich_help_panel=SEND)
app.add_typer(key.app, name="key", rich_help_panel=SEND)
app.add_typer(token.app, name="token", rich_help_panel=LOOK)
app.command("send", rich_help_panel=SEND)(send.send)
app.command("generate", rich_help_panel=SEND)(generate.generate)
app.add_typer(deliver.app, name="deliver", rich_help_panel=SEND)
app.command("doctor", rich_help_panel=KEEP)(doctor.doctor)
app.command("maintain", rich_help_panel=KEEP)(maintain.maintain)
app.command("backup", rich_help_panel=KEEP)(backup.backup)
app.command("restore", rich_help_panel=KEEP)(backup.restore)
app.command("repair", rich_help_panel=KEEP)(repair.repair)
app.command("upgrade", rich_help_panel=KEEP)(upgrade.upgrade)
app.command("completion", rich_help_panel=KEEP)(completion.completion)
app.add_typer(roles.studio_app, name="studio", rich_help_panel=PARTS)
roles.studio_app.command("link")(link.link)
app.command("collector", rich_help_panel=PARTS)(roles.collector)
app.command("worker", rich_help_panel=PARTS)(roles.worker)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"footfall {version('footfall')}")
        raise typer.Exit


@app.callback()
def _options(
    is_version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_tell_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del is_version


def run() -> None:
    """Entry point: errors are one sentence and an exit code, never a traceback."""
    keep_private()
    completion.be_ready_to_complete()
    try:
        status = app(prog_name="footfall", standalone_mode=False)
    except FootfallError as error:
        fail(error)
    except TyperException as error:
        fail_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_STOPPED
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_FAILED)
    except Exception as error:  # the outermost: what nobody expected is one sentence as well
        if is_disk_full(error):
            fail(DiskFull(f"the disk is full; free some space and try again: {error}"))
        if isinstance(error, OSError):
            fail_system(error)
        fail_fault(error)
    if status == EXIT_STOPPED:
        complain("stopped")
    sys.exit(status or 0)


if __name__ == "__main__":
    run()
