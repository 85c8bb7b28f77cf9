"""What cuts a visitor's events into sessions."""

from __future__ import annotations

import msgspec


class GapLimits(msgspec.Struct, frozen=True):
    """Sessions by inactivity. All times are microseconds."""

    gap: int
    """Longest time between two events of one session; exactly this long is still the same."""
    length_max: int
    """Windows of this length are counted from the first event of a chain."""
    events_max: int
    """Events of a window are cut in parts of this many; equal event times stay together."""
    hot_age: int
    """Sessions stay in the state this long after they closed, unless there are too many."""
    hot_max: int = 2**62
    """Beyond so many sessions closed ones go earlier; open ones stay, however many."""
