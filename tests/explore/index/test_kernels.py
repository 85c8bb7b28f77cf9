"""Each kernel on the example that its own text works out, and at the edges beside it."""

from __future__ import annotations

import bisect
from pathlib import Path
from typing import Any

import numpy as np

from footfall.explore.journeys.kernels.cache import forget_others, keep_in, made_of
from tests.explore.index.compiled import KERNELS

keep_in(KERNELS)

from footfall.explore.journeys.kernels import (  # noqa: E402
    events,
    funnel,
    lifecycle,
    path,
    retention,
    rows,
)
from footfall.explore.journeys.kernels.units import unit_at, units_of  # noqa: E402

A, B, C = 1, 2, 4


def one_actor(bits: list[int], times: list[int]) -> tuple[Any, int, int, Any, Any]:
    return np.array([0, len(bits)]), 0, 1, np.array(bits, np.uint32), np.array(times)


SPAN = np.array([0, 100, 130, 30])
"""A window of 30, a range up to 100."""


def chain(kernel: Any, bits: list[int], times: list[int], steps: int) -> list[int]:
    """Steps reached, first row, time taken."""
    found = np.zeros((1, 4), np.int64)
    count = kernel(*one_actor(bits, times), steps, SPAN, found)
    return [int(one) for one in found[0, 1:]] if count else []


def in_order(bits: list[int], times: list[int], steps: int, *walls: int) -> list[int]:
    """The same of `ordered`, by what rows are, and by codes and a table."""
    offsets, first, last, given, at = one_actor(bits, times)
    live, breaks = np.zeros(0, np.bool_), np.array([*walls, *[0] * steps][:steps], np.uint32)
    meanings = np.unique(given)
    answers = []
    for codes, table in (
        (given, None),
        (np.searchsorted(meanings, given).astype(np.uint8), meanings),
    ):
        found = np.zeros((1, 4), np.int64)
        rest = at, steps, SPAN, breaks, True, found
        count = funnel.ordered(offsets, first, last, live, codes, table, *rest)
        answers.append([int(one) for one in found[0, 1:]] if count else [])
    assert answers[0] == answers[1]
    return answers[0]


def test_what_was_compiled_of_other_sources_is_another(tmp_path: Path) -> None:
    """One letter of a kernel, with the file's length and time as before; and the rest goes."""
    source = tmp_path / "kernel.py"
    source.write_text("a")
    names = {made_of(tmp_path)}
    source.write_text("b")
    names.add(made_of(tmp_path))
    assert 2 == len(names)
    (tmp_path / "12345678").mkdir()
    forget_others(tmp_path)
    assert [source] == [*tmp_path.iterdir()]


def test_a_chain_in_order_begins_as_late_as_it_can() -> None:
    """The window is measured from the last start that leads there; just so long still counts."""
    assert [2, 1, 10] == in_order([A, A, B, B, C], [0, 10, 20, 40, 45], 3)
    assert [3, 1, 30] == in_order([A, A, B, B, C], [0, 15, 20, 40, 45], 3)
    assert [2, 1, 0] == in_order([0, A, B, A], [0, 0, 0, 0], 2)  # of one time the rows decide
    assert [1, 0, 0] == in_order([A, B], [0, 31], 2)
    assert [] == in_order([A, B], [100, 101], 2)


def test_one_row_is_one_step_and_an_excluded_one_breaks_what_came_before() -> None:
    """A step that is excluded as well ends the chain that it would go on, and begins another."""
    assert [1, 0, 0] == in_order([A | B], [0], 2)
    excluded = 1 << 2
    assert [1, 0, 0] == in_order([A, excluded, B], [0, 1, 2], 2, excluded)
    assert [1, 0, 0] == in_order([A, B | excluded], [0, 1], 2, excluded)
    assert [2, 0, 1] == in_order([A | excluded, B], [0, 1], 2, excluded)
    between = 1 << 3  # only from the second step to the third
    assert [3, 0, 3] == in_order([A, between, B, C], [0, 1, 2, 3], 3, 0, between)
    assert [2, 0, 1] == in_order([A, B, between, C], [0, 1, 2, 3], 3, 0, between)


def test_an_actor_whose_rows_are_elsewhere_is_not_looked_at() -> None:
    """Two actors, of whom the first was replaced; rows are told from the first actor's."""
    offsets, bits, times = np.array([0, 2, 4]), np.array([A, B] * 2, np.uint32), np.arange(4)
    found, walls = np.zeros((2, 4), np.int64), np.zeros(2, np.uint32)
    live = np.array([False, True])
    given = offsets, 0, 2, live, bits, None, times, 2, SPAN, walls, True, found
    assert 1 == funnel.ordered(*given)
    assert [1, 2, 2, 1] == found[0].tolist()


