"""What every log promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Log(Protocol):
    """Records in the order they were appended, each at its offset.

    Appends come from one thread, reads from one thread; the two may be different.
    """

    def append(self, records: Sequence[bytes]) -> int:
        """Store `records`, all or none, and return the offset of the first.

        They are on stable storage when this returns. Without records it returns `end_offset()`.

        Raises:
            DiskFull: nothing was stored; the same call works once there is space.
            Unavailable: nothing was stored; try again later.
            Closed: the log was closed.
        """
        ...

    def read(self, offset: int, *, records_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        """Records from `offset` on, or from the oldest kept if that is later, in order.

        Args:
            offset: Where to begin; any number from 0.
            records_max: Most records to return, at least 1.
            bytes_max: Stop after the record that reaches this many bytes: one record is returned
                however large it is.

        Returns:
            Pairs of offset and record without gaps; empty when there is nothing at or after
            `offset` yet.

        Raises:
            Corrupt: a stored record is damaged; the message names the segment.
            Unavailable: it cannot be read now; try again later.
        """
        ...

    def start_offset(self) -> int:
        """Offset of the oldest record kept; equal to `end_offset()` when there is none."""
        ...

    def end_offset(self) -> int:
        """Offset that the next record will get; 0 for a new log."""
        ...

    def trim(self, before: int) -> None:
        """Allow records below `before` to be forgotten; none at or above it ever is.

        Implementations may keep more than they must (whole segments).
        """
        ...

    def offset_within(self, bytes_max: int) -> int:
        """Where to trim so that what stays takes at most `bytes_max`, as far as segments go.

        The first offset of the oldest segment that, with all newer ones, fits; that of the newest
        if not even it does. Nothing is removed.
        """
        ...

    def close(self) -> None:
        """Let go of files; safe to call twice. Every other call raises `Closed` from then on."""
        ...
