"""What a call of `sessionize` is told of its sessions: numbers, no attributes."""

from __future__ import annotations

import msgspec

from footfall.sessionize.gap.marks import SessionMarks
from footfall.sessionize.rows.packing import Bools, Ints


class Moments(msgspec.Struct, frozen=True):
    """A time of each of some visitors, who may be there several times."""

    code: Ints
    time: Ints


class Conflicts(msgspec.Struct, frozen=True):
    """Chains that cannot be cut without their events, and from where those are needed."""

    code: Ints
    time: Ints
    """First event that is needed; the first of a session of the same chain, or of the chain."""
    chain: Ints
    rank: Ints
    """Rank of that first event in its window."""
    before: Ints
    """The marks before it, a column for each kind."""
    is_known: Bools
    """Whether what is before it is known at all; else only a repair can tell."""

    def lost(self) -> Moments:
        """Those of which it is not."""
        return Moments(self.code[~self.is_known], self.time[~self.is_known])


class Placement(msgspec.Struct, frozen=True):
    """The sessions of a call, numbered by (visitor, start)."""

    piece: Ints
    """Position of the first event of each run of events of the same session; events are sorted."""
    piece_session: Ints
    row_session: Ints
    """Session of each earlier one, -1 for those that are not touched."""
    chain: Ints
    """Start of each session's chain."""
    rank: Ints
    marks: SessionMarks
    run_code: Ints
    run_start: Ints
    run_place: Ints
    """How many of the earlier sessions, over all visitors, come before each run."""
    conflicts: Conflicts
