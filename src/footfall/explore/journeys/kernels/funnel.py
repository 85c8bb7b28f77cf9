"""Funnels: of each actor the chain of steps that counts (docs/concepts/explore.md#funnel).

Bit k of a row: it is step k + 1. Bits from `steps` on: it is excluded. A chain's time is measured
from its start, so of all chains that have come as far as step k the one that began last is the only
one that later rows can need: `starts[k]`, its first row, is all the memory that a scan has.

With the steps a, b, c and a window of 30:

    time      0    10    20    40    45
    row       a    a     b     b     c
    starts a  0    1     1     1     1
    starts b            1     1     1        the start at 10 is within 30 of 40
    starts c                              -  45 - 10 is more than 30: two steps are reached
"""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled


@compiled
def ordered(  # noqa: PLR0912 (one pass, and no call in it)
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    steps: int,
    span: Rows,
    cuts: Rows,
    found: Rows,
) -> int:
    """Chains in order, other events allowed between.

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        bits: What each row is.
        times: When.
        steps: How many.
        span: First instant, the one that starts end at, the one that rows end at, the window.
        cuts: For each exclusion the steps after and before which it breaks a chain.
        found: Filled: actor, steps reached, first row, last row; rows count from `first`'s.

    Returns:
        How many actors have a chain.
    """
    begin, starts_end, end, window = span
    starts = np.full(steps, -1, np.int64)
    base, count = offsets[first], 0
    for actor in range(first, last):
        starts[:] = -1
        reached = best = best_first = best_last = 0
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            b = bits[row]
            if b == 0:
                continue
            t = times[row]
            if t < begin or t >= end:
                continue
            # An excluded row breaks what came before it, and may itself be a step's beginning.
            for one in range(len(cuts)):
                if (b >> (steps + one)) & 1:
                    starts[cuts[one, 0] - 1 : cuts[one, 1] - 1] = -1
            # From the last step down: a row is one step of a chain, not two in a row.
            for k in range(min(reached, steps - 1), -1, -1):
                if not (b >> k) & 1:
                    continue
                if k == 0:
                    start = row if t < starts_end else -1
                else:
                    start = starts[k - 1]
                    if start >= 0 and t - times[start] > window:
                        start = -1
                if start < 0:
                    continue
                starts[k] = max(starts[k], start)
                reached = max(reached, k + 1)
                if k + 1 > best:
                    best, best_first, best_last = k + 1, start, row
        if best:
            found[count] = actor, best, best_first, best_last
            count += 1
    return count


@compiled
def strict(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    steps: int,
    span: Rows,
    found: Rows,
) -> int:
    """Chains with nothing in between: only the row just before counts. As `ordered`."""
    begin, starts_end, end, window = span
    starts = np.full(steps, -1, np.int64)
    base, count = offsets[first], 0
    for actor in range(first, last):
        starts[:] = -1
        best = best_first = best_last = 0
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            b = bits[row]
            t = times[row]
            if b == 0 or t < begin or t >= end:
                continue
            for k in range(steps - 1, -1, -1):
                start = -1
                if (b >> k) & 1:
                    if k == 0:
                        start = row if t < starts_end else -1
                    elif starts[k - 1] >= 0 and t - times[starts[k - 1]] <= window:
                        start = starts[k - 1]
                # Each row replaces what the one before left.
                starts[k] = start
                if start >= 0 and k + 1 > best:
                    best, best_first, best_last = k + 1, start, row
        if best:
            found[count] = actor, best, best_first, best_last
            count += 1
    return count


@compiled
def any_order(
    offsets: Rows,
    first: int,
    last: int,
    bits: Bits,
    times: Rows,
    steps: int,
    span: Rows,
    found: Rows,
) -> int:
    """Steps in whatever order, looked for ahead of each row that is one. As `ordered`.

    Backwards, so `ahead[k]` is the next row that is step k; with the steps a, b, a window of 30:

        time      0    20   40   45
        row       b    a    a    b
        ahead a   1    1    2    -
        ahead b   0    3    3    3
        steps     2    2    2    1      at 0: a is at 20; at 20: b is at 45. The first start is
                                        done at 20 already, so it is the one that counts.
    """
    begin, starts_end, end, window = span
    ahead = np.full(steps, -1, np.int64)
    mask = (np.uint32(1) << np.uint32(steps)) - np.uint32(1)
    base, count = offsets[first], 0
    for actor in range(first, last):
        ahead[:] = -1
        excluded = -1
        best = best_first = best_last = 0
        for row in range(offsets[actor + 1] - base - 1, offsets[actor] - base - 1, -1):
            b = bits[row]
            t = times[row]
            if b == 0 or t < begin or t >= end:
                continue
            reached = done = 0
            for k in range(steps):
                if (b >> k) & 1:
                    ahead[k] = row
                at = ahead[k]
                is_near = at >= 0 and times[at] - t <= window
                if is_near and (excluded < 0 or at < excluded):
                    reached += 1
                    done = max(done, at)
            # Rows come last first, so of equals an earlier end replaces, a start does not.
            is_better = reached > best or (reached == best and done < best_last)
            if is_better and b & mask and t < starts_end:
                best, best_first, best_last = reached, row, done
            if b >> steps:
                excluded = row
        if best:
            found[count] = actor, best, best_first, best_last
            count += 1
    return count
