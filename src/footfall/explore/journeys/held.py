"""What of a question the index answers: each option by its name, and the values that it knows.

Whatever is not listed here is for SQL, so an option or a value that is added to a question goes
there by itself, until the index knows it and somebody writes it down. An option that nobody used
(it has its default) changes nothing, listed or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from footfall.explore.answer import (
    EventsCell,
    FunnelCell,
    Group,
    LifecycleCell,
    PathCell,
    PathEnd,
    RetentionCell,
)
from footfall.explore.question import (
    EventsQuestion,
    Exclusion,
    Filter,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    Range,
    RetentionQuestion,
    Rule,
    Selector,
    Series,
)
from footfall.explore.segments.definition import Did, Has, Segment, SegmentRule, Times

_Values = frozenset[Any] | None
_ANY: Final = None


def _values(words: str) -> frozenset[Any]:
    return frozenset(words.split())


_DAYS: Final = _values("day week month")
_UNITS: Final = _DAYS | {"hour"}
_PER: Final = _values("visitor user session")
_SELECTOR: Final[dict[str, _Values]] = {"event": _ANY, "where": _ANY, "label": _ANY}
_OPERATORS: Final = _values(
    "is is_not in not_in contains not_contains starts_with gt gte lt lte between is_set is_not_set"
)
_COMMON: Final[dict[str, _Values]] = {
    "range": _ANY,
    "zone": _ANY,
    "week_start": _values("monday sunday"),
    "app": _ANY,
    "bots": _values("exclude include only"),
    "where": _ANY,
    "by": _ANY,
    "top": _ANY,
    "compare": _values("none previous"),
    # Of segments only, which are asked about as of it.
    "segments_at": _ANY,
}
HELD: Final[Mapping[type[Any], Mapping[str, _Values]]] = {
    Range: {"last": _ANY, "unit": _UNITS, "start": _ANY, "end": _ANY},
    Filter: {
        "field": _ANY,
        "op": _OPERATORS,
        "value": _ANY,
        "all": _ANY,
        "any": _ANY,
    },
    Selector: _SELECTOR,
    Series: {**_SELECTOR, "measure": _values("events visitors users sessions")},
    Exclusion: {**_SELECTOR, "after": _ANY, "before": _ANY},
    Rule: {"match": _ANY, "label": _ANY},
    EventsQuestion: {**_COMMON, "series": _ANY, "granularity": _UNITS, "formulas": _ANY},
    FunnelQuestion: {
        **_COMMON,
        "steps": _ANY,
        "order": _values("ordered strict any"),
        "window": _ANY,
        "per": _PER,
        "exclude": _ANY,
        "granularity": _UNITS | {None},
        "by_step": _values("first each"),
    },
    RetentionQuestion: {
        **_COMMON,
        "start": _ANY,
        "back": _ANY,
        "unit": _DAYS,
        "periods": _ANY,
        "mode": _values("on on_or_after"),
        "per": _PER,
    },
    PathQuestion: {
        **_COMMON,
        "by": frozenset({()}),
        "nodes": _values("events pages screens"),
        "events": _ANY,
        "direction": _values("from to"),
        "node": _ANY,
        "per": _PER,
        "gap": _ANY,
        "steps": _ANY,
        "merge_repeats": _ANY,
        "rules": _ANY,
    },
    LifecycleQuestion: {
        **_COMMON,
        "active": _ANY,
        "unit": _DAYS,
        "per": _values("visitor user"),
    },
    Segment: {
        "rule": _ANY,
        "unit": _values("visitor user"),
        "app": _ANY,
        "bots": _values("exclude include only"),
        "zone": _ANY,
        "week_start": _values("monday sunday"),
    },
    SegmentRule: {
        "all": _ANY,
        "any": _ANY,
        "none": _ANY,
        "did": _ANY,
        "has": _ANY,
        "segment": _ANY,
    },
    Did: {
        **_SELECTOR,
        "times": _ANY,
        "measure": _values("times days"),
        "range": _ANY,
    },
    Times: {"op": _values("gte lte is between"), "value": _ANY, "to": _ANY},
    Has: {
        "field": _ANY,
        "op": _OPERATORS,
        "value": _ANY,
        "which": _values("first last any"),
        "range": _ANY,
    },
    Group: {"scope": _values("all group rest"), "values": _ANY},
    PathEnd: {"is_rest": _ANY, "label": _ANY},
    EventsCell: {
        "span": _ANY,
        "series": _ANY,
        "is_previous": _ANY,
        "bucket": _ANY,
        "group": _ANY,
    },
    FunnelCell: {
        "span": _ANY,
        "step": _ANY,
        "is_dropped": _ANY,
        "bin": _ANY,
        "group": _ANY,
        "bucket": _ANY,
    },
    RetentionCell: {"span": _ANY, "cohort": _ANY, "period": _ANY, "group": _ANY, "cohorts": _ANY},
    PathCell: {"span": _ANY, "step": _ANY, "at": _ANY, "after": _ANY, "is_end": _ANY},
    LifecycleCell: {
        "span": _ANY,
        "unit": _ANY,
        "state": _values("new retained returning dormant"),
        "group": _ANY,
    },
}
"""Of each part of a question, and of each cell; `None` is any value."""


def unheld(
    given: msgspec.Struct, held: Mapping[type[Any], Mapping[str, _Values]] = HELD
) -> str | None:
    """The first option of a question or a cell that the index does not know; `None`: it has none.

    Args:
        given: A struct, looked through with all those that are in it.
        held: What is known.
    """
    known = held.get(type(given))
    if known is None:
        return f"the kind {type(given).__name__}"
    for field in msgspec.structs.fields(type(given)):
        value = getattr(given, field.name)
        if field.name not in known:
            if value != _default(field):
                return f"the option {field.name}"
            continue
        values = known[field.name]
        if values is not None and value not in values:
            return f"the option {field.name}: {value}"
        for one in value if isinstance(value, tuple) else (value,):
            found = unheld(one, held) if isinstance(one, msgspec.Struct) else None
            if found is not None:
                return found
    return None


def _default(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()
