"""Looks up what a repair needs: events and sessions of some visitors, of epochs before one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.event import ARRIVAL, EVENT_SCHEMA
from footfall.lake.commit.lake import Lake
from footfall.lake.read.lookup import Footers, Looked, look_up
from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.lake.tables.schemas import from_lake
from footfall.session import OTHER_SESSION_SCHEMA, REMOVED_SCHEMA, SESSION_SCHEMA
from footfall.sessionize import EVENT_COLUMNS, Key

_VISITOR = ("app_id", "visitor_id")
_EVENT_TIMES = ("event_time", "event_time")
_SESSION_TIMES = ("started_at", "ended_at")


class Files(Protocol):
    """The data files of a table."""

    @property
    def files(self) -> Sequence[str]:
        """Locations."""


class Reading(Protocol):
    """Keeps data files from being removed."""

    def reading(self) -> AbstractContextManager[None]:
        """While it is held."""


class Readable(Protocol):
    """What a history needs of a lake: `Lake`, or who was told its files."""

    @property
    def store(self) -> Store:
        """Where the files are."""

    @property
    def locks(self) -> Reading:
        """Held while files are read."""

    def plan(self, table: str) -> Files:
        """Data files of a table."""


class LakeHistory:
    """What the lake held before `epoch`, also when some tables have that epoch already."""

    def __init__(
        self,
        lake: Readable,
        epoch: int,
        footers: Footers | None = None,
        definition: tuple[str, int] | None = None,
        key: Key | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            lake: Where to look.
            epoch: The first that does not count.
            footers: Remembers bounds of files over epochs.
            definition: Name and version of the one whose sessions are asked for; none: the default.
            key: Whose events are asked for; none: the visitor's.
        """
        self._lake = lake
        self._epoch = epoch
        self._footers = footers or Footers()
        self._definition = definition
        self._key = key or Key()
        self.looked = Looked()

    def of(self, name: str, version: int, key: Key) -> LakeHistory:
        """The same for a definition that is not the default."""
        return LakeHistory(self._lake, self._epoch, self._footers, (name, version), key)

    def events(self, ranges: pa.Table) -> pa.Table:
        """See `footfall.sessionize.History`."""
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in EVENT_COLUMNS])
        with self._lake.locks.reading():
            if self._key.is_visitor:
                return self._find("events", ranges, schema, _EVENT_TIMES)
            with naming("a data file of events"):
                return self._of_keys(ranges, schema)

    def _of_keys(self, ranges: pa.Table, schema: pa.Schema) -> pa.Table:
        """The same where files are not sorted by the key: all of its time is looked through."""
        files = self._lake.plan("events").files
        if not files or not ranges.num_rows:
            return schema.empty_table()
        wanted = pl.DataFrame(pl.from_arrow(ranges))
        first, last = wanted["from_time"].min(), wanted["to_time"].max()
        near = (
            self._lake.store.scan(files, EVENT_SCHEMA)
            .filter(pl.col("epoch") < self._epoch, pl.col("event_time").is_between(first, last))
            .with_columns(visitor_id=self._key.expression)
        )
        found = near.join(wanted.lazy(), on=["app_id", "visitor_id"]).filter(
            pl.col("event_time").is_between("from_time", "to_time")
        )
        self.looked.files += len(files)
        return as_arrow(found.select(schema.names).collect(), schema)

    def sessions(self, ranges: pa.Table) -> pa.Table:
        """See `footfall.sessionize.History`."""
        with self._lake.locks.reading():
            found = self._find_sessions(ranges)
            newest = newest_sessions(self._lake, pl.DataFrame(pl.from_arrow(found)), self._epoch)
        return as_arrow(newest, SESSION_SCHEMA)

    def _find_sessions(self, ranges: pa.Table) -> pa.Table:
        if self._definition is None:
            return self._find("sessions", ranges, SESSION_SCHEMA, _SESSION_TIMES)
        name, version = self._definition
        found = self._find("other_sessions", ranges, OTHER_SESSION_SCHEMA, _SESSION_TIMES)
        is_mine = (pc.field("definition") == name) & (pc.field("definition_version") == version)
        return found.filter(is_mine).select(SESSION_SCHEMA.names)

    def _find(
        self, table: str, ranges: pa.Table, schema: pa.Schema, times: tuple[str, str]
    ) -> pa.Table:
        """Rows of earlier epochs, with the columns of `schema`."""
        names = list(dict.fromkeys([*schema.names, "epoch"]))
        files = self._lake.plan(table).files
        found = look_up(files, ranges, names, times, self._footers, self.looked, self._lake.store)
        parts = []
        for rows in found:
            earlier = _of_epochs_before(self._epoch, rows)
            there = [name for name in schema.names if name in earlier.column_names]
            parts.append(from_lake(earlier.select(there), schema))
        return pa.concat_tables([schema.empty_table(), *parts])


