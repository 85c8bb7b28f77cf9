"""Decoded events → events with their time, device, page and source: pure steps over Arrow tables.

`enrich` runs the steps in order: `clock` (when did it happen, if the device's clock is wrong?),
`user_agent`, `page`, `campaign`. Each is a function of the table and its settings alone, and works
per distinct user agent and URL, not per event.
"""

from footfall.enrich._enrich import Enriched, enrich
from footfall.enrich.user_agent import parse_user_agent

__all__ = [
    "Enriched",
    "enrich",
    "warm_up",
]


def warm_up() -> None:
    """Load what the first event would wait for: the rules for user agents, about 0.3 s."""
    parse_user_agent("warm-up")
