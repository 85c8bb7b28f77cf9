"""Compile every kernel before somebody asks; what is compiled is kept."""

from __future__ import annotations

from typing import Final

import numpy as np

from footfall.explore.journeys.kernels import events, funnel, lifecycle, path, retention, rows
from footfall.explore.journeys.kernels.units import units_of

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
    span, units = np.array([0, 1, 2, 3]), units_of([0, 1, 2])
    found, counts = np.zeros((1, 4), np.int64), np.zeros((1, 4, 3), np.int64)
    walls, is_live = np.zeros(2, np.uint32), np.zeros(0, np.bool_)
    for codes, table in ((np.zeros(1, np.uint8), bits), (bits, None)):
        rest = one, 2, span, walls, True, found
        funnel.ordered(offsets, 0, 1, is_live, codes, table, *rest)
    funnel.strict(offsets, 0, 1, bits, one, 2, span, found)
    funnel.any_order(offsets, 0, 1, bits, one, 2, span, found)
    funnel.tally(found, 2, one, np.zeros(3, np.int64), one.copy(), one.copy())
    retention.returns(offsets, 0, 1, bits, one, units, span[:3], 1, found[:, :3].copy(), came)
    for slots in (bits, one):
        retention.tally(one, np.zeros_like(slots), came, False, np.zeros((1, 1, 3), np.int64))
    events.by_group(bits, one, 0, 1, np.zeros(1, np.uint32), counts[0, 0])
    slots = np.zeros(1, np.uint32)
    events.hits(bits, one, units, slots, 1, counts)
    events.actors(
        offsets, 0, 1, bits, one, units, np.zeros(2, np.int64), slots, 1, counts, counts - 1
    )
    lifecycle.firsts(offsets, 0, 1, bits, one, 1, slots, one.copy())
    lives = one, slots, np.zeros((1, 1, 5), np.int64), span[:3] - 1
    lifecycle.states(offsets, 0, 1, bits, one, units_of([0, 1]), *lives, live)
    nodes = np.zeros(1, np.int32)
    for kind in _CODES:
        path.nodes_of(bits, np.zeros(1, kind), nodes, nodes.copy())
    tables = np.zeros((2, 1, 2), np.int64), np.zeros((2, 1, 2, 2), np.int64)
    flags = True, False, -1
    path.count(
        offsets,
        0,
        1,
        nodes,
        one,
        span[:3],
        *flags,
        np.zeros((2, 1), np.int64),
        *tables,
        span[:3],
        live,
    )
