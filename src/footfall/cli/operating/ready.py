"""After `restore` and `upgrade`: make the home answer SQL, and say what is in it."""

from __future__ import annotations

import typer

from footfall.cli._common import settings_for
from footfall.errors import FootfallError
from footfall.home import Home

_COUNT = """
SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM sessions) AS sessions
"""


def make_ready(home: Home) -> None:
    """Work off each project's log, publish a cut, and print how many events and sessions there are.

    What goes wrong here is told and is no failure of the verb: the next start does the same.
    """
    import footfall
    from footfall.pipeline import catch_up

    for project in projects(home):
        try:
            catch_up(home, settings_for(home), project)
            with footfall.open(home.root, project) as lake:
                found = lake.sql(_COUNT).rows()[0]
        except (FootfallError, OSError) as error:
            typer.echo(f"footfall: {project}: SQL answers after the next start: {error}", err=True)
        else:
            typer.echo(f"{project}: {found['events']:,} events, {found['sessions']:,} sessions")


def projects(home: Home) -> list[str]:
    """Those that have a log."""
    logs = home.root / "log"
    return sorted(path.name for path in logs.iterdir()) if logs.is_dir() else []
