"""Attribution: what led to a goal, and how much of it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from footfall.explore.question.common import Common, Selector, Text

TOUCHES_MAX: Final = 10
Weight = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AttributionQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/attribution`."""

    goal: Selector
    """Each such event of the range is a conversion."""
    value: Text | None = None
    """A field of the goal's events; credit is also given as shares of it."""
    touches: tuple[Selector, ...] = ()
    """Touch points, from 1 to 10; the first that an event is counts. The goal's events are none."""
    field: Text | None = None
    """Instead of touches: sessions are the touch points, named by this field of their first event,
    such as `source`; those that have none are no touch points."""
    model: Literal["first", "last", "linear", "position", "time_decay", "markov"] = "last"
    window: Text = "30d"
    """How long before a conversion a touch point counts; exactly so long still does."""
    half_life: Text = "7d"
    """Of `time_decay`: a touch so much earlier gets half the credit."""
    weights: tuple[Weight, Weight, Weight] = (0.4, 0.2, 0.4)
    """Of `position`: the first touch, all in the middle together, the last."""
    per: Literal["visitor", "user"] = "visitor"
