"""Which partition is read next, and the time up to which everything was read."""

from __future__ import annotations

from footfall.pipeline.feed.frontier import Frontier
from footfall.positions import Positions

NOW = 100


def test_only_partitions_that_are_behind_hold_time_back() -> None:
    """The table in the module: at its head a partition says nothing, else how far it was read."""
    frontier = Frontier()
    for partition, received_at in enumerate((7, 3, 9)):
        frontier.read(partition, received_at)
    at, ends = Positions((5, 5, 5)), Positions((6, 6, 5))
    assert frontier.look(at, ends) == 1
    assert frontier.reached(NOW) == 3
    frontier.read(1, 30)
    assert frontier.reached(NOW) == 7
    assert frontier.look(Positions((5, 6, 5)), ends) == 0
    assert frontier.reached(NOW) == 7
    assert frontier.look(ends, ends) is None
    assert frontier.reached(NOW) == NOW


def test_a_partition_of_which_nothing_was_read_holds_everything_back() -> None:
    """After a restart it may have waited for hours."""
    frontier = Frontier()
    frontier.read(0, 50)
    assert frontier.look(Positions((5,)), Positions((6, 1))) == 1
    assert frontier.reached(NOW) == 0
    assert frontier.oldest(Positions((5, 1)), Positions((6, 1))) == 50


def test_time_does_not_go_back_with_what_is_out_of_order() -> None:
    """Requests of a partition are in the order they were appended, nearly that of receipt."""
    frontier = Frontier()
    frontier.look(Positions(), Positions((3,)))
    frontier.read(0, 50)
    frontier.read(0, 40)
    assert frontier.reached(NOW) == 50
