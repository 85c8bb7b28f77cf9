"""Funnels: of each actor the chain of steps that counts (docs/concepts/explore.md#funnel).

Bit k of a row: it is step k + 1. Bits from `steps` on: it is excluded. A chain's time is measured
from its start, so of all chains that have come as far as step k the one that began last is the only
one that later rows can need.

`ordered` takes one step after another, over all rows that an actor has of any step: `starts` has at
each row, counted from 1, the start of the chain of k steps that ends there or before; 0: none. So
nothing is branched on that a processor would have to guess. With the steps a, b, c, a window of 30:

    time          0    10    20    40    45
    row           a    a     b     b     c
    starts of a   1    2     2     2     2
    starts of b   0    0     2     2     2   the start at 10 is within 30 of 40
    starts of c   0    0     0     0     0   45 - 10 is more than 30: two steps are reached
"""

from __future__ import annotations

from typing import Any

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled, inlined

LONG_AGO = -(1 << 62)
"""An instant that nothing is within a window of."""
_NONE, _ONE, _STEP = np.uint64(0), np.uint64(1), np.uint32(1)
# Unsigned, or each look into an array asks whether it is counted from the end.


@compiled
def ordered(  # noqa: PLR0912 (one pass, for rows that are known and for codes)
    offsets: Rows,
    first: int,
    last: int,
    live: Rows,
    codes: Rows,
    table: Bits | None,
    times: Rows,
    steps: int,
    span: Rows,
    walls: Bits,
    is_told: bool,
    found: Rows,
) -> int:
    """Chains in order, other events allowed between.

    Times before the range and after it need no look: no chain starts there, and what began in the
    range and is within the window has ended in time.

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        live: Whether an actor's rows count; empty: all do.
        codes: Of each row; without a table, what the row is.
        table: What a row with a code is; `None`: that is known already.
        times: When.
        steps: How many.
        span: First instant, the one that starts end at, the one that rows end at, the window.
        walls: For each number of steps the bits of exclusions that break chains of so many.
        is_told: Whether rows and times are wanted; else only the time of those who got to the end.
        found: Filled: actor, steps reached, first row (from `first`'s), time from start to end.

    Returns:
        How many actors have a chain.
    """
    base, count, window = offsets[first], 0, span[3]
    most = np.max(offsets[first + 1 : last + 1] - offsets[first:last]) + 2
    bits, at = np.empty(most, np.uint32), np.empty(most, np.int64)
    starts = np.empty(most, np.uint32)
    at[0] = LONG_AGO
    for actor in range(first, last):
        if len(live) and not live[actor]:
            continue
        begin, end = np.uint64(offsets[actor] - base), np.uint64(offsets[actor + 1] - base)
        if table is None:
            end = _taken(begin, end, codes, times, bits, at)
        else:
            end = _looked_up(begin, end, codes, table, times, bits, at)
        if not _first_step(end, bits, at, span, walls, starts):
            continue
        reached, done, began = 1, _NONE, _NONE
        while reached < steps:
            if is_told:
                done, began = _earliest(starts)
            if not _next_step(reached, end, bits, at, window, walls, starts):
                break
            reached += 1
        if reached == steps:
            done, began = _earliest(starts)
        found[count, 0], found[count, 1] = actor, reached
        if is_told:
            if table is None:
                found[count, 2] = _row_of(began, begin, codes)
            else:
                found[count, 2] = _row_looked_up(began, begin, codes, table)
        if done:
            found[count, 3] = at[done] - at[began]
        count += 1
    return count


@inlined
def _looked_up(
    begin: Any, end: Any, codes: Rows, table: Bits, times: Rows, bits: Bits, at: Rows
) -> Any:
    """Write down rows that are anything, from place 1; returns the place after the last."""
    place = _ONE
    for row in range(begin, end):
        b = table[codes[row]]
        bits[place], at[place] = b, times[row]
        place += np.uint64(b != 0)
    return place


@inlined
def _taken(begin: Any, end: Any, given: Bits, times: Rows, bits: Bits, at: Rows) -> Any:
    """As `_looked_up`, of what is known of each row already."""
    place = _ONE
    for row in range(begin, end):
        b = given[row]
        bits[place], at[place] = b, times[row]
        place += np.uint64(b != 0)
    return place


@inlined
def _first_step(end: Any, bits: Bits, at: Rows, span: Rows, walls: Bits, starts: Rows) -> Any:
    """Starts of chains of one step; whether there is any."""
    begin, starts_end = span[0], span[1]
    start: Any = _NONE
    some: Any = _NONE
    is_walled = walls[0] != 0
    for row in range(_ONE, end):
        b, t = bits[row], at[row]
        # An excluded row breaks what came before it, and may itself be a step's beginning.
        if is_walled:
            start = start if b & walls[0] == 0 else _NONE
        start = row if (b & _STEP != 0) & (begin <= t) & (t < starts_end) else start
        some |= start
        starts[row] = start
    return some != 0


@inlined
def _next_step(
    k: Any, end: Any, bits: Bits, at: Rows, window: Any, walls: Bits, starts: Rows
) -> Any:
    """From starts of chains of `k` steps to those of one more; whether there is any."""
    bit, wall, wall_before = _STEP << np.uint32(k), walls[k], walls[k - 1]
    start = some = before = _NONE
    is_walled = wall | wall_before != 0
    for row in range(_ONE, end):
        b = bits[row]
        if is_walled:
            before = before if b & wall_before == 0 else _NONE
            start = start if b & wall == 0 else _NONE
        # `before` is of the row before this: a row is one step of a chain, not two.
        start = before if (b & bit != 0) & (at[row] - at[before] <= window) else start
        some |= start
        before = np.uint64(starts[row])
        starts[row] = start
    return some != 0


@inlined
def _earliest(starts: Rows) -> tuple[Any, Any]:
    """Where the first chain is done, of those that there are, and where it began."""
    done = _ONE
    while starts[done] == 0:
        done += _ONE
    return done, np.uint64(starts[done])


@inlined
def _row_of(place: Any, row: Any, bits: Bits) -> Any:
    """Which row has a place among those that are anything."""
    while place:
        place -= np.uint64(bits[row] != 0)
        row += _ONE
    return row - _ONE


@inlined
def _row_looked_up(place: Any, row: Any, codes: Rows, table: Bits) -> Any:
    """As `_row_of`, of codes."""
    while place:
        place -= np.uint64(table[codes[row]] != 0)
        row += _ONE
    return row - _ONE


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
            found[count] = actor, best, best_first, times[best_last] - times[best_first]
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
            found[count] = actor, best, best_first, times[best_last] - times[best_first]
            count += 1
    return count


@compiled
def tally(found: Rows, steps: int, bars: Rows, counts: Rows, times: Rows, done: Rows) -> int:
    """Count chains by how far they came; of those that are done how long that took.

    With two steps and bars that begin at 0 and 10:

        reached   1   2   2        counts   0 1 2
        took      -   5   12       times    1 1       done   5 12

    Args:
        found: Of each chain what `ordered` fills.
        steps: How many a chain has that is done.
        bars: Where bars of the histogram begin, the first at 0.
        counts: Added to, by steps.
        times: Added to, by bar.
        done: Filled with the times of those that are done.

    Returns:
        How many are done.
    """
    count = 0
    for one in range(len(found)):
        reached, took = found[one, 1], found[one, 3]
        counts[reached] += 1
        if reached == steps:
            bar = len(bars) - 1
            while took < bars[bar]:
                bar -= 1
            times[bar] += 1
            done[count] = took
            count += 1
    return count
