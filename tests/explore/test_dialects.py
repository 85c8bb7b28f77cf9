"""One meaning, several engines: each model's statement in each dialect is whole and parses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from footfall.explore.asking import compiled
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.reading import read
from footfall.testing.events import NOON_US
from tests.explore.asked import Shop
from tests.explore.segments_shelf import segments_of_each_kind

HOSTILE = "it's; -- \\' \" x"
WHERE = {
    "any": [
        {"field": "properties.price", "op": "gte", "value": 2},
        {"field": "received_at", "op": "between", "value": ["2024-01-01", "2024-12-31"]},
        {"field": "page_path", "op": "contains", "value": HOSTILE},
        {"field": "session.entry_page", "op": "not_in", "value": [HOSTILE, "b"]},
        {"field": "bot_reasons", "op": "contains", "value": "x"},
    ]
}
SEGMENTS = {
    "all": [
        WHERE,
        {"field": "segment", "op": "in", "value": ["often", "walked"]},
        {"field": "segment", "op": "not_in", "value": ["behind"]},
    ]
}
COMMON = {"range": {"start": "2024-03-01", "end": "2024-04-30"}, "zone": "Europe/Berlin"}
BROKEN = COMMON | {"by": ["page_path", "properties.plan"], "where": WHERE}
STEPS = [{"event": "a"}, {"event": ["b", "c"]}, {"event": None}]
BY_SOURCE = {"field": "source", "model": "markov", "value": "properties.price"}
RULES = [{"match": one} for one in ("a*", "*b", "*c*", "d")]
QUESTIONS: list[tuple[Any, dict[str, Any]]] = [
    (
        EventsQuestion,
        BROKEN
        | {"series": [{"event": "a", "measure": "p90", "of": "value"}, {"measure": "visitors"}]}
        | {"compare": "previous"},
    ),
    (FunnelQuestion, BROKEN | {"steps": STEPS, "exclude": [{"event": "x"}], "by_step": "each"}),
    (FunnelQuestion, BROKEN | {"steps": STEPS, "order": "strict", "by_step": "each"}),
    (FunnelQuestion, BROKEN | {"steps": STEPS, "exclude": [{"event": "x"}], "step_times": True}),
    (
        FunnelQuestion,
        BROKEN | {"steps": STEPS, "order": "any", "per": "session", "granularity": "day"},
    ),
    (FunnelQuestion, BROKEN | {"steps": STEPS, "where": SEGMENTS, "by": ["segment.listed"]}),
    (PathQuestion, COMMON | {"where": SEGMENTS, "nodes": "pages"}),
    (LifecycleQuestion, COMMON | {"where": SEGMENTS}),
    (AttributionQuestion, COMMON | {"where": SEGMENTS, "goal": {"event": "a"}, **BY_SOURCE}),
    (CompareQuestion, COMMON | {"where": SEGMENTS, "goal": {"event": "a"}, "variant": "page_path"}),
    (RetentionQuestion, BROKEN | {"start": {"event": "a"}, "mode": "on_or_after"}),
    (PathQuestion, BROKEN | {"nodes": "pages", "node": "a", "rules": RULES}),
    (PathQuestion, COMMON | {"where": WHERE, "per": "visitor", "direction": "to"}),
    (LifecycleQuestion, BROKEN | {"active": {"event": "a"}}),
    (AttributionQuestion, COMMON | {"where": WHERE, "goal": {"event": "a"}, "touches": STEPS[1:]}),
    (AttributionQuestion, BROKEN | {"goal": {"event": "a"}, **BY_SOURCE}),
    (CompareQuestion, BROKEN | {"goal": {"event": "a"}, "variant": "page_path"}),
]
OWN = {
    "duckdb": {"QUANTILE_CONT", "EPOCH_US"},
    "spark": {"PERCENTILE", "FROM_JSON", "ELEMENT_AT"},
    "trino": {"TO_UNIXTIME", "APPROX_PERCENTILE"},
}
"""Functions that sqlglot has no node for in that dialect; each exists there."""


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "trino"])
@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_each_dialect_reads_its_own(dialect: Any, number: int) -> None:
    """Parsed again: the same tables, no function that the dialect lacks, no parameter left."""
    kind, asked = QUESTIONS[number]
    shown = compiled(read(kind, asked), NOON_US, None, segments_of_each_kind()).shown(dialect)
    tree = sqlglot.parse_one(shown, dialect=dialect)
    # A list of ids is a table without a name.
    tables = {table.name for table in tree.find_all(exp.Table) if table.name}
    for with_ in tree.find_all(exp.With):
        own = [cte.alias for cte in with_.expressions]
        assert len(own) == len({*own})
    names = {cte.alias for cte in tree.find_all(exp.CTE)}
    assert tables - names == {"events", "sessions"}
    assert not list(tree.find_all(exp.Placeholder, exp.Parameter))
    called = {str(one.this) for one in tree.find_all(exp.Anonymous)}
    assert called <= OWN[dialect] | {"ROUND"}
    texts = {one.this for one in tree.find_all(exp.Literal) if one.is_string}
    assert HOSTILE in texts


def test_values_never_become_text(tmp_path: Path) -> None:
    """What runs has parameters; what is shown runs as well, and gives the same rows."""
    shop = Shop(tmp_path / "home")
    row = {"event_name": "a", "visitor_id": "v1", "page_path": HOSTILE, "event_time": NOON_US}
    shop.set([row, row | {"page_path": "x"}])
    where = {"field": "page_path", "op": "is", "value": HOSTILE}
    days = {"start": "2024-10-04", "end": "2024-10-04"}
    question = read(EventsQuestion, {"series": [{"event": "a", "where": where}], "range": days})
    made = compiled(question, NOON_US)
    assert HOSTILE not in made.text()
    assert "it's" not in made.text()
    answer = shop.answer(question)
    assert answer.rows[0].value == 1
    ran = shop.engine.run(made.text(), made.values).table
    assert shop.engine.run(answer.sql).table == ran
    shop.engine.close()
