"""Our own steps, each in a module of its name; what they share lies beside them."""

from types import MappingProxyType
from typing import Final

from footfall.enrich.steps.bots import BOTS
from footfall.enrich.steps.campaign import CAMPAIGN
from footfall.enrich.steps.language import LANGUAGE
from footfall.enrich.steps.page import PAGE
from footfall.enrich.steps.user_agent import USER_AGENT

__all__ = ["BUILT_IN"]

BUILT_IN: Final = MappingProxyType(
    {step.name: step for step in (USER_AGENT, BOTS, PAGE, LANGUAGE, CAMPAIGN)}
)
