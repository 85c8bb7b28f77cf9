"""Steps by name: ours, and those of installed packages.

A package adds one with an entry point in the group `footfall.enrichments`, named after the step,
that is a `Step`. It cannot replace one of ours. See docs/extend/enrichment.md.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Final

from footfall.enrich.step import Step, mistakes_of
from footfall.enrich.steps import BUILT_IN
from footfall.errors import Invalid

ENTRY_POINT_GROUP: Final = "footfall.enrichments"


def step_names() -> list[str]:
    """Names that `enrich.steps` may have: ours first; no package is loaded for it."""
    return [*BUILT_IN, *sorted(_points().keys() - BUILT_IN.keys())]


@functools.cache
def find_step(name: str) -> Step:
    """The step of this name; a package is loaded once in a process.

    Raises:
        Invalid: there is none, or what the package has is no step; the message says which.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    point = _points().get(name)
    if point is None:
        raise Invalid(f"no step {name!r}; there are {', '.join(step_names())}")
    try:
        step = point.load()
    except MemoryError:
        raise
    except Exception as error:  # supervisor: whatever a package does when it is loaded
        raise Invalid(
            f"step {name} cannot be loaded; mend or remove its package: {point.value}:"
            f" {type(error).__name__}: {error}"
        ) from error
    if not isinstance(step, Step):
        raise Invalid(f"step {name} is no footfall.enrich.Step: {point.value}")
    mistakes = mistakes_of(step)
    if step.name != name:
        mistakes.append(f"it calls itself {step.name!r}")
    if mistakes:
        raise Invalid(f"step {name} is not well declared: {'; '.join(mistakes)}")
    return step


def _points() -> Mapping[str, metadata.EntryPoint]:
    found = metadata.entry_points(group=ENTRY_POINT_GROUP)
    return MappingProxyType({point.name: point for point in found})
