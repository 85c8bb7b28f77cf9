"""What every log promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from footfall.positions import Place, Positions


class Log(Protocol):
    """Records in one or more partitions, in each in the order they were appended.

    Where one process appends at a time, others that try get `Conflict` when they open it. Where any
    number may, records of others may lie between those of one append.

    Appends come from one thread, reads from one thread; the two may be different.
    """

    @property
    def partitions(self) -> int:
        """How many there are, at least 1; may grow, never shrinks."""
        ...

    def append(self, records: Sequence[bytes], partition: int | None = None) -> Place:
        """Store `records` one after the other in one partition; all of them, or it raises.

        They are on stable storage when this returns.

        Args:
            records: Without any nothing changes.
            partition: Which; by default the log chooses.

        Returns:
            Where the first is, or would be.

        Raises:
            Invalid: there is no such partition.
            DiskFull: nothing was stored; the same call works once there is space.
            Unavailable: nothing was acknowledged; try again later. Where the log is on other
                machines nobody may know whether it has the records: they can be there, and come
                again with the next try, which is why events have ids.
            Closed: the log was closed.
        """
        ...

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        """Records of a partition from `offset` on, or from its oldest if that is later, in order.

        Args:
            offset: Where to begin; any number from 0.
            records_max: Most records to return, at least 1.
            bytes_max: Stop after the record that reaches this many bytes: one record is returned
                however large it is.
            partition: Which.

        Returns:
            Pairs of offset and record without gaps; empty when there is nothing at or after
            `offset` yet.

        Raises:
            Invalid: there is no such partition.
            Corrupt: a stored record is damaged; the message names the segment.
            Unavailable: it cannot be read now; try again later.
        """
        ...

    def starts(self) -> Positions:
        """The oldest record kept of each partition; where there is none, as `ends`."""
        ...

    def ends(self) -> Positions:
        """Where the next record of each partition will be; `Positions()` for a new log."""
        ...

    def trim(self, before: Positions) -> None:
        """Allow records before `before` to be forgotten; none at or after it ever is.

        Implementations may keep more than they must (whole segments).
        """
        ...

    def positions_within(self, bytes_max: int) -> Positions:
        """Where to trim so that what stays takes at most `bytes_max`, as far as segments go.

        Each partition has an equal share of the bytes. In each it is the first offset of the oldest
        segment that, with all newer ones, fits; that of the newest if not even it does. Nothing is
        removed.
        """
        ...

    def probe(self) -> None:
        """Find out whether it takes records again, without appending any.

        Raises:
            DiskFull, Unavailable: it does not.
        """
        ...

    def close(self) -> None:
        """Let go of files; safe to call twice. Every other call raises `Closed` from then on."""
        ...
