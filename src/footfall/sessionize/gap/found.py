"""The state's sessions of a call's visitors, as the rows that `cut` goes by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.gap.columns import marks_of
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.repair.needs import Replay
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.packing import Bools, Ints, Packing
from footfall.sessionize.rows.state import Found


def in_order(found: Found, names: Sequence[str]) -> tuple[Found, pl.DataFrame]:
    """By visitor and start, with their numbers."""
    numbers = found.frame(names)
    starts = numbers["started_at"].to_numpy()
    packed = Packing(int(found.codes.max(initial=0)) + 1, starts).pack(found.codes, starts)
    if bool((packed[1:] > packed[:-1]).all()):
        return found, numbers
    order = np.argsort(packed)
    return found.at(order), numbers[order]


def within(
    found: Found, numbers: pl.DataFrame, replay: Replay, batch: SortedEvents
) -> tuple[Found, pl.DataFrame]:
    """Only those that a replay makes anew."""
    codes, start = len(batch.visitors), numbers["started_at"].to_numpy()
    begins, ends = replay.begins(codes)[found.codes], replay.ends(codes)[found.codes]
    inside = (start >= begins) & (start <= ends)
    return found.at(inside), numbers.filter(pl.Series(inside))


def rows_of(codes: Ints, numbers: pl.DataFrame, definition: GapLimits) -> Rows:
    """Found sessions, with their visitors' codes, as rows."""
    places = ("started_at", "ended_at", "chain_start", "rank", "events")
    columns = (numbers[name].to_numpy() for name in places)
    return Rows(codes, *columns, *marks_of(numbers, definition.kinds))


def with_stubs(rows: Rows, replayed: Bools, stubs: Rows) -> tuple[Rows, Ints]:
    """Rows with those replayed gone and the stubs there; and where each row was, -1 for stubs."""
    kept = np.flatnonzero(~replayed)
    place = np.concatenate([kept, np.full(len(stubs.code), -1)])
    left = rows.at(kept)
    both = Rows(
        *(
            np.concatenate([getattr(left, name), getattr(stubs, name)])
            for name in Rows.__struct_fields__
        )
    )
    order = np.lexsort((both.start, both.code))
    return both.at(order), place[order]
