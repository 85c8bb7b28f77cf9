"""What cuts a key's events into windows."""

from __future__ import annotations

import msgspec

from footfall.sessionize.goals import Goals
from footfall.sessionize.key import Key
from footfall.sessionize.rows.columns import StateColumns
from footfall.sessionize.step.windows import Windows


class StepLimits(msgspec.Struct, frozen=True):
    """Sessions by fixed windows. All times are microseconds."""

    windows: Windows
    hot_age: int
    """Sessions stay in the state this long after they closed, unless there are too many."""
    hot_max: int = 2**62
    """Beyond so many sessions closed ones go earlier; open ones stay, however many."""
    name: str = "step"
    version: int = 1
    key: Key = Key()
    goals: Goals = Goals()
    columns: StateColumns = StateColumns()
    """Of the state's rows."""
