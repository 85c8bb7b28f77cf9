"""Sending made traffic: whether somebody listens, a bar, and an end when nobody answers."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from footfall.cli.terminal.waiting import Waiting, waiting
from footfall.clock import Clock, SystemClock
from footfall.errors import Unavailable

if TYPE_CHECKING:
    from rich.progress import Progress

    from footfall.recipes.sender import SendReport
    from footfall.recipes.traffic import TimedRequest
    from footfall.recipes.truth import GroundTruth

CONNECTIONS: Final = 16
"""Requests on their way at a time, unless asked otherwise."""
COLLECTOR_SECONDS_MAX: Final = 30.0
"""How long nobody may listen, before anything is sent."""
SILENCE_SECONDS_MAX: Final = 60.0
"""How long nothing may be acknowledged, once sending has begun."""
_CONNECT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.25
_REDRAW_REQUESTS: Final = 25


def wait_for_collector(
    url: str, clock: Clock | None = None, seconds_max: float = COLLECTOR_SECONDS_MAX
) -> None:
    """Return when somebody listens at `url`.

    Raises:
        Invalid: `url` is no address.
        Unavailable: nobody did in time.
    """
    from footfall.recipes.sender import Address

    address = Address.parse(url)
    clock = clock or SystemClock()
    deadline = clock.monotonic() + seconds_max
    with waiting(clock) as wait:
        problem = _connect(address.host, address.port)
        if problem is not None:
            wait.for_(f"waiting up to {seconds_max:.0f} s for a collector at {url}: {problem}")
        while problem is not None:
            if clock.monotonic() >= deadline:
                raise Unavailable(
                    f"nobody answers at {url}: {problem}; start it with: footfall serve"
                )
            clock.sleep(_POLL_SECONDS)
            problem = _connect(address.host, address.port)


def send_requests(
    url: str,
    requests: Iterable[TimedRequest],
    truth: GroundTruth,
    *,
    connections: int = CONNECTIONS,
    quiet: bool = False,
    clock: Clock | None = None,
) -> SendReport:
    """Send each request at its time, with a bar on a terminal, else a line now and then.

    Raises:
        Unavailable: nothing was acknowledged for `SILENCE_SECONDS_MAX`.
    """
    from rich.console import Console

    from footfall.recipes.sender import send_all

    clock = clock or SystemClock()
    total = truth.ledger.requests
    console = Console(stderr=True)
    patience = _Patience(url, clock)
    bar = _bar(console, is_hidden=quiet or not console.is_interactive)
    news = Waiting(None, clock)
    with bar:
        task = bar.add_task("sending", total=total, text="")

        def show(report: SendReport) -> None:
            patience.look(report.acknowledged, report.last_error)
            if report.requests % _REDRAW_REQUESTS == 0:
                text = f"{report.events} events, {report.retries} retries"
                bar.update(task, completed=report.requests, text=text)
                if bar.disable and not quiet:
                    news.news(f"sent {report.requests:,} of {total:,} requests")

        try:
            return send_all(url, requests, connections=connections, progress=show)
        except* Unavailable as group:
            problem = group.exceptions[0]
        raise problem


class _Patience:
    """Ends the sending when nobody has acknowledged anything for too long."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._acknowledged = 0
        self._since = clock.monotonic()

    def look(self, acknowledged: int, last_error: str | None) -> None:
        now = self._clock.monotonic()
        if acknowledged != self._acknowledged or last_error is None:
            self._acknowledged, self._since = acknowledged, now
        elif now - self._since > SILENCE_SECONDS_MAX:
            raise Unavailable(
                f"{self._url} took nothing for {SILENCE_SECONDS_MAX:.0f} s, so sending ends:"
                f" {acknowledged:,} requests were acknowledged, last answer: {last_error}"
            )


def _bar(console: object, *, is_hidden: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    assert isinstance(console, Console)
    return Progress(
        TextColumn("sending"),
        BarColumn(bar_width=24),  # room for the echo of Ctrl-C, which would move the line
        TaskProgressColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=is_hidden,
    )


def _connect(host: str, port: int) -> str | None:
    """Why nobody can be reached there; `None` if somebody can."""
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return None
    except OSError as error:
        return error.strerror or str(error)
