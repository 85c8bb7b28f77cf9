"""What is at fault is found in few tries, whatever is known of it; nobody else is accused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.pipeline.poison.narrow import Narrowing

COUNT = 5_000


def narrow(guilty: set[int], count: int, *, is_noted: bool, load_max: int = 10**9) -> list[int]:
    """Those found, and at the end how many tries it took.

    A try fails if it has one of the guilty, or more than `load_max` requests.
    """
    found: list[int] = []
    tries = 0
    left = Narrowing(0, count, count)
    while not left.is_over:
        start, stop = left.next
        assert start < stop <= count
        tries += 1
        first = min((one for one in guilty if start <= one < stop), default=None)
        if first is not None or stop - start > load_max:
            one = left.failed(first if is_noted else None)
            if one is not None:
                found.append(one)
        else:
            left.passed(stop)
    return [*found, tries]


@given(st.sets(st.integers(0, 99), max_size=12), st.booleans())
def test_exactly_the_guilty_are_found(guilty: set[int], is_noted: bool) -> None:
    assert narrow(guilty, 100, is_noted=is_noted)[:-1] == sorted(guilty)


@given(st.integers(0, COUNT - 1))
def test_one_that_is_noted_costs_few_tries_that_fail(guilty: int) -> None:
    """The whole, itself alone, and tries that pass: it is not approached in halves."""
    *found, tries = narrow({guilty}, COUNT, is_noted=True)
    assert found == [guilty]
    assert tries <= 3 + math.ceil(math.log2(COUNT))


@given(st.integers(0, COUNT - 1))
def test_one_that_is_not_noted_is_found_in_halves(guilty: int) -> None:
    *found, tries = narrow({guilty}, COUNT, is_noted=False)
    assert found == [guilty]
    assert tries <= 3 * math.ceil(math.log2(COUNT))


@pytest.mark.parametrize("load_max", [1, 7, 64])
def test_too_many_together_are_nobodys_fault(load_max: int) -> None:
    """Each passes with fewer neighbours: none is found, and none is left out."""
    *found, tries = narrow(set(), COUNT, is_noted=False, load_max=load_max)
    assert found == []
    assert tries <= 3 * COUNT


def test_a_try_may_get_less_than_it_asked_for() -> None:
    """The log gave fewer: the rest of the try is the next one."""
    left = Narrowing(0, 10, 8)
    left.passed(3)
    assert left.next == (3, 8)
    left.passed(8)
    assert left.next == (8, 10)
