"""Positions: a value with an order that is partial, whatever partitions a log has."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.positions import Place, Positions, Slice, hull, within

POSITIONS = st.lists(st.integers(0, 5), max_size=4).map(lambda found: Positions(tuple(found)))
PARTITIONS = range(6)


@given(POSITIONS, POSITIONS)
def test_every_partition_counts_by_itself(a: Positions, b: Positions) -> None:
    """Comparing and choosing are those of single offsets; a partition nobody named is at 0."""
    assert (a <= b) == all(a[one] <= b[one] for one in PARTITIONS)
    for one in PARTITIONS:
        assert a.minimum(b)[one] == min(a[one], b[one])
        assert a.maximum(b)[one] == max(a[one], b[one])
    assert a.minimum(b) <= a <= a.maximum(b)
    assert (a == b) == (a <= b <= a)
    assert a.total == sum(a[one] for one in PARTITIONS)


@given(POSITIONS, POSITIONS)
def test_slices_are_what_lies_between(a: Positions, b: Positions) -> None:
    """Each record between the two is in one slice, and reading them all leads to the end."""
    end = a.maximum(b)
    at = a
    for one in a.slices_to(end):
        assert one.start == at[one.partition]
        at = at.advanced(one.partition, one.stop)
    assert at == end
    places = {
        Place(p, offset) for p, start, stop in a.slices_to(end) for offset in range(start, stop)
    }
    every = (Place(partition, offset) for partition in PARTITIONS for offset in range(8))
    assert places == {place for place in every if within(place, a, end)}


@given(POSITIONS)
def test_json_comes_back_equal(positions: Positions) -> None:
    """It is in plans, checkpoints and cuts."""
    assert msgspec.json.decode(msgspec.json.encode(positions), type=Positions) == positions


def test_what_is_written_is_one_list() -> None:
    """The form of docs/formats/log.md; a log that gets partitions changes nothing of it."""
    assert msgspec.json.encode(Positions((5, 0, 7))) == b'{"offsets":[5,0,7]}'
    assert msgspec.json.encode(Positions((5, 0))) == b'{"offsets":[5]}'
    assert Positions((5, 0)) == Positions((5,))
    assert Positions((0, 0)) == Positions()
    assert [str(one) for one in (Positions(), Positions((5,)), Positions((5, 0, 7)))] == [
        "0",
        "5",
        "5,0,7",
    ]


def test_positions_never_go_back_and_are_never_below_zero() -> None:
    """Either is a bug that would read requests twice, or take others for them."""
    with pytest.raises(ValueError, match="never go back"):
        Positions((3, 4)).advanced(1, 3)
    with pytest.raises(ValueError, match="count from 0"):
        Positions((3, -1))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"offsets":[-1]}', type=Positions)


def test_places_are_said_as_people_read_them() -> None:
    """Most logs have one partition: its number is left out."""
    assert [str(Place(0, 7)), str(Place(2, 7))] == ["7", "7 of partition 2"]
    assert [str(Slice(0, 3, 4)), str(Slice(2, 3, 9))] == [
        "request 3",
        "requests 3 to 8 of partition 2",
    ]


def test_hull_joins_what_is_of_one_partition() -> None:
    """Requests that were worked on when a process died, together."""
    slices = [Slice(1, 4, 6), Slice(0, 2, 3), Slice(1, 1, 5)]
    assert hull(slices) == (Slice(0, 2, 3), Slice(1, 1, 6))
