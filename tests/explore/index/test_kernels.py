"""Each kernel on the example that its own text works out, and at the edges beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from footfall.explore.journeys.kernels.cache import keep_in
from tests.explore.index.compiled import KERNELS

keep_in(KERNELS)

from footfall.explore.journeys.kernels import events, funnel, path, retention, rows  # noqa: E402

A, B, C = 1, 2, 4


def one_actor(bits: list[int], times: list[int]) -> tuple[Any, int, int, Any, Any]:
    return np.array([0, len(bits)]), 0, 1, np.array(bits, np.uint32), np.array(times)


def chain(kernel: Any, bits: list[int], times: list[int], steps: int, *more: Any) -> list[int]:
    """Steps reached, first row, last row; a window of 30, a range up to 100."""
    found = np.zeros((1, 4), np.int64)
    span = np.array([0, 100, 130, 30])
    count = kernel(*one_actor(bits, times), steps, span, *more, found)
    return [int(one) for one in found[0, 1:]] if count else []


NO_CUTS = np.zeros((0, 2), np.int64)


def test_a_chain_in_order_begins_as_late_as_it_can() -> None:
    """The window is measured from the last start that leads there; just so long still counts."""
    assert [2, 1, 2] == chain(funnel.ordered, [A, A, B, B, C], [0, 10, 20, 40, 45], 3, NO_CUTS)
    assert [3, 1, 4] == chain(funnel.ordered, [A, A, B, B, C], [0, 15, 20, 40, 45], 3, NO_CUTS)
    assert [1, 0, 0] == chain(funnel.ordered, [A, B], [0, 31], 2, NO_CUTS)
    assert [] == chain(funnel.ordered, [A, B], [100, 101], 2, NO_CUTS)


def test_one_row_is_one_step_and_an_excluded_one_breaks_what_came_before() -> None:
    """A step that is excluded as well ends the chain that it would go on, and begins another."""
    assert [1, 0, 0] == chain(funnel.ordered, [A | B], [0], 2, NO_CUTS)
    cuts = np.array([[1, 2]])
    excluded = 1 << 2
    assert [1, 0, 0] == chain(funnel.ordered, [A, excluded, B], [0, 1, 2], 2, cuts)
    assert [1, 0, 0] == chain(funnel.ordered, [A, B | excluded], [0, 1], 2, cuts)
    assert [2, 0, 1] == chain(funnel.ordered, [A | excluded, B], [0, 1], 2, cuts)


def test_a_strict_chain_has_nothing_in_between() -> None:
    """Any row that is looked at is something."""
    seen = 1 << 31
    assert [2, 0, 1] == chain(funnel.strict, [A | seen, B | seen], [0, 30], 2)
    assert [1, 0, 0] == chain(funnel.strict, [A | seen, seen, B | seen], [0, 1, 2], 2)
    assert [1, 0, 0] == chain(funnel.strict, [A | seen, B | seen], [0, 31], 2)


def test_any_order_looks_ahead() -> None:
    """Of starts that get equally far the one that is done first counts; of these the last."""
    assert [2, 0, 1] == chain(funnel.any_order, [B, A, A, B], [0, 20, 40, 45], 2)
    assert [2, 1, 2] == chain(funnel.any_order, [B, B, A], [0, 10, 20], 2)
    assert [1, 0, 0] == chain(funnel.any_order, [B, 1 << 2, A], [0, 1, 2], 2)
    assert [1, 0, 0] == chain(funnel.any_order, [B, A], [0, 31], 2)


def test_returns_are_counted_in_units_after_the_start() -> None:
    """The start is no return; a return is one in its unit, up to the last that is looked at."""
    found, came = np.zeros((1, 3), np.int64), np.zeros(1, np.uint64)
    bounds = np.array([0, 10, 20, 30, 40])
    given = one_actor([1, 2, 2, 2], [12, 15, 21, 31])
    assert 1 == retention.returns(*given, bounds, np.array([0, 40, 40]), 1, found, came)
    assert ([0, 1, 0], 0b011) == (found[0].tolist(), int(came[0]))
    assert 1 == retention.returns(*given, bounds, np.array([0, 40, 40]), 2, found, came)
    assert 0b111 == int(came[0])
    for is_last_only, expected in ((False, [1, 1, 1]), (True, [0, 0, 1])):
        counts = np.zeros((2, 1, 3), np.int64)
        retention.tally(np.array([1]), np.array([0]), came, is_last_only, counts)
        assert expected == counts[1, 0].tolist()


def test_somebody_is_counted_once_in_each_cell_and_once_in_the_whole() -> None:
    """A whole is no sum of its buckets: actor 0 is in both, and one of two."""
    offsets, bits = np.array([0, 3, 4]), np.ones(4, np.uint32)
    times, slots = np.array([1, 2, 11, 12]), np.zeros(4, np.int64)
    counts = np.zeros((1, 4, 2), np.int64)
    bounds, periods = np.array([0, 10, 20]), np.zeros(2, np.int64)
    events.actors(offsets, 0, 2, bits, times, bounds, periods, slots, 1, counts, counts - 1)
    assert [[1, 1], [2, 2], [2, 2], [0, 0]] == counts[0].tolist()
    counts = np.zeros((1, 4, 2), np.int64)
    events.hits(bits, times, bounds, slots, 1, counts)
    assert [2, 2] == counts[0, :2, 0].tolist()
    groups = np.zeros(2, np.int64)
    events.by_group(np.array([3, 1, 0], np.uint32), times[:3], 0, 2, np.array([0, 1, 1]), groups)
    assert [2, 0] == groups.tolist()


def test_a_journey_ends_with_a_longer_pause_and_is_counted_from_its_anchor() -> None:
    """Just so long a pause is none; the same node again at once is one step."""
    nodes, times = np.array([2, 0, 0, -1, 1, 0]), np.array([0, 5, 6, 7, 10, 41])
    whose, steps = np.zeros(6, np.int64), np.zeros((6, 3), np.int64)

    def walked(gap: int, is_merged: bool, is_backward: bool, anchor: int) -> Any:
        given = np.array([0, 6]), 0, 1, nodes, times, gap, is_merged, is_backward, anchor
        return steps[: path.journeys(*given, whose, steps)].tolist()

    assert [[0, 1, -1], [0, -1, -1]] == walked(30, True, False, 0)
    assert [[0, 1, 0]] == walked(31, True, False, 0)
    assert [[0, 0, 1]] == walked(-1, False, False, 0)
    assert [[1, 0, 2]] == walked(-1, True, True, 1)
    assert [] == walked(-1, True, False, 7)


def test_rows_are_ordered_by_time_then_by_what_breaks_ties() -> None:
    """When received, then the request, both halves of its id, then the place in it."""
    times = np.array([9, 5, 5, 5, 5, 5])
    received = np.array([0, 2, 1, 1, 1, 1])
    high = np.array([0, 0, 2, 1, 1, 1], np.uint64)
    low = np.array([0, 0, 0, 2, 1, 1], np.uint64)
    place = np.array([0, 0, 0, 0, 1, 0])
    order, offsets = rows.in_order(np.zeros(6, np.int64), 1, times, received, high, low, place)
    assert ([5, 4, 3, 2, 1, 0], [0, 6]) == (order.tolist(), offsets.tolist())
    order, offsets = rows.in_order(np.array([1, 0, 1]), 2, np.array([3, 9, 2]), *[times[:3]] * 4)
    assert ([1, 2, 0], [0, 1, 3]) == (order.tolist(), offsets.tolist())
