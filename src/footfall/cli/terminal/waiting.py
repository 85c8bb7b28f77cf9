"""What a verb waits for, said at once: a spinner on a terminal, else lines on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from footfall.clock import Clock, SystemClock

if TYPE_CHECKING:
    from rich.status import Status

NEWS_SECONDS: Final = 10.0
"""Without a terminal, a line about how far it is comes this often at most."""


class Waiting:
    """Says what is waited for, until the block of `waiting` ends."""

    def __init__(self, status: Status | None, clock: Clock) -> None:
        """Say nothing yet."""
        self._status = status
        self._clock = clock
        self._said_at = clock.monotonic()

    def for_(self, what: str) -> None:
        """Something else is waited for now."""
        if self._status is None:
            self._say(what)
        else:
            self._show(self._status, what)

    def news(self, what: str) -> None:
        """How far the same thing is; may be called as often as it changes."""
        if self._status is not None:
            self._show(self._status, what)
        elif self._clock.monotonic() - self._said_at >= NEWS_SECONDS:
            self._say(what)

    @staticmethod
    def _show(status: Status, what: str) -> None:
        from rich.text import Text

        status.update(Text(f"{what} …"))

    def _say(self, what: str) -> None:
        self._said_at = self._clock.monotonic()
        typer.echo(f"footfall: {what} …", err=True)


@contextmanager
def waiting(clock: Clock | None = None) -> Iterator[Waiting]:
    """Show what is waited for while the block runs; nothing of it is left on a terminal."""
    clock = clock or SystemClock()
    if not sys.stderr.isatty():
        yield Waiting(None, clock)
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_interactive:  # a terminal that cannot move its cursor
        yield Waiting(None, clock)
        return
    with console.status("…", spinner="dots") as status:
        yield Waiting(status, clock)
