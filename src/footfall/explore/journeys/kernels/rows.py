"""Rows: put in order once, and asked what each is to a question."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled


@compiled
def look_up(codes: Rows, table: Bits, bits: Bits) -> None:
    """What each row's code means.

    With `table` = [0, 1, 2], codes 1 2 1 0 have the bits 1 2 1 0: which step an event is.
    """
    for row in range(len(codes)):
        bits[row] = table[codes[row]]


@compiled
def drop_replaced(offsets: Rows, first: int, last: int, is_live: Rows, bits: Bits) -> None:
    """Forget rows of actors whose newer rows are in another segment, together with these."""
    base = offsets[first]
    for actor in range(first, last):
        if not is_live[actor]:
            bits[offsets[actor] - base : offsets[actor + 1] - base] = 0


@compiled
def in_order(
    actors: Rows, count: int, times: Rows, received: Rows, high: Rows, low: Rows, place: Rows
) -> tuple[Rows, Rows]:
    """Rows by actor, then time, ties by when received, request and place in it.

    Counted into place by actor first; then each actor's rows, which mostly are in order of time
    already, are looked at and sorted only where they are not:

        actor   1 0 1 0       by actor   rows 1 3 | 0 2       by time   rows 3 1 | 0 2
        time    5 9 7 8       time            9 8 | 5 7       time           8 9 | 5 7

    Returns:
        Which row comes at each place, and where each actor's rows begin (one more at the end).
    """
    offsets = np.zeros(count + 1, np.int64)
    for row in range(len(actors)):
        offsets[actors[row] + 1] += 1
    for actor in range(count):
        offsets[actor + 1] += offsets[actor]
    filled = offsets[:-1].copy()
    order = np.empty(len(actors), np.int64)
    for row in range(len(actors)):
        order[filled[actors[row]]] = row
        filled[actors[row]] += 1
    for actor in range(count):
        mine = order[offsets[actor] : offsets[actor + 1]]
        if not _is_sorted(mine, times):
            mine[:] = mine[np.argsort(times[mine], kind="mergesort")]
        _untie(mine, times, received, high, low, place)
    return order, offsets


@compiled
def _is_sorted(mine: Rows, times: Rows) -> bool:
    for at in range(1, len(mine)):  # noqa: SIM110 (numba has no all over a generator)
        if times[mine[at]] < times[mine[at - 1]]:
            return False
    return True


@compiled
def _untie(mine: Rows, times: Rows, received: Rows, high: Rows, low: Rows, place: Rows) -> None:
    """Order rows of one time by the keys that break ties.

    One stable sort a key, the last first: however many rows share a microsecond, never a square.
    """
    at = 0
    while at < len(mine):
        end = at + 1
        while end < len(mine) and times[mine[end]] == times[mine[at]]:
            end += 1
        if end - at > 1:
            tied = mine[at:end].copy()
            tied = tied[np.argsort(place[tied], kind="mergesort")]
            tied = tied[np.argsort(low[tied], kind="mergesort")]
            tied = tied[np.argsort(high[tied], kind="mergesort")]
            tied = tied[np.argsort(received[tied], kind="mergesort")]
            mine[at:end] = tied
        at = end


@compiled
def moved(source: Rows, order: Rows, target: Rows) -> None:
    """`source` in an order, in a type of its own."""
    for at in range(len(order)):
        target[at] = source[order[at]]
