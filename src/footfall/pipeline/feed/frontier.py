"""How far in time the log was read: which partition is next, and how late an event may still come.

A partition at its *head* (all of it was read) holds nothing back: what comes next comes now. One
that is behind does: what waits in it was received after what was read of it last.

    partition          0         1         2
    read up to         12:00:07  12:00:03  12:00:09
    more waits         yes       yes       no          next: 1    reached: 12:00:03
    (1 was read on)    12:00:07  12:00:30  12:00:09
                       yes       no        no          next: 0    reached: 12:00:07
                       no        no        no          next: –    reached: now
"""

from __future__ import annotations

from footfall.positions import Positions


class Frontier:
    """For each partition the latest `received_at` that was read, in microseconds."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._newest: dict[int, int] = {}
        self._waiting: tuple[int, ...] = ()

    def look(self, positions: Positions, ends: Positions) -> int | None:
        """Note which partitions have more than was read; the one that is furthest back in time."""
        self._waiting = tuple(piece.partition for piece in positions.slices_to(ends))
        return min(self._waiting, key=lambda one: (self._time(one), one), default=None)

    def oldest(self, positions: Positions, ends: Positions) -> int | None:
        """The time up to which the partition was read that is furthest back; none if none has more.

        As `look`, and notes nothing.
        """
        waiting = positions.slices_to(ends)
        return min((self._time(piece.partition) for piece in waiting), default=None)

    def read(self, partition: int, received_at: int) -> None:
        """More of a partition was read, the latest of it received then."""
        self._newest[partition] = max(self._time(partition), received_at)

    def reached(self, now: int) -> int:
        """The time up to which everything was read, except of what is out of order in the log.

        The least over the partitions that had more when `look` was last called, as far as they are
        read by now; `now` if none had.
        """
        return min((self._time(partition) for partition in self._waiting), default=now)

    def _time(self, partition: int) -> int:
        return self._newest.get(partition, 0)