def test_chains_are_counted_and_those_that_are_done_timed() -> None:
    """A time at which a bar begins is in it."""
    found = np.array([[0, 1, 0, 0], [1, 2, 0, 5], [2, 2, 0, 10]])
    counts, times, done = np.zeros(3, np.int64), np.zeros(2, np.int64), np.zeros(3, np.int64)
    assert 2 == funnel.tally(found, 2, np.array([0, 10]), counts, times, done)
    assert ([0, 1, 2], [1, 1], [5, 10]) == (counts.tolist(), times.tolist(), done[:2].tolist())


def test_a_time_is_in_the_unit_that_bisection_finds() -> None:
    """At each bound and beside it, with units of very different lengths, and one alone."""
    bounds = [-7, 0, 1, 2, 90_000, 90_001, 10**9, 10**9 + 5, 10**15]
    for given in (bounds, [5, 6], [0, 4_096], [0, 4_097]):
        units = units_of(given)
        for bound in given:
            for time in (bound - 1, bound, bound + 1):
                if given[0] <= time < given[-1]:
                    expected = bisect.bisect_right(given, time) - 1
                    assert expected == unit_at(time, *units)


def test_a_strict_chain_has_nothing_in_between() -> None:
    """Any row that is looked at is something."""
    seen = 1 << 31
    assert [2, 0, 30] == chain(funnel.strict, [A | seen, B | seen], [0, 30], 2)
    assert [1, 0, 0] == chain(funnel.strict, [A | seen, seen, B | seen], [0, 1, 2], 2)
    assert [1, 0, 0] == chain(funnel.strict, [A | seen, B | seen], [0, 31], 2)


def test_any_order_looks_ahead() -> None:
    """Of starts that get equally far the one that is done first counts; of these the last."""
    assert [2, 0, 20] == chain(funnel.any_order, [B, A, A, B], [0, 20, 40, 45], 2)
    assert [2, 1, 10] == chain(funnel.any_order, [B, B, A], [0, 10, 20], 2)
    assert [1, 0, 0] == chain(funnel.any_order, [B, 1 << 2, A], [0, 1, 2], 2)
    assert [1, 0, 0] == chain(funnel.any_order, [B, A], [0, 31], 2)


def test_returns_are_counted_in_units_after_the_start() -> None:
    """The start is no return; a return is one in its unit, up to the last that is looked at."""
    found, came = np.zeros((1, 3), np.int64), np.zeros(1, np.uint64)
    units = units_of([0, 10, 20, 30, 40])
    given = one_actor([1, 2, 2, 2], [12, 15, 21, 31])
    assert 1 == retention.returns(*given, units, np.array([0, 40, 40]), 1, found, came)
    assert ([0, 1, 0], 0b011) == (found[0].tolist(), int(came[0]))
    assert 1 == retention.returns(*given, units, np.array([0, 40, 40]), 2, found, came)
    assert 0b111 == int(came[0])
    for is_last_only, expected in ((False, [1, 1, 1]), (True, [0, 0, 1])):
        counts = np.zeros((2, 1, 4), np.int64)
        retention.tally(np.array([1]), np.zeros(1, np.uint32), came, is_last_only, counts)
        assert [*expected, 1] == counts[1, 0].tolist()


def test_a_state_follows_from_the_unit_before() -> None:
    """Long ago, in weeks 1, 2 and 5; another only in the unit before; of a third no row counts."""
    days = units_of([0, 5, 10, 15, 20, 30, 40, 50, 55])
    unit_of = np.array([0, 0, 1, 1, 2, 3, 4, 5])
    offsets = np.array([0, 7, 8, 10])
    bits = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 0], np.uint32)
    times = np.array([-90, 10, 15, 29, 31, 50, 55, 9, 55, 12])
    slots = np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], np.uint32)

    def counted(*cell: int) -> tuple[Any, list[bool]]:
        counts, is_in = np.zeros((2, 5, 5), np.int64), np.zeros(3, np.bool_)
        given = offsets, 0, 3, bits, times, days, unit_of, slots
        lifecycle.states(*given, counts, np.array(cell), is_in)
        return counts, is_in.tolist()

    counts, nobody = counted(-1, -1, -1)
    names = lifecycle.RETURNING, lifecycle.RETAINED, lifecycle.DORMANT
    expected = [(0, names[0]), (1, names[1]), (2, names[2]), (4, names[0])]
    days_there = [(unit, lifecycle.DAYS) for unit in (0, 0, 1, 4)]
    assert sorted([*expected, *dict.fromkeys(days_there)]) == [
        tuple(one) for one in np.argwhere(counts[1]).tolist()
    ]
    assert [2, 1, 0, 0, 1] == counts[1, :, lifecycle.DAYS].tolist()
    assert [[0, lifecycle.DORMANT]] == np.argwhere(counts[0]).tolist()
    assert not any(nobody)
    assert [True, False, False] == counted(4, lifecycle.RETURNING, -1)[1]
    assert [False, True, False] == counted(0, lifecycle.DORMANT, 0)[1]
    assert [False, False, False] == counted(0, lifecycle.DORMANT, 1)[1]
    groups = np.zeros(2, np.int64)
    lifecycle.firsts(offsets, 0, 3, bits, times, 55, slots, groups)
    assert [1, 1] == groups.tolist()


