"""`footfall`: start here. `footfall --help` lists the verbs."""

from __future__ import annotations

import sys

import typer

from footfall.cli import (
    backup,
    demo,
    doctor,
    generate,
    key,
    maintain,
    repair,
    roles,
    send,
    serve,
    sql,
    status,
    upgrade,
)
from footfall.cli._common import EXIT_FAILED, fail
from footfall.disk import is_disk_full
from footfall.errors import DiskFull, FootfallError
from footfall.private import keep_private

app = typer.Typer(
    name="footfall",
    help="Self-hosted clickstream analytics: collect events, see sessions live, ask in SQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("status")(status.status)
app.command("sql")(sql.sql)
app.command("generate")(generate.generate)
app.command("send")(send.send)
app.command("maintain")(maintain.maintain)
app.command("doctor")(doctor.doctor)
app.command("repair")(repair.repair)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("upgrade")(upgrade.upgrade)
app.add_typer(key.app, name="key")
app.command("collector", rich_help_panel="Parts on their own")(roles.collector)
app.command("worker", rich_help_panel="Parts on their own")(roles.worker)
app.command("studio", rich_help_panel="Parts on their own")(roles.studio)


def run() -> None:
    """Entry point: errors are one sentence and an exit code, never a traceback."""
    keep_private()
    try:
        app()
    except FootfallError as error:
        fail(error)
    except KeyboardInterrupt:
        typer.echo("footfall: stopped", err=True)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(EXIT_FAILED)
    except Exception as error:  # the outermost: a full disk is no fault of ours to report
        if not is_disk_full(error):
            raise
        fail(DiskFull(f"the disk is full; free some space and try again: {error}"))


if __name__ == "__main__":
    run()
