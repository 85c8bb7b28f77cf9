"""What the state must know of a session by gap, besides what all sessions have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from footfall.sessionize.rows.columns import OWN, Engagement, StateColumns
from footfall.sessionize.rows.packing import Ints

GAP_COLUMNS: Final = StateColumns({name: OWN[name] for name in ("chain_start", "rank")})
"""`chain_start` is the first event of the chain and `rank` the number of events before this session
in its window, or its segment of the window: with them earlier sessions of the chain may be evicted.
"""


@cache
def gap_columns(kinds: tuple[str, ...], engagement: Engagement) -> StateColumns:
    """The same with three integers for each kind of marks: see `marks`."""
    if not kinds and engagement == Engagement():
        return GAP_COLUMNS
    names = ["chain_start", "rank", *(name for kind in kinds for name in mark_columns(kind))]
    return StateColumns({name: OWN[name] for name in names}, engagement)


def mark_columns(kind: str) -> tuple[str, str, str]:
    """Names of `before`, `mark` and `since`."""
    return f"{kind}_before", f"{kind}_mark", f"{kind}_since"


def marks_of(numbers: pl.DataFrame, kinds: tuple[str, ...]) -> Iterator[Ints]:
    """`before`, `mark` and `since` of rows, each a column for each kind."""
    for what in range(3):
        columns = [numbers[mark_columns(kind)[what]].to_numpy() for kind in kinds]
        none = np.zeros((numbers.height, 0), np.int64)
        yield np.stack(columns, axis=1) if columns else none
