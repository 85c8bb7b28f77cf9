"""The list of steps as a plan has it: names, versions, settings, in order.

What a step makes of an event follows from the event and from this. So it stands in the plan of each
epoch, and an epoch that is done again goes by its plan, not by today's settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from footfall.columns import Column, added
from footfall.decode import DECODED_SCHEMA
from footfall.enrich.registry import find_step
from footfall.enrich.step import Step, own_fields
from footfall.errors import Corrupt, Invalid
from footfall.event import EVENT_SCHEMA
from footfall.schema import kind_of
from footfall.settings import DEFAULT_STEPS, EnrichSettings

Planned = tuple[Step, Any]
"""A step and its settings."""


class StepPlan(msgspec.Struct, frozen=True):
    """One step of a plan."""

    name: str
    version: int
    settings: dict[str, Any] = {}
    """All of them, those that nobody set too."""


def plan_steps(settings: EnrichSettings) -> tuple[StepPlan, ...]:
    """The steps in force.

    Raises:
        Invalid: with every mistake in `problems`: names nobody has, packages that cannot be loaded,
            settings a step does not know, columns that do not fit together.
    """
    steps, problems = _found(settings.steps)
    for name in sorted(settings.options.keys() - set(settings.steps)):
        try:
            off = find_step(name)  # one of ours, or an installed one, that is only turned off
            _settings_of(off, settings, problems)
        except Invalid as error:
            problems.append(f"enrich.{name}: {error}")
    planned = [(step, _settings_of(step, settings, problems)) for step in steps]
    problems.extend(_misfits(steps))
    if problems:
        raise Invalid("settings have mistakes; mend them and start again:", tuple(problems))
    return tuple(
        StepPlan(step.name, step.version, msgspec.json.decode(msgspec.json.encode(found)))
        for step, found in planned
    )


def resolve(plans: Sequence[StepPlan]) -> list[Planned]:
    """The steps of a plan, to run.

    Raises:
        Corrupt: a step is not installed any more, or in another version, and would give other rows
            than the plan says; the message says which to install.
    """
    found: list[Planned] = []
    for plan in plans:
        try:
            step = find_step(plan.name)
        except Invalid as error:
            raise Corrupt(f"an epoch was planned with a step that is missing: {error}") from error
        if step.version != plan.version:
            raise Corrupt(
                f"an epoch was planned with another version of a step; install it again until the"
                f" epoch is in the lake: step={plan.name} planned={plan.version}"
                f" installed={step.version}"
            )
        found.append((step, msgspec.convert(plan.settings, step.settings)))
    return found


def own_columns(plans: Iterable[StepPlan]) -> list[pa.Field]:
    """Columns that the steps give the events table beside those every event has, in order.

    The one place that says how steps extend the schema.
    """
    found: dict[str, pa.Field] = {}
    for plan in plans:
        for field in own_fields(find_step(plan.name)):
            found.setdefault(field.name, field)
    return list(found.values())


def added_columns(plans: Iterable[StepPlan]) -> list[Column]:
    """The same as the lake's table of events is given them (`Lake.evolve`)."""
    return [
        added(field.name, kind_of(field.type), (field.metadata or {}).get(b"doc", b"").decode())
        for field in own_columns(plans)
    ]


def event_schema(plans: Iterable[StepPlan]) -> pa.Schema:
    """`EVENT_SCHEMA`, and at its end the columns of the steps' own."""
    return pa.schema([*EVENT_SCHEMA, *own_columns(plans)])


def _found(names: Sequence[str]) -> tuple[list[Step], list[str]]:
    steps, problems = [], []
    for place, name in enumerate(names):
        if name in names[:place]:
            problems.append(f"enrich.steps: {name} stands there twice")
            continue
        try:
            steps.append(find_step(name))
        except Invalid as error:
            problems.append(f"enrich.steps: {error}")
    return steps, problems


def _settings_of(step: Step, settings: EnrichSettings, problems: list[str]) -> Any:
    options = settings.options.get(step.name, {})
    known = step.settings.__struct_fields__
    for name in options.keys() - set(known):
        there = ", ".join(known) or "none"
        problems.append(f"enrich.{step.name}: no setting {name}; there are {there}")
    try:
        return msgspec.convert({k: v for k, v in options.items() if k in known}, step.settings)
    except (msgspec.ValidationError, ValueError) as error:
        problems.append(f"enrich.{step.name}: {error}")
        return None


def _misfits(steps: Sequence[Step]) -> Iterator[str]:
    """Columns that nobody makes, and columns of two types."""
    there = {field.name: field.type for field in (*EVENT_SCHEMA, *DECODED_SCHEMA)}
    for step in steps:
        for name in step.reads:
            if name not in there:
                yield (
                    f"enrich.steps: {step.name} reads {name}, which neither events nor a step"
                    " before it have"
                )
        for field in step.writes:
            if there.setdefault(field.name, field.type) != field.type:
                yield (
                    f"enrich.steps: {step.name} writes {field.name} as {field.type}, a step before"
                    f" it as {there[field.name]}"
                )


DEFAULT_PLAN: Final = plan_steps(EnrichSettings(DEFAULT_STEPS))
"""Our own steps with their default settings."""
