"""Retention: who comes back, and when."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from footfall.explore.question.common import Common, Per, Selector

PERIODS_MAX: Final = 60


class RetentionQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/retention`."""

    start: Selector = msgspec.field(default_factory=Selector)
    """What puts somebody into a cohort: the first such event of the range."""
    back: Selector = msgspec.field(default_factory=Selector)
    """What counts as coming back, any time after it."""
    unit: Literal["day", "week", "month"] = "day"
    periods: int = 7
    """Units after the cohort's own that are looked at, from 1 to 60."""
    mode: Literal["on", "on_or_after"] = "on"
    """Back in just that unit, or in it or a later one of those looked at."""
    per: Per = "visitor"
