"""Events put into the sessions of their windows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.merge import merge
from footfall.sessionize.definition import REPAIR_SCHEMA, Sessionized
from footfall.sessionize.rows.ids import ids_of
from footfall.sessionize.rows.packing import Bools, Ints, Packing, run_starts
from footfall.sessionize.rows.plain import Plain
from footfall.sessionize.rows.state import Found, SessionState
from footfall.sessionize.rows.visitors import Visitors
from footfall.sessionize.step.limits import StepLimits


def place(state: SessionState, events: pa.Table, definition: StepLimits, epoch: int) -> Sessionized:
    """Add events to the sessions of their windows.

    With windows of 30 s, whatever the order:

        events     10:00:01  10:00:29  10:00:31      10:00:12, late
        sessions   [10:00:01–10:00:29] [10:00:31]    the first has three events now

    A window that the state does not have is new if it began after all that was let go; else it may
    have been written before, and its session is provisional until `repair`.
    """
    ordered = SortedEvents(events)
    if not len(ordered):
        return result(state, Plain.of(state.columns.empty(), state.columns))
    visitors, windows = ordered.visitors, definition.windows
    window = windows.of(visitors.apps, ordered.code.astype(np.int64), ordered.time)
    first = run_starts(ordered.code, window)
    code, window = ordered.code[first].astype(np.int64), window[first]
    found = state.find(visitors)
    numbers = found.frame(state.columns.numbers)
    starts = numbers["started_at"].to_numpy()
    at = _places(code, window, found.codes, windows.of(visitors.apps, found.codes, starts))
    used = np.flatnonzero(at >= 0)
    known, at = found.at(used), at[used]
    count = len(first)
    columns, made = merge(ordered, first, np.arange(count), count, known, numbers[used], at)
    is_new = np.ones(count, np.bool_)
    is_new[at] = False
    revision = np.zeros(count, np.int64)
    revision[at] = known.frame(["written_revision"])["written_revision"].to_numpy()
    began = windows.starts(visitors.apps, code, window)
    is_late = is_new & (began < state.floor)
    columns |= {
        "session_id": _ids(definition, visitors, code, windows.names(window), known, at, is_new),
        "written_revision": pl.Series(revision),
        "is_dirty": pl.Series(np.ones(count, np.bool_)),
    }
    if is_late.any():
        columns["pending_since"] = pl.Series(np.where(is_late, epoch, columns["pending_since"]))
    made |= visitors.names(code)
    rows = Plain(made | columns, state.columns, count, known.depth)
    return result(known.replaced_by(rows, visitors.keys[code]), rows)


def _places(code: Ints, window: Ints, row_code: Ints, row_window: Ints) -> Ints:
    """The new session that each earlier one goes into, -1 for none."""
    codes = 1 + int(code.max(initial=0))
    packing = Packing(codes, window, row_window)
    keys, rows = packing.pack(code, window), packing.pack(row_code, row_window)
    place = np.minimum(np.searchsorted(keys, rows), len(keys) - 1)
    found: Ints = np.where(keys[place] == rows, place, -1)
    return found


def _ids(
    definition: StepLimits,
    visitors: Visitors,
    code: Ints,
    starts: Ints,
    known: Found,
    at: Ints,
    is_new: Bools,
) -> pl.Series:
    new = np.flatnonzero(is_new)
    made = ids_of(definition.name, definition.version, visitors, code[new], starts[new])
    place = np.empty(len(is_new), np.int64)
    place[at] = np.arange(len(at))
    place[new] = len(at) + np.arange(len(new))
    had = known.frame(["session_id"])["session_id"]
    return pl.concat([had, made]).gather(pl.Series(place))


def result(state: SessionState, rows: Plain) -> Sessionized:
    """What changed: no session by windows takes anything from another."""
    none = REMOVED_SCHEMA.empty_table()
    overrides = OVERRIDE_SCHEMA.empty_table()
    waiting = np.flatnonzero(rows.numbers("pending_since") > 0)
    if not len(waiting):
        return Sessionized(state, rows, REPAIR_SCHEMA.empty_table(), overrides, none, none)
    names = ("app_id", "visitor_id", "started_at", "ended_at")
    repairs = pl.DataFrame([rows.series(name, waiting) for name in names])
    repairs.columns = REPAIR_SCHEMA.names
    table = repairs.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(REPAIR_SCHEMA)
    return Sessionized(state, rows, table, overrides, none, none)


def as_written(frame: pl.DataFrame, written: pa.Table, definition: StepLimits) -> pl.DataFrame:
    """With the revision that the lake has, dirty if it has not all events."""
    known = pl.DataFrame(pl.from_arrow(written)).select(
        "session_id", known=pl.col("revision").cast(pl.Int64), count="events"
    )
    joined = frame.join(known, on="session_id", how="left", maintain_order="left")
    return joined.with_columns(
        written_revision=pl.col("known").fill_null(0),
        is_dirty=pl.col("count").ne_missing(pl.col("events")),
    ).select(definition.columns.schema.keys())
