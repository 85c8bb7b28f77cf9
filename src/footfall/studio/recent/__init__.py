"""What the Live page asks SQL, because the live snapshot does not have it.

Counters of what a filter leaves, whole lists behind the first rows, and what came in but failed:
each one or two bounded statements over the events of the last 30 minutes, with the windows and
meanings of `footfall.live`, so that a number and what is behind it agree.
"""

from __future__ import annotations

from footfall.studio.recent._counts import FilteredCounts, read_counts
from footfall.studio.recent._failures import Arrivals, read_arrivals
from footfall.studio.recent._filters import Panel, Who, parse_filters
from footfall.studio.recent._lists import PANEL_ROWS_MAX, read_list

__all__ = [
    "PANEL_ROWS_MAX",
    "Arrivals",
    "FilteredCounts",
    "Panel",
    "Who",
    "parse_filters",
    "read_arrivals",
    "read_counts",
    "read_list",
]
