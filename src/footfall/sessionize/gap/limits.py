"""What cuts a visitor's events into sessions."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from footfall.sessionize.gap.columns import gap_columns
from footfall.sessionize.goals import Goals
from footfall.sessionize.key import Key
from footfall.sessionize.rows.columns import Engagement, StateColumns
from footfall.sessionize.rows.packing import Ints
from footfall.sessionize.rows.visitors import Visitors
from footfall.sessionize.zones import Zones


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
    name: str = "gap"
    version: int = 1
    key: Key = Key()
    midnight: Zones | None = None
    """Sessions are cut where a day of these begins, if there are any."""
    on_user: Literal["never", "other", "any"] = "never"
    """Cut where another user is known: after another one, or after none, too."""
    on_campaign: bool = False
    """Cut where an event names another campaign than the one before, or the first."""

    goals: Goals = Goals()
    engagement: Engagement = Engagement()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of marks that cut, see `marks`."""
        by_user = ("user",) * (self.on_user != "never")
        by_campaign = ("campaign",) * self.on_campaign
        return (*by_user, *by_campaign, *("active",) * bool(self.goals.keep_alive))

    @property
    def counts_first(self) -> tuple[bool, ...]:
        """Of each kind, whether the first mark cuts off what has none before it."""
        by_user = (self.on_user == "any",) * (self.on_user != "never")
        return by_user + (True,) * (self.on_campaign + bool(self.goals.keep_alive))

    @property
    def columns(self) -> StateColumns:
        """Of the state's rows."""
        return gap_columns(self.kinds, self.engagement)

    def days(self, visitors: Visitors, codes: npt.NDArray[np.integer], times: Ints) -> Ints:
        """The day of each time, always the same if days cut nothing."""
        if self.midnight is None:
            return np.zeros(len(times), np.int64)
        return self.midnight.days(visitors.apps, codes.astype(np.int64), times)

    def without_cuts(self) -> GapLimits:
        """The same, and all events of a visitor are one session."""
        return msgspec.structs.replace(
            self,
            gap=2**60,
            length_max=2**61,
            events_max=2**40,
            hot_age=2**40,
            midnight=None,
            on_user="never",
            on_campaign=False,
            goals=Goals(),
            engagement=Engagement(),
        )
