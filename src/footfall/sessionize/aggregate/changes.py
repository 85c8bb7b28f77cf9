"""What became of earlier sessions: kept under their id, renamed, joined, split."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import TIMESTAMP
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.sessionize.rows.packing import Bools, Ints, Keys, Packing, expand, run_starts
from footfall.sessionize.rows.table import to_uuid
from footfall.sessionize.rows.visitors import Visitors


class Old(msgspec.Struct, frozen=True):
    """Sessions that were there before the call and may have changed, ascending by (code, start)."""

    code: Ints
    start: Ints
    end: Ints
    events: Ints
    revision: Ints
    is_dirty: Bools
    is_hot: Bools
    """It is in the state, not only in the lake."""
    session_id: pl.Series


class Comparison:
    """Old sessions against new ones, both ascending by (code, start)."""

    def __init__(self, old: Old, code: Ints, start: Ints, end: Ints) -> None:
        self._old = old
        self._start, self._end = start, end
        codes = 1 + max(int(code.max(initial=0)), int(old.code.max(initial=0)))
        packing = Packing(codes, start, end, old.start, old.end)
        self._starts, self._ends = packing.pack(code, start), packing.pack(code, end)
        self._old_starts = packing.pack(old.code, old.start)
        self._old_ends = packing.pack(old.code, old.end)
        self.old_of = _match(self._starts, self._old_starts)
        """For each new session the old one with its id, -1 for none."""
        self.is_removed = _match(self._old_starts, self._starts) < 0

    def overridden(self) -> tuple[Ints, Ints, Ints]:
        """New sessions that took events from others, and the first and last time of such events.

        If any part of an old session goes to another, all of its interval is covered, the part that
        keeps its id too: an override takes the place of every earlier one that it touches.
        """
        old = self._old
        same = _match(self._old_starts, self._starts)
        moved = np.flatnonzero((same < 0) | (old.end > self._end[same] if len(self._end) else True))
        low = np.searchsorted(self._ends, self._old_starts[moved], "left")
        high = np.searchsorted(self._starts, self._old_ends[moved], "right")
        session, owner = expand(low, np.maximum(low, high))
        from_time = np.maximum(old.start[moved][owner], self._start[session])
        to_time = np.minimum(old.end[moved][owner], self._end[session])
        order = np.argsort(session, kind="stable")
        session, from_time, to_time = session[order], from_time[order], to_time[order]
        if not len(session):
            return session, from_time, to_time
        starts = run_starts(session)
        return (
            session[starts],
            np.minimum.reduceat(from_time, starts),
            np.maximum.reduceat(to_time, starts),
        )


def override_table(
    visitors: Visitors, code: Ints, from_time: Ints, to_time: Ints, session_id: pl.Series
) -> pa.Table:
    """Overrides as Arrow; `epoch` is for the caller to fill."""
    columns = {
        "from_time": pa.array(from_time).cast(TIMESTAMP),
        "to_time": pa.array(to_time).cast(TIMESTAMP),
    }
    return _table(OVERRIDE_SCHEMA, visitors, code, session_id, columns)


def removed_table(visitors: Visitors, code: Ints, session_id: pl.Series) -> pa.Table:
    """Removed sessions as Arrow; `epoch` is for the caller to fill."""
    return _table(REMOVED_SCHEMA, visitors, code, session_id, {})


def _table(
    schema: pa.Schema,
    visitors: Visitors,
    code: Ints,
    session_id: pl.Series,
    columns: dict[str, pa.Array],
) -> pa.Table:
    index = pl.Series(code)
    columns = columns | {
        "app_id": _texts(visitors.apps.gather(index)),
        "visitor_id": _texts(visitors.visitors.gather(index)),
        "session_id": to_uuid(session_id),
        "epoch": pa.repeat(pa.scalar(0, pa.int64()), len(code)),
    }
    return pa.Table.from_arrays([columns[field.name] for field in schema], schema=schema)


def _texts(texts: pl.Series) -> pa.Array:
    return texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())


def _match(wanted: Keys, among: Keys) -> Ints:
    """Place of each of `wanted` in ascending `among`, -1 if it is not there."""
    if not len(among):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    found: Ints = np.where(among[place] == wanted, place, -1)
    return found
