"""Retention: of each actor the first start, and in which units something brought them back."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled
from footfall.explore.journeys.kernels.units import Units, unit_at

_ONE = np.uint64(1)


@compiled
def returns(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    units: Units,
    span: Rows,
    periods: int,
    found: Rows,
    came: Rows,
) -> int:
    """Cohorts and returns of actors; bit 0 of a row: it may start, bit 1: it is a return.

    With days from 0, 10, 20, starts s and returns r:

        time   12   15   21       cohort 1 (from 10); returned 0 and 1 units later:
        row    s    r    r        `came` = 1 << 0 | 1 << 1 = 3

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        bits: What each row is.
        times: When.
        units: From the range's first on, beyond its end.
        span: First instant, the one that starts end at, the one that rows end at.
        periods: How many units after the cohort's own are looked at, at most 60.
        found: Filled: actor, cohort's unit, first row.
        came: Filled: a bit for each period.

    Returns:
        How many actors have a start.
    """
    begin, starts_end, end = span
    bounds, shift, slots = units
    base, count, most = offsets[first], 0, np.uint64(periods)
    for actor in range(first, last):
        row, after = np.uint64(offsets[actor] - base), np.uint64(offsets[actor + 1] - base)
        while row < after and not (bits[row] & 1 and begin <= times[row] < starts_end):
            row += _ONE
        if row == after:
            continue
        cohort = unit_at(times[row], bounds, shift, slots)
        found[count, 0], found[count, 1], found[count, 2] = actor, cohort, row
        mask = np.uint64(0)
        for later in range(row + _ONE, after):
            t = times[later]
            if bits[later] & 2 and t < end:
                since = unit_at(t, bounds, shift, slots) - cohort
                mask |= _ONE << since if since <= most else np.uint64(0)
        came[count] = mask
        count += 1
    return count


@compiled
def tally(cohorts: Rows, slots: Rows, came: Rows, is_last_only: bool, counts: Rows) -> None:
    """Add everybody to `counts` of cohort, slot and period; the last place is for all of them.

    With `is_last_only` of all periods in which somebody came only the last counts.
    """
    periods = np.uint64(counts.shape[2] - 1)
    for one in range(len(cohorts)):
        mine, mask = counts[cohorts[one], slots[one]], came[one]
        mine[periods] += 1
        if is_last_only:
            # The bits below the highest are filled, so that it is the one that a half has not.
            for shift in (1, 2, 4, 8, 16, 32):
                mask |= mask >> np.uint64(shift)
            mask ^= mask >> _ONE
        for period in range(periods):
            mine[period] += (mask >> period) & _ONE
