"""Life cycle: in which units everybody was there, and so what they were in each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled, inlined
from footfall.explore.journeys.kernels.units import Units, unit_at

NEW, RETAINED, RETURNING, DORMANT, DAYS = range(5)
"""What is counted of a unit; the last: days on which somebody was there."""
_ONE: Final = np.uint64(1)
_NEVER: Final = -2
_LONG_AGO: Final = -1
"""Units before all that are looked at."""
_ALWAYS: Final = -(1 << 62)


@compiled
def firsts(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    end: int,
    codes: Rows,
    counts: Rows,
) -> None:
    """Add everybody to the count of their group, that of the first row that means being there."""
    base = offsets[first]
    for actor in range(first, last):
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            if times[row] >= end:
                break
            if bits[row]:
                counts[codes[row]] += 1
                break


@compiled
def states(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    days: Units,
    unit_of: Rows,
    slots: Rows,
    counts: Rows,
    cell: Rows,
    is_in: Rows,
) -> None:
    """Add everybody to `counts` of what they were in each unit.

    Rows come in the order of time, so the unit before the one that a row is in says it all. With
    units of a week, and the one before the range numbered 0:

        rows of an actor    long ago    week 1    week 1    week 2      week 5
        so in the units     –           returning           retained    returning; dormant in 3

    Somebody is dormant in the one unit after the last in which they were there. Of a day the first
    row is looked at, and all before the unit 0 are one.

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        bits: Not 0: the row means being there.
        times: When.
        days: From the beginning of unit 0 to the range's end.
        unit_of: The unit of each day.
        slots: Of each row's group; the one of the first row is the actor's.
        counts: By slot, unit (those of the range, from 0) and state.
        cell: Unit as in `counts`, state, and slot or -1 for all: who is counted there is marked.
            Unit -1: none.
        is_in: Marks of actors, from `first` on.
    """
    bounds, shift, day_at = days
    before, end, base, units = bounds[0], bounds[-1], offsets[first], counts.shape[1]
    for actor in range(first, last):
        was, until, slot, mark = _NEVER, _ALWAYS, np.uint64(0), actor - first
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            t = times[row]
            if t >= end:
                break
            if t < until or not bits[row]:
                continue
            if was == _NEVER:
                slot = np.uint64(slots[row])
            if t < before:
                was, until = _LONG_AGO, before
                continue
            day = unit_at(t, bounds, shift, day_at)
            unit, until = unit_of[day], bounds[day + _ONE]
            if unit > 0:
                counts[slot, unit - 1, DAYS] += 1
            if unit == was:
                continue
            if 0 <= was < unit - 1:
                is_in[mark] |= _see(counts, slot, was, DORMANT, cell)
            if unit > 0:
                state = NEW if was == _NEVER else RETAINED if was == unit - 1 else RETURNING
                is_in[mark] |= _see(counts, slot, unit - 1, state, cell)
            was = unit
        if 0 <= was < units:
            is_in[mark] |= _see(counts, slot, was, DORMANT, cell)


@inlined
def _see(counts: Rows, slot: Any, unit: Any, state: int, cell: Rows) -> Any:
    counts[slot, unit, state] += 1
    return cell[0] == unit and cell[1] == state and (cell[2] < 0 or cell[2] == slot)
