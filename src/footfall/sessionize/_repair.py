"""What an answer needs from evicted sessions and past events, and how that is put in place.

Two things need events of earlier epochs. A *conflict* is a chain that the state knows but cannot
cut without its events (see `_chains`); it needs them from a known session on. A *late* run of
events lies so far back that it may touch sessions that were evicted; it needs the events from the
start of its chain on, and how far back that is only the events tell. So a range is asked for that
is usually enough, and if the earliest chain touches its edge, one twice as long.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import TIMESTAMP
from footfall.sessionize._batch import Batch, Visitors
from footfall.sessionize._chains import Conflicts, Cut, Rows
from footfall.sessionize._columns import EVENT_COLUMNS
from footfall.sessionize._definition import GapDefinition
from footfall.sessionize._packing import Bools, Ints, Packing, run_starts

_REACH_GAPS: Final = 4
"""The first range begins this many gaps before the late event: longer than most sessions."""
_NEVER: Final = 2**63 - 1

REPAIR_SCHEMA: Final = pa.schema(
    [
        pa.field("app_id", pa.string(), nullable=False),
        pa.field("visitor_id", pa.string(), nullable=False),
        pa.field("from_time", TIMESTAMP, nullable=False),
    ]
)
"""A visitor, once, and the event time from which on (inclusive, without end) history is needed."""


class History(msgspec.Struct, frozen=True):
    """What earlier epochs hold of the visitors that a call asked for in `repairs`."""

    ranges: pa.Table
    """`REPAIR_SCHEMA`: visitors, and from when on the rest is complete. Pass `repairs` itself."""
    events: pa.Table
    """Every event of earlier epochs of these visitors with `event_time` ≥ `from_time`, each once;
    at least `EVENT_COLUMNS`. Neither more epochs nor fewer than the state knows."""
    sessions: pa.Table
    """`SESSION_SCHEMA`: the newest revision of these visitors' sessions with `ended_at` ≥
    `from_time` that were written and not removed since."""


class Needs(msgspec.Struct, frozen=True):
    """Visitors, by ascending code, whose answer needs history."""

    code: Ints
    time: Ints
    """Recompute from this event on …"""
    chain: Ints
    rank: Ints
    is_late: Bools
    """… or, here, from the start of the chain that `time` is in."""
    from_time: Ints

    def table(self, visitors: Visitors) -> pa.Table:
        """As `REPAIR_SCHEMA`."""
        index = pl.Series(self.code)
        times = pa.array(self.from_time).cast(TIMESTAMP)
        names = [
            names.gather(index).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())
            for names in (visitors.apps, visitors.visitors)
        ]
        return pa.Table.from_arrays([*names, times], schema=REPAIR_SCHEMA)


class Replay(msgspec.Struct, frozen=True):
    """Visitors whose sessions from `time` on are made anew from their events, history included.

    `chain` and `rank` say where in its chain and window the first of these events is.
    """

    code: Ints
    time: Ints
    chain: Ints
    rank: Ints

    def begins(self, visitors: int) -> Ints:
        """`time` for every code; for those not replayed, never."""
        found = np.full(visitors, _NEVER)
        found[self.code] = self.time
        return found

    def stubs(self) -> Rows:
        """Sessions without events, that give each replay's first event its place."""
        none = np.zeros(len(self.code), np.int64)
        return Rows(self.code, self.time, self.time, self.chain, self.rank, none)


def find_needs(
    cut: Cut, rows: Rows, floor: int, replayed: Bools, definition: GapDefinition
) -> Needs:
    """Conflicts, and runs that may touch evicted sessions.

    A run after a session that is not older than `floor` touches no evicted one: they are older.
    """
    hot = np.concatenate([[0], np.cumsum(rows.end >= floor)])
    before = hot[cut.run_place] - hot[np.searchsorted(rows.code, cut.run_code)]
    late = (cut.run_start < floor + definition.gap) & (before == 0) & ~replayed[cut.run_code]
    reach = _REACH_GAPS * definition.gap
    return _by_visitor(cut.conflicts, cut.run_code[late], cut.run_start[late], reach)


