"""Sessions as chains of events without a gap longer than a limit.

`place` cuts (`chains`, then `cuts`, in `windows` and at `marks`) and merges what is known of
sessions; `repair` makes exact what late events touched; `from_lake` makes a lost state anew. Nobody
outside imports these: they are reached through `GapDefinition`.
"""

from __future__ import annotations

from footfall.sessionize.gap.columns import GAP_COLUMNS
from footfall.sessionize.gap.definition import GapDefinition

__all__ = ["GAP_COLUMNS", "GapDefinition"]
