"""What an answer needs from evicted sessions and past events, and what is put in their place.

Two things need events of earlier epochs. A *conflict* is a chain that the state knows but cannot
cut without its events (see `cuts`); it gets them at once, from a known session on. A *late* run
of events lies so far back that it may touch sessions that were evicted: its session is provisional
until `repair` recomputes the neighbourhood (see `neighbourhood`). So is a conflict whose events
are too many to be read at once.
"""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import TIMESTAMP
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.definition import REPAIR_SCHEMA
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.placement import Moments, Placement
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.columns import EVENT_COLUMNS
from footfall.sessionize.rows.packing import NEVER, Bools, Ints, run_starts
from footfall.sessionize.rows.visitors import Visitors


class Needs(msgspec.Struct, frozen=True):
    """Conflicts, by ascending code, a visitor once: recompute from `time` on, inclusive."""

    code: Ints
    time: Ints
    chain: Ints
    rank: Ints
    before: Ints

    def at(self, mask: Bools) -> Needs:
        """Some of them."""
        return Needs(*(getattr(self, name)[mask] for name in self.__struct_fields__))

    def replay(self) -> Replay:
        """All that comes after is made anew."""
        return Replay(
            self.code, self.time, np.full(len(self.code), NEVER), self.chain, self.rank, self.before
        )


class Replay(msgspec.Struct, frozen=True):
    """Visitors whose sessions that begin in [time, end] are made anew from their events.

    `chain` and `rank` say where in its chain and window the first of these events is, `before`
    which marks hold there.
    """

    code: Ints
    time: Ints
    end: Ints
    chain: Ints
    rank: Ints
    before: Ints

    def begins(self, visitors: int) -> Ints:
        """`time` for every code; for those not replayed, never."""
        found = np.full(visitors, NEVER)
        found[self.code] = self.time
        return found

    def ends(self, visitors: int) -> Ints:
        """`end` for every code."""
        found = np.full(visitors, NEVER)
        found[self.code] = self.end
        return found

    def stubs(self) -> Rows:
        """Sessions without events, that give each replay's first event its place."""
        none, unmarked = np.zeros(len(self.code), np.int64), np.zeros_like(self.before)
        never = np.full(self.before.shape, NEVER)
        place = self.code, self.time, self.time, self.chain, self.rank
        return Rows(*place, none, self.before, unmarked, never)


def find_needs(
    cut: Placement, rows: Rows, floor: int, replayed: Bools, definition: GapLimits
) -> tuple[Needs, Moments]:
    """Conflicts, and events that may touch evicted sessions.

    A run after a session that is not older than `floor` touches no evicted one: they are older.
    """
    hot = np.concatenate([[0], np.cumsum(rows.end >= floor)])
    before = hot[cut.run_place] - hot[np.searchsorted(rows.code, cut.run_code)]
    late = (cut.run_start < floor + definition.gap) & (before == 0) & ~replayed[cut.run_code]
    conflicts = cut.conflicts
    order = np.lexsort((conflicts.time, conflicts.code))
    earliest = order[run_starts(conflicts.code[order])] if len(order) else order
    needs = Needs(
        conflicts.code[earliest],
        conflicts.time[earliest],
        conflicts.chain[earliest],
        conflicts.rank[earliest],
        conflicts.before[earliest],
    )
    lost = conflicts.lost()
    code = np.concatenate([cut.run_code[late], lost.code])
    return needs, Moments(code, np.concatenate([cut.run_start[late], lost.time]))


def affordable(needs: Needs, unknown: list[Ints], rows: Rows, events_max: int) -> Needs:
    """Conflicts to resolve at once: as many, in order, as have `events_max` events together.

    Not those of visitors whose neighbourhood is not known (`unknown`): who have a late run too, or
    a session that began with one and still waits.
    """
    if not len(needs.code):
        return needs
    total = np.cumsum(costs(needs, rows))
    return needs.at((total <= events_max) & ~np.isin(needs.code, np.concatenate(unknown)))


def costs(needs: Needs, rows: Rows) -> Ints:
    """How many events each conflict needs."""
    total = np.concatenate([[0], np.cumsum(rows.events)])
    last = np.searchsorted(rows.code, needs.code, "right")
    first = np.searchsorted(rows.code, needs.code, "left")
    within = [
        low + int(np.searchsorted(rows.start[low:high], time))
        for low, high, time in zip(first, last, needs.time, strict=True)
    ]
    found: Ints = total[last] - total[np.array(within, np.int64)]
    return found


def range_table(visitors: Visitors, code: Ints, low: Ints, high: Ints) -> pa.Table:
    """Ranges of some visitors as `REPAIR_SCHEMA`."""
    index = pl.Series(code)
    times = [pa.array(time).cast(TIMESTAMP) for time in (low, high)]
    names = [
        names.gather(index).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())
        for names in (visitors.apps, visitors.visitors)
    ]
    return pa.Table.from_arrays([*names, *times], schema=REPAIR_SCHEMA)


def with_history(batch: SortedEvents, needs: Needs, events: pa.Table) -> tuple[SortedEvents, int]:
    """History's events of visitors in need, then the call's own; and how many the former are."""
    events = events.select(batch.table.column_names)
    apps, names = (pl.Series(pl.from_arrow(events.column(name))) for name in EVENT_COLUMNS[:2])
    codes = batch.visitors.codes_of(apps, names)
    is_needed = np.zeros(len(batch.visitors) + 1, np.bool_)
    is_needed[needs.code] = True
    past = events.filter(pa.array(is_needed[codes]))
    return SortedEvents(pa.concat_tables([past, batch.table])), past.num_rows
