"""`footfall token`: what programs ask the studio with, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    HomeOption,
    JsonOption,
    existing_home,
    print_json,
)
from footfall.cli.terminal.verbs import group
from footfall.clock import SECOND, SystemClock

if TYPE_CHECKING:
    from footfall.signin import Token, Tokens

app = group(
    "Make, list and revoke tokens, which programs ask the studio with.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is for: notebook, ci.")]


@app.command("create")
def create(
    name: NameArgument,
    days: Annotated[int, typer.Option(help="How many days it counts.")] = 90,
    home: HomeOption = HOME_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Make a token, and show it this once.

    In Python: footfall.open(ADDRESS, token=TOKEN), with the studio's address.
    """
    secret, made = _tokens(home).create(name, days)
    if as_json:
        print_json({**_row(made), "token": secret})
        return
    typer.echo(secret)
    ends = _time(made.ends_at)
    typer.echo(f"Keep it now: it is stored as a hash. It counts until {ends}.", err=True)


@app.command("list")
def list_tokens(home: HomeOption = HOME_DEFAULT, as_json: JsonOption = False) -> None:
    """Show which there are, and when each was last used."""
    tokens = _tokens(home).list()
    if as_json:
        print_json([_row(one) for one in tokens])
        return
    now = SystemClock().now_us()
    for one in tokens:
        used = "never used" if one.used_at is None else f"used {_time(one.used_at)[:10]}"
        ends = f"{'ended' if one.ends_at <= now else 'ends'} {_time(one.ends_at)[:10]}"
        typer.echo(f"{one.name:<20}  made {_time(one.made_at)[:10]}  {used:<15}  {ends}")
    if not tokens:
        typer.echo("There are none; make one: footfall token create NAME", err=True)


@app.command("revoke")
def revoke(name: NameArgument, home: HomeOption = HOME_DEFAULT) -> None:
    """End a token: its next request is refused."""
    _tokens(home).revoke(name)
    typer.echo(f"revoked {name}")


def _tokens(home: Path) -> Tokens:
    from footfall.signin import Tokens

    return Tokens(SystemClock(), existing_home(home).studio_file)


def _row(token: Token) -> dict[str, str | None]:
    return {
        "name": token.name,
        "made_at": _time(token.made_at),
        "used_at": None if token.used_at is None else _time(token.used_at),
        "ends_at": _time(token.ends_at),
    }


def _time(moment_us: int) -> str:
    return datetime.fromtimestamp(moment_us / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
