"""What sessions were before a call: those of the state, and those that history brought."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.session import SESSION_SCHEMA
from footfall.sessionize.aggregate.changes import Old
from footfall.sessionize.rows.packing import Bools, Ints
from footfall.sessionize.rows.state import Found
from footfall.sessionize.rows.visitors import Visitors

_OLD_COLUMNS = ("started_at", "events", "ended_at", "written_revision", "is_dirty")


def old_sessions(mine: Found, numbers: pl.DataFrame, gone: Found, lake: Old | None) -> Old:
    """Sessions that were there: those merged, those replayed, and those only the lake has."""
    frame = numbers.select(_OLD_COLUMNS).with_columns(mine.frame(["session_id"]))
    code = mine.codes
    if len(gone):
        replayed = gone.frame(frame.columns)
        frame, code = pl.concat([frame, replayed]), np.concatenate([code, gone.codes])
        order = np.lexsort((frame["started_at"].to_numpy(), code))
        frame, code = frame[order], code[order]
    hot = _as_old(frame, code, is_hot=True)
    if lake is None:
        return hot
    place = {at: i for i, at in enumerate(zip(hot.code.tolist(), hot.start.tolist(), strict=True))}
    same = np.array(
        [place.get(at, -1) for at in zip(lake.code.tolist(), lake.start.tolist(), strict=True)],
        np.int64,
    )
    # A provisional session may have the id of an evicted one, and knows neither its revision nor
    # how far it reaches.
    known = same >= 0
    np.maximum.at(hot.revision, same[known], lake.revision[known])
    np.maximum.at(hot.end, same[known], lake.end[known])
    return _sorted_old(hot, lake, ~known)


def _as_old(frame: pl.DataFrame, code: Ints, *, is_hot: bool) -> Old:
    return Old(
        code=code,
        start=frame["started_at"].to_numpy(),
        end=frame["ended_at"].to_numpy().copy(),
        events=frame["events"].to_numpy(),
        revision=frame["written_revision"].to_numpy().copy(),
        is_dirty=frame["is_dirty"].to_numpy(),
        is_hot=np.full(len(code), is_hot),
        session_id=frame["session_id"],
    )


def _sorted_old(hot: Old, lake: Old, cold: Bools) -> Old:
    parts = {
        name: np.concatenate([getattr(hot, name), getattr(lake, name)[cold]])
        for name in Old.__struct_fields__
        if name != "session_id"
    }
    order = np.lexsort((parts["start"], parts["code"]))
    ids = pl.concat([hot.session_id, lake.session_id.filter(pl.Series(cold))])
    return Old(
        **{name: values[order] for name, values in parts.items()},
        session_id=ids.gather(pl.Series(order)),
    )


def from_lake(sessions: pa.Table | None, begins: Ints, ends: Ints, visitors: Visitors) -> Old:
    """Sessions that history brought, of replayed visitors, that begin within the replay."""
    table = SESSION_SCHEMA.empty_table() if sessions is None else sessions
    frame = pl.DataFrame(pl.from_arrow(table)).select(
        pl.col("started_at", "ended_at").dt.timestamp("us"),
        "events",
        "session_id",
        pl.col("revision").cast(pl.Int64).alias("written_revision"),
        "app_id",
        "visitor_id",
        is_dirty=pl.lit(value=False),
    )
    code = visitors.codes_of(frame["app_id"], frame["visitor_id"])
    start = frame["started_at"].to_numpy()
    mask = (code >= 0) & (start >= np.append(begins, 0)[code]) & (start <= np.append(ends, 0)[code])
    return _as_old(frame.filter(mask), code[mask], is_hot=False)
