"""The events of the past in order of event time, some at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import polars as pl
import pyarrow as pa

from footfall.clock import DAY, MINUTE
from footfall.event import EVENT_SCHEMA
from footfall.lake import Lake, day_of
from footfall.lake.location import place_of
from footfall.lake.read.history import as_arrow

EVENTS_MAX: Final = 250_000
"""Events of a slice, unless a single minute has more: some hundred megabytes while they are
worked on. More: fewer passes over a day's files, more memory."""


class Slice(NamedTuple):
    """Events of a stretch of time."""

    end: int
    """Microseconds; every event before it is in this slice or one before."""
    events: pa.Table


class PastEvents:
    """What epochs up to one brought, of event times before a moment.

    A slice is a stretch of time and not some of the visitors, because files need not be in the
    order of a definition's key, because a bot with a third of all events is divided like everybody
    else, and because what came in order is never placed anew: each slice goes on from the state
    that the one before left, and that has open sessions alone.
    """

    def __init__(self, lake: Lake, epoch: int, before: int, columns: Sequence[str]) -> None:
        """Look which files there are.

        Args:
            lake: Its files may be rewritten meanwhile; rows stay.
            epoch: The last whose events count.
            before: Events at or after it, microseconds, are left out.
            columns: Of events.
        """
        self._lake = lake
        self._epoch = epoch
        self._before = before
        self._schema = pa.schema([EVENT_SCHEMA.field(name) for name in columns])

    def count(self) -> int:
        """About how many events there are: some may be of later epochs."""
        last = (self._before - 1) // DAY
        files = self._lake.data_files("events")
        return sum(file.record_count for file in files if (day_of(file) or 0) <= last)

    def slices(self, since: int | None, through: int | None = None) -> Iterator[Slice]:
        """In order of time; a day's files are looked up when it comes.

        Args:
            since: Microseconds; from there on. None: from the first event on.
            through: A slice ends there, if any events are on both sides of it.
        """
        for day in self._days():
            start = max(day * DAY, since if since is not None else day * DAY)
            end = min((day + 1) * DAY, self._before)
            while start < end:
                is_before = through is not None and start < through < end
                stop = self._stop(day, start, through if is_before and through else end)
                with self._lake.locks.reading():
                    rows = self._scan(day, start, stop).select(self._schema.names).collect()
                yield Slice(stop, as_arrow(rows, self._schema))
                start = stop

    def _stop(self, day: int, start: int, end: int) -> int:
        """Where a slice from `start` has as many events as it may."""
        with self._lake.locks.reading():
            minute = pl.col("event_time").dt.timestamp("us") // MINUTE
            counts = (
                self._scan(day, start, end)
                .group_by(minute=minute)
                .len()
                .sort("minute")
                .with_columns(total=pl.col("len").cum_sum())
                .collect()
            )
        beyond = counts.filter(pl.col("total") > EVENTS_MAX)
        if not beyond.height:
            return end
        return min(max(int(beyond["minute"][0]) * MINUTE, (start // MINUTE + 1) * MINUTE), end)

    def _days(self) -> list[int]:
        files, last = self._by_day(), (self._before - 1) // DAY
        days = {day for day in files if day is not None}
        if waiting := files.get(None):
            with self._lake.locks.reading():
                day = pl.col("event_time").dt.timestamp("us") // DAY
                rows = self._lake.store.scan(waiting, EVENT_SCHEMA).select(day.alias("day"))
                days |= set(rows.unique().collect()["day"].to_list())
        return sorted(day for day in days if day <= last)

    def _by_day(self) -> dict[int | None, list[str]]:
        found: dict[int | None, list[str]] = defaultdict(list)
        for file in self._lake.data_files("events"):
            found[day_of(file)].append(place_of(file.file_path))
        return found

    def _scan(self, day: int, start: int, end: int) -> pl.LazyFrame:
        files = self._by_day()
        low, high = (pl.lit(at).cast(pl.Datetime("us", "UTC")) for at in (start, end))
        return self._lake.store.scan([*files[day], *files[None]], EVENT_SCHEMA).filter(
            pl.col("event_time") >= low,
            pl.col("event_time") < high,
            pl.col("epoch") <= self._epoch,
        )
