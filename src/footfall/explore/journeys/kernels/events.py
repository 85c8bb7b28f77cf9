"""Events over time: how often, and to how many, by bucket and group."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled


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
def hits(bits: Bits, times: Rows, bounds: Rows, slots: Rows, series: int, counts: Rows) -> None:
    """Add events to `counts` of series, bucket and slot of their group."""
    last, bucket = len(bounds) - 1, 0
    for row in range(len(bits)):
        b = bits[row]
        if b == 0:
            continue
        t = times[row]
        if t < bounds[0] or t >= bounds[last]:
            continue
        if t < bounds[bucket] or t >= bounds[bucket + 1]:
            bucket = np.searchsorted(bounds, t, side="right") - 1
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
    bounds: Rows,
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
        bounds: Where buckets begin, and one more.
        periods: For each bucket which whole it is part of, 0 or 1.
        slots: Of each row's group.
        series: How many.
        counts: By series, bucket (then the two wholes), slot (then all together).
        stamps: The same shape; anything but a number of an actor to begin with.
    """
    end, base = len(bounds) - 1, offsets[first]
    everyone = counts.shape[2] - 1
    for actor in range(first, last):
        bucket = 0
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            b = bits[row]
            if b == 0:
                continue
            t = times[row]
            if t < bounds[0] or t >= bounds[end]:
                continue
            if t < bounds[bucket] or t >= bounds[bucket + 1]:
                bucket = np.searchsorted(bounds, t, side="right") - 1
            for one in range(series):
                if not (b >> one) & 1:
                    continue
                for where in (bucket, end + periods[bucket]):
                    for slot in (slots[row], everyone):
                        if stamps[one, where, slot] != actor:
                            stamps[one, where, slot] = actor
                            counts[one, where, slot] += 1
