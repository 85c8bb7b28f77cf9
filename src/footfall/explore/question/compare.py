"""Compare: which variant of an experiment does better, and whether that is known yet."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from footfall.explore.question.common import Common, Selector, Text

VARIANTS_MAX: Final = 10


class CompareQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/compare`."""

    variant: Text
    """The field that says which variant somebody got."""
    goal: Selector
    """What is hoped for, any time after they first got it, up to the end of the range."""
    exposure: Selector = msgspec.field(default_factory=Selector)
    """Events that say it, where the field has a value."""
    control: Text | None = None
    """The variant that others are held against; null: the one with most, then by name."""
    shares: tuple[Annotated[float, msgspec.Meta(gt=0)], ...] = ()
    """Of traffic, as planned: of the control, then of the others by name; empty: equal ones."""
    effect_min: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.05
    """The smallest change worth knowing, as a share of the control's rate."""
    alpha: Annotated[float, msgspec.Meta(ge=0.0001, le=0.2)] = 0.05
    """How often a difference may be claimed where there is none: all looks, all variants."""
    per: Literal["visitor", "user"] = "visitor"
