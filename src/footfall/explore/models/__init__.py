"""The models: what each question means as a SELECT, and as an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from footfall.explore.answer import (
    AttributionCell,
    CompareCell,
    EventsCell,
    FunnelCell,
    Kind,
    LifecycleCell,
    PathCell,
    RetentionCell,
)
from footfall.explore.compile.statement import Statement
from footfall.explore.models import attribution, compare, events, funnel, lifecycle, path, retention
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.common import Selector
from footfall.explore.question.reading import Scene


class Model(msgspec.Struct, frozen=True):
    """What can be done with a question of one kind; each takes the question first."""

    name: str
    question: type[Any]
    cell: type[Any]
    selectors: Callable[[Any], tuple[Selector, ...]]
    """Its series or steps."""
    more: Callable[[Any], tuple[str, ...]]
    """Fields beside those of filters and breakdowns."""
    problems: Callable[[Any, Scene], Iterator[str]]
    statement: Callable[[Any, Scene], Statement]
    answer: Callable[[Any, Scene, Any], Any]
    members: Callable[[Any, Scene, Any], tuple[Kind, Statement]]
    is_cell: Callable[[Any, Scene, Any], bool]


MODELS: Final[dict[type[Any], Model]] = {
    EventsQuestion: Model(
        "events",
        EventsQuestion,
        EventsCell,
        lambda question: question.series,
        lambda question: tuple(one.of for one in question.series if one.of is not None),
        events.problems,
        events.statement,
        events.answer,
        events.members,
        events.is_cell,
    ),
    FunnelQuestion: Model(
        "funnel",
        FunnelQuestion,
        FunnelCell,
        lambda question: (*question.steps, *question.exclude),
        lambda question: (),
        funnel.problems,
        funnel.statement,
        funnel.answer,
        funnel.members,
        funnel.is_cell,
    ),
    RetentionQuestion: Model(
        "retention",
        RetentionQuestion,
        RetentionCell,
        lambda question: (question.start, question.back),
        lambda question: (),
        retention.problems,
        retention.statement,
        retention.answer,
        retention.members,
        retention.is_cell,
    ),
    PathQuestion: Model(
        "path",
        PathQuestion,
        PathCell,
        lambda question: (question.events,),
        lambda question: (),
        path.problems,
        path.statement,
        path.answer,
        path.members,
        path.is_cell,
    ),
    LifecycleQuestion: Model(
        "lifecycle",
        LifecycleQuestion,
        LifecycleCell,
        lambda question: (question.active,),
        lambda question: (),
        lifecycle.problems,
        lifecycle.statement,
        lifecycle.answer,
        lifecycle.members,
        lifecycle.is_cell,
    ),
    AttributionQuestion: Model(
        "attribution",
        AttributionQuestion,
        AttributionCell,
        attribution.selectors,
        attribution.more,
        attribution.problems,
        attribution.statement,
        attribution.answer,
        attribution.members,
        attribution.is_cell,
    ),
    CompareQuestion: Model(
        "compare",
        CompareQuestion,
        CompareCell,
        compare.selectors,
        lambda question: (question.variant,),
        compare.problems,
        compare.statement,
        compare.answer,
        compare.members,
        compare.is_cell,
    ),
}
