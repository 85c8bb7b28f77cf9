"""What a lost state is made from: events and sessions of the lake as they were after an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich import FINGERPRINT_COLUMNS
from footfall.event import EVENT_SCHEMA
from footfall.lake._history import as_arrow, newest_sessions
from footfall.lake._lake import Lake
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import EVENT_COLUMNS

_VISITOR: Final = ["app_id", "visitor_id"]
_EVENT: Final = ["request_id", "request_index"]
_REACH_GAPS: Final = 4
"""The first look goes this many gaps back from the floor; then twice as far, and so on."""

ID_COLUMNS: Final = ("app_id", "event_id", "received_at", *FINGERPRINT_COLUMNS)


class EpochsUpTo:
    """The lake's rows of epochs up to `epoch`, whatever tables have of later ones."""

    def __init__(self, lake: Lake, epoch: int) -> None:
        """Read nothing yet."""
        self._lake = lake
        self._epoch = epoch

    def open_chains(self, floor: int, gap: int) -> pa.Table:
        """`EVENT_COLUMNS` of the chains that reach to `floor` or beyond it, whole.

        Looks back as far as each visitor's chain goes, for that visitor only. Holds these events in
        memory: those of the hot tier, and of visitors who never pause.
        """
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in EVENT_COLUMNS])
        files = self._files("events")
        if not files:
            return schema.empty_table()
        hot = self._scan(files, [*_VISITOR, "event_time"], "event_time", floor)
        visitors = hot.select(_VISITOR).drop_nulls("visitor_id").unique().collect()
        whole, reach = [], _REACH_GAPS * gap
        while visitors.height:
            since = floor - reach
            events = self._scan(files, EVENT_COLUMNS, "event_time", since)
            found = events.join(visitors.lazy(), on=_VISITOR, how="semi").collect()
            first = pl.col("event_time").min().over(_VISITOR).dt.timestamp("us")
            # A chain that begins within a gap of where the look ended may begin before it.
            is_short = found.select(first - since <= gap).to_series()
            whole.append(as_arrow(found.filter(~is_short), schema))
            visitors, reach = found.filter(is_short).select(_VISITOR).unique(), 2 * reach
        return pa.concat_tables(whole)

    def written_sessions(self, events: pa.Table) -> pa.Table:
        """`SESSION_SCHEMA`: newest revisions, not removed since, of sessions of these events.

        And of others of the same visitors. A session may have grown since it was written, so it is
        not looked for by its end but from the first of the events on.
        """
        files = self._files("sessions")
        if not files or not events.num_rows:
            return SESSION_SCHEMA.empty_table()
        since = pc.min(events.column("event_time")).cast(pa.int64()).as_py()
        visitors = pl.DataFrame(pl.from_arrow(events.select(_VISITOR))).unique()
        written = self._scan(files, SESSION_SCHEMA.names, "ended_at", since)
        found = written.join(visitors.lazy(), on=_VISITOR, how="semi").collect()
        return as_arrow(newest_sessions(self._lake, found, self._epoch + 1), SESSION_SCHEMA)

    def provisional(self, floor: int, delay: int) -> pa.Table:
        """`EVENT_COLUMNS`, `session_id`, `epoch` of events whose session was never written.

        They happened before `floor` and came late, more than `delay` (microseconds), or they were
        moved, into a session that is provisional or hot. Of others only the columns that say so are
        read.
        """
        names = (*EVENT_COLUMNS, "session_id", "epoch")
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in names])
        files = self._files("events")
        if not files:
            return schema.empty_table()
        moment = pl.lit(floor).cast(pl.Datetime("us", "UTC"))
        old = pl.scan_parquet(files, hive_partitioning=False).filter(
            pl.col("epoch") <= self._epoch, pl.col("visitor_id").is_not_null()
        )
        is_late = (pl.col("event_time") < moment) & (
            pl.col("received_at") - pl.col("event_time") > pl.duration(microseconds=delay)
        )
        moved = self._unwritten(self._overrides())
        candidates = [
            old.filter(is_late).select(names).collect(),
            old.join(moved.lazy().select(*_VISITOR, "from_time", "to_time"), on=_VISITOR)
            .filter(pl.col("event_time").is_between("from_time", "to_time"))
            .select(names)
            .collect(),
        ]
        events = pl.concat(candidates).unique(_EVENT, keep="first", maintain_order=True)
        waiting = self._unwritten(self._resolved(events.with_row_index("row")))
        return as_arrow(waiting.sort("row").select(names), schema)

    def _unwritten(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those whose `session_id` is of no session that was written and not removed since."""
        written = self._files("sessions")
        if not written or not rows.height:
            return rows
        known = (
            pl.scan_parquet(written, hive_partitioning=False)
            .filter(pl.col("epoch") <= self._epoch)
            .join(rows.lazy().select("session_id"), on="session_id", how="semi")
            .select("session_id", "visitor_id", "epoch", "revision")
            .collect()
        )
        there = newest_sessions(self._lake, known, self._epoch + 1)
        return rows.join(there, on="session_id", how="anti")

    def _overrides(self) -> pl.DataFrame:
        files = self._files("session_overrides")
        columns = [*_VISITOR, "from_time", "to_time", "epoch", "session_id"]
        if not files:
            time = pl.Datetime("us", "UTC")
            kinds = (pl.String, pl.String, time, time, pl.Int64, pl.Binary)
            return pl.DataFrame(schema=dict(zip(columns, kinds, strict=True)))
        scan = pl.scan_parquet(files, hive_partitioning=False)
        return scan.filter(pl.col("epoch") <= self._epoch).select(columns).collect()

    def _resolved(self, events: pl.DataFrame) -> pl.DataFrame:
        """`events` with the session that the newest override says, of those made after them."""
        overrides = self._overrides().rename({"session_id": "other", "epoch": "since"})
        newest = (
            events.select("row", *_VISITOR, "event_time", "epoch")
            .join(overrides, on=_VISITOR)
            .filter(
                pl.col("event_time").is_between("from_time", "to_time"),
                pl.col("epoch") < pl.col("since"),
            )
            .sort("since")
            .unique("row", keep="last", maintain_order=True)
            .select("row", "other")
        )
        joined = events.join(newest, on="row", how="left")
        return joined.with_columns(session_id=pl.coalesce("other", "session_id")).drop("other")

    def ids(self, received_since: int) -> Iterator[pa.Table]:
        """`ID_COLUMNS` of events received at or after it (microseconds), a data file at a time."""
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in ID_COLUMNS])
        for file in self._files("events"):
            found = self._scan([file], ID_COLUMNS, "received_at", received_since).collect()
            if found.height:
                yield as_arrow(found, schema)

    def _files(self, table: str) -> list[str]:
        return list(self._lake.plan(table).files)

    def _scan(
        self, files: list[str], columns: Sequence[str], time: str, since: int
    ) -> pl.LazyFrame:
        moment = pl.lit(since).cast(pl.Datetime("us", "UTC"))
        return (
            pl.scan_parquet(files, hive_partitioning=False)
            .filter(pl.col("epoch") <= self._epoch, pl.col(time) >= moment)
            .select(columns)
        )
