"""Decoded events → events with their time, device, page and source: pure steps over Arrow tables.

`enrich` runs the steps in order: `clock` (when did it happen, if the device's clock is wrong?),
`user_agent`, `page`, `campaign`. Each is a function of the table and its settings alone, and works
per distinct user agent and URL, not per event. `DuplicateIndex` stands apart, because it remembers:
it keeps the first of each event id, counts its repetitions, and tells conflicts from them.
"""

from footfall.enrich._enrich import Enriched, enrich
from footfall.enrich.duplicates import DuplicateIndex, Kept, conflict_failures
from footfall.enrich.fingerprint import FINGERPRINT_COLUMNS
from footfall.enrich.user_agent import parse_user_agent

__all__ = [
    "FINGERPRINT_COLUMNS",
    "DuplicateIndex",
    "Enriched",
    "Kept",
    "conflict_failures",
    "enrich",
    "warm_up",
]


def warm_up() -> None:
    """Load what the first event would wait for: the rules for user agents, about 0.3 s."""
    parse_user_agent("warm-up")
