"""A second definition, as small as one can be: the events of a visitor on one UTC day."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.clock import DAY
from footfall.event import TIMESTAMP
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.sessionize import (
    EVENT_COLUMNS,
    REPAIR_SCHEMA,
    Closed,
    DefinitionKind,
    History,
    Past,
    RepairLimits,
    Sessionized,
    SessionState,
    StateColumns,
    session_ids,
)
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.merge import merge
from footfall.sessionize.rows.assign import assign
from footfall.sessionize.rows.close import close
from footfall.sessionize.rows.packing import run_starts

DAY_COLUMNS: Final = StateColumns()
_VISITOR: Final = ["app_id", "visitor_id"]


class DayDefinition(msgspec.Struct, frozen=True):
    """A `SessionDefinition`. The id follows from the day, so no session is renamed or joined."""

    hot_age: int
    hot_max: int = 2**62
    version: int = 1
    name: str = "day"
    columns: StateColumns = DAY_COLUMNS
    event_columns: tuple[str, ...] = EVENT_COLUMNS

    @property
    def reach(self) -> int:
        return 2 * DAY + self.hot_age

    def closed_before(self, watermark: int) -> int:
        return watermark // DAY * DAY

    def sessionize(self, state, events, *, epoch=1, history=None, events_max=0) -> Sessionized:
        ordered = SortedEvents(events)
        if not len(ordered):
            return _changed(state, DAY_COLUMNS.empty())
        first = run_starts(ordered.code, ordered.time // DAY)
        code, day = ordered.code[first].astype(np.int64), ordered.time[first] // DAY
        found = state.find(ordered.visitors)
        numbers = found.frame(DAY_COLUMNS.numbers)
        place = {at: i for i, at in enumerate(zip(code.tolist(), day.tolist(), strict=True))}
        days = (numbers["started_at"].to_numpy() // DAY).tolist()
        rows = np.array([place.get(at, -1) for at in zip(found.codes.tolist(), days, strict=True)])
        used = np.flatnonzero(rows >= 0)
        known, row = found.at(used), rows[used].astype(np.int64)
        count = len(first)
        columns = merge(ordered, first, np.arange(count), count, known, numbers[used], row)
        revision = np.zeros(count, np.int64)
        revision[row] = known.frame(["written_revision"])["written_revision"].to_numpy()
        # A day that is not known may have been, if it began before all that is known of.
        is_new = np.ones(count, np.bool_)
        is_new[row] = False
        since = np.where(is_new & (day * DAY < state.floor), epoch, columns["pending_since"])
        visitors = ordered.visitors
        apps, names = (
            column.gather(pl.Series(code)) for column in (visitors.apps, visitors.visitors)
        )
        ids = session_ids(self.name, self.version, apps, names, (day * DAY).tolist())
        frame = pl.DataFrame(
            columns
            | {
                "app_id": apps,
                "visitor_id": names,
                "session_id": pl.Series(ids, dtype=pl.Binary),
                "written_revision": revision,
                "is_dirty": np.ones(count, np.bool_),
                "pending_since": since,
            }
        ).select(DAY_COLUMNS.schema.keys())
        return _changed(known.replaced_by(frame, visitors.keys[code]), frame)

    def repair(self, state: SessionState, history: History, limits: RepairLimits) -> Sessionized:
        """Days of which late events came, read again whole: one of each visitor."""
        waiting = state.pending().unique(_VISITOR, keep="first", maintain_order=True)
        waiting = waiting.head(limits.visitors_max)
        if not waiting.height:
            return _changed(state, DAY_COLUMNS.empty())
        begins = waiting["started_at"].to_numpy() // DAY * DAY
        times = [pa.array(time).cast(TIMESTAMP) for time in (begins, begins + DAY - 1)]
        names = [pa.array(waiting[name].to_list(), pa.string()) for name in _VISITOR]
        ranges = pa.Table.from_arrays([*names, *times], schema=REPAIR_SCHEMA)
        nothing = SessionState.empty(DAY_COLUMNS)
        frame = self.sessionize(nothing, history.events(ranges)).state.frame()
        frame = _as_written(frame, history.sessions(ranges))
        rest = state.frame().join(waiting, on="session_id", how="anti", maintain_order="left")
        both = pl.concat([rest, frame])
        return _changed(SessionState.of(both, state.floor, state.watermark, DAY_COLUMNS), frame)

    def assign(self, events: pa.Table, state: SessionState) -> pa.Table:
        return assign(events, state)

    def close(self, state: SessionState, watermark: int, epoch: int) -> Closed:
        return close(state, watermark, epoch, self)

    def remade(self, past: Past, watermark: int) -> SessionState:
        """Whole days from the floor's on; of those before, what waits for its repair."""
        floor = self.closed_before(watermark) - self.hot_age
        events = past.events(floor // DAY * DAY)
        waiting = past.provisional(floor, self.hot_age // 2)
        written = past.written_sessions(pa.concat_tables([events, waiting]))
        nothing = SessionState.empty(DAY_COLUMNS)
        hot = _as_written(self.sessionize(nothing, events).state.frame(), written)
        hot = hot.filter((pl.col("ended_at") >= floor) | pl.col("is_dirty"))
        late = self.sessionize(nothing, waiting).state.frame()
        late = late.filter(pl.col("started_at") < floor // DAY * DAY)
        late = late.with_columns(pending_since=pl.lit(1, pl.Int64))
        return SessionState.of(pl.concat([hot, late]), floor, watermark, DAY_COLUMNS)


def _as_written(frame: pl.DataFrame, written: pa.Table) -> pl.DataFrame:
    """With the revision that the lake has, dirty if it has not all events."""
    known = pl.DataFrame(pl.from_arrow(written)).select(
        "session_id", known=pl.col("revision").cast(pl.Int64), count="events"
    )
    joined = frame.join(known, on="session_id", how="left", maintain_order="left")
    return joined.with_columns(
        written_revision=pl.col("known").fill_null(0),
        is_dirty=pl.col("count").ne_missing(pl.col("events")),
    ).select(DAY_COLUMNS.schema.keys())


def _changed(state: SessionState, frame: pl.DataFrame) -> Sessionized:
    repairs = frame.filter(pl.col("pending_since") > 0).select(
        *_VISITOR, from_time="started_at", to_time="ended_at"
    )
    table = repairs.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(REPAIR_SCHEMA)
    none = REMOVED_SCHEMA.empty_table()
    return Sessionized(state, frame, table, OVERRIDE_SCHEMA.empty_table(), none, none)


KIND: Final = DefinitionKind(1, DAY_COLUMNS, lambda settings: DayDefinition(settings.hot_age))
