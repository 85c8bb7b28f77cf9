"""Compile every kernel before somebody asks; what is compiled is kept."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from footfall.explore.journeys.kernels import events, funnel, path, retention, rows

_CODES: Final = (np.uint8, np.uint16, np.uint32)


def warm_up() -> None:
    """Run each kernel over one row, in the types that questions come in."""
    one, offsets = np.zeros(1, np.int64), np.array([0, 1])
    bits, live = np.ones(1, np.uint32), np.ones(1, np.bool_)
    for kind in _CODES:
        rows.look_up(np.zeros(1, kind), bits, bits.copy())
    order, _ = rows.in_order(one, 1, one, one, came := np.zeros(1, np.uint64), came, one)
    for given in (one, *(one.astype(kind) for kind in _CODES)):
        rows.moved(given, order, given.copy())
    rows.drop_replaced(offsets, 0, 1, live, bits)
    span = np.array([0, 1, 2, 3])
    found = np.zeros((1, 4), np.int64)
    funnel.ordered(offsets, 0, 1, bits, one, 2, span, np.zeros((0, 2), np.int64), found)
    funnel.strict(offsets, 0, 1, bits, one, 2, span, found)
    funnel.any_order(offsets, 0, 1, bits, one, 2, span, found)
    bounds = np.array([0, 1, 2])
    retention.returns(offsets, 0, 1, bits, one, bounds, span[:3], 1, found[:, :3].copy(), came)
    retention.tally(one, one, came, False, np.zeros((1, 1, 2), np.int64))
    counts = np.zeros((1, 4, 3), np.int64)
    events.by_group(bits, one, 0, 1, one, counts[0, 0])
    events.hits(bits, one, bounds, one, 1, counts)
    events.actors(
        offsets, 0, 1, bits, one, bounds, np.zeros(2, np.int64), one, 1, counts, counts - 1
    )
    steps, places = np.zeros((1, 2), np.int64), np.zeros((2, 1), np.int64)
    for is_merged, is_backward in itertools.product((False, True), repeat=2):
        path.journeys(offsets, 0, 1, one, one, -1, is_merged, is_backward, -1, one.copy(), steps)
    path.at_steps(one, steps, places.copy(), places - 1)
    nodes, ways = np.zeros((2, 2), np.int64), np.zeros((2, 2, 3), np.int64)
    path.between(one, steps, places, nodes, nodes - 1, ways, ways - 1)
