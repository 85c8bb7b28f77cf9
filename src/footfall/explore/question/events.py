"""Events: how often something happens, to how many, over time."""

from __future__ import annotations

from typing import Final, Literal

from footfall.explore.question.common import Common, Selector, Text
from footfall.explore.question.ranges import Unit

SERIES_MAX: Final = 10
FORMULAS_MAX: Final = 5

Measure = Literal[
    "events",
    "visitors",
    "users",
    "sessions",
    "sum",
    "avg",
    "median",
    "p90",
    "min",
    "max",
    "distinct",
]
COUNTS: Final = frozenset({"events", "visitors", "users", "sessions", "distinct"})
"""Measures that are 0, not unknown, where there is nothing."""
OF_PROPERTY: Final = frozenset({"sum", "avg", "median", "p90", "min", "max", "distinct"})


class Series(Selector, frozen=True, forbid_unknown_fields=True):
    """One line of the chart."""

    measure: Measure = "events"
    of: Text | None = None
    """The field whose values are summed, averaged and so on."""


class EventsQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/events`."""

    series: tuple[Series, ...]
    """From 1 to 10; formulas call them A, B, … in this order."""
    granularity: Unit = "day"
    formulas: tuple[Text, ...] = ()
    """Such as `B / A * 100`: `+ - * /`, brackets, numbers and the series' letters."""
