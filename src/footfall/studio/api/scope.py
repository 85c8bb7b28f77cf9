"""What a question is about: which app, whose events, and when.

Routes take them as `whose` and `during`; their query parameters have the same names, meanings and
mistakes on every page.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final, Literal

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromQuery

from footfall.clock import MINUTE, SECOND
from footfall.errors import Invalid
from footfall.settings import parse_duration
from footfall.studio.api.apps.apps import known
from footfall.studio.api.sql.runner import SqlValue
from footfall.studio.services import Use

Who = Literal["people", "bots", "all"]
MINUTES: Final = 30
"""What Live shows, and what is meant where no time is asked for."""


class Scope(msgspec.Struct, frozen=True):
    """Which app, and whose events."""

    who: Who = "people"
    app: str = ""
    """Its id; "": all apps of the project."""

    def conditions(self) -> tuple[str, list[SqlValue]]:
        """Text to put behind a WHERE's first condition, and the values for it."""
        text, values = self.app_condition()
        if self.who == "all":
            return text, values
        return f"{text} AND is_bot = ?", [*values, self.who == "bots"]

    def app_condition(self) -> tuple[str, list[SqlValue]]:
        """The same for what is neither of people nor of bots."""
        return (" AND app_id = ?", [self.app]) if self.app else ("", [])


class TimeRange(msgspec.Struct, frozen=True):
    """Both ends belong to it; microseconds since 1970 UTC."""

    from_us: int
    to_us: int


def live_range(now_us: int) -> TimeRange:
    """The 29 whole minutes before `now_us` and the current one."""
    return TimeRange((now_us // MINUTE - MINUTES + 1) * MINUTE, now_us)


async def asked_scope(
    services: Use, app: FromQuery[str] = "", who: FromQuery[Who] = "people"
) -> Scope:
    """Of the query's `app` and `who`.

    Raises:
        NotFound: the project has no such app.
    """
    if app:
        known(await asyncio.to_thread(services.read_apps), app)
    return Scope(who, app)


async def asked_range(
    services: Use,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    last: FromQuery[str] = "",
) -> TimeRange:
    """Of the query's `since` and `until` (ISO 8601 with a zone), or `last` (`30m`, `24h`, `7d`).

    Raises:
        Invalid: they contradict each other, or are no times.
    """
    return time_range(services.clock.now_us(), since, until, last)


Asked = NamedDependency[Scope]
During = NamedDependency[TimeRange]


def time_range(now_us: int, since: datetime | None, until: datetime | None, last: str) -> TimeRange:
    """The range that is meant; without any of them Live's.

    Args:
        now_us: End of what has no `until`.
        since: Aware.
        until: Aware; only with `since`.
        last: A duration before now, instead of both.

    Raises:
        Invalid: they contradict each other, or are no times.
    """
    if last:
        if since or until:
            raise Invalid("say either last or since and until, not both")
        try:
            return TimeRange(now_us - parse_duration(last), now_us)
        except ValueError as error:
            raise Invalid(f"last is a duration such as 30m, 24h or 7d: {error}") from error
    if since is None:
        if until is not None:
            raise Invalid("say since as well: until alone is no range")
        return live_range(now_us)
    found = TimeRange(
        _microseconds("since", since), now_us if until is None else _microseconds("until", until)
    )
    if found.from_us > found.to_us:
        raise Invalid("since is after until, or in the future; swap or change them")
    return found


def _microseconds(name: str, time: datetime) -> int:
    if time.tzinfo is None:
        raise Invalid(f"{name} needs its zone, as in 2026-11-24T12:00:00Z: {time.isoformat()}")
    return int(time.timestamp()) * SECOND + time.microsecond
