"""`footfall studio link`: a fresh link to the pages, at any time."""

from __future__ import annotations

import typer

from footfall.cli._common import HOME_DEFAULT, HomeOption, SetOption, existing_home, settings_for
from footfall.cli.terminal.errors import complain
from footfall.machine.process import is_alive, read_ready


def link(
    home: HomeOption = HOME_DEFAULT,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
) -> None:
    """Print a fresh link that opens the pages once."""
    from footfall.signin import fresh_link

    place = existing_home(home)
    typer.echo(fresh_link(place, settings_for(place, overrides)))
    ready = read_ready(place, "studio")
    if ready is None or not is_alive(ready.pid):
        complain("the pages are not served now; start them first: footfall serve")
