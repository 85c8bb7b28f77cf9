"""What the state must know of a session by gap, besides what all sessions have."""

from __future__ import annotations

from typing import Final

from footfall.sessionize.rows.columns import StateColumns

NAME: Final = "gap"
VERSION: Final = 1

GAP_COLUMNS: Final = StateColumns({"chain_start": True, "rank": False})
"""`chain_start` is the first event of the chain and `rank` the number of events before this session
in its window: with them earlier sessions of the chain may be evicted."""
