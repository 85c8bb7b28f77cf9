"""Which session earlier events belong to now: intervals of a visitor's time, the newest on top."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import Final

import polars as pl

_VISITOR: Final = ["app_id", "visitor_id"]
_NEVER: Final = 1 << 62


def resolve_overrides(overrides: pl.DataFrame) -> pl.DataFrame:
    """Disjoint intervals of each visitor: where several cover a moment, the newest.

    A newer one may cover a part of an older one only: a provisional session that is repaired is
    named anew by itself. What it leaves of the older one still holds.

    Args:
        overrides: Columns of `OVERRIDE_SCHEMA` at least. Of several rows of one epoch that cover a
            moment the last is the newest.

    Returns:
        The same columns, in the order of `from_time`.
    """
    kept: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
    frame = overrides.sort("epoch", maintain_order=True)
    times = frame.select(
        *_VISITOR,
        pl.col("from_time").dt.timestamp("us"),
        pl.col("to_time").dt.timestamp("us"),
    )
    for place, (app, visitor, start, end) in enumerate(times.iter_rows()):
        older = kept[app, visitor]
        first = bisect.bisect_left(older, (start,))
        if first > 0 and older[first - 1][1] >= start:
            first -= 1
        last = bisect.bisect_right(older, (end, _NEVER, 0), lo=first)
        left = [(low, start - 1, at) for low, _, at in older[first:last][:1] if low < start]
        right = [(end + 1, high, at) for _, high, at in older[first:last][-1:] if high > end]
        older[first:last] = [*left, (start, end, place), *right]
    found = sorted(interval for intervals in kept.values() for interval in intervals)
    kind = frame.schema["from_time"]
    return frame[[place for _, _, place in found]].with_columns(
        from_time=pl.Series([start for start, _, _ in found], dtype=pl.Int64).cast(kind),
        to_time=pl.Series([end for _, end, _ in found], dtype=pl.Int64).cast(kind),
    )
