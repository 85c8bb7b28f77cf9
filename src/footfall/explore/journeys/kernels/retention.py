"""Retention: of each actor the first start, and in which units something brought them back."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled


@compiled
def returns(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    bounds: Rows,
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
        bounds: Where units begin, and one more.
        span: First instant, the one that starts end at, the one that rows end at.
        periods: How many units after the cohort's own are looked at, at most 60.
        found: Filled: actor, cohort's unit, first row.
        came: Filled: a bit for each period.

    Returns:
        How many actors have a start.
    """
    begin, starts_end, end = span
    base, count = offsets[first], 0
    for actor in range(first, last):
        cohort, start, mask = -1, 0, np.uint64(0)
        unit = 0
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            b = bits[row]
            if b == 0:
                continue
            t = times[row]
            if t < begin or t >= end:
                continue
            # Time goes forward within an actor, so the unit does, too.
            while t >= bounds[unit + 1]:
                unit += 1
            if cohort < 0:
                if b & 1 and t < starts_end:
                    cohort, start = unit, row
            elif b & 2 and unit - cohort <= periods:
                mask |= np.uint64(1) << np.uint64(unit - cohort)
        if cohort >= 0:
            found[count] = actor, cohort, start
            came[count] = mask
            count += 1
    return count


@compiled
def tally(cohorts: Rows, slots: Rows, came: Rows, is_last_only: bool, counts: Rows) -> None:
    """Add those who came to `counts` of cohort, slot and period; the last period alone if asked."""
    periods = counts.shape[2]
    for one in range(len(cohorts)):
        mask = came[one]
        for period in range(periods - 1, -1, -1):
            if (mask >> np.uint64(period)) & np.uint64(1):
                counts[cohorts[one], slots[one], period] += 1
                if is_last_only:
                    break
