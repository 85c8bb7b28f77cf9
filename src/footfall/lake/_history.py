"""Looks up what a repair needs: events and sessions of a few visitors, of epochs before one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from footfall.event import EVENT_SCHEMA
from footfall.lake._damage import naming
from footfall.lake._lake import Lake
from footfall.lake._schemas import TABLES
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import EVENT_COLUMNS, History

_VISITOR = ["app_id", "visitor_id"]


class LakeHistory:
    """What the lake held before `epoch`, also when some tables have that epoch already."""

    def __init__(self, lake: Lake, epoch: int) -> None:
        """Read nothing yet."""
        self._lake = lake
        self._epoch = epoch

    def __call__(self, repairs: pa.Table) -> History:
        """Everything that `repairs` (`REPAIR_SCHEMA`) asks for."""
        wanted = pl.DataFrame(pl.from_arrow(repairs))
        with self._lake.locks.reading():
            events = self._scan("events", wanted, "event_time", EVENT_COLUMNS)
            written = self._scan("sessions", wanted, "ended_at", SESSION_SCHEMA.names)
            sessions = newest_sessions(self._lake, written, self._epoch)
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in EVENT_COLUMNS])
        return History(repairs, as_arrow(events, schema), as_arrow(sessions, SESSION_SCHEMA))

    def _scan(
        self, table: str, wanted: pl.DataFrame, time: str, columns: Sequence[str]
    ) -> pl.DataFrame:
        """Rows of the wanted visitors with `time` ≥ their `from_time`."""
        files = self._lake.plan(table).files
        names = list(dict.fromkeys([*columns, "epoch"]))
        if not files:
            return pl.DataFrame(schema={name: pl.Null() for name in names})
        scan = (
            pl.scan_parquet(list(files), hive_partitioning=False)
            .select(names)
            .filter(
                pl.col("epoch") < self._epoch,
                pl.col("visitor_id").is_in(wanted["visitor_id"].to_list()),
                pl.col(time) >= wanted["from_time"].min(),
            )
        )
        with naming(f"a data file of {table}"):
            found = scan.collect()
        ours = found.join(wanted, on=_VISITOR, how="inner").filter(
            pl.col(time) >= pl.col("from_time")
        )
        return ours.select(names)


def newest_sessions(lake: Lake, sessions: pl.DataFrame, before: int) -> pl.DataFrame:
    """One row a session: its newest revision, if it was not removed after that was written.

    Args:
        lake: Has the removals.
        sessions: Revisions, of epochs below `before`.
        before: Removals of this epoch and later ones do not count.
    """
    removed = pl.DataFrame(pl.from_arrow(lake.read("session_changes")))
    last = (
        removed.filter(pl.col("epoch") < before)
        .group_by("session_id")
        .agg(pl.col("epoch").max().alias("removed_epoch"))
    )
    if sessions.height == 0:
        return sessions
    return (
        sessions.join(last, on="session_id", how="left")
        .filter(pl.col("removed_epoch").is_null() | (pl.col("removed_epoch") <= pl.col("epoch")))
        .drop("removed_epoch")
        .sort("epoch", "revision")
        .unique("session_id", keep="last", maintain_order=True)
    )


def recent_events(lake: Lake, since: int, rows_max: int) -> pa.Table:
    """Committed events received at or after `since` (microseconds), in log order.

    At most `rows_max`, the newest: what live counters start with after a restart.

    Raises:
        Corrupt: one of their files is damaged.
    """
    moment = pl.lit(since).cast(pl.Datetime("us", "UTC"))
    with lake.locks.reading(), naming("a data file of events"):
        files = lake.plan("events").files
        if not files:
            return EVENT_SCHEMA.empty_table()
        found = (
            pl.scan_parquet(list(files), hive_partitioning=False)
            .filter(pl.col("received_at") >= moment)
            .select(EVENT_SCHEMA.names)
            .bottom_k(rows_max, by=["log_offset", "request_index"], reverse=True)
            .sort("log_offset", "request_index")
            .collect()
        )
    return as_arrow(found, EVENT_SCHEMA)


def as_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """Polars' rows with exactly the types of `schema`."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    arrays = [table.column(field.name).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


assert set(EVENT_COLUMNS) <= set(TABLES["events"].names)
