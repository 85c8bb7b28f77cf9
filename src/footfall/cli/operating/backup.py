"""`footfall backup` and `footfall restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    HomeOption,
    JsonOption,
    existing_home,
    print_json,
    settings_for,
)
from footfall.cli.operating.doctor import checks
from footfall.cli.operating.ready import make_ready, projects
from footfall.clock import SECOND
from footfall.errors import Corrupt, DiskFull, Invalid, Unavailable
from footfall.home import Home
from footfall.project import DEFAULT_PROJECT

TargetArgument = Annotated[Path, typer.Argument(metavar="TARGET", help="Directory of the backup.")]
SourceArgument = Annotated[Path, typer.Argument(metavar="SOURCE", help="Directory of a backup.")]


def backup(
    target: TargetArgument, home: HomeOption = HOME_DEFAULT, as_json: JsonOption = False
) -> None:
    """Copy the home while it runs; later on, only what is new."""
    from footfall.backup import back_up

    place = existing_home(home)
    settings = settings_for(place)
    if settings.metadata.url:
        raise Invalid(
            "metadata lies in PostgreSQL, which a backup does not copy; use the database's own"
            " (pg_dump), and versions of the bucket for the lake: see docs/operate/metadata.md"
        )
    if settings.lake.catalog:
        raise Invalid(
            "the lake's catalog is a database of its own, which a backup does not copy; keep the"
            " database's and the bucket's own, see docs/operate/object-store.md"
        )
    if settings_for(place).log.kind == "kafka":
        raise Invalid(
            "the log lies in Kafka, which a backup does not copy: without it acknowledged requests"
            " would be missing; see docs/operate/kafka.md for what to keep"
        )
    try:
        report = back_up(place, target)
    except OSError as error:
        raise Unavailable(f"no backup was made; the one before is whole: {error}") from error
    if as_json:
        print_json(report)
    else:
        typer.echo(
            f"{report.files:,} files, {report.bytes:,} bytes; new: {report.files_written:,} files,"
            f" {report.bytes_written:,} bytes"
        )


def restore(source: SourceArgument, home: HomeOption = HOME_DEFAULT) -> None:
    """Make a home from a backup, checked before it opens."""
    from footfall.backup import finish_restore
    from footfall.backup import restore as fill

    place = Home(home.expanduser().resolve())
    try:
        manifest = fill(source, place)
        _check(place)
        finish_restore(place)
    except OSError as error:
        raise DiskFull(f"restoring failed; mend it and run it again: {error}") from error
    moment = datetime.fromtimestamp(manifest.began_at / SECOND, UTC)
    typer.echo(f"restored: all that was acknowledged before {moment:%Y-%m-%d %H:%M:%S} UTC")
    make_ready(place)


def _check(home: Home) -> None:
    """What `doctor` checks, of every project that has a log.

    Raises:
        Corrupt: something is broken; the home stays closed.
    """
    broken = [
        f"{project}: {check.name}: {check.message}"
        for project in projects(home) or [DEFAULT_PROJECT]
        for check in checks(home, project)
        if check.state == "broken"
    ]
    if broken:
        raise Corrupt(f"the restored home is not sound, use another backup: {'; '.join(broken)}")
