"""Retention: whole old days leave the tables, by age or by size, and how many rows went is kept.

Theory of operation. Partitions are days; a day goes by commits that take its data files out of the
tables, one commit a table, and the files themselves go as any garbage does (`_garbage`), so no
reader loses one. The commit also sets the table property `footfall.dropped`: up to which day, how
many rows in all, and how many of each epoch whose ledger is still known. Ledgers and tables go on
adding up, and a row that is missing otherwise still shows. The first table's commit decides:
whoever dies between two tables has set the day, and the next run takes the others as far.

What may still be needed is never taken, whatever the settings say (`RetentionBound`):

- a day after `floor`: an epoch that is redone from the oldest kept checkpoint, one that is not
  finished, and a repair that waits may look at it
- a file with rows of epochs after that checkpoint
- a file with events received within the horizon of duplicates: their ids are read when state
  is lost

Such a file of an old day (a late event's) goes in a later run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa
from pyiceberg.manifest import DataFile

from footfall.clock import DAY
from footfall.lake.commit.lake import Lake
from footfall.lake.location import place_of
from footfall.lake.read.bounds import NO_BOUND, lower_bound, upper_bound
from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.lake.tables.days import day_of
from footfall.lake.tables.specs import TABLES
from footfall.settings import LakeSettings

DROPPED_PROPERTY: Final = "footfall.dropped"
_EPOCH: Final = pa.schema([pa.field("epoch", pa.int64())])


class RetentionBound(msgspec.Struct, frozen=True):
    """What the pipeline can still need."""

    epoch: int
    """Of the oldest checkpoint that is kept."""
    now: int
    """Its watermark, microseconds: ages count from it, so a backlog is never taken for old."""
    floor: int
    """Microseconds; no epoch to come looks at events before it."""
    received: int
    """Microseconds; ids of events received at or after it are remembered."""
    known_from: int
    """First epoch whose ledger is still known."""


class DroppedRows(msgspec.Struct, frozen=True):
    """What retention took out of one table, since ever."""

    until: int = -NO_BOUND
    """First day (since 1970) that is kept."""
    rows: int = 0
    epochs: dict[int, int] = {}
    """Of epochs whose ledger was known at the time, and is."""


class Retained(msgspec.Struct, frozen=True):
    """What one run did."""

    days: int = 0
    rows: int = 0
    oldest: int | None = None
    """First day (since 1970) that is left; none without rows."""


def daily_tables() -> list[str]:
    """Tables whose old days go, in the order in which they lose one: `events` first."""
    return [spec.name for spec in TABLES.values() if spec.loses_days]


def dropped_rows(lake: Lake, table: str) -> DroppedRows:
    """What retention took out of `table` so far."""
    text = lake.table(table).properties.get(DROPPED_PROPERTY)
    return DroppedRows() if text is None else msgspec.json.decode(text, type=DroppedRows)


def first_kept_day(lake: Lake, settings: LakeSettings, bound: RetentionBound) -> int:
    """The day (since 1970) before which days may go, by age, size and what went before."""
    until = dropped_rows(lake, daily_tables()[0]).until
    if settings.keep_age is not None:
        until = max(until, (bound.now - settings.keep_age) // DAY)
    if settings.bytes_max is not None:
        until = max(
            until, _day_of_size(lake, settings.bytes_max, bound.now - settings.keep_age_min)
        )
    return min(until, bound.floor // DAY)


def drop_days(lake: Lake, until: int, bound: RetentionBound) -> Retained:
    """Take what is free of all days before `until` out of the tables.

    Raises:
        Conflict, CommitUnknown: as `Lake.replace`; the next run goes on.
        Corrupt: a file whose rows must be counted is damaged.
    """
    days: set[int] = set()
    rows = 0
    for table in daily_tables():
        old = {
            file: day
            for file in lake.data_files(table)
            if (day := day_of(file)) is not None and day < until and _is_free(table, file, bound)
        }
        files = list(old)
        if files and lake.replace(table, files, (), _counted(lake, table, files, until, bound)):
            days.update(old.values())
            rows += sum(file.record_count for file in files)
    return Retained(len(days), rows, oldest_day(lake))


def oldest_day(lake: Lake) -> int | None:
    """First day (since 1970) with events, also such as wait; none without."""
    days = []
    for file in lake.data_files("events"):
        day = day_of(file)
        days.append(lower_bound("events", file, "event_time") // DAY if day is None else day)
    return min(days, default=None)


def _day_of_size(lake: Lake, bytes_max: int, before: int) -> int:
    """The day before which days must go so that all tables together fit; none that ends later."""
    sizes: Counter[int] = Counter()
    total = 0
    for table in TABLES:
        for file in lake.data_files(table):
            total += file.file_size_in_bytes
            day = day_of(file)
            if day is not None:
                sizes[day] += file.file_size_in_bytes
    until = -NO_BOUND
    for day in sorted(sizes):
        if total <= bytes_max or (day + 1) * DAY > before:
            break
        until = day + 1
        total -= sizes[day]
    return until


def _is_free(table: str, file: DataFile, bound: RetentionBound) -> bool:
    if upper_bound(table, file, "epoch") > bound.epoch:
        return False
    return table != "events" or upper_bound(table, file, "received_at") < bound.received


def _counted(
    lake: Lake, table: str, files: Sequence[DataFile], until: int, bound: RetentionBound
) -> dict[str, str]:
    """The property after `files` are gone."""
    before = dropped_rows(lake, table)
    epochs = Counter({e: n for e, n in before.epochs.items() if e >= bound.known_from})
    for file in files:
        if upper_bound(table, file, "epoch") >= bound.known_from:
            path = place_of(file.file_path)
            epochs.update(rows_by_epoch([path], lake.store, bound.known_from))
    after = DroppedRows(
        max(before.until, until),
        before.rows + sum(file.record_count for file in files),
        dict(sorted(epochs.items())),
    )
    return {DROPPED_PROPERTY: msgspec.json.encode(after).decode()}


def rows_by_epoch(paths: Sequence[str], store: Store, since: int = 0) -> dict[int, int]:
    """How many rows of each epoch from `since` on some data files of a table have.

    Raises:
        Corrupt: one of them is damaged.
    """
    if not paths:
        return {}
    with naming(paths[0] if len(paths) == 1 else f"one of {len(paths)} data files"):
        counts = (
            store.scan(paths, _EPOCH)
            .filter(pl.col("epoch") >= since)
            .group_by("epoch")
            .len()
            .collect()
        )
    return dict(zip(counts["epoch"].to_list(), counts["len"].to_list(), strict=True))