def test_somebody_is_counted_once_in_each_cell_and_once_in_the_whole() -> None:
    """A whole is no sum of its buckets: actor 0 is in both, and one of two."""
    offsets, bits = np.array([0, 3, 4]), np.ones(4, np.uint32)
    times, slots = np.array([1, 2, 11, 12]), np.zeros(4, np.uint32)
    counts = np.zeros((1, 4, 2), np.int64)
    units, periods = units_of([0, 10, 20]), np.zeros(2, np.int64)
    events.actors(offsets, 0, 2, bits, times, units, periods, slots, 1, counts, counts - 1)
    assert [[1, 1], [2, 2], [2, 2], [0, 0]] == counts[0].tolist()
    counts = np.zeros((1, 4, 2), np.int64)
    events.hits(bits, times, units, slots, 1, counts)
    assert [2, 2] == counts[0, :2, 0].tolist()
    groups = np.zeros(2, np.int64)
    events.by_group(
        np.array([3, 1, 0], np.uint32), times[:3], 0, 2, np.array([0, 1, 1], np.uint32), groups
    )
    assert [2, 0] == groups.tolist()


def test_a_journey_ends_with_a_longer_pause_and_is_counted_from_its_anchor() -> None:
    """Just so long a pause is none; the same node again at once is one step."""
    nodes = np.array([2, 0, 0, -1, 1, 0], np.int32)
    offsets, times, cell = np.array([0, 6]), np.array([0, 5, 6, 7, 10, 41]), np.array([-1, 0, 0])
    end = 3

    def ways(gap: int, is_merged: bool, is_backward: bool, anchor: int) -> dict[Any, int]:
        here, links = np.zeros((3, 3, 2), np.int64), np.zeros((3, 3, 4, 2), np.int64)
        here[..., 1] = links[..., 1] = -1
        span, places = np.array([0, 100, gap]), np.tile(np.arange(3), (3, 1))
        given = nodes, times, span, is_merged, is_backward, anchor, places
        path.count(offsets, 0, 1, *given, here, links, cell, np.zeros(1, np.bool_))
        # Whoever went from somewhere was there, but for the last step.
        assert (links[:2, ..., 0].any(axis=2) == here[:2, :, 0]).all()
        found = np.argwhere(links[..., 0]).tolist()
        return {tuple(one): int(links[(*one, 0)]) for one in found}

    assert {(0, 0, 1): 1, (1, 1, end): 1, (0, 0, end): 1} == ways(30, True, False, 0)
    assert {(0, 0, 1): 1, (1, 1, 0): 1} == ways(31, True, False, 0)
    assert {(0, 0, 0): 1, (1, 0, 1): 1} == ways(-1, False, False, 0)
    assert {(0, 1, 0): 1, (1, 0, 2): 1} == ways(-1, True, True, 1)
    assert {} == ways(-1, True, False, 7)


def test_who_is_in_a_cell_is_marked() -> None:
    """At a node, on the way from it to another, and to the end; nobody else."""
    offsets, nodes = np.array([0, 2, 3]), np.array([0, 1, 0], np.int32)
    times, span = np.array([0, 1, 0]), np.array([0, 9, -1])
    for cell, expected in (((0, 0, -1), [1, 1]), ((0, 0, 1), [1, 0]), ((0, 0, 3), [0, 1])):
        here, links = np.zeros((2, 3, 2), np.int64), np.zeros((2, 3, 4, 2), np.int64)
        places, is_in = np.tile(np.arange(2), (2, 1)), np.zeros(2, np.bool_)
        given = nodes, times, span, True, False, -1, places, here, links
        path.count(offsets, 0, 2, *given, np.array(cell), is_in)
        assert expected == is_in.tolist()


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
