"""Funnel: how many get from one step to the next, and how long it takes them."""

from __future__ import annotations

from typing import Final, Literal

from footfall.explore.question.common import Common, Per, Selector, Text
from footfall.explore.question.ranges import Unit

STEPS_MIN: Final = 2
STEPS_MAX: Final = 20
EXCLUSIONS_MAX: Final = 5


class Exclusion(Selector, frozen=True, forbid_unknown_fields=True):
    """Events that must not happen after one step and up to another."""

    after: int = 1
    """Number of a step, from 1."""
    before: int | None = None
    """Number of a later step; null: the last."""


class FunnelQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/funnel`."""

    steps: tuple[Selector, ...]
    """From 2 to 20."""
    order: Literal["ordered", "strict", "any"] = "ordered"
    """`strict`: nothing in between; `any`: in whatever order."""
    window: Text = "7d"
    """From the first step to the last, such as `30m`, `24h`, `7d`; exactly so long still counts."""
    per: Per = "visitor"
    exclude: tuple[Exclusion, ...] = ()
    granularity: Unit | None = None
    """Also the trend: a funnel of each bucket, of those whose first step was in it."""
    step_times: bool = False
    """Also how long each step took, after the one before; not in any order."""
    by_step: Literal["first", "each"] = "first"
    """Whose value the breakdown takes: the first step's, or each step's, all the same."""
