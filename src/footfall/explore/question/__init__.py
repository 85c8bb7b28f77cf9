"""What can be asked: one vocabulary of options, the same in Python, over HTTP and in a terminal.

Typed structs, whose mistakes are told all at once (`footfall.explore.question.reading`). Nothing
here knows SQL; what each option means is written in docs/concepts/explore.md.
"""

from __future__ import annotations

from footfall.explore.question.attribution import AttributionQuestion
from footfall.explore.question.common import Common, Filter, Selector
from footfall.explore.question.compare import CompareQuestion
from footfall.explore.question.events import EventsQuestion, Series
from footfall.explore.question.funnel import Exclusion, FunnelQuestion
from footfall.explore.question.lifecycle import LifecycleQuestion
from footfall.explore.question.path import PathQuestion, Rule
from footfall.explore.question.ranges import Range
from footfall.explore.question.retention import RetentionQuestion

__all__ = [
    "AttributionQuestion",
    "Common",
    "CompareQuestion",
    "EventsQuestion",
    "Exclusion",
    "Filter",
    "FunnelQuestion",
    "LifecycleQuestion",
    "PathQuestion",
    "Range",
    "RetentionQuestion",
    "Rule",
    "Selector",
    "Series",
]
