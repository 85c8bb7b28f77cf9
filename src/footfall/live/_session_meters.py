"""Sessions of each definition and app: histograms of those that were written, and the last minutes.

What closed is counted in the second in which it is seen, before its epoch has it. When the epoch is
committed its row takes the place of what was seen, in the same second; what was seen and is not
written (a late event changed it) is taken back. So the sum over seconds is, from `since_epoch` on,
the number of rows in the tables, and those that are still provisional.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from footfall.clock import SECOND
from footfall.live._snapshot import (
    DURATION_BOUNDS,
    EVENTS_BOUNDS,
    LiveSessions,
    SessionHistogram,
    SessionMeter,
    SessionSeconds,
)

SECONDS: Final = 300
METERS_MAX: Final = 64
"""Definitions times apps; more are not counted, and the snapshot says so."""
METERS_SHOWN: Final = 6
"""Those that closed most have their seconds in the snapshot."""
WAITING_MAX: Final = 200_000
"""Sessions seen and not committed; more are counted with their epoch."""
_DURATION_BOUNDS_MS: Final = tuple(bound * 1000 for bound in DURATION_BOUNDS)
_WAITING: Final = {
    "definition": pl.String,
    "session_id": pl.Binary,
    "app_id": pl.String,
    "revision": pl.Int64,
    "duration_ms": pl.Int64,
    "events": pl.Int64,
    "second": pl.Int64,
    "watermark": pl.Int64,
}
_ID: Final = ["definition", "session_id"]
_Key = tuple[str, str]


class _Meter:
    """One definition's sessions of one app."""

    def __init__(self) -> None:
        self.open = self.closed = self.repaired = 0
        self.duration_counts = [0] * (len(DURATION_BOUNDS) + 1)
        self.events_counts = [0] * (len(EVENTS_BOUNDS) + 1)
        self.duration_ms = self.events = 0
        self.seconds: dict[int, list[int]] = {}
        """Second since 1970 → started, closed, repaired, their duration, their events."""

    def at(self, second: int) -> list[int]:
        return self.seconds.setdefault(second, [0] * 5)


