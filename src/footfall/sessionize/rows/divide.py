"""A state in parts, each with some of the visitors, and parts as one again.

A definition looks at one visitor at a time, so each part can be carried on by itself. What counts
over all visitors (`hot_max`, `WRITTEN_MAX`, limits of repairs) is for who has all parts to see to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.close import evicted
from footfall.sessionize.rows.state import SessionState


def joined(parts: Sequence[SessionState]) -> SessionState:
    """The state of all visitors of `parts`, at least one; no visitor is in two of them."""
    segments = [segment for part in parts for segment in part.segments]
    marks = [part.watermark for part in parts if part.watermark is not None]
    floor = max(part.floor for part in parts)
    return SessionState(segments, floor, max(marks, default=None), parts[0].columns)


def divided(
    state: SessionState, bucket_of: Callable[[pa.Array], pa.Array], count: int
) -> list[SessionState]:
    """Inverse of `joined`: a part for each bucket.

    Args:
        state: Of any visitors.
        bucket_of: Buckets, from 0, of visitor ids.
        count: How many buckets there are.
    """
    frame = state.frame()
    visitors = frame["visitor_id"].to_arrow(compat_level=pl.CompatLevel.oldest())
    buckets = np.asarray(bucket_of(visitors.cast(pa.string())))
    rows = [frame.filter(pl.Series(buckets == bucket)) for bucket in range(count)]
    return [SessionState.of(one, state.floor, state.watermark, state.columns) for one in rows]


def raised(state: SessionState, floor: int) -> SessionState:
    """The state with `floor`, or its own if that is higher: what ended before it is evicted."""
    return state if floor <= state.floor else evicted(state, floor)
