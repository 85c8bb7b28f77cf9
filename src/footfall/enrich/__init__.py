"""Decoded events → events with their time, device, page and source: pure steps over Arrow tables.

`enrich` first finds when each event happened (`clock`: every event needs a time), then runs the
steps of the setting `enrich.steps` in their order: `user_agent`, `bots`, `page`, `language`,
`campaign`, and those of installed packages (entry-point group `footfall.enrichments`,
docs/extend/enrichment.md). A step declares what it reads and writes, sees nothing else, and fails
the events it raises for, not the others. What step authors need is exported here.
"""

from collections.abc import Sequence

from footfall.enrich._enrich import Enriched, enrich
from footfall.enrich.columns import column, per_distinct, with_columns
from footfall.enrich.plan import (
    DEFAULT_PLAN,
    StepPlan,
    added_columns,
    event_schema,
    own_columns,
    plan_steps,
    resolve,
)
from footfall.enrich.registry import step_names
from footfall.enrich.step import NoSettings, Step, event_fields, own_field

__all__ = [
    "DEFAULT_PLAN",
    "Enriched",
    "NoSettings",
    "Step",
    "StepPlan",
    "added_columns",
    "column",
    "enrich",
    "event_fields",
    "event_schema",
    "own_columns",
    "own_field",
    "per_distinct",
    "plan_steps",
    "step_names",
    "warm_up",
    "with_columns",
]


def warm_up(steps: Sequence[StepPlan] = DEFAULT_PLAN) -> None:
    """Load what the first event would wait for: rules for user agents and lists, about 0.4 s."""
    for step, _ in resolve(steps):
        if step.warm_up is not None:
            step.warm_up()