class SessionMeters:
    """Fed by what consumers see of sessions; time only comes in by arguments."""

    COLUMNS: Final = ("session_id", "app_id", "revision", "duration_ms", "events")
    """Of the rows that it takes."""

    def __init__(self, since_epoch: int) -> None:
        """Nothing was counted; epochs from `since_epoch` on will be."""
        self._since_epoch = since_epoch
        self._epoch = since_epoch - 1
        self._meters: dict[_Key, _Meter] = {}
        self._is_whole = True
        self._waiting = pl.DataFrame(schema=_WAITING)

    def start(self, definition: str, app: str, at: int, started: int, still_open: int) -> None:
        """Sessions of one app that began, less those that were joined to others; and all open."""
        meter = self._meter(definition, app)
        if meter is not None:
            meter.open = still_open
            if started:
                meter.at(at // SECOND)[0] += started

    def see(self, definition: str, rows: pl.DataFrame, at: int, watermark: int) -> None:
        """Sessions that closed and are not committed; `rows` has `COLUMNS`."""
        room = WAITING_MAX - self._waiting.height
        seen = rows.head(max(room, 0)).with_columns(
            definition=pl.lit(definition),
            second=pl.lit(at // SECOND, pl.Int64),
            watermark=pl.lit(watermark, pl.Int64),
        )
        seen = seen.select(pl.col(name).cast(kind) for name, kind in _WAITING.items())
        before = self._waiting.join(seen, on=_ID, how="semi")
        self._count(before, -1)
        self._count(seen, 1)
        self._waiting = pl.concat([self._waiting.join(seen, on=_ID, how="anti"), seen])

    def commit(self, epoch: int, rows: pl.DataFrame, at: int, watermark: int) -> None:
        """An epoch's rows: `COLUMNS` and `definition`. What was seen and is not there goes."""
        self._epoch = epoch
        found = rows.join(
            self._waiting.select(*_ID, "second"), on=_ID, how="left", maintain_order="left"
        ).with_columns(
            second=pl.coalesce("second", pl.lit(at // SECOND, pl.Int64)),
            watermark=pl.lit(watermark, pl.Int64),
        )
        found = found.select(pl.col(name).cast(kind) for name, kind in _WAITING.items())
        is_written = self._waiting.join(found, on=_ID, how="semi")
        is_gone = self._waiting.join(found, on=_ID, how="anti").filter(
            pl.col("watermark") <= watermark
        )
        settled = pl.concat([is_written, is_gone])
        self._count(settled, -1)
        self._count(found, 1)
        self._add_up(found)
        self._waiting = self._waiting.join(settled, on=_ID, how="anti")

    def shown(self, now_us: int) -> LiveSessions:
        """All meters; seconds of those that closed most."""
        oldest = now_us // SECOND - SECONDS + 1
        counted = self._waiting.group_by("definition", "app_id").len()
        waiting = {(name, app): count for name, app, count in counted.iter_rows()}
        order = sorted(
            self._meters, key=lambda key: (-self._meters[key].closed - waiting.get(key, 0), key)
        )
        for meter in self._meters.values():
            meter.seconds = {at: row for at, row in meter.seconds.items() if at >= oldest}
        return LiveSessions(
            since_epoch=self._since_epoch,
            to_epoch=self._epoch,
            from_us=oldest * SECOND,
            meters=tuple(
                self._shown(key, waiting.get(key, 0), oldest, has_seconds=rank < METERS_SHOWN)
                for rank, key in enumerate(order)
            ),
            is_whole=self._is_whole,
        )

    def _shown(self, key: _Key, waiting: int, oldest: int, *, has_seconds: bool) -> SessionMeter:
        meter = self._meters[key]
        rows = [(at - oldest, *row) for at, row in sorted(meter.seconds.items()) if any(row)]
        return SessionMeter(
            definition=key[0],
            app_id=key[1],
            open=meter.open,
            closed=meter.closed,
            repaired=meter.repaired,
            provisional=waiting,
            duration=SessionHistogram(tuple(meter.duration_counts), meter.duration_ms),
            events=SessionHistogram(tuple(meter.events_counts), meter.events),
            seconds=SessionSeconds(*zip(*rows, strict=True)) if has_seconds else SessionSeconds(),
        )

    def _meter(self, definition: str, app: str) -> _Meter | None:
        key = (definition, app)
        if key not in self._meters:
            if len(self._meters) >= METERS_MAX:
                self._is_whole = False
                return None
            self._meters[key] = _Meter()
        return self._meters[key]

    def _count(self, rows: pl.DataFrame, sign: int) -> None:
        """In the seconds: closed ones with what they were, repaired ones as a number."""
        is_first = pl.col("revision") == 1
        grouped = rows.group_by("definition", "app_id", "second").agg(
            closed=is_first.sum(),
            repaired=(~is_first).sum(),
            duration=pl.col("duration_ms").filter(is_first).sum(),
            events=pl.col("events").filter(is_first).sum(),
        )
        for definition, app, second, *values in grouped.iter_rows():
            meter = self._meter(definition, app)
            if meter is None:
                continue
            row = meter.at(second)
            for place, value in enumerate(values, 1):
                row[place] += sign * value

    def _add_up(self, rows: pl.DataFrame) -> None:
        """Totals, of what is committed alone: they never go back."""
        for (definition, app), mine in rows.group_by("definition", "app_id"):
            meter = self._meter(str(definition), str(app))
            if meter is None:
                continue
            closed = mine.filter(pl.col("revision") == 1)
            meter.closed += closed.height
            meter.repaired += mine.height - closed.height
            meter.duration_ms += int(closed["duration_ms"].sum())
            meter.events += int(closed["events"].sum())
            _tally(meter.duration_counts, closed["duration_ms"], _DURATION_BOUNDS_MS)
            _tally(meter.events_counts, closed["events"], EVENTS_BOUNDS)


def _tally(counts: list[int], values: pl.Series, bounds: tuple[int, ...]) -> None:
    places = np.searchsorted(np.array(bounds), values.to_numpy(), "left")
    for place, count in enumerate(np.bincount(places, minlength=len(counts)).tolist()):
        counts[place] += count
