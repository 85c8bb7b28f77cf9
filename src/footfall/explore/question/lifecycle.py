"""Life cycle: who is new, came again, came back, stayed away."""

from __future__ import annotations

from typing import Literal

import msgspec

from footfall.explore.question.common import Common, Selector


class LifecycleQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/lifecycle`."""

    active: Selector = msgspec.field(default_factory=Selector)
    """What counts as being there."""
    unit: Literal["day", "week", "month"] = "week"
    per: Literal["visitor", "user"] = "visitor"
