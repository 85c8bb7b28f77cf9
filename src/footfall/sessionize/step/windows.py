"""Which window a time is in: multiples of a length since 1970 UTC, or days of local time."""

from __future__ import annotations

import msgspec
import polars as pl

from footfall.clock import DAY
from footfall.sessionize.rows.packing import Ints
from footfall.sessionize.zones import Zones


class Windows(msgspec.Struct, frozen=True):
    """Windows by number; a later one has a larger number."""

    length: int | None = None
    """Microseconds; none: days of `zones`."""
    zones: Zones = Zones()

    def __str__(self) -> str:
        return f"step={self.length}us" if self.length else f"day {self.zones}"

    @property
    def span(self) -> int:
        """Microseconds that none is longer than; a day is 25 hours where clocks are put back."""
        return self.length or DAY + DAY // 24

    def of(self, apps: pl.Series, codes: Ints, times: Ints) -> Ints:
        """The window of each time. `apps` are by code; only days need them."""
        return times // self.length if self.length else self.zones.days(apps, codes, times)

    def starts(self, apps: pl.Series, codes: Ints, windows: Ints) -> Ints:
        """When each began, microseconds."""
        return windows * self.length if self.length else self.zones.starts(apps, codes, windows)

    def names(self, windows: Ints) -> Ints:
        """What their ids are hashed from: `starts`, days as if they were of UTC."""
        return windows * (self.length or DAY)

    def began_by(self, time: int) -> int:
        """When the window of `time` began; the earliest where apps have different days."""
        return time // self.length * self.length if self.length else self.zones.began_by(time)
