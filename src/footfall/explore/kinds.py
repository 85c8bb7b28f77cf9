"""Which models there are: each one's name, question and answer. Knows no engine and no SQL."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.explore.answer import (
    AttributionAnswer,
    CompareAnswer,
    EventsAnswer,
    FunnelAnswer,
    LifecycleAnswer,
    PathAnswer,
    RetentionAnswer,
)
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)


class ModelKind(msgspec.Struct, frozen=True):
    """One model, as those who ask know it."""

    name: str
    question: type[Any]
    answer: type[Any]
    asks: str
    """What it finds out, in a few words."""
    tells: str
    """What its answer has, in a sentence."""
    opens: str
    """Who is behind its numbers."""


KINDS: Final[dict[str, ModelKind]] = {
    kind.name: kind
    for kind in (
        ModelKind(
            "events",
            EventsQuestion,
            EventsAnswer,
            "How often something happens",
            "Events, visitors, users, sessions or values of a field, over time and by group.",
            "Exactly the visitors, users, sessions, events or values of one number.",
        ),
        ModelKind(
            "funnel",
            FunnelQuestion,
            FunnelAnswer,
            "How many get from step to step",
            "Counts, shares and drop-offs of each step, and how long it took to get through.",
            "Exactly those who reached a step, went no further, or took so long.",
        ),
        ModelKind(
            "retention",
            RetentionQuestion,
            RetentionAnswer,
            "Who comes back",
            "Cohorts, and how many of each came back in which period.",
            "Exactly those of a cohort, or of them who came back in a period.",
        ),
        ModelKind(
            "path",
            PathQuestion,
            PathAnswer,
            "Where people go next",
            "Nodes of each step, and how many went from one to another, or no further.",
            "Exactly those who were at a node at a step, went on to another, or ended there.",
        ),
        ModelKind(
            "lifecycle",
            LifecycleQuestion,
            LifecycleAnswer,
            "Who is new, came again, came back, stays away",
            "Counts of each state in each unit, and how many days the active were there.",
            "Exactly those who were new, retained, returning or dormant in a unit.",
        ),
        ModelKind(
            "attribution",
            AttributionQuestion,
            AttributionAnswer,
            "What led to a goal",
            "Credit of each touch point for the conversions that followed it.",
            "Exactly the conversions that a touch point had a part in, with its credit.",
        ),
        ModelKind(
            "compare",
            CompareQuestion,
            CompareAnswer,
            "Which variant does better",
            "Rates of each variant, whether their difference is known, and if the split is right.",
            "Exactly those who got a variant, or of them those who reached the goal.",
        ),
    )
}
NAME_OF: Final[dict[type[Any], str]] = {kind.question: kind.name for kind in KINDS.values()}
