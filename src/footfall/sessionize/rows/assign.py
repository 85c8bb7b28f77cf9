"""Which session each event is in, looked up in the state."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import UUID16
from footfall.sessionize.rows.packing import Packing
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.table import to_uuid
from footfall.sessionize.rows.visitors import code_visitors, in_one_piece


def assign(events: pa.Table, state: SessionState) -> pa.Table:
    """Fill `session_id`: the session of the event's visitor whose interval holds its event time.

    Events without `visitor_id`, and those whose session is not in the state, get null. Needs
    `app_id`, `visitor_id` and `event_time`; order and other columns stay.
    """
    visitor = events.column("visitor_id")
    place = np.flatnonzero(visitor.is_valid().to_numpy())
    some = events.select(["app_id", "visitor_id", "event_time"])
    if len(place) < events.num_rows:
        some = some.filter(visitor.is_valid())
    apps, names, times = (in_one_piece(some.column(name)) for name in some.column_names)
    visitors, codes = code_visitors(apps, names)
    times = times.view(pa.int64()).to_numpy()

    found = state.find(visitors)
    sessions = found.frame(["session_id", "started_at", "ended_at"])
    starts, ends = (sessions[name].to_numpy() for name in ("started_at", "ended_at"))
    packing = Packing(max(len(visitors), 1), times, starts, ends)
    keys = packing.pack(found.codes, starts)
    order = np.argsort(keys)
    last = packing.pack(found.codes, ends)[order]
    wanted = packing.pack(codes, times)
    at = np.searchsorted(keys[order], wanted, "right") - 1
    is_in = (at >= 0) & (wanted <= last[at] if len(last) else False)
    session = np.full(events.num_rows, len(order))
    session[place[is_in]] = order[at[is_in]]
    ids = pl.concat([sessions["session_id"], pl.Series([None], dtype=pl.Binary)])
    column = to_uuid(ids.gather(pl.Series(session)))
    return _with_column(events, column)


def with_sessions(events: pa.Table, placed: pa.Table) -> pa.Table:
    """`events` with the `session_id` of `placed`: the same events under another key."""
    return placed if placed is events else _with_column(events, placed.column("session_id"))


def _with_column(events: pa.Table, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    field = pa.field("session_id", UUID16)
    index = events.schema.get_field_index("session_id")
    if index < 0:
        return events.append_column(field, column)
    return events.set_column(index, field, column)
