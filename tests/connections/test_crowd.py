"""Who goes when there are too many: the one that keeps us waiting longest, never the newcomer."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from footfall.connections import Crowd
from footfall.connections import _crowd as crowd_module


class Guest:
    """A connection as far as a crowd knows it."""

    def __init__(self, name: str, group: str | None = None, *, is_awaited: bool = True) -> None:
        self.name = name
        self.group = group
        self.turn: object = None
        self.is_awaited = is_awaited
        self.is_dropped = False

    def drop(self) -> None:
        self.is_dropped = True

    def __repr__(self) -> str:
        return self.name


def names(crowd: Crowd) -> list[str]:
    return [str(member) for member in crowd.members()]


def test_the_longest_waiting_gives_way_to_a_newcomer() -> None:
    """Idle connections of one client must not shut everybody else out."""
    crowd = Crowd(3)
    guests = [Guest(name) for name in "abcde"]
    assert all(crowd.enter(guest) for guest in guests)
    assert names(crowd) == ["c", "d", "e"]
    assert [guest.is_dropped for guest in guests] == [True, True, False, False, False]
    assert crowd.dropped == {"total": 2}


def test_a_new_request_is_a_new_turn() -> None:
    """Who sends again is behind those who do not, whenever that is noticed."""
    crowd = Crowd(3)
    guests = {name: Guest(name) for name in "abcde"}
    for name in "abc":
        crowd.enter(guests[name])
    guests["a"].turn = object()
    crowd.enter(guests["d"])
    assert names(crowd) == ["c", "a", "d"]
    guests["c"].turn = object()
    crowd.look()
    assert names(crowd) == ["a", "d", "c"]
    crowd.enter(guests["e"])
    assert names(crowd) == ["d", "c", "e"]


def test_who_waits_for_us_stays() -> None:
    """A request that is with the log is acknowledged, however many connect meanwhile."""
    crowd = Crowd(2)
    busy = [Guest("a", is_awaited=False), Guest("b", is_awaited=False)]
    for guest in busy:
        crowd.enter(guest)
    assert not crowd.is_full
    for number in range(crowd_module.SPARE):
        assert crowd.enter(Guest(str(number), is_awaited=False))
    assert crowd.is_full
    assert not crowd.enter(Guest("one too many"))
    assert crowd.dropped == {"refused": 1}
    assert not any(guest.is_dropped for guest in busy)


def test_a_group_crowds_out_only_itself() -> None:
    """One address beyond its share loses its own connections, and nobody else any."""
    crowd = Crowd(100, 2)
    other, proxied = Guest("other", "192.0.2.1"), Guest("proxied")
    crowd.enter(other)
    crowd.enter(proxied)
    guests = [Guest(str(number), "203.0.113.7") for number in range(5)]
    for guest in guests:
        assert crowd.enter(guest)
    assert names(crowd) == ["other", "proxied", "3", "4"]
    assert [guest.is_dropped for guest in guests] == [True, True, True, False, False]
    guests[3].is_awaited = guests[4].is_awaited = False
    assert not crowd.enter(Guest("6", "203.0.113.7"))
    assert crowd.dropped == {"address": 3, "refused": 1}


def test_a_newcomer_costs_a_bounded_look() -> None:
    """A crowd that waits for us is not walked through for each who knocks."""
    asked: Counter[str] = Counter()

    class Busy(Guest):
        @property
        def is_awaited(self) -> bool:
            asked["times"] += 1
            return False

        @is_awaited.setter
        def is_awaited(self, _: bool) -> None:
            pass

    crowd = Crowd(1000)
    for number in range(1000):
        crowd.enter(Busy(str(number)))
    asked.clear()
    crowd.enter(Guest("newcomer"))
    assert asked["times"] <= 64


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.booleans()), max_size=60))
def test_bounds_hold_and_leaving_leaves_nothing(steps: list[tuple[str, bool, bool]]) -> None:
    """Whatever comes and goes, no bound is passed and nobody is remembered who left."""
    crowd = Crowd(4, 2)
    inside: list[Guest] = []
    for group, is_awaited, leaves in steps:
        if leaves and inside:
            crowd.leave(inside.pop(0))
        guest = Guest("x", group, is_awaited=is_awaited)
        if crowd.enter(guest):
            inside.append(guest)
        inside = [one for one in inside if not one.is_dropped]
        assert crowd.members().__len__() == len(inside)
        assert all(count <= 2 for count in Counter(one.group for one in inside).values())
        assert len(crowd) <= 4
    for guest in inside:
        crowd.leave(guest)
        crowd.leave(guest)
    assert (len(crowd), crowd._groups) == (0, {})
