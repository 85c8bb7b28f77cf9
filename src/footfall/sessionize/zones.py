"""Days of local time: which one an event is in, and when it began."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import polars as pl

from footfall.clock import DAY, SECOND
from footfall.sessionize.rows.packing import Ints

_UTC: Final = "UTC"
_EPOCH: Final = date(1970, 1, 1)


class Zones(msgspec.Struct, frozen=True):
    """The time zone of each app. Days are whole numbers, 1970-01-01 of the zone is 0."""

    zone: str = _UTC
    of_apps: tuple[tuple[str, str], ...] = ()
    """Apps with another."""

    def __str__(self) -> str:
        apps = "".join(f" {app}:{zone}" for app, zone in self.of_apps)
        return f"time_zone={self.zone}{apps}"

    @classmethod
    def of(cls, zone: str, of_apps: Mapping[str, str]) -> Zones:
        """Those that settings give."""
        return cls(zone, tuple(sorted(of_apps.items())))

    def days(self, apps: pl.Series, codes: Ints, times: Ints) -> Ints:
        """The local day of each time.

        Args:
            apps: App by code.
            codes: Of each time.
            times: Microseconds since 1970 UTC.
        """
        found = _days(self.zone, times)
        for app, zone in self.of_apps:
            mine = np.flatnonzero((apps == app).to_numpy()[codes]) if len(times) else codes
            if len(mine):
                found[mine] = _days(zone, times[mine])
        return found

    def starts(self, apps: pl.Series, codes: Ints, days: Ints) -> Ints:
        """When each local day began, microseconds since 1970 UTC."""
        found = _starts(self.zone, days)
        for app, zone in self.of_apps:
            mine = np.flatnonzero((apps == app).to_numpy()[codes]) if len(days) else codes
            if len(mine):
                found[mine] = _starts(zone, days[mine])
        return found

    def began_by(self, time: int) -> int:
        """When the day of `time` began; the earliest, over all zones. It never goes back."""
        zones = {self.zone, *(zone for _, zone in self.of_apps)}
        times = np.array([time])
        return min(int(_starts(zone, _days(zone, times))[0]) for zone in zones)


def _days(zone: str, times: Ints) -> Ints:
    if zone == _UTC:
        return times // DAY
    local = pl.Series(times).cast(pl.Datetime("us", _UTC)).dt.convert_time_zone(zone)
    found: Ints = local.dt.date().cast(pl.Int32).cast(pl.Int64).to_numpy().copy()
    return found


def _starts(zone: str, days: Ints) -> Ints:
    if zone == _UTC:
        return days * DAY
    different, place = np.unique(days, return_inverse=True)
    starts = np.array([_start(zone, int(day)) for day in different], np.int64)
    return starts[place]


@lru_cache(maxsize=4096)
def _start(zone: str, day: int) -> int:
    """The first second of a local day; where a clock skips midnight, the second after the skip."""
    wanted, local = _EPOCH + timedelta(days=day), ZoneInfo(zone)
    low = day * DAY // SECOND - 36 * 3600
    high = low + 72 * 3600
    while low < high:  # the first second of which the date is the day or a later one
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(local).date() < wanted:
            low = middle + 1
        else:
            high = middle
    return low * SECOND