def _of_epochs_before(epoch: int, rows: pa.Table) -> pa.Table:
    is_earlier = pc.less(rows.column("epoch"), epoch)
    return rows if pc.all(is_earlier).as_py() else rows.filter(is_earlier)


def newest_sessions(lake: Readable, sessions: pl.DataFrame, before: int) -> pl.DataFrame:
    """One row a session: its newest revision, if it was not removed after that was written.

    Args:
        lake: Has the removals.
        sessions: Revisions, of epochs below `before`.
        before: Removals of this epoch and later ones do not count.
    """
    files = list(lake.plan("session_changes").files)
    if sessions.height and files:
        removals = (
            lake.store.scan(files, REMOVED_SCHEMA)
            .filter(
                pl.col("visitor_id").is_in(sessions["visitor_id"].unique().to_list()),
                pl.col("epoch") < before,
            )
            .group_by("session_id")
            .agg(pl.col("epoch").max().alias("removed_epoch"))
        )
        with naming("a data file of session_changes"):
            last = removals.collect()
        is_there = pl.col("removed_epoch").is_null() | (pl.col("removed_epoch") <= pl.col("epoch"))
        sessions = sessions.join(last, on="session_id", how="left").filter(is_there)
        sessions = sessions.drop("removed_epoch")
    if sessions.height == 0:
        return sessions
    return sessions.sort("epoch", "revision").unique("session_id", keep="last", maintain_order=True)


def holding(events: pl.DataFrame, sessions: pl.DataFrame) -> pl.Series:
    """Id of the session that holds each event; null if none does.

    A visitor's sessions are disjoint, so it is the last that starts at or before the event, or
    none: of sessions [9:00–9:10] and [10:00–10:20], 10:05 is in the second, 9:30 in none.

    Args:
        events: Visitors and `event_time`, in any order.
        sessions: Visitors, `session_id`, `started_at` and `ended_at`, of one definition.
    """
    found = (
        events.select(*_VISITOR, "event_time")
        .with_row_index("row")
        .sort("event_time")
        .join_asof(
            sessions.select(*_VISITOR, "started_at", "ended_at", "session_id").sort("started_at"),
            left_on="event_time",
            right_on="started_at",
            by=_VISITOR,
            strategy="backward",
            check_sortedness=False,
        )
        .sort("row")
    )
    is_held = pl.col("event_time") <= pl.col("ended_at")
    return found.select(pl.when(is_held).then("session_id").alias("session_id")).to_series()


def _least_offset(lake: Lake, files: Sequence[str], moment: Any, count: int) -> int:
    """Of events received at one moment, the log offset from which on there are about `count`.

    Many may have come at once; who asks for a thousand must not be given a million.
    """
    offsets = pl.Series(dtype=pl.Int64)
    for file in files:
        rows = lake.store.scan([file], EVENT_SCHEMA).filter(pl.col("received_at") == moment)
        more = rows.select("log_offset").collect()
        offsets = pl.concat([offsets, more.to_series()]).top_k(count)
    return int(offsets.min() or 0)  # type: ignore[arg-type]  # of whole numbers


def recent_events(lake: Lake, since: int, rows_max: int, columns: Sequence[str]) -> pa.Table:
    """Committed events received at or after `since` (microseconds), in order of arrival.

    At most `rows_max`, the newest, of `columns` only: what live counters start with after a
    restart. They are sorted when they are few: Polars sorts a scan by reserving gigabytes, which
    the process that recovers is not allowed (`pipeline.memory_max`).

    Raises:
        Corrupt: one of their files is damaged.
    """
    schema = pa.schema([EVENT_SCHEMA.field(name) for name in columns])
    moment = pl.lit(since).cast(pl.Datetime("us", "UTC"))
    with lake.locks.reading(), naming("a data file of events"):
        files = lake.plan("events").files
        if not files:
            return schema.empty_table()
        is_recent = pl.col("received_at") >= moment
        times = pl.Series(dtype=pl.Datetime("us", "UTC"))
        for file in files:  # one after the other: half an hour may be a hundred million events
            recent = lake.store.scan([file], EVENT_SCHEMA).filter(is_recent)
            more = recent.select("received_at").collect()
            times = pl.concat([times, more.to_series()]).top_k(rows_max)
        if not len(times):
            return schema.empty_table()
        oldest = times.min()
        is_kept = pl.col("received_at") >= oldest
        if len(times) == rows_max:
            least = _least_offset(lake, files, oldest, int((times == oldest).sum()))
            is_kept = is_kept & ((pl.col("received_at") > oldest) | (pl.col("log_offset") >= least))
        recent = lake.store.scan(files, EVENT_SCHEMA).filter(is_recent)
        found = recent.filter(is_kept).select(list(dict.fromkeys([*columns, *ARRIVAL]))).collect()
    return as_arrow(found.sort(ARRIVAL).tail(rows_max), schema)


def as_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Polars' rows with exactly the types of `schema`."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    arrays = [table.column(field.name).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


assert set(EVENT_COLUMNS) <= set(EVENT_SCHEMA.names)
