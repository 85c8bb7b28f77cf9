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
