"""Memory for unfinished bodies: who does not get on gives way to who does."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import SECOND
from footfall.collect.limits.budget import NEWCOMER_BYTES, Budget, Hold, OverBudgetError, Source
from footfall.testing import SimClock

MIB = 1 << 20


class Bodies:
    """A budget and what was dropped from it."""

    def __init__(self, bytes_max: int, group_bytes_max: int) -> None:
        self.clock = SimClock()
        self.budget = Budget(bytes_max, group_bytes_max, self.clock)
        self.dropped: list[str] = []

    def begin(self, name: str, group: str | None, size: int) -> Hold:
        hold = Hold(self.budget, Source(group, lambda: self.dropped.append(name)))
        hold.set(size, size)
        return hold

    def pass_seconds(self, seconds: int) -> None:
        self.clock.advance(seconds * SECOND)


def test_stalled_bodies_give_way_to_newcomers() -> None:
    """Large ones too, that came fast and then stood still."""
    bodies = Bodies(4 * MIB, 4 * MIB)
    for name in "abcd":
        bodies.begin(name, name, MIB)
        bodies.pass_seconds(1)
    bodies.pass_seconds(3)
    bodies.begin("new", "new", MIB)
    assert bodies.dropped == ["a"]
    assert bodies.budget.used == 4 * MIB


def test_who_gets_on_stays_and_who_trickles_goes() -> None:
    """64 KiB a second is a slow uplink; a byte a second is none."""
    bodies = Bodies(2 * MIB, 2 * MIB)
    steady = bodies.begin("steady", "a", 64 * 1024)
    trickling = bodies.begin("trickling", "b", MIB)
    for second in range(1, 10):
        bodies.pass_seconds(1)
        steady.set(64 * 1024 * (second + 1), 64 * 1024 * (second + 1))
        trickling.set(MIB + second, MIB + second)
    bodies.begin("new", "c", MIB)
    assert bodies.dropped == ["trickling"]


def test_a_group_drops_its_own() -> None:
    """One address may hold its share of the memory and takes nothing of others'."""
    bodies = Bodies(10 * MIB, 2 * MIB)
    bodies.begin("other", "other", MIB)
    bodies.pass_seconds(9)
    for name in "abcd":
        bodies.begin(name, "group", MIB)
        bodies.pass_seconds(1)
    assert bodies.dropped == ["a", "b"]
    assert bodies.budget.used_by == {"other": MIB, "group": 2 * MIB}


def test_the_slowest_itself_is_refused() -> None:
    """Nobody is dropped for one that is no faster."""
    bodies = Bodies(2 * MIB, 2 * MIB)
    slow = bodies.begin("slow", "a", NEWCOMER_BYTES)
    bodies.pass_seconds(9)
    bodies.begin("fast", "b", MIB)
    with pytest.raises(OverBudgetError):
        slow.set(2 * MIB, NEWCOMER_BYTES + 1)
    assert bodies.dropped == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 3)), max_size=40)
)
def test_bounds_hold_and_all_is_given_back(steps: list[tuple[str, int, int]]) -> None:
    """Whatever comes, no bound is passed, and when all bodies ended nothing is counted."""
    bodies = Bodies(8, 5)
    holds: list[Hold] = []
    for group, size, seconds in steps:
        bodies.pass_seconds(seconds)
        hold = Hold(bodies.budget, Source(group, lambda: None))
        holds.append(hold)
        with contextlib.suppress(OverBudgetError):
            hold.set(size, size)
        assert bodies.budget.used == sum(one.bytes for one in holds) <= 8
        assert all(used <= 5 for used in bodies.budget.used_by.values())
        if seconds == 3:
            holds[0].close()
    for hold in holds:
        hold.close()
        hold.close()
    budget = bodies.budget
    assert (budget.used, budget.used_by, budget.holds) == (0, {}, {})
