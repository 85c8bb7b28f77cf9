"""Windows that late events touched after they were let go, read again whole."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import TIMESTAMP
from footfall.sessionize.definition import REPAIR_SCHEMA, History, RepairLimits, Sessionized
from footfall.sessionize.rows.packing import Ints
from footfall.sessionize.rows.plain import Plain
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.visitors import code_visitors, in_one_piece, visitor_keys
from footfall.sessionize.step.limits import StepLimits
from footfall.sessionize.step.place import as_written, place, result

_KEY: Final = ["app_id", "visitor_id"]
_WINDOWS_MAX: Final = 64
"""Windows of one key that are read at once, from the first that waits on."""


def repair(
    state: SessionState, history: History, limits: RepairLimits, definition: StepLimits
) -> Sessionized:
    """Make provisional sessions exact: of each key a stretch of windows, the oldest first.

    Sessions of the lake say how many events a stretch has; keys wait for the next call when all
    before have `limits.events_max`. A single window is never divided: one with more events than
    that is read alone.
    """
    waiting = _with_windows(state.pending(), definition)
    if not waiting.height:
        return _having_spent(result(state, _plain(state.columns.empty(), definition)), 0)
    stretches = _stretches(waiting, limits.visitors_max)
    written = history.sessions(_ranges(stretches, definition))
    sized = _sized(stretches, waiting, written, definition)
    stretches = _affordable(sized, limits.events_max).select(stretches.columns)
    events = history.events(_ranges(stretches, definition))
    made = place(SessionState.empty(definition.columns), events, definition, 1).state.frame()
    made = as_written(made, written, definition)
    found = result(_with(state, stretches, made, definition), _plain(made, definition))
    return _having_spent(found, int(sized["size"].sum()))


def _having_spent(found: Sessionized, events: int) -> Sessionized:
    found.spent = events
    return found


def _with(
    state: SessionState, stretches: pl.DataFrame, made: pl.DataFrame, definition: StepLimits
) -> SessionState:
    """The state with `made` in the place of all that it has of these stretches."""
    names = [
        in_one_piece(pa.chunked_array([stretches[name].to_arrow().cast(pa.string())]))
        for name in _KEY
    ]
    visitors, _ = code_visitors(*names)
    found = state.find(visitors)
    rows = _with_windows(found.frame([*_KEY, "started_at"]), definition).with_row_index("row")
    gone = rows.join(stretches, on=_KEY).filter(pl.col("window").is_between("first", "last"))
    keys = visitor_keys(made["app_id"], made["visitor_id"])
    order = np.argsort(keys, kind="stable")
    taken = found.at(gone["row"].to_numpy().astype(np.int64))
    return taken.replaced_by(_plain(made[order], definition), keys[order])


def _plain(frame: pl.DataFrame, definition: StepLimits) -> Plain:
    return Plain.of(frame, definition.columns)


def _with_windows(frame: pl.DataFrame, definition: StepLimits) -> pl.DataFrame:
    apps, code = _coded(frame)
    windows = definition.windows.of(apps, code, frame["started_at"].to_numpy())
    return frame.with_columns(window=pl.Series(windows, dtype=pl.Int64))


def _coded(frame: pl.DataFrame) -> tuple[pl.Series, Ints]:
    apps = frame["app_id"].unique().sort()
    codes = frame["app_id"].replace_strict(apps, range(len(apps)), return_dtype=pl.Int64)
    return apps, codes.to_numpy()


def _stretches(waiting: pl.DataFrame, keys_max: int) -> pl.DataFrame:
    """First and last window of each key, those that wait longest first."""
    target = pl.col("window").first().over(_KEY)
    near = waiting.filter(pl.col("window").is_between(target, target + _WINDOWS_MAX - 1))
    found = near.group_by(_KEY, maintain_order=True).agg(
        first=pl.col("window").min(), last=pl.col("window").max()
    )
    return found.head(keys_max)


def _sized(
    stretches: pl.DataFrame, waiting: pl.DataFrame, written: pa.Table, definition: StepLimits
) -> pl.DataFrame:
    """With how many events each stretch has, as `size`, by lake and state."""
    names = [*_KEY, "started_at", "events"]
    lake = pl.DataFrame(pl.from_arrow(written)).with_columns(
        pl.col("started_at").dt.timestamp("us")
    )
    known = pl.concat(
        [_with_windows(lake.select(names), definition), waiting.select(*names, "window")]
    )
    inside = known.join(stretches, on=_KEY).filter(pl.col("window").is_between("first", "last"))
    sizes = inside.group_by(_KEY).agg(size=pl.col("events").sum())
    return stretches.join(sizes, on=_KEY, how="left", maintain_order="left")


def _affordable(sized: pl.DataFrame, events_max: int) -> pl.DataFrame:
    """As many as have `events_max` events together. What is too large alone is cut to a window."""
    sized = sized.with_columns(total=pl.col("size").cum_sum())
    first = pl.int_range(pl.len()) == 0
    alone = pl.when(first & (pl.col("size") > events_max)).then("first").otherwise("last")
    return sized.filter(first | (pl.col("total") <= events_max)).with_columns(last=alone)


def _ranges(stretches: pl.DataFrame, definition: StepLimits) -> pa.Table:
    """From the first microsecond of the first window to the last one of the last."""
    apps, code = _coded(stretches)
    first, last = (stretches[name].to_numpy() for name in ("first", "last"))
    begin = definition.windows.starts(apps, code, first)
    end = definition.windows.starts(apps, code, last + 1) - 1
    times = [pa.array(np.asarray(time)).cast(TIMESTAMP) for time in (begin, end)]
    names = [pa.array(stretches[name].to_list(), pa.string()) for name in _KEY]
    return pa.Table.from_arrays([*names, *times], schema=REPAIR_SCHEMA)
