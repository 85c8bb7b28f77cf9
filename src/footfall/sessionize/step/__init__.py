"""Sessions as fixed windows of a key: every 30 seconds, every minute, every local day.

A window is known by its number alone, so no session is ever renamed, joined or split: a late event
changes the one session of its window. Nobody outside imports this but through `StepDefinition`.
"""

from __future__ import annotations

from footfall.sessionize.step.definition import StepDefinition
from footfall.sessionize.step.windows import Windows

__all__ = ["StepDefinition", "Windows"]
