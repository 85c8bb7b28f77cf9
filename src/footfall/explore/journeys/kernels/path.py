"""Paths: who was at which node at which step, and where they went from there."""

from __future__ import annotations

from typing import Any

import numpy as np

from footfall.explore.journeys.kernels.cache import Bits, Rows, compiled, inlined

_ONE = np.uint64(1)


@compiled
def nodes_of(bits: Bits, names: Rows, node_of: Rows, nodes: Rows) -> None:
    """The node of each row by the code of its name; -1 where it is none."""
    for row in range(len(bits)):
        nodes[row] = node_of[names[row]] if bits[row] else -1


@compiled
def count(
    offsets: Rows,
    first: int,
    last: int,
    nodes: Rows,
    times: Rows,
    span: Rows,
    is_merged: bool,
    is_backward: bool,
    anchor: int,
    places: Rows,
    here_counts: Rows,
    way_counts: Rows,
    cell: Rows,
    is_in: Rows,
) -> None:
    """Add everybody who was at a node, and who went on to which, once each.

    A journey is counted from its anchor on. With a gap of 30, the anchor a and every node shown:

        time    0   5   10   50       journeys   x a b | a        at step 1   a: 1
        node    x   a   b    a        counted      a b | a           step 2   b: 1
                                                             from a to b, and from a to the end: 1

    Backward, rows are gone through from the last to the first, and nothing else changes.

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        nodes: Of each row; -1: it is none.
        times: When.
        span: First instant, the one that rows end at, and the gap: a longer pause between nodes
            begins another journey; -1: nothing does.
        is_merged: The same node again at once is one step.
        is_backward: Steps are counted back from the anchor's last time, not on from its first.
        anchor: A node; -1: where the journey begins (backward: ends).
        places: For each step and node its place among those that are shown, the last for the rest.
        here_counts: By step and place how many were there, and who was counted last.
        way_counts: The same by step, place and the next one's place, or the last for the end;
            empty: they are not counted.
        cell: Step, place, and the next one's or -1: who is counted there is marked. Step -1: none.
        is_in: Marks of actors, from `first` on.
    """
    begin, end, gap = span
    base, last_step = offsets[first], len(places) - 1
    to_end, is_asked = np.uint64(way_counts.shape[2] - 1), cell[0] >= 0
    has_ways = len(way_counts) > 0
    for actor in range(first, last):
        low, high = np.uint64(offsets[actor] - base), np.uint64(offsets[actor + 1] - base)
        step, before, t_before, here = -1, -1, 0, np.uint64(0)
        for at in range(high - low):
            row = high - _ONE - at if is_backward else low + at
            node, t = nodes[row], times[row]
            if node < 0 or t < begin or t >= end:
                continue
            if before >= 0 and gap >= 0 and abs(t - t_before) > gap:
                if has_ways and 0 <= step < last_step:
                    _see(way_counts[np.uint64(step), here], to_end, actor)
                    if is_asked:
                        is_in[actor - first] |= _is_cell(cell, step, here, to_end)
                step = before = -1
            is_same = is_merged and node == before
            before, t_before = node, t
            if is_same or step == last_step or (step < 0 <= anchor and node != anchor):
                continue
            place = np.uint64(places[np.uint64(step + 1), np.uint64(node)])
            if has_ways and step >= 0:
                _see(way_counts[np.uint64(step), here], place, actor)
                if is_asked:
                    is_in[actor - first] |= _is_cell(cell, step, here, place)
            step, here = step + 1, place
            _see(here_counts[np.uint64(step)], here, actor)
            if is_asked:
                is_in[actor - first] |= _is_cell(cell, step, here, -1)
        if has_ways and 0 <= step < last_step:
            _see(way_counts[np.uint64(step), here], to_end, actor)
            if is_asked:
                is_in[actor - first] |= _is_cell(cell, step, here, to_end)


@inlined
def _see(counts: Rows, place: Any, actor: int) -> None:
    counts[place, 0] += counts[place, 1] != actor
    counts[place, 1] = actor


@inlined
def _is_cell(cell: Rows, step: int, here: Any, onward: Any) -> Any:
    return cell[0] == step and cell[1] == here and cell[2] == onward