def _by_visitor(conflicts: Conflicts, late_code: Ints, late_start: Ints, reach: int) -> Needs:
    code = np.concatenate([conflicts.code, late_code])
    time = np.concatenate([conflicts.time, late_start])
    chain = np.concatenate([conflicts.chain, late_start])
    rank = np.concatenate([conflicts.rank, np.zeros(len(late_code), np.int64)])
    is_late = np.arange(len(code)) >= len(conflicts.code)
    order = np.lexsort((is_late, time, code))
    starts = run_starts(code[order]) if len(order) else order
    if not len(starts):
        return Needs(code, time, chain, rank, is_late, time)
    earliest = order[starts]
    late_any = np.logical_or.reduceat(is_late[order], starts)
    from_time = time[earliest] - np.where(late_any, reach, 0)
    return Needs(
        code[earliest], time[earliest], chain[earliest], rank[earliest], late_any, from_time
    )


def with_history(batch: Batch, needs: Needs, history: History) -> tuple[Batch, int]:
    """History's events of visitors in need, then the call's own; and how many the former are."""
    events = history.events.select(EVENT_COLUMNS)
    apps, names = (pl.Series(pl.from_arrow(events.column(name))) for name in EVENT_COLUMNS[:2])
    codes = batch.visitors.codes_of(apps, names)
    is_needed = np.zeros(len(batch.visitors) + 1, np.bool_)
    is_needed[needs.code] = True
    past = events.filter(pa.array(is_needed[codes]))
    return Batch(pa.concat_tables([past, batch.table])), past.num_rows


def resolve(
    batch: Batch, needs: Needs, ranges: pa.Table, definition: GapDefinition
) -> tuple[Replay, Needs | None]:
    """Where each visitor's replay begins; or, if history does not reach back far enough, what does.

    Args:
        batch: From `with_history`.
        needs: Of the call's events and the state.
        ranges: From when on history is complete.
        definition: The session definition.
    """
    known = np.full(len(batch.visitors) + 1, _NEVER)
    apps, names = (pl.Series(pl.from_arrow(ranges.column(name))) for name in EVENT_COLUMNS[:2])
    times = ranges.column("from_time").combine_chunks().view(pa.int64())
    known[batch.visitors.codes_of(apps, names)] = times.to_numpy(zero_copy_only=False)
    low = known[needs.code]

    begins = np.ones(len(batch), np.bool_)
    is_first = np.ones(len(batch), np.bool_)
    is_first[1:] = batch.code[1:] != batch.code[:-1]
    begins[1:] = is_first[1:] | (np.diff(batch.time) > definition.gap)
    chains = np.flatnonzero(begins)
    packing = Packing(len(batch.visitors), batch.time, needs.time)
    keys = packing.pack(batch.code[chains], batch.time[chains])
    place = np.searchsorted(keys, packing.pack(needs.code, needs.time), "right") - 1
    start, touches = batch.time[chains[place]], is_first[chains[place]]

    late_short = touches & (start - np.minimum(low, start) <= definition.gap)
    is_short = (low > needs.from_time) | (needs.is_late & late_short)
    if is_short.any():
        wider = needs.time - 2 * (needs.time - np.minimum(low, needs.from_time))
        wanted = np.where(
            is_short & (low <= needs.from_time), wider, np.minimum(low, needs.from_time)
        )
        asked = {name: getattr(needs, name) for name in needs.__struct_fields__}
        return Replay(low, low, low, low), Needs(**(asked | {"from_time": wanted}))
    late = needs.is_late
    return (
        Replay(
            needs.code,
            np.where(late, start, needs.time),
            np.where(late, start, needs.chain),
            np.where(late, 0, needs.rank),
        ),
        None,
    )
