"""Events over time: how often, and to how many, by bucket and group."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled
from footfall.explore.journeys.kernels.units import Units, unit_at


@compiled
def by_group(bits: Bits, times: Rows, begin: int, end: int, codes: Rows, counts: Rows) -> None:
    """Add to each group's count its hits: a row is one for each series that it is of."""
    for row in range(len(bits)):
        b = bits[row]
        if b and begin <= times[row] < end:
            while b:
                counts[codes[row]] += 1
                b &= b - np.uint32(1)


@compiled
def hits(bits: Bits, times: Rows, units: Units, slots: Rows, series: int, counts: Rows) -> None:
    """Add events to `counts` of series, bucket and slot of their group."""
    bounds, shift, firsts = units
    begin, end = bounds[0], bounds[-1]
    for row in range(len(bits)):
        b, t = bits[row], times[row]
        if b == 0 or t < begin or t >= end:
            continue
        bucket = unit_at(t, bounds, shift, firsts)
        for one in range(series):
            if (b >> one) & 1:
                counts[one, bucket, slots[row]] += 1


@compiled
def actors(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    units: Units,
    periods: Rows,
    slots: Rows,
    series: int,
    counts: Rows,
    stamps: Rows,
) -> None:
    """Add to `counts` everybody once who is there, in each bucket, slot, and all together.

    `stamps` has who was counted in a cell last; rows of one actor lie together, so it tells whether
    this one was already. With two buckets, one series and no groups:

        actor     7   7   8           cell       bucket 0   bucket 1   whole range
        bucket    0   0   1           counts     1          1          2

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        bits: Which series each row is of.
        times: When.
        units: Buckets.
        periods: For each bucket which whole it is part of, 0 or 1.
        slots: Of each row's group.
        series: How many.
        counts: By series, bucket (then the two wholes), slot (then all together).
        stamps: The same shape; anything but a number of an actor to begin with.
    """
    bounds, shift, firsts = units
    begin, end, base = bounds[0], bounds[-1], offsets[first]
    wholes, everyone = len(bounds) - 1, counts.shape[2] - 1
    for actor in range(first, last):
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            b, t = bits[row], times[row]
            if b == 0 or t < begin or t >= end:
                continue
            bucket = unit_at(t, bounds, shift, firsts)
            for one in range(series):
                if not (b >> one) & 1:
                    continue
                for where in (bucket, np.uint64(wholes + periods[bucket])):
                    for slot in (np.uint64(slots[row]), np.uint64(everyone)):
                        counts[one, where, slot] += stamps[one, where, slot] != actor
                        stamps[one, where, slot] = actor
