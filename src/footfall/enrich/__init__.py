"""Decoded events → events with their time, device, page and source: pure steps over Arrow tables.

`enrich` runs the steps in order: `clock` (when did it happen, if the device's clock is wrong?),
`user_agent`, `page`, `campaign`. Each is a function of the table and its settings alone, and works
per distinct user agent and URL, not per event. `DuplicateIndex` stands apart, because it remembers:
it keeps the first of each event id and counts the rest.
"""

from footfall.enrich._enrich import Enriched, enrich
from footfall.enrich.duplicates import DuplicateIndex

__all__ = ["DuplicateIndex", "Enriched", "enrich"]
